//! Whole groups to folds, stratified by class, and every class in train whichever fold is tested.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::assign::Counts;
use super::numpy::{deviation, in_strands, in_turn, mean};
use super::quote::quote;
use crate::error::{Result, data_err};
use crate::random::Stream;

/// Which fold each group went to, counted from 1, and what a user should know about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Folds {
    /// The fold of each group.
    pub folds: BTreeMap<String, usize>,
    /// One sentence for each group that was moved so that train sees its class, and each class that a fold lacks.
    pub notes: Vec<String>,
}

/// Gives each group whole to one of `folds` folds, the rows of every class spread evenly over them.
///
/// scikit-learn's `StratifiedGroupKFold`, in an order that `seed` draws; afterwards groups are moved until the other folds
/// hold every class of each fold, which scikit-learn does not promise. Depends on the counts, the folds and the seed only.
///
/// <https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedGroupKFold.html>
///
/// # Errors
/// [`crate::error::Error::Data`]: fewer groups than folds, or a class that lives in too few groups to be trained and tested.
///
/// ```
/// use posequel::split::folds::folds;
/// let people = (0..10).map(|i| (format!("s{i:02}"), [("walk".to_owned(), 20), ("run".to_owned(), 30)].into())).collect();
/// let split = folds(&people, 5, 7)?;
/// assert_eq!(split.folds.values().filter(|fold| **fold == 1).count(), 2);
/// # Ok::<(), posequel::error::Error>(())
/// ```
pub fn folds(counts: &Counts, folds: usize, seed: u64) -> Result<Folds> {
    if counts.is_empty() {
        return Ok(Folds::default());
    }
    if counts.len() < folds {
        return data_err!(
            "{} cannot fill {folds} folds, since a group is never cut: take fewer folds, or a finer column to split by",
            quote(counts.keys(), "group")
        );
    }
    let table = Table::new(counts);
    let mut order: Vec<usize> = (0..counts.len()).collect();
    Stream::new(seed, &["folds"]).shuffle(&mut order);
    let mut fold = table.stratify(folds, &order);
    let notes = table.cover(folds, &mut fold)?;
    Ok(table.named(&fold, notes))
}

/// Each group a fold of its own, in the order of their names.
///
/// # Errors
/// [`crate::error::Error::Data`]: fewer than two groups, or a class that lives in one group.
pub fn leave_one_out(counts: &Counts) -> Result<Folds> {
    if counts.len() == 1 {
        return data_err!("{} cannot be left out: nothing would be trained on", quote(counts.keys(), "group"));
    }
    let table = Table::new(counts);
    let mut fold: Vec<usize> = (0..counts.len()).collect();
    let notes = table.cover(counts.len(), &mut fold)?;
    Ok(table.named(&fold, notes))
}

/// The fold of one group, from 1, by its name and the seed alone, so that old groups stay where they are as data grows.
pub fn by_hash(group: &str, folds: u64, seed: u64) -> u64 {
    1 + Stream::new(seed, &["folds by hash", group]).below(folds.max(1))
}

struct Table<'a> {
    names: Vec<&'a str>,
    classes: Vec<&'a str>,
    /// Rows, [groups][classes].
    counts: Vec<Vec<u64>>,
    /// Rows, [classes].
    totals: Vec<u64>,
}

/// Rows, [folds][classes].
type Rows = Vec<Vec<u64>>;

impl<'a> Table<'a> {
    fn new(counts: &'a Counts) -> Self {
        let mut classes: Vec<&str> =
            counts.values().flatten().filter(|(_, n)| **n > 0).map(|(class, _)| class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let row = |group: &BTreeMap<String, u64>| match &classes[..] {
            // Without labels groups are as good as each other.
            [] => vec![1],
            classes => classes.iter().map(|class| group.get(*class).copied().unwrap_or(0)).collect(),
        };
        let names = counts.keys().map(String::as_str).collect();
        let counts: Vec<Vec<u64>> = counts.values().map(row).collect();
        let totals = (0..classes.len().max(1)).map(|class| counts.iter().map(|row| row[class]).sum()).collect();
        Self { names, counts, totals, classes }
    }

    /// The fold of each group, from 0, as scikit-learn gives them away: groups in the given order, but uneven ones first,
    /// each to the fold that leaves the smallest spread; of equals the one with fewer rows.
    fn stratify(&self, folds: usize, order: &[usize]) -> Vec<usize> {
        let mut order = order.to_vec();
        let unevenness = |group: usize| {
            let counts: Vec<f64> = self.counts[group].iter().map(|n| *n as f64).collect();
            deviation(&counts, in_strands)
        };
        // By bits, as positive numbers are in the same order.
        order.sort_by_cached_key(|group| Reverse(unevenness(*group).to_bits()));
        let mut rows = vec![vec![0; self.totals.len()]; folds];
        let mut fold = vec![0; self.counts.len()];
        for group in order {
            let mut best: Option<(usize, f64, u64)> = None;
            for candidate in 0..folds {
                let here = rows[candidate].iter().sum();
                self.add(&mut rows, group, candidate);
                let spread = self.spread(&rows);
                self.take(&mut rows, group, candidate);
                // numpy.isclose
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-8 + 1e-5 * b.abs();
                if best.is_none_or(|(_, least, fewest)| spread < least || close(spread, least) && here < fewest) {
                    best = Some((candidate, spread, here));
                }
            }
            fold[group] = best.map_or(0, |(best, ..)| best);
            self.add(&mut rows, group, fold[group]);
        }
        fold
    }

    fn add(&self, rows: &mut Rows, group: usize, fold: usize) {
        rows[fold].iter_mut().zip(&self.counts[group]).for_each(|(sum, n)| *sum += n);
    }

    fn take(&self, rows: &mut Rows, group: usize, fold: usize) {
        rows[fold].iter_mut().zip(&self.counts[group]).for_each(|(sum, n)| *sum -= n);
    }

    /// The mean over classes of the standard deviation over folds of the share of its rows that a fold has.
    fn spread(&self, rows: &Rows) -> f64 {
        let share = |(class, all): (usize, &u64)| {
            deviation(&rows.iter().map(|rows| rows[class] as f64 / *all as f64).collect::<Vec<_>>(), in_turn)
        };
        mean(&self.totals.iter().enumerate().map(share).collect::<Vec<_>>())
    }

    /// Moves groups until no fold is empty and no class lives in one fold alone; says what was moved.
    fn cover(&self, folds: usize, fold: &mut [usize]) -> Result<Vec<String>> {
        let mut notes = vec![];
        for empty in 0..folds {
            if !fold.contains(&empty) {
                let size = |of: usize| fold.iter().filter(|fold| **fold == of).count();
                let groups = (0..fold.len()).filter(|group| size(fold[*group]) > 1).collect::<Vec<_>>();
                if let Some((group, _)) = self.smoothest(folds, fold, groups.into_iter().map(|group| (group, empty))) {
                    fold[group] = empty;
                }
            }
        }
        // The rarest class has the fewest groups to choose from, so it chooses first.
        let mut classes: Vec<usize> = (0..self.classes.len()).collect();
        classes.sort_by_key(|class| self.holders(*class).count());
        for &class in &classes {
            let Some(only) = self.only_fold(fold, class) else { continue };
            let moves = self.holders(class).flat_map(|group| (0..folds).map(move |to| (group, to)));
            let moves: Vec<_> = moves.filter(|(group, to)| *to != only && self.may_move(fold, *group, *to)).collect();
            if let Some((group, to)) = self.smoothest(folds, fold, moves.into_iter()) {
                let (name, class) = (self.names[group], self.classes[class]);
                notes.push(format!("group '{name}' was moved: all of class '{class}' was in one fold"));
                fold[group] = to;
            }
        }
        if self.walk(folds, fold) {
            notes.push(
                "groups were moved by chance: so few of them hold the rare classes that folds are uneven".to_owned(),
            );
        }
        if let Some(class) = classes.iter().find(|class| self.only_fold(fold, **class).is_some()) {
            let name = self.classes[*class];
            let groups: Vec<&str> = self.holders(*class).map(|group| self.names[group]).collect();
            return data_err!(
                "class '{name}' lives in {}: when {} tested, train has nothing of it. Record it in more groups, take more folds, or leave it out: WHERE label <> '{}'",
                quote(&groups, "group"),
                if groups.len() == 1 { "that is" } else { "these are" },
                name.replace('\'', "''")
            );
        }
        Ok(notes)
    }

    /// Where no single move helps: groups of a class that lives in one fold move by chance until there is no such class. Whether
    /// any moved; nothing does where a class has one group, or where chance does not find a way.
    fn walk(&self, folds: usize, fold: &mut [usize]) -> bool {
        const STEPS: usize = 10_000;
        let classes = || 0..self.classes.len();
        if classes().any(|class| self.holders(class).count() < 2) {
            return false;
        }
        let mut stream = Stream::new(0, &["folds by chance"]);
        let mut pick = |n: usize| stream.below(n as u64) as usize;
        let mut moved = fold.to_vec();
        for step in 0..STEPS {
            if let Some(empty) = (0..folds).find(|of| !moved.contains(of)) {
                moved[pick(self.names.len())] = empty;
            } else if let Some(class) = classes().find(|class| self.only_fold(&moved, *class).is_some()) {
                let holders: Vec<usize> = self.holders(class).collect();
                moved[holders[pick(holders.len())]] = pick(folds);
            } else {
                fold.copy_from_slice(&moved);
                return step > 0;
            }
        }
        false
    }

    /// The move that leaves the smallest spread; the first of equals.
    fn smoothest(
        &self,
        folds: usize,
        fold: &[usize],
        moves: impl Iterator<Item = (usize, usize)>,
    ) -> Option<(usize, usize)> {
        let mut rows = vec![vec![0; self.totals.len()]; folds];
        fold.iter().enumerate().for_each(|(group, fold)| self.add(&mut rows, group, *fold));
        let mut spread = |(group, to): (usize, usize)| {
            self.take(&mut rows, group, fold[group]);
            self.add(&mut rows, group, to);
            let spread = self.spread(&rows);
            self.take(&mut rows, group, to);
            self.add(&mut rows, group, fold[group]);
            spread
        };
        moves.map(|to| (to, spread(to))).reduce(|a, b| if b.1 < a.1 - 1e-12 { b } else { a }).map(|(to, _)| to)
    }

    fn holders(&self, class: usize) -> impl Iterator<Item = usize> {
        (0..self.counts.len()).filter(move |group| self.counts[*group][class] > 0)
    }

    /// The fold that holds a class alone.
    fn only_fold(&self, fold: &[usize], class: usize) -> Option<usize> {
        let mut folds = self.holders(class).map(|group| fold[group]);
        let first = folds.next()?;
        folds.all(|fold| fold == first).then_some(first)
    }

    /// Whether a group may go to a fold: not if that would hold one of its classes alone then, nor if it left nothing behind.
    fn may_move(&self, fold: &[usize], group: usize, to: usize) -> bool {
        let mut moved = fold.to_vec();
        moved[group] = to;
        moved.contains(&fold[group])
            && (0..self.classes.len())
                .filter(|class| self.counts[group][*class] > 0)
                .all(|class| self.only_fold(&moved, class).is_none())
    }

    fn named(&self, fold: &[usize], notes: Vec<String>) -> Folds {
        let folds = self.names.iter().zip(fold).map(|(name, fold)| ((*name).to_owned(), fold + 1)).collect();
        Folds { folds, notes }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::error::Error;

    fn table(rows: &[(&str, &[(&str, u64)])]) -> Counts {
        let classes = |cells: &[(&str, u64)]| cells.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect();
        rows.iter().map(|(group, cells)| ((*group).to_owned(), classes(cells))).collect()
    }

    #[test]
    fn groups_go_where_scikit_learn_puts_them() {
        let cases: Value = serde_json::from_str(include_str!("../../tests/oracles/folds.json")).unwrap();
        let numbers = |value: &Value| -> Vec<usize> {
            value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
        };
        let mut compared = 0;
        for by in ["video", "subject"] {
            let of = || cases.as_array().unwrap().iter().filter(|case| case["by"] == by);
            let counts = of().find_map(|case| case["counts"].as_array()).unwrap();
            let counts: Counts = counts
                .iter()
                .enumerate()
                .map(|(group, row)| {
                    let row = numbers(row).into_iter().enumerate();
                    (format!("{group:03}"), row.map(|(class, n)| (format!("c{class}"), n as u64)).collect())
                })
                .collect();
            for case in of().filter(|case| case["seed"].is_u64()) {
                let folds = case["folds"].as_u64().unwrap() as usize;
                let fold = Table::new(&counts).stratify(folds, &numbers(&case["order"]));
                assert_eq!(fold, numbers(&case["fold"]), "{by}, {folds} folds, seed {}", case["seed"]);
                compared += 1;
            }
        }
        assert_eq!(compared, 20);
    }

    #[test]
    fn what_scikit_learn_leaves_in_one_fold_is_spread() {
        // Small tables, so that every way to fill the folds can be tried.
        let (mut spread, mut refused) = (0, 0);
        for case in 0..3000 {
            let mut draw = Stream::new(case, &["test", "folds"]);
            let (groups, classes, k) = (2 + draw.below(5), 1 + draw.below(4), 2 + draw.below(2) as usize);
            let mut row = || -> BTreeMap<_, _> {
                (0..classes).map(|c| (format!("c{c}"), draw.below(3) * draw.below(9))).collect()
            };
            let counts: Counts = (0..groups).map(|group| (format!("v{group}"), row())).collect();
            let table = Table::new(&counts);
            let sound = |fold: &[usize]| {
                (0..k).all(|of| fold.contains(&of))
                    && (0..table.classes.len()).all(|class| table.only_fold(fold, class).is_none())
            };
            let ways = k.pow(groups as u32);
            let possible =
                (0..ways).any(|way| sound(&(0..groups).map(|group| way / k.pow(group as u32) % k).collect::<Vec<_>>()));
            match folds(&counts, k, case) {
                Ok(split) => {
                    let fold: Vec<usize> = split.folds.values().map(|fold| fold - 1).collect();
                    assert!(sound(&fold), "{counts:?} in {k}: {fold:?}");
                    let mut order: Vec<usize> = (0..counts.len()).collect();
                    Stream::new(case, &["folds"]).shuffle(&mut order);
                    spread += usize::from(!sound(&table.stratify(k, &order)));
                }
                Err(error) => {
                    refused += 1;
                    assert!(!possible, "{error}: {counts:?} in {k}");
                }
            }
        }
        assert!(spread > 20 && refused > 20, "{spread} spread, {refused} refused");
    }

    #[test]
    fn a_class_of_one_group_cannot_be_trained_and_tested() {
        let counts = table(&[("v1", &[("walk", 9)]), ("v2", &[("it's", 3), ("walk", 4)]), ("v3", &[("walk", 9)])]);
        let error = folds(&counts, 2, 0).unwrap_err();
        assert!(matches!(error, Error::Data(_)));
        let error = error.to_string();
        assert!(
            error.starts_with("class 'it's' lives in 1 group ('v2'): when that is tested, train has nothing of it"),
            "{error}"
        );
        assert!(error.ends_with("WHERE label <> 'it''s'"), "{error}");
        assert!(leave_one_out(&counts).is_err());
    }

    #[test]
    fn every_group_can_be_left_out() {
        let counts = table(&[("b", &[("x", 1), ("y", 2)]), ("a", &[("x", 1)]), ("c", &[("y", 3)])]);
        let split = leave_one_out(&counts).unwrap();
        assert_eq!(split.folds.into_values().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn too_few_groups_are_refused_and_none_is_nothing() {
        let counts = table(&[("v1", &[("walk", 9)]), ("v2", &[("walk", 3)])]);
        let error = folds(&counts, 3, 0).unwrap_err().to_string();
        assert!(error.starts_with("2 groups ('v1', 'v2') cannot fill 3 folds"), "{error}");
        assert_eq!(folds(&Counts::new(), 3, 0).unwrap(), Folds::default());
    }

    #[test]
    fn groups_without_labels_are_shared_out() {
        let counts: Counts = (0..10).map(|g| (format!("{g}"), BTreeMap::new())).collect();
        let split = folds(&counts, 5, 3).unwrap();
        assert!((1..=5).all(|fold| split.folds.values().filter(|f| **f == fold).count() == 2), "{split:?}");
        assert_ne!(split, folds(&counts, 5, 4).unwrap());
    }
}
