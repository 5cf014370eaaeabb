//! The LSTM cell: Hochreiter and Schmidhuber 1997 with forget gates (Gers 2000).

use pulp::Simd;

use super::activation::{sigmoid, tanh};
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
        let one = simd.splat_f32s(1.0);
        let mul = |a, b| simd.mul_f32s(a, b);
        // y (1 - y) and 1 - y².
        let of_sigmoid = |y| mul(y, simd.sub_f32s(one, y));
        let of_tanh = |y| simd.sub_f32s(one, mul(y, y));
        let dc = simd.mul_add_f32s(mul(dh, o), of_tanh(tanh), carry);
        let di = mul(mul(dc, g), of_sigmoid(i));
        let df = mul(mul(dc, before), of_sigmoid(f));
        let dg = mul(mul(dc, i), of_tanh(g));
        let d_o = mul(mul(dh, tanh), of_sigmoid(o));
        ([di, df, dg, d_o], mul(dc, f))
    }
}
