//! Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019) and clipping, in Keras' form.

use super::engine::{NamedTensor, OptimizerState, check_tensors};
use crate::error::Result;
use crate::options::training::TrainingOptions;

/// The optimizer with its memory.
#[derive(Debug, Clone)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    clip_norm: f64,
    state: OptimizerState,
}

impl Adam {
    /// An optimizer that has taken no step.
    pub fn new(options: &TrainingOptions, parameters: &[NamedTensor]) -> Self {
        let &TrainingOptions { beta1, beta2, epsilon, weight_decay, clip_norm, .. } = options;
        let zeros = || parameters.iter().map(|p| NamedTensor { data: vec![0.0; p.data.len()], ..p.clone() }).collect();
        let state = OptimizerState { step: 0, first_moment: zeros(), second_moment: zeros() };
        Self { beta1, beta2, epsilon, weight_decay, clip_norm, state }
    }

    /// What has to be saved for an exact resume.
    pub fn state(&self) -> &OptimizerState {
        &self.state
    }

    /// Continues from a saved state.
    pub fn load(&mut self, state: &OptimizerState) -> Result<()> {
        let expected: Vec<_> = self.state.first_moment.iter().map(|t| (t.name.clone(), t.shape.clone())).collect();
        check_tensors(&state.first_moment, &expected)?;
        check_tensors(&state.second_moment, &expected)?;
        self.state = state.clone();
        Ok(())
    }

    /// Clips `gradients` and moves `parameters`; gives the norm of the gradient before clipping.
    ///
    /// `p -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`: Keras adds epsilon to the root of
    /// the moment before the correction of its bias, PyTorch after it.
    pub fn step(&mut self, parameters: &mut [NamedTensor], gradients: &[Vec<f32>], learning_rate: f64) -> f64 {
        let squares = gradients.iter().flatten().map(|&g| f64::from(g) * f64::from(g));
        let norm = squares.sum::<f64>().sqrt();
        let Self { beta1, beta2, epsilon, weight_decay, clip_norm, .. } = *self;
        let clip = if clip_norm > 0.0 && norm > clip_norm { (clip_norm / norm) as f32 } else { 1.0 };
        self.state.step += 1;
        let t = self.state.step as f64;
        let rate = (learning_rate * (1.0 - libm::pow(beta2, t)).sqrt() / (1.0 - libm::pow(beta1, t))) as f32;
        let keep = (1.0 - learning_rate * weight_decay) as f32;
        let (new1, new2, epsilon) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32, epsilon as f32);
        let moments = self.state.first_moment.iter_mut().zip(&mut self.state.second_moment);
        for ((parameter, gradient), (first, second)) in parameters.iter_mut().zip(gradients).zip(moments) {
            let values = parameter.data.iter_mut().zip(gradient);
            for ((p, g), (m, v)) in values.zip(first.data.iter_mut().zip(&mut second.data)) {
                let g = g * clip;
                *m += (g - *m) * new1;
                *v += (g * g - *v) * new2;
                *p = *p * keep - rate * *m / (v.sqrt() + epsilon);
            }
        }
        norm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(options: &TrainingOptions, gradients: [[f32; 3]; 3]) -> (Vec<f64>, Vec<f64>) {
        let mut p = vec![NamedTensor { name: "w".into(), shape: vec![3], data: vec![1.0, -2.0, 3.0] }];
        let mut adam = Adam::new(options, &p);
        let norms = gradients.map(|g| adam.step(&mut p, &[g.to_vec()], 0.01));
        (p[0].data.iter().map(|&x| f64::from(x)).collect(), norms.to_vec())
    }

    fn near(ours: &[f64], expected: [f64; 3]) {
        assert!(ours.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6), "{ours:?} {expected:?}");
    }

    #[test]
    fn epsilon_is_added_where_keras_adds_it() {
        // w, m, v = np.array([1., -2., 3.]), 0., 0.
        // for t, g in enumerate([[.1, -.2, 0.], [.3, .1, 1e-9], [-.2, .4, 1e-9]], 1):
        //     g = np.array(g); m, v = m + (g - m) * .1, v + (g * g - v) * .001
        //     w = w - .01 * np.sqrt(1 - .999**t) / (1 - .9**t) * m / (np.sqrt(v) + 1e-7)
        // PyTorch's own form ends at 2.999878 for the third.
        let options = TrainingOptions { clip_norm: 0.0, ..TrainingOptions::default() };
        let (w, _) = run(&options, [[0.1, -0.2, 0.0], [0.3, 0.1, 1e-9], [-0.2, 0.4, 1e-9]]);
        near(&w, [0.978_243_580_564, -1.991_910_111_730, 2.999_993_811_091]);
    }

    #[test]
    fn decay_and_clipping_are_pytorchs() {
        // p = torch.tensor([1., -2., 3.], dtype=torch.float64, requires_grad=True)
        // opt = torch.optim.AdamW([p], lr=.01, eps=1e-7, weight_decay=.1)
        // for g in [[3., -4., 0.], [.3, .4, 0.], [-.2, .4, .5]]:
        //     p.grad = torch.tensor(g, dtype=torch.float64)
        //     print(torch.nn.utils.clip_grad_norm_([p], 1.0)); opt.step()
        let options = TrainingOptions { weight_decay: 0.1, ..TrainingOptions::default() };
        let (w, norms) = run(&options, [[3.0, -4.0, 0.0], [0.3, 0.4, 0.0], [-0.2, 0.4, 0.5]]);
        near(&w, [0.972_632_316_822, -1.982_096_056_704, 2.984_620_863_218]);
        near(&norms, [5.0, 0.5, 0.670_820_393_250]);
    }
}
