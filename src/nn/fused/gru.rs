//! The GRU cell: Cho 2014 in the form that resets after the product (Keras' `reset_after`, PyTorch's only one).

use pulp::Simd;

use super::activation::{of_sigmoid, of_tanh, sigmoid, tanh};
use super::cell::{Cell, Four, Step};

/// `h' = (1 - z) n + z h` with z, r by sigmoid and `n = tanh(x W_n + b_in + r (h U_n + b_hn))`.
///
/// The four numbers of a unit are r, z, what inputs add to n, and what hidden states add to it; gates are in PyTorch's
/// order r, z, n.
#[derive(Debug, Clone, Copy)]
pub struct Gru;

impl Cell for Gru {
    const GATES: usize = 3;
    const X: &'static [usize] = &[0, 1, 2];
    const H: &'static [usize] = &[0, 1, 3];
    const BIASES: &'static [usize] = &[0, 1, 2, 0, 1, 3];

    #[inline(always)]
    fn step<S: Simd>(simd: S, z: Four<S>, before: S::f32s) -> Step<S> {
        let (r, keep) = (sigmoid(simd, z[0]), sigmoid(simd, z[1]));
        let new = tanh(simd, simd.mul_add_f32s(r, z[3], z[2]));
        // n + z (h - n)
        let h = simd.mul_add_f32s(keep, simd.sub_f32s(before, new), new);
        Step { saved: [r, keep, new, z[3]], state: h, tanh: simd.splat_f32s(0.0), h }
    }

    #[inline(always)]
    fn gradient<S: Simd>(
        simd: S,
        [r, keep, new, of_h]: Four<S>,
        before: S::f32s,
        _: S::f32s,
        dh: S::f32s,
        carry: S::f32s,
    ) -> (Four<S>, S::f32s) {
        let dh = simd.add_f32s(dh, carry);
        let share = simd.sub_f32s(simd.splat_f32s(1.0), keep);
        let dn = simd.mul_f32s(simd.mul_f32s(dh, share), of_tanh(simd, new));
        let dz = simd.mul_f32s(simd.mul_f32s(dh, simd.sub_f32s(before, new)), of_sigmoid(simd, keep));
        let dr = simd.mul_f32s(simd.mul_f32s(dn, of_h), of_sigmoid(simd, r));
        ([dr, dz, dn, simd.mul_f32s(dn, r)], simd.mul_f32s(dh, keep))
    }
}
