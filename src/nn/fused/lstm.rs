//! The LSTM cell: Hochreiter and Schmidhuber 1997 with forget gates (Gers 2000).

use pulp::Simd;

use super::activation::{of_sigmoid, of_tanh, sigmoid, tanh};
use super::cell::{Cell, Four, Step};

/// `c' = f c + i g`, `h' = o tanh(c')`; i, f, o by sigmoid and g by tanh of `z = x W_ih^T + h W_hh^T + b`, in the order
/// i, f, g, o.
#[derive(Debug, Clone, Copy)]
pub struct Lstm;

impl Cell for Lstm {
    const GATES: usize = 4;
    const X: &'static [usize] = &[0, 1, 2, 3];
    const H: &'static [usize] = &[0, 1, 2, 3];
    const BIASES: &'static [usize] = &[0, 1, 2, 3];

    #[inline(always)]
    fn step<S: Simd>(simd: S, z: Four<S>, before: S::f32s) -> Step<S> {
        let (i, f, g, o) = (sigmoid(simd, z[0]), sigmoid(simd, z[1]), tanh(simd, z[2]), sigmoid(simd, z[3]));
        let state = simd.mul_add_f32s(f, before, simd.mul_f32s(i, g));
        let tanh = tanh(simd, state);
        Step { saved: [i, f, g, o], state, tanh, h: simd.mul_f32s(o, tanh) }
    }

    #[inline(always)]
    fn gradient<S: Simd>(
        simd: S,
        [i, f, g, o]: Four<S>,
        before: S::f32s,
        tanh: S::f32s,
        dh: S::f32s,
        carry: S::f32s,
    ) -> (Four<S>, S::f32s) {
        let dc = simd.mul_add_f32s(simd.mul_f32s(dh, o), of_tanh(simd, tanh), carry);
        let di = simd.mul_f32s(simd.mul_f32s(dc, g), of_sigmoid(simd, i));
        let df = simd.mul_f32s(simd.mul_f32s(dc, before), of_sigmoid(simd, f));
        let dg = simd.mul_f32s(simd.mul_f32s(dc, i), of_tanh(simd, g));
        let d_o = simd.mul_f32s(simd.mul_f32s(dh, tanh), of_sigmoid(simd, o));
        ([di, df, dg, d_o], simd.mul_f32s(dc, f))
    }
}
