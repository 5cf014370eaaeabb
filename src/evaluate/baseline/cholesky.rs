//! Linear equations with a symmetric, positive definite matrix.

/// The lower triangle L with `L L^T` equal to the matrix, [n, n].
pub(super) struct Cholesky {
    n: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix [n, n], of which only the lower triangle is read. It must be positive definite.
    pub fn new(mut matrix: Vec<f64>, n: usize) -> Self {
        for i in 0..n {
            for j in 0..=i {
                let (row_i, row_j) = (&matrix[i * n..][..j], &matrix[j * n..][..j]);
                let rest = matrix[i * n + j] - row_i.iter().zip(row_j).map(|(a, b)| a * b).sum::<f64>();
                matrix[i * n + j] = if i == j { rest.sqrt() } else { rest / matrix[j * n + j] };
            }
        }
        Self { n, lower: matrix }
    }

    /// Turns the right side b [n] into the x [n] with `matrix x = b`.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let known: f64 = self.lower[i * n..][..i].iter().zip(&*b).map(|(l, x)| l * x).sum();
            b[i] = (b[i] - known) / self.lower[i * n + i];
        }
        for i in (0..n).rev() {
            b[i] /= self.lower[i * n + i];
            let x = b[i];
            b[..i].iter_mut().zip(&self.lower[i * n..]).for_each(|(b, l)| *b -= l * x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_fulfils_the_equations() {
        // By hand: [[4, 2, 0], [2, 5, 2], [0, 2, 5]] (1, -1, 2) = (2, 1, 8), and its L is [[2], [1, 2], [0, 1, 2]].
        let factor = Cholesky::new(vec![4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0, 2.0, 5.0], 3);
        assert_eq!([0, 3, 4, 6, 7, 8].map(|i| factor.lower[i]), [2.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        let mut x = [2.0, 1.0, 8.0];
        factor.solve(&mut x);
        assert_eq!(x, [1.0, -1.0, 2.0]);
    }
}
