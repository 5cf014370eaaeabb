//! The two products of training, as tiles that live in registers.
//!
//! Every value of a result is one chain of fused multiply-adds in the order of the inner dimension, whatever the width
//! of a vector and the size of a tile: all instruction sets give the same bits.
//!
//! Vector code is functions that are always inlined, and loops over indices. A closure, `map` of an array or an iterator
//! over two slices that the compiler leaves alone (it may, as units of code are compiled apart) would save and load all
//! registers at each turn, or be code for the oldest processor: both were seen, and made training 4 times slower.

use pulp::Simd;

use super::product::Product;

/// Values that lie together: one vector of AVX-512, two of AVX2, four of NEON.
pub const PANEL: usize = 16;

/// Vectors in a panel.
#[inline(always)]
pub const fn parts<S: Simd>() -> usize {
    PANEL / S::F32_LANES
}

/// The most rows of a tile of four columns that fit the registers.
#[inline(always)]
pub const fn most_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 {
        6
    } else if S::F32_LANES == 1 {
        1
    } else {
        3
    }
}

/// The vectors of a slice.
#[inline(always)]
pub fn vectors<S: Simd>(values: &[f32]) -> &[S::f32s] {
    S::as_simd_f32s(values).0
}

/// The vectors of a slice, to be written.
#[inline(always)]
pub fn vectors_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(values).0
}

/// `sum[r][c] += a[r][k] * b[k][c]` over k: `a` are R rows of `b.len() / stride` items; row k of `b` is `stride` vectors,
/// of which column c is number `first + c * step`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a tile is of rows, columns and strides; structs would hide them")]
pub fn add_product<S: Simd, P: Product, const R: usize, const C: usize>(
    simd: S,
    product: P,
    sum: &mut [[S::f32s; C]; R],
    a: [&[P::Item]; R],
    b: &[P::Vector<S>],
    stride: usize,
    first: usize,
    step: usize,
) {
    let inner = b.len() / stride;
    let mut a = a;
    for row in &mut a {
        *row = &row[..inner];
    }
    let mut acc = *sum;
    for (k, b) in b.chunks_exact(stride).enumerate() {
        // Whichever is less waits in registers for the other: with 16 of them, 3 x 4 sums leave room for 4 vectors.
        if R < C {
            let mut x = [P::splat(simd, P::Item::default()); R];
            for r in 0..R {
                x[r] = P::splat(simd, a[r][k]);
            }
            for c in 0..C {
                let column = b[first + c * step];
                for r in 0..R {
                    acc[r][c] = product.mul_add(simd, x[r], column, acc[r][c]);
                }
            }
        } else {
            let mut column = [P::splat(simd, P::Item::default()); C];
            for c in 0..C {
                column[c] = b[first + c * step];
            }
            for r in 0..R {
                let x = P::splat(simd, a[r][k]);
                for c in 0..C {
                    acc[r][c] = product.mul_add(simd, x, column[c], acc[r][c]);
                }
            }
        }
    }
    *sum = acc;
}

/// `sum[r][c] += a[n][at + r] * d[n][c]` over n: rows of `a` are `lda` items long, those of `d` `stride` vectors.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a tile is of rows, columns and strides; structs would hide them")]
pub fn add_outer<S: Simd, P: Product, const R: usize, const C: usize>(
    simd: S,
    product: P,
    sum: &mut [[S::f32s; C]; R],
    a: &[P::Item],
    lda: usize,
    at: usize,
    d: &[P::Vector<S>],
    stride: usize,
    columns: [usize; C],
) {
    let mut acc = *sum;
    for n in 0..d.len() / stride {
        // Slices of R and of `stride` values: what is read of them needs no further check.
        let a = &a[n * lda + at..][..R];
        let d = &d[n * stride..][..stride];
        // Whichever is less waits in registers for the other: with 16 of them, 3 x 4 sums leave room for 4 vectors.
        if R < C {
            let mut x = [P::splat(simd, P::Item::default()); R];
            for r in 0..R {
                x[r] = P::splat(simd, a[r]);
            }
            for c in 0..C {
                let column = d[columns[c]];
                for r in 0..R {
                    acc[r][c] = product.mul_add(simd, x[r], column, acc[r][c]);
                }
            }
        } else {
            let mut column = [P::splat(simd, P::Item::default()); C];
            for c in 0..C {
                column[c] = d[columns[c]];
            }
            for r in 0..R {
                let x = P::splat(simd, a[r]);
                for c in 0..C {
                    acc[r][c] = product.mul_add(simd, x, column[c], acc[r][c]);
                }
            }
        }
    }
    *sum = acc;
}

/// The rows 0..rows in parts of at most `most`, as equal as they can be: (first, count) of each.
#[inline(always)]
pub fn tiles(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = rows.div_ceil(most);
    (0..parts).map(move |i| (i * rows / parts, (i + 1) * rows / parts - i * rows / parts))
}

/// Runs a body with a constant number of rows, 1 to [`most_rows`].
macro_rules! with_rows {
    ($simd:ty, $count:expr, $rows:ident => $body:expr) => {
        match $count {
            1 => {
                const $rows: usize = 1;
                $body
            }
            2 => {
                const $rows: usize = 2;
                $body
            }
            3 => {
                const $rows: usize = 3;
                $body
            }
            4 if most_rows::<$simd>() > 3 => {
                const $rows: usize = 4;
                $body
            }
            5 if most_rows::<$simd>() > 3 => {
                const $rows: usize = 5;
                $body
            }
            6 if most_rows::<$simd>() > 3 => {
                const $rows: usize = 6;
                $body
            }
            count => unreachable!("a tile of {count} rows"),
        }
    };
}
pub(crate) use with_rows;
