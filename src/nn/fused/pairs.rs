//! bfloat16 in pairs: what two neighbours of the inner dimension are to a processor that multiplies both at a time.
//!
//! A bfloat16 is the upper half of an f32. A pair is a u32 with the first value in its lower half. Products are exact in
//! f32 but for their sum, which is that of two fused multiply-adds, the second value's first: AVX512-BF16 gives
//! these bits (Intel's manual, VDPBF16PS), so does [`Emulated`].

use pulp::{Simd, WithSimd};

use super::packed::Packed;

/// Products of pairs, two values at a time.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<D>(pub D);

/// What multiplies pairs.
pub trait Dot: Copy + Send + Sync + 'static {
    /// `x0 y0 + (x1 y1 + sum)` with subnormal values as zeros.
    fn dot<S: Simd>(self, simd: S, x: S::u32s, y: S::u32s, sum: S::f32s) -> S::f32s;
}

/// Two fused multiply-adds.
#[derive(Debug, Clone, Copy)]
pub struct Emulated;

impl Dot for Emulated {
    #[inline(always)]
    fn dot<S: Simd>(self, simd: S, x: S::u32s, y: S::u32s, sum: S::f32s) -> S::f32s {
        let (upper, half) = (simd.splat_u32s(0xffff_0000), simd.splat_u32s(16));
        let second = |pair| flush(simd, simd.transmute_f32s_u32s(simd.and_u32s(pair, upper)));
        let first = |pair| flush(simd, simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(pair, half)));
        let sum = mul_add(simd, second(x), second(y), flush(simd, sum));
        mul_add(simd, first(x), first(y), sum)
    }
}

/// `x y + sum`, zero if that is subnormal as numbers with 24 bits and any exponent are rounded: what f32 rounds up to its
/// smallest normal number may be.
#[inline(always)]
fn mul_add<S: Simd>(simd: S, x: S::f32s, y: S::f32s, sum: S::f32s) -> S::f32s {
    let least = simd.splat_f32s(f32::MIN_POSITIVE);
    let rounded = flush(simd, simd.mul_add_f32s(x, y, sum));
    // 2^64 times as much of factors and sum that give so little does not overflow if it goes to the smaller factor.
    let scale = simd.splat_f32s(18_446_744_073_709_551_616.0);
    let x_is_smaller = simd.less_than_f32s(simd.abs_f32s(x), simd.abs_f32s(y));
    let (small, large) = (simd.select_f32s(x_is_smaller, x, y), simd.select_f32s(x_is_smaller, y, x));
    let scaled = simd.mul_add_f32s(simd.mul_f32s(small, scale), large, simd.mul_f32s(sum, scale));
    let is_subnormal = simd.less_than_f32s(simd.abs_f32s(scaled), simd.mul_f32s(least, scale));
    let zero = simd.mul_f32s(rounded, simd.splat_f32s(0.0));
    let or_zero = simd.select_f32s(is_subnormal, zero, rounded);
    simd.select_f32s(simd.equal_f32s(simd.abs_f32s(rounded), least), or_zero, rounded)
}

/// Zero for what is subnormal.
#[inline(always)]
fn flush<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let least = simd.splat_f32s(f32::MIN_POSITIVE);
    simd.select_f32s(simd.less_than_f32s(simd.abs_f32s(x), least), simd.mul_f32s(x, simd.splat_f32s(0.0)), x)
}

/// The pair of two values, each rounded to the nearest bfloat16, to the even one if both are as near.
#[inline(always)]
pub fn pair(first: f32, second: f32) -> u32 {
    round(first) >> 16 | round(second) & 0xffff_0000
}

/// The nearest bfloat16 in the upper half.
#[inline(always)]
fn round(x: f32) -> u32 {
    let bits = x.to_bits();
    if x.is_nan() { NAN } else { bits.wrapping_add(0x7fff + (bits >> 16 & 1)) }
}

/// Rounding the bits of a NaN could make a number of it.
const NAN: u32 = 0x7fc0_0000;

/// The same for vectors.
#[inline(always)]
pub fn pair_vectors<S: Simd>(simd: S, first: S::f32s, second: S::f32s) -> S::u32s {
    let half = simd.splat_u32s(16);
    let rounded = |x| {
        let bits = simd.transmute_u32s_f32s(x);
        let last = simd.and_u32s(simd.wrapping_dyn_shr_u32s(bits, half), simd.splat_u32s(1));
        let up = simd.add_u32s(bits, simd.add_u32s(last, simd.splat_u32s(0x7fff)));
        simd.select_u32s(simd.equal_f32s(x, x), up, simd.splat_u32s(NAN))
    };
    let second = simd.and_u32s(rounded(second), simd.splat_u32s(0xffff_0000));
    simd.or_u32s(simd.wrapping_dyn_shr_u32s(rounded(first), half), second)
}

/// Neighbours of each row as pairs: [rows, half of count], the last with 0 if `count` is odd.
#[inline(always)]
pub fn along(values: &[f32], stride: usize, count: usize, pairs: &mut Vec<u32>) {
    let (rows, half) = (values.len() / stride, count.div_ceil(2));
    pairs.resize(rows * half, 0);
    for row in 0..rows {
        let values = &values[row * stride..][..count];
        let pairs = &mut pairs[row * half..][..half];
        for k in 0..count / 2 {
            pairs[k] = pair(values[2 * k], values[2 * k + 1]);
        }
        if count % 2 == 1 {
            pairs[half - 1] = pair(values[count - 1], 0.0);
        }
    }
}

/// Rows 2n and 2n + 1 as row n of pairs, value by value; after an odd number of rows there is one of zeros.
#[inline(always)]
pub fn across<S: Simd>(_: S, values: &[f32], stride: usize, pairs: &mut Vec<u32>) {
    let rows = values.len() / stride;
    pairs.resize(rows.div_ceil(2) * stride, 0);
    for n in 0..rows / 2 {
        let (first, second) = values[2 * n * stride..][..2 * stride].split_at(stride);
        let pairs = &mut pairs[n * stride..][..stride];
        for k in 0..stride {
            pairs[k] = pair(first[k], second[k]);
        }
    }
    if rows % 2 == 1 {
        for k in 0..stride {
            pairs[rows / 2 * stride + k] = pair(values[(rows - 1) * stride + k], 0.0);
        }
    }
}

/// A matrix of pairs, and the two rows of another matrix that make each of its rows; no row is zeros.
#[derive(Debug, Clone)]
pub struct Pairing {
    /// The other matrix, with the same groups of columns.
    pub from: Packed,
    /// Whether that lies among the transposes.
    pub is_transposed: bool,
    /// The matrix.
    pub to: Packed,
    /// Its rows.
    pub rows: Vec<[Option<usize>; 2]>,
}

/// Writes the pairs of a matrix.
pub struct Pair<'a> {
    /// Of what.
    pub pairing: &'a Pairing,
    /// The buffer that the other matrix lies in.
    pub values: &'a [f32],
    /// Those of the matrix of pairs alone.
    pub pairs: &'a mut [u32],
}

impl WithSimd for Pair<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { pairing: Pairing { from, to, rows, .. }, values, pairs } = self;
        let zeros = [0.0; 64];
        for first in (0..to.columns).step_by(to.group) {
            let width = to.group.min(to.columns - first);
            for (n, of) in rows.iter().enumerate() {
                let row = |of: Option<usize>| of.map_or(&zeros[..width], |of| &values[from.at(of, first)..][..width]);
                let (one, two) = (row(of[0]), row(of[1]));
                let pairs = &mut pairs[first * to.inner + n * width..][..width];
                for k in 0..width {
                    pairs[k] = pair(one[k], two[k]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use pulp::Arch;

    use super::super::product::{Multiply, Product, Products};
    use super::super::tile::vectors_mut;
    use super::*;
    use crate::options::training::Precision;
    use crate::random::Stream;

    /// candle rounds with the crate half.
    fn rounded(values: &[f32]) -> Vec<f32> {
        let tensor = Tensor::new(values, &Device::Cpu).unwrap();
        tensor.to_dtype(DType::BF16).unwrap().to_dtype(DType::F32).unwrap().to_vec1().unwrap()
    }

    fn halves(pair: u32) -> [f32; 2] {
        [f32::from_bits(pair << 16), f32::from_bits(pair & 0xffff_0000)]
    }

    /// Any bits but those of NaN.
    fn numbers(count: usize) -> Vec<f32> {
        let mut draw = Stream::new(3, &["numbers"]);
        let mut number = || f32::from_bits(draw.below(1 << 32) as u32);
        std::iter::repeat_with(&mut number).filter(|x| !x.is_nan()).take(count).collect()
    }

    #[test]
    fn a_pair_is_of_the_nearest_two() {
        let mut values = numbers(1 << 16);
        // Ties go to the even one, the largest to infinity.
        let ties = [0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0xbf80_8000, 0x7f7f_ffff, 0x7f80_0000, 0x8000_0000, 1];
        values.splice(..ties.len(), ties.map(f32::from_bits));
        let expected = rounded(&values);
        for (values, expected) in values.chunks_exact(2).zip(expected.chunks_exact(2)) {
            assert_eq!(
                halves(pair(values[0], values[1])).map(f32::to_bits),
                [expected[0], expected[1]].map(f32::to_bits)
            );
        }
        for nan in [0x7fff_ffff, 0xffff_ffff, 0x7f80_0001, 0x7fc0_0000] {
            assert!(halves(pair(f32::from_bits(nan), f32::from_bits(nan))).iter().all(|x| x.is_nan()), "{nan:x}");
        }
    }

    #[test]
    fn rows_are_paired_along_and_across() {
        let values: Vec<f32> = (0..15).map(|x| x as f32).collect();
        let mut pairs = vec![7; 3];
        along(&values, 5, 3, &mut pairs);
        let of = |pairs: &[u32]| pairs.iter().map(|&pair| halves(pair)).collect::<Vec<_>>();
        assert_eq!(of(&pairs), [[0., 1.], [2., 0.], [5., 6.], [7., 0.], [10., 11.], [12., 0.]]);
        across(pulp::Scalar::new(), &values, 5, &mut pairs);
        let expected =
            [[0., 5.], [1., 6.], [2., 7.], [3., 8.], [4., 9.], [10., 0.], [11., 0.], [12., 0.], [13., 0.], [14., 0.]];
        assert_eq!(of(&pairs), expected);
    }

    /// `sum + x y` for 16 pairs, and the pairs of x and y as vectors make them.
    struct Once<'a>(&'a [u32], &'a [u32], &'a mut [f32]);

    impl Multiply for Once<'_> {
        #[inline(always)]
        fn run<S: Simd, P: Product>(self, simd: S, product: P) {
            let [x, y] = [self.0, self.1].map(|pairs| P::items(&[], pairs));
            for (k, sum) in vectors_mut::<S>(self.2).iter_mut().enumerate() {
                *sum = product.mul_add(simd, P::vectors::<S>(x)[k], P::vectors::<S>(y)[k], *sum);
            }
        }
    }

    #[test]
    fn every_way_to_multiply_pairs_gives_the_same_bits() {
        let arch = Arch::new();
        let ways = [
            (arch, Products::new(arch, Precision::Bf16)),
            (arch, Products::Emulated),
            (Arch::Scalar, Products::Emulated),
        ];
        let mut draw = Stream::new(5, &["pairs"]);
        // Exponents around the middle, where sums round, and all of them, where they vanish, overflow, and are NaN.
        for (least, most) in [(110, 140), (0, 256_u64)] {
            let mut number = || {
                let exponent = (least + draw.below(most - least)) as u32;
                f32::from_bits((draw.below(2) as u32) << 31 | exponent << 23 | draw.below(1 << 23) as u32)
            };
            for _ in 0..20_000 {
                let [x, y]: [Vec<u32>; 2] = [0, 1].map(|_| (0..16).map(|_| pair(number(), number())).collect());
                let sums: Vec<f32> = (0..16).map(|_| number()).collect();
                let results = ways.map(|(arch, products)| {
                    let mut sums = sums.clone();
                    products.dispatch(arch, Once(&x, &y, &mut sums));
                    sums.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect::<Vec<_>>()
                });
                assert!(results.iter().all(|r| *r == results[0]), "{x:x?} {y:x?} {sums:?}: {results:x?}");
            }
        }
    }

    /// 2^-126 - 1.5 * 2^-151 is subnormal with 24 bits and any exponent, and the smallest normal number once it is rounded as f32.
    #[test]
    fn a_sum_that_only_rounding_makes_normal_is_zero() {
        let arch = Arch::new();
        for products in [Products::new(arch, Precision::Bf16), Products::Emulated] {
            let (x, y) = (1.5 * f32::from_bits(52 << 23), -f32::from_bits(51 << 23));
            for [x, y] in [[pair(x, 0.0), pair(y, 0.0)], [pair(0.0, x), pair(0.0, y)]] {
                let mut sums = [f32::MIN_POSITIVE; 16];
                products.dispatch(arch, Once(&[x; 16], &[y; 16], &mut sums));
                assert_eq!(sums, [0.0; 16], "{products:?}");
            }
        }
    }

    /// Sums by pairs are those of the definition, in f32 by [`f32::mul_add`].
    #[test]
    fn a_pair_adds_the_second_product_first() {
        let values = rounded(
            &numbers(1 << 12)
                .iter()
                .map(|x| f32::from_bits(x.to_bits() & 0xbfff_ffff | 0x3000_0000))
                .collect::<Vec<_>>(),
        );
        for v in values.chunks_exact(5) {
            let (mut sums, x, y) = ([v[4]; 16], [pair(v[0], v[1]); 16], [pair(v[2], v[3]); 16]);
            Products::Emulated.dispatch(Arch::new(), Once(&x, &y, &mut sums));
            assert_eq!(sums, [v[0].mul_add(v[2], v[1].mul_add(v[3], v[4])); 16]);
        }
    }
}
