//! One class's ranking: its rows, best score first, and the other classes' rows above each of them; those below all its own are left out.

use super::{Ranked, order};
use crate::error::Result;
use crate::evaluate::draws::{Block, LANES, Lanes};
use crate::interrupt::Interrupt;

/// Rows that are placed between two looks at the flag.
const LOOK: usize = 4096;

/// The rows of a class and those above them, as recordings.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    /// One for each score that a row of the class has.
    steps: Vec<Step>,
    /// Rows of the class, by step.
    own: Vec<u32>,
    /// Other classes' rows down to the last step, those above a step before those that tie with it.
    others: Vec<u32>,
}

/// How many rows there are up to and with a score.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Rows of the class.
    own: u32,
    /// Other classes' rows with higher scores.
    above: u32,
    /// Other classes' rows with higher scores or the same.
    tied: u32,
}

impl Class {
    /// The ranking of a class by its `scores`, which are all numbers, and the recording of each row, both [rows]; `own` are the
    /// class's rows.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn new(scores: &[f32], recording: &[u32], own: &[u32], interrupt: &Interrupt) -> Result<Self> {
        let mut rows: Vec<(u32, u32)> = own.iter().map(|row| (order::falling(scores[*row as usize]), *row)).collect();
        rows.sort_unstable();
        let mut class = Self { own: rows.iter().map(|(_, row)| recording[*row as usize]).collect(), ..Self::default() };
        let mut levels = vec![];
        for tie in rows.chunk_by(|a, b| a.0 == b.0) {
            let before = class.steps.last().map_or(0, |step| step.own);
            class.steps.push(Step { own: before + tie.len() as u32, above: 0, tied: 0 });
            levels.push(tie[0].0);
        }
        // Above the first step, tied with it, above the second, tied with it, ..., below all.
        let mut places = vec![];
        let mut ends = vec![0u32; 2 * levels.len() + 1];
        let mut own = own.iter().copied().peekable();
        for (row, score) in (0..).zip(scores) {
            if (row as usize).is_multiple_of(LOOK) {
                interrupt.check()?;
            }
            if own.next_if_eq(&row).is_some() {
                continue;
            }
            let falling = order::falling(*score);
            let step = levels.partition_point(|level| *level < falling);
            let place = 2 * step + usize::from(levels.get(step) == Some(&falling));
            if place < 2 * levels.len() {
                ends[place] += 1;
                places.push((place as u32, recording[row as usize]));
            }
        }
        class.others = vec![0; places.len()];
        let mut next = 0;
        for end in &mut ends {
            next += std::mem::replace(end, next);
        }
        for (at, (place, recording)) in places.into_iter().enumerate() {
            if at.is_multiple_of(LOOK) {
                interrupt.check()?;
            }
            let end = &mut ends[place as usize];
            class.others[*end as usize] = recording;
            *end += 1;
        }
        for (step, ends) in class.steps.iter_mut().zip(ends.chunks_exact(2)) {
            (step.above, step.tied) = (ends[0], ends[1]);
        }
        Ok(class)
    }

    /// Whether the class has no rows.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// What the ranking is worth when recordings have weights and `rows` weighted rows in all.
    pub fn weigh(&self, rows: u64, weights: &[u64]) -> Ranked {
        let weight = |recordings: &[u32]| recordings.iter().map(|recording| weights[*recording as usize]).sum::<u64>();
        let (mut own, mut others, mut precision) = (0, 0, 0.0);
        // Twice the pairs in the wrong order, a tie being half of one.
        let mut lost = 0_u128;
        for part in self.parts() {
            let (here, above) = (weight(part.own), others + weight(part.above));
            others = above + weight(part.tied);
            own += here;
            lost += u128::from(here) * u128::from(above + others);
            // Nothing found is nothing added.
            precision += here as f64 * (own as f64 / (own + others).max(1) as f64);
        }
        // Twice all pairs.
        let pairs = 2 * u128::from(own) * u128::from(rows - own);
        if pairs == 0 {
            return Ranked::default();
        }
        let roc_auc = (pairs - lost) as f64 / pairs as f64;
        Ranked { roc_auc: Some(roc_auc), average_precision: Some(precision / own as f64) }
    }

    /// What the ranking is worth in each draw of a block, where `rows` were drawn: [`Self::weigh`] for all of them at once. Counts are exact
    /// in floats up to 2^53, and pairs are as long as 10^8 rows are drawn.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn draw(&self, rows: &Lanes, block: &Block, interrupt: &Interrupt) -> Result<Vec<Ranked>> {
        let [mut own, mut others, mut precision, mut lost] = [[0.0; LANES]; 4];
        let mut looked = 0;
        for part in self.parts() {
            looked += part.own.len() + part.above.len() + part.tied.len();
            if looked > LOOK {
                looked = 0;
                interrupt.check()?;
            }
            let here = drawn(part.own, block);
            let above = drawn(part.above, block);
            let tied = drawn(part.tied, block);
            for lane in 0..LANES {
                let above = others[lane] + above[lane];
                let found = above + tied[lane];
                others[lane] = found;
                own[lane] += here[lane];
                lost[lane] += here[lane] * (above + found);
                precision[lane] += here[lane] * (own[lane] / (own[lane] + found).max(1.0));
            }
        }
        let ranked = |lane: usize| {
            let pairs: f64 = 2.0 * own[lane] * (rows[lane] - own[lane]);
            if pairs == 0.0 {
                return Ranked::default();
            }
            let roc_auc = (pairs - lost[lane]) / pairs;
            Ranked { roc_auc: Some(roc_auc), average_precision: Some(precision[lane] / own[lane]) }
        };
        Ok((0..block.draws()).map(ranked).collect())
    }

    /// The rows of each step, and those between it and the one before.
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let before =
            std::iter::once((0, 0)).chain(self.steps.iter().map(|step| (step.own as usize, step.tied as usize)));
        self.steps.iter().zip(before).map(|(step, (own, others))| Part {
            own: &self.own[own..step.own as usize],
            above: &self.others[others..step.above as usize],
            tied: &self.others[step.above as usize..step.tied as usize],
        })
    }
}

/// Recordings of rows.
struct Part<'a> {
    /// Rows of the class that have one score.
    own: &'a [u32],
    /// Other classes' rows above it, and below the step before.
    above: &'a [u32],
    /// Other classes' rows with this score.
    tied: &'a [u32],
}

/// How many rows each draw has of these recordings, one row of each.
fn drawn(recordings: &[u32], block: &Block) -> Lanes {
    let mut sums = [0.0; LANES];
    // As many as a byte can count, then as many of these as two bytes can.
    let run = 255 / usize::from(block.most().max(1));
    for recordings in recordings.chunks(run * 256) {
        let mut parts = [0u16; LANES];
        for recordings in recordings.chunks(run) {
            let mut bytes = [0u8; LANES];
            for recording in recordings {
                let counts = block.of(*recording as usize);
                (0..LANES).for_each(|lane| bytes[lane] = bytes[lane].wrapping_add(counts[lane]));
            }
            (0..LANES).for_each(|lane| parts[lane] = parts[lane].wrapping_add(u16::from(bytes[lane])));
        }
        (0..LANES).for_each(|lane| sums[lane] += f64::from(parts[lane]));
    }
    sums
}
