//! One class's ranking: rows of one recording side by side are one entry; others below all its own, none.

use super::Ranked;
use super::order;

/// The rows of a class and those above them, best score first.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    /// One for each score that a row of the class has.
    steps: Vec<Step>,
    /// Rows of the class, by step.
    own: Vec<Entry>,
    /// Other classes' rows down to the last step, those above a step before those that tie with it.
    others: Vec<Entry>,
}

/// How many entries there are up to and with a score.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Rows of the class.
    own: u32,
    /// Other classes' rows with higher scores.
    above: u32,
    /// Other classes' rows with higher scores or the same.
    tied: u32,
}

/// Rows of one recording.
#[derive(Debug, Clone, Copy)]
struct Entry {
    recording: u32,
    rows: u32,
}

impl Class {
    /// The ranking of sorted keys.
    pub fn new(keys: &[u64]) -> Self {
        let mut class = Self::default();
        let mut above: Vec<u32> = vec![];
        for tie in order::ties(keys) {
            let (own, tied) = order::split(tie);
            if own.is_empty() {
                above.extend(tied.iter().map(|key| order::recording(*key)));
                continue;
            }
            // Among rows with none of the class between them the order is of no account.
            above.sort_unstable();
            let above = append(&mut class.others, above.drain(..));
            let tied = append(&mut class.others, tied.iter().map(|key| order::recording(*key)));
            let own = append(&mut class.own, own.iter().map(|key| order::recording(*key)));
            class.steps.push(Step { own, above, tied });
        }
        class.steps.shrink_to_fit();
        class.own.shrink_to_fit();
        class.others.shrink_to_fit();
        class
    }

    /// What the ranking is worth when recordings have weights and `rows` weighted rows in all.
    pub fn weigh(&self, rows: u64, weights: &[u64]) -> Ranked {
        let weigh = |entry: &Entry| weights[entry.recording as usize] * u64::from(entry.rows);
        // Sums up to each place beforehand: a loop over the few others between two steps would cost more than they do.
        let others = running(self.others.iter().map(weigh));
        let (mut own, mut start, mut precision) = (0, 0, 0.0);
        // Twice the pairs in the wrong order, a tie being half of one.
        let mut lost = 0_u128;
        for step in &self.steps {
            let here: u64 = self.own[start..step.own as usize].iter().map(weigh).sum();
            let (above, tied) = (others[step.above as usize], others[step.tied as usize]);
            start = step.own as usize;
            own += here;
            lost += u128::from(here) * u128::from(above + tied);
            // Nothing found is nothing added; a third of the recordings is not in a draw, at random, so no branch.
            precision += here as f64 * (own as f64 / (own + tied).max(1) as f64);
        }
        // Twice all pairs.
        let pairs = 2 * u128::from(own) * u128::from(rows - own);
        if pairs == 0 {
            return Ranked::default();
        }
        let roc_auc = (pairs - lost) as f64 / pairs as f64;
        Ranked { roc_auc: Some(roc_auc), average_precision: Some(precision / own as f64) }
    }
}

/// Appends rows, sorted by recording, as entries of their own, and says how many entries there are then.
fn append(entries: &mut Vec<Entry>, recordings: impl Iterator<Item = u32>) -> u32 {
    let start = entries.len();
    for recording in recordings {
        match entries[start..].last_mut() {
            Some(last) if last.recording == recording => last.rows += 1,
            _ => entries.push(Entry { recording, rows: 1 }),
        }
    }
    entries.len() as u32
}

/// 0 and the sum up to each number.
fn running(numbers: impl ExactSizeIterator<Item = u64>) -> Vec<u64> {
    let mut sums = vec![0; numbers.len() + 1];
    let mut sum = 0;
    for (place, n) in sums[1..].iter_mut().zip(numbers) {
        sum += n;
        *place = sum;
    }
    sums
}
