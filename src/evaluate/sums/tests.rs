//! Sums of draws against the same rows, one after another.

use super::*;
use crate::error::Error;
use crate::evaluate::draws::Draws;
use crate::evaluate::metric::METRICS;
use crate::evaluate::ranking::Ranked;
use crate::random::Stream;

/// Rows of `classes` classes in `recordings` recordings; every recording has a row, and the last class none.
fn rows(rows: usize, classes: usize, recordings: u64, seed: u64) -> (Predictions, Vec<u32>) {
    let mut stream = Stream::new(seed, &["rows"]);
    let mut made = Predictions { labels: (0..classes).map(|c| format!("c{c:03}")).collect(), ..Predictions::default() };
    let mut index = vec![];
    for row in 0..rows as u64 {
        let mut class = || stream.below(classes as u64 - 1) as u32;
        let (truth, guess) = (class(), class());
        made.truth.push(truth);
        made.predicted.push(if stream.below(3) == 0 { guess } else { truth });
        let parts: Vec<f64> = (0..classes).map(|_| stream.uniform().powi(4)).collect();
        let all: f64 = parts.iter().sum();
        made.probabilities.extend(parts.iter().map(|part| (part / all) as f32));
        index.push(if row < recordings { row as u32 } else { stream.below(recordings) as u32 });
    }
    (made, index)
}

/// The tally of drawn recordings: each row of each of them, as often as it was drawn.
fn plain(predictions: &Predictions, index: &[u32], times: &dyn Fn(u32) -> u8) -> Tally {
    let k = predictions.labels.len();
    let (mut margins, mut scored) = (Margins::new(k), Scored::default());
    for (row, recording) in index.iter().enumerate() {
        let (truth, predicted) = (predictions.truth[row] as usize, predictions.predicted[row] as usize);
        for _ in 0..times(*recording) {
            margins.add(truth, predicted, 1);
            let Some(p) = predictions.probabilities.get(row * k..(row + 1) * k) else { continue };
            scored.rows += 1;
            scored.log_loss += log_loss::of_row(truth, p);
            scored.brier += brier::of_row(truth, p);
            scored.top_k += u64::from(top_k::of_row(truth, p));
            ece::add_row(&mut scored.bins, truth == predicted, p);
        }
    }
    Tally { margins, scored, ranked: Ranked::default() }
}

/// Numbers of these metrics are sums of floats; of all others, of whole numbers.
const FLOATS: [&str; 3] = ["log_loss", "brier", "ece"];

fn assert_same(ours: &Tally, plain: &Tally) {
    for metric in METRICS {
        match ((metric.value)(ours), (metric.value)(plain)) {
            (Some(a), Some(b)) if FLOATS.contains(&metric.name) => assert!((a - b).abs() < 1e-12, "{}", metric.name),
            // To the last bit.
            (a, b) => assert_eq!(a.map(f64::to_bits), b.map(f64::to_bits), "{}", metric.name),
        }
    }
    let counts = |tally: &Tally| tally.scored.bins.map(|bin| (bin.rows, bin.correct));
    assert_eq!(
        (counts(ours), ours.scored.rows, ours.scored.top_k),
        (counts(plain), plain.scored.rows, plain.scored.top_k)
    );
}

#[test]
fn sums_of_draws_are_those_of_their_rows() {
    let heard = Interrupt::default();
    for (n, classes, recordings) in [(40, 2, 5), (300, 7, 30), (500, 60, 200), (900, 3, 6)] {
        let (predictions, index) = rows(n, classes, recordings, classes as u64);
        let sums = Sums::new(&predictions, &index, &heard).unwrap();
        assert_eq!(sums.recordings() as u64, recordings);
        let blocks = Draws::new(recordings as usize, 100, 5).next(&heard).unwrap();
        let drawn: Vec<Tally> = blocks.iter().flat_map(|block| sums.tallies(block, &heard).unwrap()).collect();
        assert_eq!(drawn.len(), 100);
        for (draw, tally) in drawn.iter().enumerate() {
            let times = |recording: u32| blocks[draw / LANES].of(recording as usize)[draw % LANES];
            assert_same(tally, &plain(&predictions, &index, &times));
        }
        let once = sums.tallies(&Block::once(recordings as usize), &heard).unwrap();
        let all = plain(&predictions, &index, &|_| 1);
        assert_eq!(once.len(), 1);
        assert_same(&once[0], &all);
        assert_eq!(*sums.confusion(&heard).unwrap().margins(), all.margins);
    }
}

#[test]
fn rows_without_probabilities_are_counted_and_not_scored() {
    let (mut predictions, index) = rows(50, 4, 6, 1);
    predictions.probabilities.clear();
    let sums = Sums::new(&predictions, &index, &Interrupt::default()).unwrap();
    let block = Block::once(6);
    assert_same(&sums.tallies(&block, &Interrupt::default()).unwrap()[0], &plain(&predictions, &index, &|_| 1));
}

#[test]
fn a_probability_that_is_no_number_spoils_the_draws_that_have_its_recording() {
    let (mut predictions, index) = rows(50, 4, 10, 1);
    predictions.probabilities[9 * 4] = f32::NAN;
    let heard = Interrupt::default();
    let sums = Sums::new(&predictions, &index, &heard).unwrap();
    let blocks = Draws::new(10, 60, 5).next(&heard).unwrap();
    let brier = METRICS.into_iter().find(|metric| metric.name == "brier").unwrap();
    for (lane, tally) in sums.tallies(&blocks[0], &heard).unwrap().iter().enumerate() {
        assert_eq!((brier.value)(tally).is_none(), blocks[0].of(9)[lane] > 0);
    }
}

#[test]
fn an_end_that_was_asked_for_ends_sums() {
    let (predictions, index) = rows(50, 4, 6, 1);
    let sums = Sums::new(&predictions, &index, &Interrupt::default()).unwrap();
    let interrupt = Interrupt::default();
    interrupt.request();
    assert!(matches!(Sums::new(&predictions, &index, &interrupt), Err(Error::Interrupted(_))));
    assert!(matches!(sums.tallies(&Block::once(6), &interrupt), Err(Error::Interrupted(_))));
    assert!(matches!(sums.confusion(&interrupt), Err(Error::Interrupted(_))));
}
