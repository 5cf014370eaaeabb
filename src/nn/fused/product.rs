//! What the products of recurrent layers are made of: f32, or pairs of bfloat16 that are added up in f32.

use pulp::{Arch, Simd, WithSimd};

#[cfg(target_arch = "x86_64")]
use super::native::Native;
use super::packed::{Matrix, Packed, Whole};
use super::pairs::{self, Emulated, Pairs};
use crate::options::training::Precision;

/// Factors of a product, as they lie in memory. Sums are always f32.
pub trait Product: Copy + Send + Sync + 'static {
    /// Values of the inner dimension that are multiplied and added at a time, one behind the other.
    const DEPTH: usize;
    /// So many values.
    type Item: Copy + Default + Send + Sync + 'static;
    /// A vector of items.
    type Vector<S: Simd>: Copy;

    /// The vectors of a slice.
    fn vectors<S: Simd>(items: &[Self::Item]) -> &[Self::Vector<S>];

    /// A vector of the same item.
    fn splat<S: Simd>(simd: S, item: Self::Item) -> Self::Vector<S>;

    /// `sum + x y`, value by value.
    fn mul_add<S: Simd>(self, simd: S, x: Self::Vector<S>, y: Self::Vector<S>, sum: S::f32s) -> S::f32s;

    /// Of the same thing in f32 and in pairs, that which is multiplied.
    fn choose<'a>(values: (Packed, &'a [f32]), pairs: (Packed, &'a [u32])) -> Matrix<'a, Self::Item>;

    /// Likewise of values without a shape.
    fn items<'a>(values: &'a [f32], pairs: &'a [u32]) -> &'a [Self::Item];

    /// Rows whose inner dimension lies along them: the first `count` of every `stride` values. `pairs` is memory for them.
    fn along<'a, S: Simd>(
        simd: S,
        values: &'a [f32],
        stride: usize,
        count: usize,
        pairs: &'a mut Vec<u32>,
    ) -> Whole<'a, Self::Item>;

    /// Rows of `stride` values whose inner dimension goes from row to row. `pairs` is memory for them.
    fn across<'a, S: Simd>(simd: S, values: &'a [f32], stride: usize, pairs: &'a mut Vec<u32>) -> &'a [Self::Item];
}

/// f32 times f32.
#[derive(Debug, Clone, Copy)]
pub struct Single;

impl Product for Single {
    const DEPTH: usize = 1;
    type Item = f32;
    type Vector<S: Simd> = S::f32s;

    #[inline(always)]
    fn vectors<S: Simd>(items: &[f32]) -> &[S::f32s] {
        S::as_simd_f32s(items).0
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, item: f32) -> S::f32s {
        simd.splat_f32s(item)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(self, simd: S, x: S::f32s, y: S::f32s, sum: S::f32s) -> S::f32s {
        simd.mul_add_f32s(x, y, sum)
    }

    #[inline(always)]
    fn choose<'a>((shape, values): (Packed, &'a [f32]), _: (Packed, &'a [u32])) -> Matrix<'a, f32> {
        Matrix { shape, values: shape.of(values) }
    }

    #[inline(always)]
    fn items<'a>(values: &'a [f32], _: &'a [u32]) -> &'a [f32] {
        values
    }

    #[inline(always)]
    fn along<'a, S: Simd>(_: S, values: &'a [f32], stride: usize, count: usize, _: &'a mut Vec<u32>) -> Whole<'a, f32> {
        Whole { values, stride, count }
    }

    #[inline(always)]
    fn across<'a, S: Simd>(_: S, values: &'a [f32], _: usize, _: &'a mut Vec<u32>) -> &'a [f32] {
        values
    }
}

impl<D: pairs::Dot> Product for Pairs<D> {
    const DEPTH: usize = 2;
    type Item = u32;
    type Vector<S: Simd> = S::u32s;

    #[inline(always)]
    fn vectors<S: Simd>(items: &[u32]) -> &[S::u32s] {
        S::as_simd_u32s(items).0
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, item: u32) -> S::u32s {
        simd.splat_u32s(item)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(self, simd: S, x: S::u32s, y: S::u32s, sum: S::f32s) -> S::f32s {
        self.0.dot(simd, x, y, sum)
    }

    #[inline(always)]
    fn choose<'a>(_: (Packed, &'a [f32]), (shape, pairs): (Packed, &'a [u32])) -> Matrix<'a, u32> {
        Matrix { shape, values: shape.of(pairs) }
    }

    #[inline(always)]
    fn items<'a>(_: &'a [f32], pairs: &'a [u32]) -> &'a [u32] {
        pairs
    }

    #[inline(always)]
    fn along<'a, S: Simd>(
        _: S,
        values: &'a [f32],
        stride: usize,
        count: usize,
        pairs: &'a mut Vec<u32>,
    ) -> Whole<'a, u32> {
        pairs::along(values, stride, count, pairs);
        Whole { values: pairs, stride: count.div_ceil(2), count: count.div_ceil(2) }
    }

    #[inline(always)]
    fn across<'a, S: Simd>(simd: S, values: &'a [f32], stride: usize, pairs: &'a mut Vec<u32>) -> &'a [u32] {
        pairs::across(simd, values, stride, pairs);
        pairs
    }
}

/// Work that is made of products.
pub trait Multiply {
    /// Does it.
    fn run<S: Simd, P: Product>(self, simd: S, product: P);
}

/// The products of an engine, and the instructions that compute them.
#[derive(Debug, Clone, Copy)]
pub enum Products {
    /// [`Single`].
    Single,
    /// [`Pairs`], whatever the processor can do.
    Emulated,
    /// [`Pairs`], by instructions for them.
    #[cfg(target_arch = "x86_64")]
    Native(Native),
}

impl Products {
    /// The fastest that the processor has.
    pub fn new(arch: Arch, precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::Single,
            #[cfg(target_arch = "x86_64")]
            Precision::Bf16 => Native::new(arch).map_or(Self::Emulated, Self::Native),
            #[cfg(not(target_arch = "x86_64"))]
            Precision::Bf16 => {
                let _ = arch;
                Self::Emulated
            }
        }
    }

    /// Does work, by the instructions of `arch`.
    pub fn dispatch(self, arch: Arch, work: impl Multiply) {
        match self {
            Self::Single => arch.dispatch(With(work, Single)),
            Self::Emulated => arch.dispatch(With(work, Pairs(Emulated))),
            #[cfg(target_arch = "x86_64")]
            Self::Native(native) => native.run(work),
        }
    }
}

struct With<W, P>(W, P);

impl<W: Multiply, P: Product> WithSimd for With<W, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd, self.1);
    }
}
