//! A mean over time, weighted by additive attention (Bahdanau 2015): forward and backward.
//!
//! For each row: `s_t = v . tanh(W x_t + b)` over its recorded frames, `a = softmax(s)`, output `sum of a_t x_t`.

use pulp::{Simd, WithSimd};

use super::activation::{of_tanh, tanh};
use super::tile::{vectors, vectors_mut};
use super::{dense, tile::PANEL};

/// Where the parameters lie.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// W and b.
    pub hidden: dense::Shape,
    /// v [padded outputs].
    pub score: usize,
}

impl Shape {
    /// Attention over vectors of `inputs` values.
    pub fn new(inputs: usize, offset: usize, transposed: usize) -> Self {
        let hidden = dense::Shape::new(inputs, inputs, offset, transposed);
        Self { hidden, score: hidden.end() }
    }

    /// Where the next parameter begins.
    pub fn end(&self) -> usize {
        self.score + self.hidden.padded()
    }
}

/// What the forward pass leaves behind.
#[derive(Debug, Default)]
pub struct Trace {
    /// tanh(W x + b) [width * rows, padded]; the gradient by what is in the brackets after the backward pass.
    hidden: Vec<f32>,
    /// Weights [width * rows], 0 behind the recorded frames.
    pub weights: Vec<f32>,
    dx: Vec<f32>,
}

/// The forward pass.
pub struct Forward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of parameters.
    pub parameters: &'a [f32],
    /// Sequences [width * rows, padded].
    pub x: &'a [f32],
    /// Recorded frames of each row.
    pub valid_len: &'a [u32],
    /// What is left behind.
    pub trace: &'a mut Trace,
    /// [rows, padded].
    pub output: &'a mut Vec<f32>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, parameters, x, valid_len, trace, output } = self;
        let Trace { hidden, weights, .. } = trace;
        let (rows, padded) = (valid_len.len(), shape.hidden.padded());
        dense::Forward { shape: &shape.hidden, parameters, x, output: hidden }.with_simd(simd);
        for z in vectors_mut::<S>(hidden) {
            *z = tanh(simd, *z);
        }
        let score = &parameters[shape.score..][..padded];
        weights.clear();
        weights.extend(hidden.chunks_exact(padded).map(|hidden| dot(hidden, score)));
        output.clear();
        output.resize(rows * padded, 0.0);
        for (row, &valid) in valid_len.iter().enumerate() {
            let recorded = || (0..valid as usize).map(|t| t * rows + row);
            let top = recorded().fold(f32::NEG_INFINITY, |top, n| top.max(weights[n]));
            let sum: f64 = recorded().map(|n| libm::exp(f64::from(weights[n] - top))).sum();
            recorded().for_each(|n| weights[n] = (libm::exp(f64::from(weights[n] - top)) / sum) as f32);
            (valid as usize..weights.len() / rows).for_each(|t| weights[t * rows + row] = 0.0);
            let output = &mut output[row * padded..][..padded];
            for n in recorded() {
                add_scaled(output, weights[n], &x[n * padded..][..padded]);
            }
        }
    }
}

/// The backward pass.
pub struct Backward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of parameters.
    pub parameters: &'a [f32],
    /// Buffer of transposes.
    pub transposed: &'a [f32],
    /// Sequences [width * rows, padded].
    pub x: &'a [f32],
    /// Recorded frames of each row.
    pub valid_len: &'a [u32],
    /// What the forward pass left.
    pub trace: &'a mut Trace,
    /// d loss / d output [rows, padded].
    pub d: &'a [f32],
    /// Buffer of gradients: added to.
    pub gradients: &'a mut [f32],
    /// d loss / d x [width * rows, padded].
    pub dx: &'a mut Vec<f32>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, parameters, transposed, x, valid_len, trace, d, gradients, dx } = self;
        let Trace { hidden, weights, dx: direct } = trace;
        let (rows, padded) = (valid_len.len(), shape.hidden.padded());
        let score = &parameters[shape.score..][..padded];
        direct.clear();
        direct.resize(x.len(), 0.0);
        // d loss / d s_t = a_t (d . x_t - sum over u of a_u d . x_u)
        let mut by_score = vec![0.0f32; weights.len()];
        for (row, &valid) in valid_len.iter().enumerate() {
            let d = &d[row * padded..][..padded];
            let recorded = || (0..valid as usize).map(|t| t * rows + row);
            recorded().for_each(|n| by_score[n] = dot(d, &x[n * padded..][..padded]));
            let mean: f32 = recorded().map(|n| weights[n] * by_score[n]).sum();
            for n in recorded() {
                by_score[n] = weights[n] * (by_score[n] - mean);
                add_scaled(&mut direct[n * padded..][..padded], weights[n], d);
            }
        }
        let sum = &mut gradients[shape.score..][..padded];
        for (hidden, &by) in hidden.chunks_exact(padded).zip(&by_score) {
            add_scaled(sum, by, hidden);
        }
        for (hidden, &by) in hidden.chunks_exact_mut(padded).zip(&by_score) {
            let by = simd.splat_f32s(by);
            for (h, &v) in vectors_mut::<S>(hidden).iter_mut().zip(vectors::<S>(score)) {
                *h = simd.mul_f32s(simd.mul_f32s(by, v), of_tanh(simd, *h));
            }
        }
        dense::Backward { shape: &shape.hidden, transposed, x, d: hidden, gradients, dx }.with_simd(simd);
        dx.iter_mut().zip(direct).for_each(|(dx, direct)| *dx += *direct);
    }
}

/// `sum += factor * values`.
#[inline(always)]
fn add_scaled(sum: &mut [f32], factor: f32, values: &[f32]) {
    sum.iter_mut().zip(values).for_each(|(s, v)| *s += factor * v);
}

/// The product of two vectors of whole panels, added up in the same order at every width.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; PANEL];
    for (a, b) in a.as_chunks::<PANEL>().0.iter().zip(b.as_chunks::<PANEL>().0) {
        for k in 0..PANEL {
            lanes[k] += a[k] * b[k];
        }
    }
    lanes.iter().sum()
}
