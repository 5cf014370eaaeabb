//! Products of matrices in slices, on the calling thread.

/// A matrix [rows, columns] in a slice, as it lies there or transposed.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `data` in row-major order, `columns` to a row.
    pub fn new(data: &'a [f32], columns: usize) -> Self {
        let rows = data.len() / columns;
        assert_eq!(rows * columns, data.len(), "whole rows");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The transpose, without moving anything.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// A copy in row-major order.
    pub fn to_vec(self) -> Vec<f32> {
        let row = |r: usize| (0..self.columns).map(move |c| self.data[r * self.row_stride + c * self.column_stride]);
        (0..self.rows).flat_map(row).collect()
    }
}

/// `sum` [a.rows, b.columns] += a b.
pub fn add_product(sum: &mut [f32], a: Matrix<'_>, b: Matrix<'_>) {
    assert_eq!(a.columns, b.rows, "inner dimensions");
    assert_eq!(sum.len(), a.rows * b.columns, "size of the product");
    if sum.is_empty() || a.columns == 0 {
        return;
    }
    // SAFETY: `Matrix::new` holds that data has rows * columns values, and strides are those of its row-major order or
    // of its transpose, so every index row * row_stride + column * column_stride is below data.len(). `sum` was just
    // checked and, being a unique borrow, overlaps neither.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            sum.as_mut_ptr(),
            1,
            b.columns as isize,
            true,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Adds up the rows of `data` [rows, sum.len()].
pub fn add_rows(sum: &mut [f32], data: &[f32]) {
    for row in data.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_those_by_hand() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, -1.0, 0.5, 3.0]);
        // numpy: a.reshape(2, 3) @ b.reshape(3, 2) + 1
        let mut sum = [1.0; 4];
        add_product(&mut sum, Matrix::new(&a, 3), Matrix::new(&b, 2));
        assert_eq!(sum, [7.5, 8.0, 18.0, 14.0]);
        // numpy: a.reshape(3, 2).T @ b.reshape(3, 2)
        let mut sum = [0.0; 4];
        add_product(&mut sum, Matrix::new(&a, 2).transposed(), Matrix::new(&b, 2));
        assert_eq!(sum, [9.5, 12.0, 13.0, 14.0]);
    }
}
