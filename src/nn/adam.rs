//! Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019) and clipping, in Keras' form.

use super::engine::{NamedTensor, OptimizerState, check_tensors};
use crate::error::Result;
use crate::options::training::TrainingOptions;

/// What the options say of the optimizer.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    clip_norm: f64,
}

/// The numbers of one step, the same for all parameters.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    clip: f32,
    rate: f32,
    keep: f32,
    new1: f32,
    new2: f32,
    epsilon: f32,
}

impl Rates {
    /// The rates of `options`.
    pub fn new(options: &TrainingOptions) -> Self {
        let &TrainingOptions { beta1, beta2, epsilon, weight_decay, clip_norm, .. } = options;
        Self { beta1, beta2, epsilon, weight_decay, clip_norm }
    }

    /// The numbers of step `t`, from 1, for a gradient of this norm.
    ///
    /// `p -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`: Keras adds epsilon to the root of
    /// the moment before the correction of its bias, PyTorch after it.
    pub fn step(&self, t: u64, norm: f64, learning_rate: f64) -> Step {
        let Self { beta1, beta2, epsilon, weight_decay, clip_norm } = *self;
        let t = t as f64;
        Step {
            clip: if clip_norm > 0.0 && norm > clip_norm { (clip_norm / norm) as f32 } else { 1.0 },
            rate: (learning_rate * (1.0 - libm::pow(beta2, t)).sqrt() / (1.0 - libm::pow(beta1, t))) as f32,
            keep: (1.0 - learning_rate * weight_decay) as f32,
            new1: (1.0 - beta1) as f32,
            new2: (1.0 - beta2) as f32,
            epsilon: epsilon as f32,
        }
    }
}

impl Step {
    /// Moves parameters `p` by their gradients `g`, with their moments `m` and `v`.
    #[inline(always)]
    pub fn apply(self, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        let Self { clip, rate, keep, new1, new2, epsilon } = self;
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let g = g * clip;
            *m += (g - *m) * new1;
            *v += (g * g - *v) * new2;
            *p = *p * keep - rate * *m / (v.sqrt() + epsilon);
        }
    }
}

/// The optimizer with its memory, over named tensors.
#[derive(Debug, Clone)]
pub struct Adam {
    rates: Rates,
    state: OptimizerState,
}

impl Adam {
    /// An optimizer that has taken no step.
    pub fn new(options: &TrainingOptions, parameters: &[NamedTensor]) -> Self {
        let zeros = || parameters.iter().map(|p| NamedTensor { data: vec![0.0; p.data.len()], ..p.clone() }).collect();
        let state = OptimizerState { step: 0, first_moment: zeros(), second_moment: zeros() };
        Self { rates: Rates::new(options), state }
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
    pub fn step(&mut self, parameters: &mut [NamedTensor], gradients: &[Vec<f32>], learning_rate: f64) -> f64 {
        let squares = gradients.iter().flatten().map(|&g| f64::from(g) * f64::from(g));
        let norm = squares.sum::<f64>().sqrt();
        self.state.step += 1;
        let step = self.rates.step(self.state.step, norm, learning_rate);
        let moments = self.state.first_moment.iter_mut().zip(&mut self.state.second_moment);
        for ((parameter, gradient), (first, second)) in parameters.iter_mut().zip(gradients).zip(moments) {
            step.apply(&mut parameter.data, gradient, &mut first.data, &mut second.data);
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
