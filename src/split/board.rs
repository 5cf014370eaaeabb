//! Where the groups lie while they are assigned, and how far that is from the shares.

use std::collections::BTreeMap;

use super::assign::Counts;
use super::shares::Shares;
use super::side::Side;

/// Where the groups lie so far.
pub(super) struct Board {
    pub(super) names: Vec<String>,
    pub(super) classes: Vec<String>,
    /// Rows, [groups][classes].
    pub(super) counts: Vec<Vec<u64>>,
    /// Groups that hold a class, [classes].
    pub(super) holders: Vec<usize>,
    pub(super) shares: Shares,
    pub(super) sides: Vec<Option<Side>>,
    /// Groups on a side, [sides].
    pub(super) groups: [usize; 3],
    /// Groups on a side that hold a class, [sides][classes].
    pub(super) covers: [Vec<usize>; 3],
    rows: [Vec<u64>; 3],
    totals: Vec<u64>,
}

impl Board {
    pub(super) fn new(table: &Counts, shares: Shares) -> Self {
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        for (label, n) in table.values().flatten().filter(|(_, n)| **n > 0) {
            *totals.entry(label).or_default() += n;
        }
        let row = |group: &BTreeMap<String, u64>| totals.keys().map(|c| group.get(*c).copied().unwrap_or(0)).collect();
        let counts: Vec<Vec<u64>> = table.values().map(row).collect();
        let k = totals.len();
        Self {
            names: table.keys().cloned().collect(),
            classes: totals.keys().map(|c| (*c).to_owned()).collect(),
            holders: (0..k).map(|c| counts.iter().filter(|row| row[c] > 0).count()).collect(),
            totals: totals.into_values().collect(),
            sides: vec![None; counts.len()],
            counts,
            shares,
            groups: [0; 3],
            covers: [(); 3].map(|()| vec![0; k]),
            rows: [(); 3].map(|()| vec![0; k]),
        }
    }

    /// Puts a group on a side, taking it from where it was.
    pub(super) fn place(&mut self, group: usize, side: Side) {
        self.lift(group);
        self.sides[group] = Some(side);
        self.groups[side as usize] += 1;
        for (c, n) in self.counts[group].iter().enumerate() {
            self.rows[side as usize][c] += n;
            self.covers[side as usize][c] += usize::from(*n > 0);
        }
    }

    fn lift(&mut self, group: usize) {
        let Some(side) = self.sides[group].take() else { return };
        self.groups[side as usize] -= 1;
        for (c, n) in self.counts[group].iter().enumerate() {
            self.rows[side as usize][c] -= n;
            self.covers[side as usize][c] -= usize::from(*n > 0);
        }
    }

    /// The spread that a placement would leave, which is then undone.
    pub(super) fn spread_with(&mut self, group: usize, side: Side) -> f64 {
        let before = self.sides[group];
        self.place(group, side);
        let spread = self.spread();
        match before {
            Some(side) => self.place(group, side),
            None => self.lift(group),
        }
        spread
    }

    fn spread(&self) -> f64 {
        let deviation = |(c, total): (usize, &u64)| {
            let fraction = |side: Side| self.rows[side as usize][c] as f64 / *total as f64;
            let mean: f64 = self.shares.sides().map(fraction).sum();
            let term = |side| self.shares.of(side) * (fraction(side) / self.shares.of(side) - mean).powi(2);
            self.shares.sides().map(term).sum::<f64>().sqrt()
        };
        self.totals.iter().enumerate().map(deviation).sum::<f64>() / self.totals.len().max(1) as f64
    }

    /// The side that leaves the smallest spread; of equals the one with fewer rows, then fewer groups, for its share.
    pub(super) fn best_side(&mut self, group: usize, sides: &[Side]) -> Side {
        // Sums of roots differ in their last bits where the numbers on paper are equal.
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(b.abs());
        let mut best: Option<(Side, [f64; 3])> = None;
        for &side in sides {
            let share = self.shares.of(side);
            let rows = self.rows[side as usize].iter().sum::<u64>() as f64 / share;
            let key = [self.spread_with(group, side), rows, self.groups[side as usize] as f64 / share];
            let first_difference = |old: &[f64; 3]| key.into_iter().zip(*old).find(|(new, old)| !near(*new, *old));
            if best.is_none_or(|(_, old)| first_difference(&old).is_some_and(|(new, old)| new < old)) {
                best = Some((side, key));
            }
        }
        best.map_or(Side::Train, |(side, _)| side)
    }

    /// Whether a group is the only one that holds some class; such a group must be in train.
    pub(super) fn is_sole_source(&self, group: usize) -> bool {
        self.counts[group].iter().zip(&self.holders).any(|(n, holders)| *n > 0 && *holders == 1)
    }

    /// Whether all groups hold the same classes.
    pub(super) fn groups_are_alike(&self) -> bool {
        self.holders.iter().all(|holders| *holders == self.names.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```python
    /// n = np.array(ROWS); y = np.concatenate([np.repeat(np.arange(3), row) for row in n])
    /// g = np.concatenate([np.full(row.sum(), i) for i, row in enumerate(n)])
    /// [np.unique(g[test]).tolist() for _, test in StratifiedGroupKFold(3).split(np.zeros(len(y)), y, g)]
    /// # [[6, 10, 11], [0, 1, 2, 3, 7], [4, 5, 8, 9]]
    /// np.argsort(-n.std(axis=1), kind="mergesort")   # [10, 1, 9, 5, 8, 2, 4, 11, 7, 3, 0, 6]
    /// ```
    #[test]
    fn with_equal_shares_a_group_goes_where_scikit_learn_puts_it() {
        const ROWS: [[u64; 3]; 12] = [
            [0, 3, 7],
            [0, 7, 32],
            [0, 23, 1],
            [0, 13, 0],
            [24, 19, 0],
            [0, 27, 0],
            [1, 0, 0],
            [15, 0, 0],
            [0, 0, 26],
            [0, 0, 29],
            [0, 38, 31],
            [11, 0, 25],
        ];
        let row = |row: [u64; 3]| ["a", "b", "c"].map(str::to_owned).into_iter().zip(row).collect();
        let counts: Counts = ROWS.into_iter().enumerate().map(|(i, n)| (format!("{i:02}"), row(n))).collect();
        let mut board = Board::new(&counts, Shares::new(1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0).unwrap());
        for group in [10, 1, 9, 5, 8, 2, 4, 11, 7, 3, 0, 6] {
            let side = board.best_side(group, &Side::ALL);
            board.place(group, side);
        }
        let fold = |side| (0..12).filter(|g| board.sides[*g] == Some(side)).collect::<Vec<usize>>();
        assert_eq!(Side::ALL.map(fold), [vec![6, 10, 11], vec![0, 1, 2, 3, 7], vec![4, 5, 8, 9]]);
    }
}
