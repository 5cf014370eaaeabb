//! What each recording adds to the metrics, laid out flat, and the sums of recordings that were drawn.

use super::Predictions;
use super::draws::{Block, LANES, Lanes, add_times};
use super::metric::confusion::Confusion;
use super::metric::ece::{BINS, Bin};
use super::metric::margins::Margins;
use super::metric::{brier, ece, log_loss, top_k};
use super::tally::{Scored, Tally};
use crate::error::Result;
use crate::interrupt::Interrupt;

/// The sums of each recording, one behind the other.
#[derive(Debug)]
pub struct Sums {
    /// K, those included that no row is of.
    classes: usize,
    /// The classes that are true or predicted in a row, rising. All below are by their place here.
    seen: Vec<u32>,
    recordings: Vec<Recording>,
    pairs: Vec<Pair>,
    bins: Vec<(usize, Bin)>,
}

/// The sums of the rows of one recording.
#[derive(Debug, Clone, Copy, Default)]
struct Recording {
    rows: u64,
    log_loss: f64,
    brier: f64,
    top_k: u64,
    /// Where its pairs and bins end; they begin where those of the recording before end.
    pairs: usize,
    bins: usize,
}

/// Rows of one recording, of one class, that were predicted to be of one class.
#[derive(Debug, Clone, Copy)]
struct Pair {
    truth: u32,
    predicted: u32,
    rows: u32,
}

impl Sums {
    /// The sums of rows whose recordings are given by `index`, [rows].
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn new(predictions: &Predictions, index: &[u32], interrupt: &Interrupt) -> Result<Self> {
        let Predictions { labels, truth, predicted, probabilities, .. } = predictions;
        let (seen, places) = seen(labels.len(), truth, predicted);
        let (order, ends) = by_number(index, 0);
        let mut sums = Self { classes: labels.len(), seen, recordings: vec![], pairs: vec![], bins: vec![] };
        let (mut start, mut pairs) = (0, vec![]);
        for end in ends {
            let mut recording = Recording::default();
            let mut bins = [Bin::default(); BINS];
            for row in order[start..end].iter().map(|row| *row as usize) {
                interrupt.check()?;
                let (truth, predicted) = (truth[row] as usize, predicted[row] as usize);
                pairs.push((places[truth], places[predicted]));
                if let Some(p) =
                    probabilities.get(row * labels.len()..(row + 1) * labels.len()).filter(|p| !p.is_empty())
                {
                    recording.add(truth, p);
                    ece::add_row(&mut bins, truth == predicted, p);
                }
            }
            pairs.sort_unstable();
            let pair = |run: &[(u32, u32)]| Pair { truth: run[0].0, predicted: run[0].1, rows: run.len() as u32 };
            sums.pairs.extend(pairs.chunk_by(|a, b| a == b).map(pair));
            sums.bins.extend(bins.into_iter().enumerate().filter(|(_, bin)| bin.rows > 0));
            pairs.clear();
            sums.recordings.push(Recording { pairs: sums.pairs.len(), bins: sums.bins.len(), ..recording });
            start = end;
        }
        Ok(sums)
    }

    /// How many recordings there are.
    pub fn recordings(&self) -> usize {
        self.recordings.len()
    }

    /// What was taken for what in all of them.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn confusion(&self, interrupt: &Interrupt) -> Result<Confusion> {
        let mut confusion = Confusion::new(self.classes);
        for pair in &self.pairs {
            interrupt.check()?;
            let [truth, predicted] = [pair.truth, pair.predicted].map(|place| self.seen[place as usize] as usize);
            confusion.add(truth, predicted, u64::from(pair.rows));
        }
        Ok(confusion)
    }

    /// The sums of each draw of a block, without a ranking.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn tallies(&self, block: &Block, interrupt: &Interrupt) -> Result<Vec<Tally>> {
        let none = [[0; LANES]; 3];
        let mut classes = vec![none; self.seen.len()];
        let [mut rows, mut top_k] = [[0; LANES]; 2];
        let [mut log_loss, mut brier]: [Lanes; 2] = [[0.0; LANES]; 2];
        let mut bins = [(none[0], none[0], [0.0; LANES]); BINS];
        let (mut first_pair, mut first_bin) = (0, 0);
        for (number, recording) in self.recordings.iter().enumerate() {
            interrupt.check()?;
            let counts = block.of(number);
            for pair in &self.pairs[first_pair..recording.pairs] {
                let [support, predicted] = [pair.truth, pair.predicted].map(|place| place as usize);
                count_times(&mut classes[support][0], counts, u64::from(pair.rows));
                count_times(&mut classes[predicted][1], counts, u64::from(pair.rows));
                if support == predicted {
                    count_times(&mut classes[support][2], counts, u64::from(pair.rows));
                }
            }
            if recording.rows > 0 {
                count_times(&mut rows, counts, recording.rows);
                count_times(&mut top_k, counts, recording.top_k);
                add_times(&mut log_loss, counts, recording.log_loss);
                add_times(&mut brier, counts, recording.brier);
            }
            for (place, bin) in &self.bins[first_bin..recording.bins] {
                let (rows, correct, confidence) = &mut bins[*place];
                count_times(rows, counts, bin.rows);
                count_times(correct, counts, bin.correct);
                add_times(confidence, counts, bin.confidence);
            }
            (first_pair, first_bin) = (recording.pairs, recording.bins);
        }
        let tally = |lane: usize| {
            let [support, predicted, right] = [0, 1, 2].map(|of: usize| classes.iter().map(|c| c[of][lane]).collect());
            let bin = |(rows, correct, confidence): &([u64; LANES], [u64; LANES], Lanes)| Bin {
                rows: rows[lane],
                correct: correct[lane],
                confidence: confidence[lane],
            };
            let scored = Scored {
                rows: rows[lane],
                log_loss: log_loss[lane],
                brier: brier[lane],
                top_k: top_k[lane],
                bins: bins.each_ref().map(bin),
            };
            Tally { margins: Margins::of(support, predicted, right), scored, ..Tally::default() }
        };
        Ok((0..block.draws()).map(tally).collect())
    }
}

impl Recording {
    fn add(&mut self, truth: usize, probabilities: &[f32]) {
        self.rows += 1;
        self.log_loss += log_loss::of_row(truth, probabilities);
        self.brier += brier::of_row(truth, probabilities);
        self.top_k += u64::from(top_k::of_row(truth, probabilities));
    }
}

/// Adds a count as often as each draw has it.
fn count_times(sums: &mut [u64; LANES], counts: &[u8; LANES], n: u64) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(*count) * n);
}

/// The classes that are true or predicted somewhere, and the place of each class among them.
fn seen(classes: usize, truth: &[u32], predicted: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut is_seen = vec![false; classes];
    truth.iter().chain(predicted).for_each(|class| is_seen[*class as usize] = true);
    let seen: Vec<u32> = (0..).zip(is_seen).filter(|(_, is_seen)| *is_seen).map(|(class, _)| class).collect();
    let mut places = vec![0; classes];
    seen.iter().zip(0..).for_each(|(class, place)| places[*class as usize] = place);
    (seen, places)
}

/// The rows of each number behind one another, in their order, and where those of each end: `numbers` is [rows], `least` is how many
/// numbers there are at the least.
pub(super) fn by_number(numbers: &[u32], least: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; numbers.iter().max().map_or(0, |last| *last as usize + 1).max(least)];
    numbers.iter().for_each(|number| ends[*number as usize] += 1);
    let mut next = 0;
    for end in &mut ends {
        next += std::mem::replace(end, next);
    }
    let mut order = vec![0; numbers.len()];
    for (row, number) in (0..).zip(numbers) {
        let place = &mut ends[*number as usize];
        order[*place] = row;
        *place += 1;
    }
    (order, ends)
}

#[cfg(test)]
mod tests;
