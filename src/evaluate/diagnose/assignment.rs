//! Which column goes to which row so that the sum is largest: the Hungarian method.

/// The column of each row of a square matrix, [n, n] by rows, with the largest sum; each column once.
///
/// Of equal sums one in which the most rows keep the column of their own number. O(n^3): shortest augmenting paths with
/// potentials, Kuhn 1955, doi:10.1002/nav.3800020109, and Jonker and Volgenant 1987, doi:10.1007/BF02278710.
pub fn assign(gains: &[u64], n: usize) -> Vec<usize> {
    let most = gains.iter().copied().max().unwrap_or(0);
    // Costs are n + 1 times what is given up, so that a kept place weighs less than any gain.
    let cost = |row: usize, column: usize| {
        i128::from(most - gains[row * n + column]) * (n as i128 + 1) - i128::from(row == column)
    };
    let mut matching = Matching::new(n);
    (0..n).for_each(|row| matching.add(row, &cost));
    let mut columns = vec![0; n];
    for (column, row) in matching.row_of.iter().enumerate() {
        if let Some(row) = row {
            columns[*row] = column;
        }
    }
    columns
}

/// Rows matched so far at the least cost. Column n is where a new row begins.
struct Matching {
    n: usize,
    row_of: Vec<Option<usize>>,
    row_price: Vec<i128>,
    column_price: Vec<i128>,
}

impl Matching {
    fn new(n: usize) -> Self {
        Self { n, row_of: vec![None; n + 1], row_price: vec![0; n], column_price: vec![0; n + 1] }
    }

    /// Matches one more row, moving others along the cheapest path to a free column.
    fn add(&mut self, row: usize, cost: &impl Fn(usize, usize) -> i128) {
        self.row_of[self.n] = Some(row);
        let mut reached = vec![false; self.n + 1];
        let mut slack = vec![i128::MAX; self.n];
        let mut from = vec![self.n; self.n];
        let mut column = self.n;
        while let Some(row) = self.row_of[column] {
            reached[column] = true;
            let mut next: Option<usize> = None;
            for to in (0..self.n).filter(|to| !reached[*to]) {
                let reduced = cost(row, to) - self.row_price[row] - self.column_price[to];
                if reduced < slack[to] {
                    (slack[to], from[to]) = (reduced, column);
                }
                if next.is_none_or(|best| slack[to] < slack[best]) {
                    next = Some(to);
                }
            }
            // There are as many columns as rows, so one is free while a row is not matched.
            let Some(to) = next else { return };
            let by = slack[to];
            self.reprice(&reached, &mut slack, by);
            column = to;
        }
        self.shift(column, &from);
    }

    fn reprice(&mut self, reached: &[bool], slack: &mut [i128], by: i128) {
        for column in 0..=self.n {
            match (reached[column], self.row_of[column]) {
                (true, Some(row)) => {
                    self.row_price[row] += by;
                    self.column_price[column] -= by;
                }
                (true, None) => {}
                (false, _) => slack[column] -= by,
            }
        }
    }

    /// Hands each row on the path the column after it.
    fn shift(&mut self, end: usize, from: &[usize]) {
        let mut column = end;
        while column != self.n {
            self.row_of[column] = self.row_of[from[column]];
            column = from[column];
        }
        self.row_of[self.n] = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(gains: &[u64], columns: &[usize]) -> u64 {
        columns.iter().enumerate().map(|(row, column)| gains[row * columns.len() + column]).sum()
    }

    /// scipy.optimize.linear_sum_assignment(gains, maximize=True), printed by tests/oracles/diagnose.py
    const SUMS: [u64; 36] = [
        0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 5, 11, 23, 31, 36, 47, 56, 66, 75, 82, 89, 101, 760235, 678544, 1076278,
        3072283, 4155351, 5097666, 5948247, 6668932, 7678592, 8636014, 9372742, 10561788,
    ];

    #[test]
    fn sums_are_those_of_scipy() {
        let mut state = 1u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let sizes = [2, 10, 1_000_000].into_iter().flat_map(|below| (1..13).map(move |n| (below, n)));
        for ((below, n), expected) in sizes.zip(SUMS) {
            let gains: Vec<u64> = (0..n * n).map(|_| draw(below)).collect();
            let columns = assign(&gains, n);
            let mut sorted = columns.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..n).collect::<Vec<_>>());
            assert_eq!(sum(&gains, &columns), expected, "{n} rows below {below}");
        }
    }

    #[test]
    fn of_equal_sums_rows_keep_their_own_columns() {
        assert_eq!(assign(&[1; 25], 5), [0, 1, 2, 3, 4]);
        // Rows 0 and 1 gain by changing places, rows 2 to 4 gain nothing.
        let mut gains = [0; 25];
        (gains[1], gains[5]) = (1, 1);
        assert_eq!(assign(&gains, 5), [1, 0, 2, 3, 4]);
    }

    #[test]
    fn the_largest_counts_and_no_rows_have_an_answer() {
        assert_eq!(assign(&[u64::MAX, 0, 0, u64::MAX], 2), [0, 1]);
        assert_eq!(assign(&[], 0), Vec::<usize>::new());
    }
}
