//! A dense layer over some rows, forward and backward.

use pulp::{Simd, WithSimd};

use super::packed::{Matrix, Packed, Whole, multiply, multiply_transposed};
use super::product::Single;
use super::tile::PANEL;

/// Where the parameters of a layer lie, and their transpose.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Values in.
    pub inputs: usize,
    /// Values out.
    pub outputs: usize,
    /// Weights [inputs, padded outputs].
    pub weight: Packed,
    /// Biases [padded outputs].
    pub bias: usize,
    /// Transpose of the weights, in a buffer of its own.
    pub transposed: Packed,
}

impl Shape {
    /// A layer whose parameters begin at `offset`, their transpose at `transposed`.
    pub fn new(inputs: usize, outputs: usize, offset: usize, transposed: usize) -> Self {
        let weight = Packed::wide(offset, inputs, outputs);
        let transposed = Packed::wide(transposed, outputs, inputs);
        Self { inputs, outputs, weight, bias: weight.end(), transposed }
    }

    /// Outputs, with those that pad.
    pub fn padded(&self) -> usize {
        self.weight.columns
    }

    /// Where the next parameter begins.
    pub fn end(&self) -> usize {
        self.bias + self.padded()
    }
}

/// The forward pass.
pub struct Forward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of parameters.
    pub parameters: &'a [f32],
    /// Inputs [rows, padded inputs].
    pub x: &'a [f32],
    /// Outputs [rows, padded outputs].
    pub output: &'a mut Vec<f32>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, parameters, x, output } = self;
        let lda = shape.transposed.columns;
        let rows = x.len() / lda;
        let bias = &parameters[shape.bias..][..shape.padded()];
        output.clear();
        (0..rows).for_each(|_| output.extend_from_slice(bias));
        let a = Whole { values: x, stride: lda, count: shape.inputs };
        let weight = Matrix { shape: shape.weight, values: shape.weight.of(parameters) };
        multiply(simd, Single, output, rows, weight, 1, a);
    }
}

/// The backward pass.
pub struct Backward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of transposes.
    pub transposed: &'a [f32],
    /// Inputs [rows, padded inputs].
    pub x: &'a [f32],
    /// d loss / d output [rows, padded outputs], 0 where it pads.
    pub d: &'a [f32],
    /// Buffer of gradients: added to.
    pub gradients: &'a mut [f32],
    /// d loss / d x [rows, padded inputs].
    pub dx: &'a mut Vec<f32>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, transposed, x, d, gradients, dx } = self;
        let (lda, padded) = (shape.transposed.columns, shape.padded());
        let rows = x.len() / lda;
        let weight = &shape.weight;
        for first in (0..weight.columns).step_by(PANEL) {
            let group = first / weight.group * weight.group;
            let width = weight.group.min(weight.columns - group);
            let sum = &mut gradients[weight.offset + group * weight.inner..][..weight.inner * width];
            // A panel at a time: dense layers are small.
            multiply_transposed::<S, Single, 1>(
                simd,
                Single,
                sum,
                width / PANEL,
                (first - group) / PANEL,
                weight.inner,
                x,
                lda,
                d,
                padded / PANEL,
                [first / PANEL],
            );
        }
        let bias = &mut gradients[shape.bias..][..padded];
        for d in d.chunks_exact(padded) {
            bias.iter_mut().zip(d).for_each(|(sum, d)| *sum += d);
        }
        dx.clear();
        dx.resize(rows * lda, 0.0);
        let a = Whole { values: d, stride: padded, count: shape.outputs };
        let weight = Matrix { shape: shape.transposed, values: shape.transposed.of(transposed) };
        multiply(simd, Single, dx, rows, weight, 1, a);
    }
}
