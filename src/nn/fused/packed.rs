//! Matrices as the tiles read them.

use pulp::Simd;

use super::product::Product;
use super::tile::{PANEL, add_outer, add_product, most_rows, parts, tiles, vectors, vectors_mut, with_rows};

/// A matrix [inner, columns] in groups of columns, each of them row by row: `[groups][inner][width]`.
///
/// Columns are a multiple of [`PANEL`], the last of them zeros if need be. The last group may be narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// Where it begins in its buffer.
    pub offset: usize,
    /// Rows.
    pub inner: usize,
    /// Columns, with those that pad.
    pub columns: usize,
    /// Columns of a group.
    pub group: usize,
}

/// A matrix with its values.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    /// How they lie.
    pub shape: Packed,
    /// The values.
    pub values: &'a [T],
}

/// Four panels fill the registers.
const WIDE: usize = 4 * PANEL;

impl Packed {
    /// A matrix whose columns need no order of their own.
    pub fn wide(offset: usize, inner: usize, columns: usize) -> Self {
        Self { offset, inner, columns: columns.next_multiple_of(PANEL), group: WIDE }
    }

    /// Values, with those that pad.
    pub fn len(&self) -> usize {
        self.inner * self.columns
    }

    /// Where the next thing in the buffer begins.
    pub fn end(&self) -> usize {
        self.offset + self.len()
    }

    /// The place of a value in the buffer.
    pub fn at(&self, row: usize, column: usize) -> usize {
        let first = column / self.group * self.group;
        let width = self.group.min(self.columns - first);
        self.offset + first * self.inner + row * width + (column - first)
    }

    /// The values in their buffer.
    pub fn of<'a, T>(&self, buffer: &'a [T]) -> &'a [T] {
        &buffer[self.offset..self.end()]
    }

    /// Writes the transpose of this matrix to the matrix `to` of another buffer; padding rows of `to` do not exist.
    pub fn transpose(&self, from: &[f32], to: Self, buffer: &mut [f32]) {
        for row in (0..self.inner).step_by(PANEL) {
            let rows = PANEL.min(self.inner - row);
            for column in (0..to.inner).step_by(PANEL) {
                let columns = PANEL.min(to.inner - column);
                // A panel lies in one group on both sides: one stride leads through it.
                let (source, target) = (self.at(row, column), to.at(column, row));
                let [source_stride, target_stride] =
                    [(self, column), (&to, row)].map(|(m, c)| m.group.min(m.columns - c / m.group * m.group));
                for k in 0..columns {
                    for r in 0..rows {
                        buffer[target + k * target_stride + r] = from[source + r * source_stride + k];
                    }
                }
            }
        }
    }
}

/// The left side of a product: rows that lie in segments. (A trait, for a closure would not be inlined.)
pub trait Segments<'a, T>: Copy {
    /// Segment `segment` of row `row`.
    fn segment(&self, row: usize, segment: usize) -> &'a [T];
}

/// Rows of one segment, the first `count` of every `stride` values.
#[derive(Clone, Copy)]
pub struct Whole<'a, T> {
    /// The values.
    pub values: &'a [T],
    /// From one row to the next.
    pub stride: usize,
    /// Those that count.
    pub count: usize,
}

impl<'a, T: Copy> Segments<'a, T> for Whole<'a, T> {
    #[inline(always)]
    fn segment(&self, row: usize, _: usize) -> &'a [T] {
        &self.values[row * self.stride..][..self.count]
    }
}

/// `out[r] += sum over segments s of a(r, s) · b`: rows of `out` are `columns` long; the segments of a row, one behind
/// the other, are as long as `b` has rows.
#[inline(always)]
pub fn multiply<'a, S: Simd, P: Product>(
    simd: S,
    product: P,
    out: &mut [f32],
    rows: usize,
    Matrix { shape, values: b }: Matrix<'_, P::Item>,
    segments: usize,
    a: impl Segments<'a, P::Item>,
) {
    let q = parts::<S>();
    for first in (0..shape.columns).step_by(shape.group) {
        let width = shape.group.min(shape.columns - first);
        let b = P::vectors::<S>(&b[first * shape.inner..][..shape.inner * width]);
        for (row, count) in tiles(rows, most_rows::<S>()) {
            with_rows!(S, count, R => {
                if width == WIDE {
                    for s in 0..q {
                        column_of_tiles::<S, P, R, 4>(simd, product, out, row, shape.columns, first, b, 4 * q, s, segments, a);
                    }
                } else {
                    for s in 0..width / S::F32_LANES {
                        column_of_tiles::<S, P, R, 1>(simd, product, out, row, shape.columns, first, b, width / S::F32_LANES, s, segments, a);
                    }
                }
            });
        }
    }
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "an iterator is not inlined everywhere, see tile.rs")]
#[expect(clippy::too_many_arguments, reason = "a tile is of rows, columns and strides; structs would hide them")]
fn column_of_tiles<'a, S: Simd, P: Product, const R: usize, const C: usize>(
    simd: S,
    product: P,
    out: &mut [f32],
    row: usize,
    columns: usize,
    first: usize,
    b: &[P::Vector<S>],
    stride: usize,
    s: usize,
    segments: usize,
    a: impl Segments<'a, P::Item>,
) {
    let q = parts::<S>();
    let mut sum = [[simd.splat_f32s(0.0); C]; R];
    for r in 0..R {
        let out = vectors::<S>(&out[(row + r) * columns + first..][..stride * S::F32_LANES]);
        for c in 0..C {
            sum[r][c] = out[s + c * q];
        }
    }
    let mut rest = b;
    for segment in 0..segments {
        let mut rows: [&[P::Item]; R] = [&[]; R];
        for r in 0..R {
            rows[r] = a.segment(row + r, segment);
        }
        let (now, later) = rest.split_at(rows[0].len() * stride);
        add_product(simd, product, &mut sum, rows, now, stride, s, q);
        rest = later;
    }
    for r in 0..R {
        let out = vectors_mut::<S>(&mut out[(row + r) * columns + first..][..stride * S::F32_LANES]);
        for c in 0..C {
            out[s + c * q] = sum[r][c];
        }
    }
}

/// Rows whose outer products are added before the next rows of the sum: they stay in the first cache.
const CHUNK: usize = 120;

/// `sum += a^T d` for C panels: rows of `sum` are `width` panels of which C count, from `first` on; those of `a` are
/// `lda` items of which the first `inner` count; those of `d` are `stride` panels of which those in `panels` count.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a tile is of rows, columns and strides; structs would hide them")]
pub fn multiply_transposed<S: Simd, P: Product, const C: usize>(
    simd: S,
    product: P,
    sum: &mut [f32],
    width: usize,
    first: usize,
    inner: usize,
    a: &[P::Item],
    lda: usize,
    d: &[P::Item],
    stride: usize,
    panels: [usize; C],
) {
    let q = parts::<S>();
    let sum = vectors_mut::<S>(sum);
    for (a, d) in a.chunks(CHUNK * lda).zip(d.chunks(CHUNK * stride * PANEL)) {
        let d = P::vectors::<S>(d);
        for (row, count) in tiles(inner, most_rows::<S>()) {
            with_rows!(S, count, R => {
                for s in 0..q {
                    let mut tile = [[simd.splat_f32s(0.0); C]; R];
                    for r in 0..R {
                        for c in 0..C {
                            tile[r][c] = sum[((row + r) * width + first + c) * q + s];
                        }
                    }
                    let mut columns = [0; C];
                    for c in 0..C {
                        columns[c] = panels[c] * q + s;
                    }
                    add_outer(simd, product, &mut tile, a, lda, row, d, stride * q, columns);
                    for r in 0..R {
                        for c in 0..C {
                            sum[((row + r) * width + first + c) * q + s] = tile[r][c];
                        }
                    }
                }
            });
        }
    }
}
