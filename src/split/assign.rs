//! Whole groups to sides, stratified by class.
//!
//! This is the greedy of scikit-learn's `StratifiedGroupKFold` for sides of unequal shares. There, a group goes to the
//! fold that minimises the mean over classes of the standard deviation over folds of `n_fc / N_c`. Here the folds are
//! sides, a fraction is measured in units of the share its side shall get, and the deviation is weighted by the shares:
//!
//! ```text
//! spread = mean over c of sqrt( sum over s of share_s * (n_sc / (share_s * N_c) - a_c)^2 ),   a_c = sum over s of n_sc / N_c
//! ```
//!
//! `a_c` is the weighted mean of the terms it is taken from, so this is a standard deviation; it is 0 exactly when
//! each side has its share of what was given out of each class; its square is Pearson's chi-square of `n_sc` against
//! `share_s`, over `N_c`. With k equal shares it is k times scikit-learn's number, hence the same choice. For groups of
//! equal counts the smallest spread is the smallest `(2 groups_s + 1) / share_s`: the seats of Webster (Sainte-Lague).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::board::Board;
use super::coverage;
use super::quote::quote;
use super::shares::Shares;
use super::side::Side;
use crate::error::{Result, data_err};
use crate::random::Stream;

/// Rows by group and class: `counts[group][label]`. A group without a labelled row has an empty map.
pub type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Which side each group went to, and what a user should know about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// The side of each group.
    pub sides: BTreeMap<String, Side>,
    /// One sentence for each group that was moved so that train sees its class, and each class that a side lacks.
    pub notes: Vec<String>,
}

/// Gives each group whole to one side, close to the shares in every class.
///
/// Depends on the counts, the shares and the seed only. Each class gets a group in train and each side with a share a
/// group; [`crate::error::Error::Data`] says which classes or how few groups make that impossible. Where all groups hold
/// the same classes (subjects who did every exercise), the groups are apportioned too: 10 at 0.6, 0.2, 0.2 are 6, 2, 2.
///
/// ```
/// use posequel::split::{assign::assign, shares::Shares, side::Side};
/// let subjects = (0..10).map(|i| (format!("s{i:02}"), [("walk".to_owned(), 20), ("run".to_owned(), 30)].into())).collect();
/// let split = assign(&subjects, &Shares::new(0.6, 0.2, 0.2)?, 7)?;
/// assert_eq!(split.sides.values().filter(|side| **side == Side::Test).count(), 2);
/// # Ok::<(), posequel::error::Error>(())
/// ```
pub fn assign(counts: &Counts, shares: &Shares, seed: u64) -> Result<Assignment> {
    if counts.is_empty() {
        return Ok(Assignment::default());
    }
    let wanted: Vec<&str> = shares.sides().map(Side::name).collect();
    if counts.len() < wanted.len() {
        return data_err!(
            "{} cannot fill {} sides ({}), since a group is never cut: bring more groups, split by a finer column, or set a share to 0",
            quote(counts.keys(), "group"),
            wanted.len(),
            wanted.join(", ")
        );
    }
    let mut board = Board::new(counts, *shares);
    let outsiders = coverage::outsiders(&board)?;
    let quota = board.groups_are_alike().then(|| quota(shares, counts.len()));

    let mut order: Vec<usize> = (0..counts.len()).collect();
    Stream::new(seed, &["split"]).shuffle(&mut order);
    order.sort_by_key(|group| Reverse(unevenness(&board.counts[*group])));
    let (pinned, free): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|g| board.is_sole_source(*g));
    for group in pinned {
        board.place(group, Side::Train);
    }
    for &group in &free {
        let open = |side: &Side| quota.is_none_or(|quota| board.groups[*side as usize] < quota[*side as usize]);
        let sides: Vec<Side> = shares.sides().filter(open).collect();
        let side = board.best_side(group, &sides);
        board.place(group, side);
    }
    let mut notes = coverage::repair(&mut board, &free, &outsiders);
    notes.extend(coverage::gaps(&board));
    let sides = counts.keys().cloned().zip(board.sides.into_iter().flatten()).collect();
    Ok(Assignment { sides, notes })
}

/// The groups of each side when all are alike: one each, then by Webster's divisors 1, 3, 5, ...; ties to the earlier side.
fn quota(shares: &Shares, groups: usize) -> [usize; 3] {
    let mut seats = Side::ALL.map(|side| usize::from(shares.of(side) > 0.0));
    for _ in seats.iter().sum::<usize>()..groups {
        let price = |side: &Side| (2 * seats[*side as usize] + 1) as f64 / shares.of(*side);
        // The margin makes 9 / 0.6 and 3 / 0.2 a tie, as on paper.
        let next = shares.sides().reduce(|best, side| if price(&side) < price(&best) - 1e-9 { side } else { best });
        seats[next.unwrap_or(Side::Train) as usize] += 1;
    }
    seats
}

/// The standard deviation of a group's class counts, as its number of binary digits: uneven groups are placed first.
///
/// scikit-learn sorts by the deviation itself, and then a seed changes nothing unless two groups are exactly equal. Groups
/// within a factor of two are near enough to be placed in the order of the seed.
fn unevenness(counts: &[u64]) -> u32 {
    let sum: u128 = counts.iter().map(|n| u128::from(*n)).sum();
    let squares: u128 = counts.iter().map(|n| u128::from(*n).pow(2)).sum();
    // K^2 times the variance, which is a whole number.
    let scaled = (counts.len() as u128).saturating_mul(squares).saturating_sub(sum.saturating_mul(sum));
    scaled.isqrt().checked_ilog2().map_or(0, |digits| digits + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn table(rows: &[(&str, &[(&str, u64)])]) -> Counts {
        let classes = |cells: &[(&str, u64)]| cells.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect();
        rows.iter().map(|(group, cells)| ((*group).to_owned(), classes(cells))).collect()
    }

    fn random_table(key: &str, groups: usize, classes: usize) -> Counts {
        let mut draw = Stream::new(11, &["test", key]);
        let mut row = || (0..classes).map(|c| (format!("class{c}"), draw.below(4) * draw.below(30))).collect();
        (0..groups).map(|g| (format!("video{g}"), row())).collect()
    }

    fn sizes(assignment: &Assignment) -> [usize; 3] {
        Side::ALL.map(|side| assignment.sides.values().filter(|s| **s == side).count())
    }

    fn shares() -> Shares {
        Shares::new(0.6, 0.2, 0.2).unwrap()
    }

    #[test]
    fn ten_subjects_who_did_everything_are_six_two_two() {
        for seed in 0..200 {
            let mut draw = Stream::new(seed, &["test", "subjects"]);
            let mut row = || (0..7).map(|c| (format!("class{c}"), 1 + draw.below(50))).collect();
            let counts: Counts = (0..10).map(|g| (format!("subject{g}"), row())).collect();
            let assignment = assign(&counts, &shares(), seed).unwrap();
            assert_eq!(sizes(&assignment), [6, 2, 2]);
            assert!(assignment.notes.is_empty(), "{:?}", assignment.notes);
        }
    }

    #[test]
    fn alike_groups_are_apportioned_as_webster_does() {
        // Divisors 1, 3, 5, ... by hand: 20 at 70 / 20 / 10 are 14 / 4 / 2; 3 are one each; 4 at 90 / 10 are 3 / 1.
        assert_eq!(quota(&Shares::new(0.7, 0.2, 0.1).unwrap(), 20), [14, 4, 2]);
        assert_eq!(quota(&shares(), 3), [1, 1, 1]);
        assert_eq!(quota(&Shares::new(0.9, 0.0, 0.1).unwrap(), 4), [3, 0, 1]);
    }

    #[test]
    fn rows_are_within_a_group_of_their_share_in_every_class() {
        // 20 recordings of each of 7 classes, 10 windows each: one class per recording, as in the watch set.
        let counts: Counts = (0..140).map(|g| (format!("{g:03}"), [(format!("c{}", g % 7), 10)].into())).collect();
        for seed in 0..50 {
            let sides = assign(&counts, &shares(), seed).unwrap().sides;
            for class in 0..7 {
                let of = |side| (class..140).step_by(7).filter(|g| sides[&format!("{g:03}")] == side).count();
                assert_eq!(Side::ALL.map(of), [12, 4, 4], "class {class}, seed {seed}");
            }
        }
    }

    #[test]
    fn equal_shares_of_equal_groups_are_equal() {
        let third = 1.0 / 3.0;
        let counts: Counts = (0..9).map(|g| (format!("{g}"), [("a".to_owned(), 5)].into())).collect();
        assert_eq!(sizes(&assign(&counts, &Shares::new(third, third, third).unwrap(), 1).unwrap()), [3, 3, 3]);
    }

    /// By trying every assignment: can each side have a group while train holds every class?
    fn possible(counts: &Counts, shares: &Shares) -> bool {
        let groups: Vec<_> = counts.values().collect();
        let wanted: Vec<usize> = shares.sides().map(|s| s as usize).collect();
        let classes: std::collections::BTreeSet<_> =
            groups.iter().flat_map(|g| g.iter()).filter(|(_, n)| **n > 0).map(|(c, _)| c).collect();
        (0..wanted.len().pow(groups.len() as u32)).any(|code| {
            let side = |g: usize| wanted[code / wanted.len().pow(g as u32) % wanted.len()];
            let filled = wanted.iter().all(|s| (0..groups.len()).any(|g| side(g) == *s));
            let in_train =
                |c: &&String| (0..groups.len()).any(|g| side(g) == 0 && groups[g].get(*c).is_some_and(|n| *n > 0));
            filled && classes.iter().all(in_train)
        })
    }

    #[test]
    fn train_holds_every_class_and_no_side_is_empty_wherever_that_is_possible() {
        let mut refused = 0;
        for case in 0..600 {
            let counts = random_table(&case.to_string(), 1 + case % 7, 1 + case % 5);
            let shares =
                [shares(), Shares::new(0.5, 0.0, 0.5).unwrap(), Shares::new(0.05, 0.9, 0.05).unwrap()][case % 3];
            match assign(&counts, &shares, case as u64) {
                Ok(assignment) => assert_covered(&counts, &shares, &assignment),
                Err(error) => {
                    refused += 1;
                    assert!(matches!(error, Error::Data(_)) && !possible(&counts, &shares), "{error}");
                }
            }
        }
        assert!((50..500).contains(&refused), "{refused}");
    }

    fn assert_covered(counts: &Counts, shares: &Shares, assignment: &Assignment) {
        assert_eq!(assignment.sides.len(), counts.len());
        let sizes = sizes(assignment);
        assert!(Side::ALL.iter().all(|s| (sizes[*s as usize] > 0) == (shares.of(*s) > 0.0)), "{sizes:?}");
        for (group, row) in counts {
            for class in row.iter().filter(|(_, n)| **n > 0).map(|(c, _)| c) {
                let holds = |g: &String| counts[g].get(class).is_some_and(|n| *n > 0);
                assert!(assignment.sides.iter().any(|(g, s)| *s == Side::Train && holds(g)), "{class} of {group}");
            }
        }
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let counts = random_table("seed", 40, 5);
        let run = |seed| assign(&counts, &shares(), seed).unwrap();
        assert_eq!(run(3), run(3));
        assert_ne!(run(3).sides, run(4).sides);
    }

    #[test]
    fn a_class_of_one_group_is_in_train_and_its_lack_elsewhere_is_said() {
        let counts = table(&[("v1", &[("walk", 9)]), ("v2", &[("run", 3), ("walk", 4)]), ("v3", &[("walk", 9)])]);
        let assignment = assign(&counts, &shares(), 0).unwrap();
        assert_eq!(assignment.sides["v2"], Side::Train);
        assert_eq!(assignment.notes, ["class 'run' is not in validation and test: it lives in 1 group ('v2')"]);
    }

    #[test]
    fn what_no_assignment_can_do_is_refused_by_name() {
        let counts = table(&[("v1", &[("walk", 9)]), ("v2", &[("run", 3)]), ("v3", &[("walk", 9)])]);
        let error = assign(&counts, &shares(), 0).unwrap_err().to_string();
        assert!(error.contains("no group is left for validation and test: class 'run' is in 1 group ('v2'); class 'walk' is in 2 groups ('v1', 'v3')"), "{error}");
        let error = assign(&table(&[("v1", &[("walk", 9)]), ("v2", &[])]), &shares(), 0).unwrap_err().to_string();
        assert!(error.starts_with("2 groups ('v1', 'v2') cannot fill 3 sides (train, validation, test)"), "{error}");
        assert_eq!(assign(&Counts::new(), &shares(), 0), Ok(Assignment::default()));
    }

    #[test]
    fn groups_without_labels_are_apportioned() {
        let counts: Counts = (0..10).map(|g| (format!("{g}"), BTreeMap::new())).collect();
        assert_eq!(sizes(&assign(&counts, &shares(), 5).unwrap()), [6, 2, 2]);
    }
}
