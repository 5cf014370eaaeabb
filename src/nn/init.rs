//! Initial values, as Keras draws them, from a seed and the name of the parameter.

use super::config::ModelConfig;
use super::engine::NamedTensor;
use crate::random::Stream;

/// All parameters of a new net.
///
/// Input and dense weights are Glorot uniform, recurrent weights orthogonal, biases 0 with 1 for the forget gate
/// (`unit_forget_bias`, Jozefowicz 2015).
pub fn initial(config: &ModelConfig, seed: u64) -> Vec<NamedTensor> {
    let parameters = config.parameters().into_iter();
    parameters
        .map(|(name, shape)| {
            let mut stream = Stream::new(seed, &["init", &name]);
            let data = match shape[..] {
                [rows, columns] if name.contains(".weight_hh_l0") => orthogonal(&mut stream, rows, columns),
                [rows, columns] => glorot_uniform(&mut stream, rows, columns),
                _ if name.starts_with("lstm") => forget_bias(shape[0] / 4),
                _ => vec![0.0; shape.iter().product()],
            };
            NamedTensor { name, shape, data }
        })
        .collect()
}

/// [rows, columns] uniform in +-sqrt(6 / (rows + columns)) (Glorot and Bengio 2010), over the fused matrix of all gates.
pub fn glorot_uniform(stream: &mut Stream, rows: usize, columns: usize) -> Vec<f32> {
    let limit = (6.0 / (rows + columns) as f64).sqrt();
    (0..rows * columns).map(|_| stream.between(-limit, limit) as f32).collect()
}

/// [rows, columns] with orthonormal columns, rows >= columns: Q of a normal matrix, signs such that R's diagonal is
/// positive, which makes it uniform over all such matrices (Mezzadri 2007).
///
/// Gram and Schmidt's R has a positive diagonal by construction; each column goes through it twice, for accuracy.
pub fn orthogonal(stream: &mut Stream, rows: usize, columns: usize) -> Vec<f32> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(columns);
    for _ in 0..columns {
        let mut column: Vec<f64> = (0..rows.div_ceil(2)).flat_map(|_| <[f64; 2]>::from(stream.normal_pair())).collect();
        column.truncate(rows);
        for earlier in basis.iter().chain(&basis) {
            let along = dot(&column, earlier);
            column.iter_mut().zip(earlier).for_each(|(x, e)| *x -= along * e);
        }
        let length = dot(&column, &column).sqrt();
        column.iter_mut().for_each(|x| *x /= length);
        basis.push(column);
    }
    (0..rows).flat_map(|row| basis.iter().map(move |column| column[row] as f32)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The bias of `units` cells: 1 for the forget gate, 0 for the others [4 * units].
fn forget_bias(units: usize) -> Vec<f32> {
    (0..4 * units).map(|k| if k / units == 1 { 1.0 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::training::TrainingOptions;

    fn seed_net(seed: u64) -> Vec<NamedTensor> {
        initial(&ModelConfig::new(30, 7, 7, &TrainingOptions::default()).unwrap(), seed)
    }

    #[test]
    fn recurrent_weights_have_orthonormal_columns() {
        let net = seed_net(1);
        let w = net.iter().find(|t| t.name == "lstm1.weight_hh_l0").unwrap();
        let column = |j: usize| (0..512).map(|r| f64::from(w.data[r * 128 + j])).collect::<Vec<_>>();
        for (a, b) in [(0, 0), (127, 127), (0, 127), (3, 77)] {
            let expected = if a == b { 1.0 } else { 0.0 };
            assert!((dot(&column(a), &column(b)) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn input_weights_fill_the_glorot_interval_evenly() {
        let net = seed_net(1);
        let w = &net[0];
        let limit = (6.0f64 / (7.0 + 512.0)).sqrt() as f32;
        assert!(w.data.iter().all(|x| x.abs() <= limit));
        let variance = w.data.iter().map(|x| f64::from(x * x)).sum::<f64>() / w.data.len() as f64;
        let expected = f64::from(limit * limit) / 3.0;
        assert!((variance / expected - 1.0).abs() < 0.05, "{variance} against {expected}");
    }

    #[test]
    fn only_the_forget_gate_has_a_bias() {
        let bias = &seed_net(1)[2];
        assert_eq!(bias.name, "lstm1.bias_ih_l0");
        assert!((0..512).all(|k| bias.data[k] == if (128..256).contains(&k) { 1.0 } else { 0.0 }));
    }

    #[test]
    fn a_seed_gives_the_same_net_and_another_seed_another() {
        assert_eq!(seed_net(1), seed_net(1));
        assert_ne!(seed_net(1)[0], seed_net(2)[0]);
    }
}
