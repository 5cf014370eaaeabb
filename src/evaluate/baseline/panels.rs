//! Rows laid side by side, so that the processor works on several of them at once, in an order of additions that never
//! changes.

/// Rows in a panel: sums keep one strand for each.
pub(super) const LANES: usize = 8;
/// One number of each row of a panel.
pub(super) type Lanes = [f64; LANES];

/// Rows and a last column of ones, [panels, columns + 1].
pub(super) struct Panels {
    values: Vec<Lanes>,
    /// Columns, the ones included.
    pub width: usize,
}

impl Panels {
    /// The panels of `count` rows, [count, columns]. Lanes without a row are 0 throughout, the last column too, and add
    /// nothing.
    pub fn new(rows: &[f64], columns: usize, count: usize) -> Self {
        let width = columns + 1;
        let mut values = vec![[0.0; LANES]; count.div_ceil(LANES) * width];
        for row in 0..count {
            let panel = &mut values[row / LANES * width..][..width];
            let row_values = rows[row * columns..][..columns].iter().chain(&[1.0]);
            panel.iter_mut().zip(row_values).for_each(|(lanes, x)| lanes[row % LANES] = *x);
        }
        Self { values, width }
    }

    /// The panels, [columns + 1] each.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Lanes]> {
        self.values.chunks_exact(self.width)
    }
}

/// The products of weights [n, columns + 1] with the rows of a panel, [n].
pub(super) fn products(panel: &[Lanes], weights: &[f64], out: &mut [Lanes]) {
    for (out, weights) in out.iter_mut().zip(weights.chunks_exact(panel.len())) {
        let mut sum = [0.0; LANES];
        for (x, weight) in panel.iter().zip(weights) {
            (0..LANES).for_each(|lane| sum[lane] += weight * x[lane]);
        }
        *out = sum;
    }
}

/// Adds the panel [columns + 1] times factors [n] to strands of sums, [n, columns + 1].
pub(super) fn add_multiples(panel: &[Lanes], factors: &[Lanes], sums: &mut [Lanes]) {
    for (factor, sums) in factors.iter().zip(sums.chunks_exact_mut(panel.len())) {
        for (x, sum) in panel.iter().zip(sums) {
            (0..LANES).for_each(|lane| sum[lane] += factor[lane] * x[lane]);
        }
    }
}

/// Adds the lower triangle of the panel's squares, each row times its factor, to strands of sums, [columns + 1, columns
/// + 1].
pub(super) fn add_squares(panel: &[Lanes], factor: &Lanes, sums: &mut [Lanes]) {
    for (i, (a, sums)) in panel.iter().zip(sums.chunks_exact_mut(panel.len())).enumerate() {
        let scaled: Lanes = std::array::from_fn(|lane| factor[lane] * a[lane]);
        for (b, sum) in panel[..=i].iter().zip(sums) {
            (0..LANES).for_each(|lane| sum[lane] += scaled[lane] * b[lane]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_rows_fill_a_panel_and_a_lane() {
        // Rows (i, 10 i): weights (1, 2) and an intercept of 3 make 21 i + 3.
        let rows: Vec<f64> = (0..9).flat_map(|i| [f64::from(i), 10.0 * f64::from(i)]).collect();
        let panels = Panels::new(&rows, 2, 9);
        let (mut out, mut sums, mut squares) = ([[0.0; LANES]], [[0.0; LANES]; 3], [[0.0; LANES]; 9]);
        let mut all = vec![];
        for panel in panels.iter() {
            products(panel, &[1.0, 2.0, 3.0], &mut out);
            all.extend(out[0]);
            add_multiples(panel, &[[2.0; LANES]], &mut sums);
            add_squares(panel, &[0.5; LANES], &mut squares);
        }
        assert_eq!(all[..9], [3.0, 24.0, 45.0, 66.0, 87.0, 108.0, 129.0, 150.0, 171.0]);
        assert_eq!(all[9..], [0.0; 7]);
        // The numbers from 0 to 8 add up to 36, their squares to 204.
        let sum = |lanes: &Lanes| lanes.iter().sum::<f64>();
        assert_eq!(sums.each_ref().map(sum), [72.0, 720.0, 18.0]);
        assert_eq!([0, 3, 4, 6, 7, 8].map(|i| sum(&squares[i])), [102.0, 1020.0, 10200.0, 18.0, 180.0, 4.5]);
    }
}
