//! AVX512-BF16, which multiplies 32 pairs of bfloat16 and adds them to 16 sums: the only unsafe code there is.
//!
//! Invariant: a [`Native`] is only made where the processor was asked for all that [`Native::run`] enables.

#![expect(unsafe_code, reason = "pulp knows no bfloat16")]

use std::arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps};
use std::mem::transmute;

use pulp::x86::V4;
use pulp::{Arch, Simd, f32x16, u32x16};

use super::pairs::{Dot, Pairs};
use super::product::Multiply;

/// Proof that the processor has AVX512-BF16.
#[derive(Debug, Clone, Copy)]
pub struct Native(V4);

impl Native {
    /// If it has, and `arch` is AVX-512.
    pub fn new(arch: Arch) -> Option<Self> {
        match arch {
            Arch::V4(simd) if is_x86_feature_detected!("avx512bf16") => Some(Self(simd)),
            _ => None,
        }
    }

    /// Does work with the vectors of AVX-512 and products of pairs.
    pub fn run(self, work: impl Multiply) {
        // What [`V4`] stands for, and pairs.
        #[target_feature(enable = "sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,bmi1,bmi2,fma,lzcnt")]
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16")]
        fn run(work: impl Multiply, native: Native) {
            work.run(native.0, Pairs(native));
        }
        // SAFETY: V4 proves all features but the last, `new` asked for that.
        unsafe { run(work, self) }
    }
}

impl Dot for Native {
    #[inline(always)]
    fn dot<S: Simd>(self, _: S, x: S::u32s, y: S::u32s, sum: S::f32s) -> S::f32s {
        let (x, y, sum): (u32x16, u32x16, f32x16) = (pulp::cast(x), pulp::cast(y), pulp::cast(sum));
        // SAFETY: `self` proves the feature; all of these types are 64 bytes of which every value is valid.
        let sum: f32x16 = unsafe {
            let (x, y) = (transmute::<u32x16, __m512bh>(x), transmute::<u32x16, __m512bh>(y));
            transmute::<__m512, f32x16>(_mm512_dpbf16_ps(transmute::<f32x16, __m512>(sum), x, y))
        };
        pulp::cast(sum)
    }
}
