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

/// The derivative of [`tanh`] where its value is y: 1 - y².
#[inline(always)]
pub fn of_tanh<S: Simd>(simd: S, y: S::f32s) -> S::f32s {
    simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y))
}

/// The derivative of [`sigmoid`] where its value is y: y (1 - y).
#[inline(always)]
pub fn of_sigmoid<S: Simd>(simd: S, y: S::f32s) -> S::f32s {
    simd.mul_f32s(y, simd.sub_f32s(simd.splat_f32s(1.0), y))
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::super::tile::vectors_mut;
    use super::*;
    use crate::nn::tests::instruction_sets;

    /// tanh, or the logistic function, of 16 values at a time.
    struct Each<'a>(&'a mut [f32], bool);

    impl WithSimd for Each<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for x in vectors_mut::<S>(self.0) {
                *x = if self.1 { tanh(simd, *x) } else { sigmoid(simd, *x) };
            }
        }
    }

    fn each(arch: Arch, x: &[f32], is_tanh: bool) -> Vec<f32> {
        let mut values = x.to_vec();
        arch.dispatch(Each(&mut values, is_tanh));
        values
    }

    #[test]
    fn tanh_and_sigmoid_are_accurate() {
        let x: Vec<f32> = (-200_000..200_000).map(|i| i as f32 * 1e-4).collect();
        let error = |is_tanh, exact: fn(f64) -> f64| {
            let values = each(Arch::new(), &x, is_tanh).into_iter().zip(&x);
            values.map(|(y, &x)| (f64::from(y) - exact(f64::from(x))).abs()).fold(0.0, f64::max)
        };
        assert!(error(true, f64::tanh) < 3e-7);
        assert!(error(false, |x| 1.0 / (1.0 + (-x).exp())) < 3e-7);
    }

    #[test]
    fn small_values_keep_their_relative_accuracy() {
        let x: Vec<f32> = (0..1600).map(|i| 1e-30 * 1.04f32.powi(i)).take_while(|x| *x < 1.0).collect();
        let x = &x[..x.len() / 16 * 16];
        for (y, x) in each(Arch::new(), x, true).iter().zip(x) {
            assert!((f64::from(*y) / f64::from(*x).tanh() - 1.0).abs() < 3e-7, "{x}: {y}");
        }
    }

    #[test]
    fn extremes_saturate_and_nan_stays_on_every_instruction_set() {
        let mut x = [f32::NAN; 16];
        x[..6].copy_from_slice(&[1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0]);
        for arch in instruction_sets() {
            let (t, s) = (each(arch, &x, true), each(arch, &x, false));
            for (k, limit) in [1.0, -1.0, 1.0, -1.0].into_iter().enumerate() {
                assert!((t[k] - limit).abs() < 3e-7 && (s[k] - (0.5 + limit / 2.0)).abs() < 3e-7, "{arch:?}");
            }
            assert_eq!((t[4], t[5], s[4]), (0.0, 0.0, 0.5));
            assert!(t[6..].iter().chain(&s[6..]).all(|x| x.is_nan()), "{arch:?}");
        }
    }
}
