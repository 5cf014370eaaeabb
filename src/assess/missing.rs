//! What the values that were filled tell by themselves.

use std::collections::BTreeMap;

use super::survey::MOST_COLUMNS;
use crate::error::Result;
use crate::evaluate::baseline::{Logistic, Standard};
use crate::evaluate::diagnose::{Missingness, Score};
use crate::interrupt::Interrupt;
use crate::split::side::Side;
use crate::train::filled::{Filled, Sample};

/// How well the shares of filled frames alone tell the classes, on each side but train. The shares are brought to one scale,
/// so that one lost frame in thirty counts as much as ten.
///
/// # Errors
/// An interrupt.
pub fn missingness(filled: &Filled, interrupt: &Interrupt) -> Result<Vec<Missingness>> {
    let (train, dim) = (filled.side(Side::Train), filled.dim());
    let fits = dim <= MOST_COLUMNS && Logistic::is_within_reach(dim, &train.labels);
    if !filled.any() || train.labels.is_empty() || !fits {
        return Ok(vec![]);
    }
    let standard = Standard::fit(&train.shares, dim);
    let logistic = Logistic::fit(&standard.apply_all(&train.shares), dim, &train.labels, interrupt)?;
    let on = |side: Side| {
        let Sample { labels, recordings, shares, .. } = filled.side(side);
        let classes = 1 + train.labels.iter().chain(labels).copied().max().unwrap_or(0) as usize;
        let (mut support, mut probabilities) = (vec![0; classes], vec![0.0; classes]);
        let (mut all, mut by_recording) = (Score::default(), BTreeMap::<u32, Score>::new());
        let rows = standard.apply_all(shares);
        for ((label, recording), row) in labels.iter().zip(recordings).zip(rows.chunks_exact(dim)) {
            logistic.probabilities(row, &mut probabilities);
            // Of equals the first, as everywhere.
            let best = (1..classes).fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best });
            support[*label as usize] += 1;
            for score in [&mut all, by_recording.entry(*recording).or_default()] {
                score.rows += 1;
                score.correct += u64::from(best == *label as usize);
            }
        }
        let known = recordings.iter().all(|recording| *recording > 0);
        let recordings = if known { by_recording.into_values().collect() } else { vec![] };
        let commonest = support.into_iter().max().unwrap_or(0);
        Missingness { side, score: all, commonest, recordings }
    };
    Ok([Side::Validation, Side::Test].map(on).into_iter().filter(|told| told.score.rows > 0).collect())
}
