//! The ceiling: fused multiply-adds of f32 a second that never leave the registers.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use pulp::{Arch, Simd, WithSimd};
use serde_json::{Value, json};

/// Sums that do not wait for each other. A processor that begins two a cycle and takes four cycles for each needs eight;
/// these and the two constants fit into the 16 registers of AVX2.
const CHAINS: usize = 12;
/// Links of each chain in one measured step, which makes it a fraction of a millisecond.
const LINKS: usize = 100_000;

/// GFLOP/s of so many threads together, on the widest instructions that there are.
pub fn peak(threads: usize, length: Duration) -> Value {
    let (arch, start) = (Arch::new(), Barrier::new(threads));
    let one = || {
        start.wait();
        let (_, median) = crate::median(length, |_| arch.dispatch(Chains));
        arch.dispatch(Flops) / median.as_secs_f64() / 1e9
    };
    let gflops: f64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a peak")).sum()
    });
    json!({"who": "peak", "threads": threads, "arch": crate::name(arch), "gflops": (gflops * 10.0).round() / 10.0})
}

struct Chains;

impl WithSimd for Chains {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // x/2 + 1/2 stays 1, which the compiler must not know.
        let half = simd.splat_f32s(black_box(0.5));
        let mut chains = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for _ in 0..LINKS {
            for chain in &mut chains {
                *chain = simd.mul_add_f32s(*chain, half, half);
            }
        }
        black_box(chains);
    }
}

/// Those of [`Chains`]: a multiplication and an addition in each lane.
struct Flops;

impl WithSimd for Flops {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        (2 * S::F32_LANES * CHAINS * LINKS) as f64
    }
}
