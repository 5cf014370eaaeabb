//! An LSTM layer over whole windows, forward and backward through time.
//!
//! Sequences are time-major, [width * rows, values]: all rows of a time step lie together. Only the recurrent product
//! goes step by step; those with the inputs, and the gradients by the weights, are one product over all steps.

use super::matrix::{Matrix, add_product, add_rows};
use crate::nn::lstm::{step, step_gradient};

/// The parameters of a layer, as [`crate::nn::config::ModelConfig::parameters`] orders them.
#[derive(Clone, Copy)]
pub struct Lstm<'a> {
    /// [4 * units, inputs].
    pub weight_ih: &'a [f32],
    /// [4 * units, units].
    pub weight_hh: &'a [f32],
    /// `weight_hh` transposed [units, 4 * units]: as the forward product reads it without packing at each step.
    pub weight_hh_t: &'a [f32],
    /// [4 * units].
    pub bias: &'a [f32],
}

/// What the forward pass leaves behind for the gradient.
#[derive(Default)]
pub struct Trace {
    /// Activated gates [width * rows, 4 * units]; their gradients after the backward pass.
    gates: Vec<f32>,
    /// Cell states [width * rows, units].
    c: Vec<f32>,
    tanh_c: Vec<f32>,
    /// Hidden states [width * rows, units].
    pub h: Vec<f32>,
}

impl Lstm<'_> {
    fn units(&self) -> usize {
        self.bias.len() / 4
    }

    fn inputs(&self) -> usize {
        self.weight_ih.len() / self.bias.len()
    }

    /// Hidden states of `x` [width * rows, inputs], into `trace.h`. From step `valid_len` of a row on, its state is
    /// carried unchanged.
    pub fn forward(&self, x: &[f32], valid_len: &[u32], trace: &mut Trace) {
        let (rows, units) = (valid_len.len(), self.units());
        let (steps, block) = (x.len() / (rows * self.inputs()), rows * units);
        let Trace { gates, c, tanh_c, h } = trace;
        gates.clear();
        (0..steps * rows).for_each(|_| gates.extend_from_slice(self.bias));
        add_product(gates, Matrix::new(x, self.inputs()), Matrix::new(self.weight_ih, self.inputs()).transposed());
        for state in [&mut *c, &mut *tanh_c, &mut *h] {
            state.resize(steps * block, 0.0);
            state[..block].fill(0.0);
        }
        let weight_hh_t = Matrix::new(self.weight_hh_t, 4 * units);
        for t in 0..steps {
            let here = t * block;
            if t > 0 {
                let before = here - block;
                c.copy_within(before..here, here);
                h.copy_within(before..here, here);
                let z = &mut gates[4 * here..4 * (here + block)];
                add_product(z, Matrix::new(&h[before..here], units), weight_hh_t);
            }
            for row in recorded(valid_len, t) {
                let of = here + row * units..here + (row + 1) * units;
                let z = &mut gates[4 * of.start..4 * of.end];
                step(z, &mut c[of.clone()], &mut tanh_c[of.clone()], &mut h[of]);
            }
        }
    }

    /// From d loss / d `trace.h` (`dh`, [width * rows, units], used up) adds to the `gradients` by weight_ih, weight_hh
    /// and bias, and to `dx` [width * rows, inputs] if asked.
    pub fn backward(
        &self,
        x: &[f32],
        valid_len: &[u32],
        trace: &mut Trace,
        dh: &mut [f32],
        gradients: &mut [Vec<f32>],
        dx: Option<&mut [f32]>,
    ) {
        let (rows, units) = (valid_len.len(), self.units());
        let (block, weight_hh) = (rows * units, Matrix::new(self.weight_hh, units));
        let Trace { gates, c, tanh_c, h } = trace;
        let steps = h.len() / block;
        let mut dc = vec![0.0; block];
        for t in (0..steps).rev() {
            let (earlier, dh) = dh.split_at_mut(t * block);
            let (gates, before) = (&mut gates[4 * t * block..4 * (t + 1) * block], t.saturating_sub(1) * block);
            for (row, &valid) in valid_len.iter().enumerate() {
                let local = row * units..(row + 1) * units;
                let z = &mut gates[4 * local.start..4 * local.end];
                if t >= valid as usize {
                    z.fill(0.0);
                    continue;
                }
                let tanh_c = &tanh_c[t * block..][local.clone()];
                let c_before = (t > 0).then(|| &c[before..][local.clone()]);
                step_gradient(z, tanh_c, c_before, &dh[local.clone()], &mut dc[local]);
            }
            if t > 0 {
                let dh_before = &mut earlier[before..];
                add_product(dh_before, Matrix::new(gates, 4 * units), weight_hh);
                for row in (0..rows).filter(|&row| t >= valid_len[row] as usize) {
                    let local = row * units..(row + 1) * units;
                    dh_before[local.clone()].iter_mut().zip(&dh[local]).for_each(|(before, d)| *before += d);
                }
            }
        }
        let dz = Matrix::new(gates, 4 * units);
        add_product(&mut gradients[0], dz.transposed(), Matrix::new(x, self.inputs()));
        let (later, earlier) = (&gates[4 * block..], &h[..h.len() - block]);
        add_product(&mut gradients[1], Matrix::new(later, 4 * units).transposed(), Matrix::new(earlier, units));
        add_rows(&mut gradients[2], gates);
        if let Some(dx) = dx {
            add_product(dx, dz, Matrix::new(self.weight_ih, self.inputs()));
        }
    }
}

/// The rows that have a recorded frame at step `t`.
fn recorded(valid_len: &[u32], t: usize) -> impl Iterator<Item = usize> {
    (0..valid_len.len()).filter(move |&row| t < valid_len[row] as usize)
}
