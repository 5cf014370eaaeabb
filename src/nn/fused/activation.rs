//! tanh and the logistic function of a vector, the same bits at every width.

use pulp::Simd;

/// Beyond this |x|, tanh x is 1 in f32.
const SATURATED: f32 = 9.0;
/// `tanh x = x P(x²) / Q(x²)`: a minimax fit of the relative error over [0, 9], 2.1e-8 in exact arithmetic; with
/// rounding the error stays below 3e-7 (`benches/fit_tanh.py` finds the numbers).
const P: [f32; 5] = [1.0, 0.133_810_64, 0.003_495_632_4, 2.060_976_5e-5, 1.335_551e-8];
const Q: [f32; 5] = [1.0, 0.467_143_8, 0.025_877_154, 0.000_328_570_55, 7.776_926_6e-7];

/// tanh of each value; NaN stays NaN.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (low, high) = (simd.splat_f32s(-SATURATED), simd.splat_f32s(SATURATED));
    let x = if S::F32_LANES == 1 {
        let x = simd.select_f32s(simd.greater_than_f32s(x, high), high, x);
        simd.select_f32s(simd.less_than_f32s(x, low), low, x)
    } else {
        // The operand that may be NaN stands second: that is the one that vectors return then.
        simd.max_f32s(low, simd.min_f32s(high, x))
    };
    let t = simd.mul_f32s(x, x);
    let (mut p, mut q) = (simd.splat_f32s(P[4]), simd.splat_f32s(Q[4]));
    for k in (0..4).rev() {
        p = simd.mul_add_f32s(p, t, simd.splat_f32s(P[k]));
        q = simd.mul_add_f32s(q, t, simd.splat_f32s(Q[k]));
    }
    simd.div_f32s(simd.mul_f32s(x, p), q)
}

/// `1 / (1 + e^-x) = (1 + tanh(x/2)) / 2` of each value.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let half = simd.splat_f32s(0.5);
    simd.mul_add_f32s(half, tanh(simd, simd.mul_f32s(half, x)), half)
}
