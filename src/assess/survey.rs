//! What one pass over the rows tells before a net is fitted: what they are, and what baselines learn from.

use crate::error::Result;
use crate::evaluate::baseline::statistics::Statistics;
use crate::interrupt::Interrupt;
use crate::split::side::Side;
use crate::store::recipe::{Digest, Digests};
use crate::train::source::Source;
use crate::train::table::{Rows, Table};

/// Most train rows that baselines are fitted to: more tell them nothing new.
const MOST_ROWS: usize = 20_000;
/// Most statistics of a window that are worth fitting to: the time of a logistic regression grows with their square.
pub const MOST_COLUMNS: usize = 500;

/// Most statistics, of all these rows together: 80 MB. Of wider windows fewer rows are taken.
const MOST_VALUES: usize = MOST_ROWS * MOST_COLUMNS;

/// Bytes that the statistics of `rows` windows with `dim` features take at the most.
pub fn bytes(rows: usize, dim: usize) -> usize {
    let columns = Statistics::new(dim).columns();
    rows.min(most_rows(columns)) * columns * size_of::<f64>()
}

fn most_rows(columns: usize) -> usize {
    MOST_ROWS.min(MOST_VALUES / columns.max(1)).max(1)
}

/// What is known of a table before training.
pub struct Survey {
    /// Of the rows of train, validation and test, each in their order.
    pub digests: Digests,
    /// Digest of what training reads of them beside name, label and values: their recorded frames and weights.
    pub treatment: String,
    /// What baselines learn from.
    pub train: Sample,
}

/// Train rows as baselines see them.
pub struct Sample {
    /// Of every k-th row, where there are many.
    pub statistics: Statistics,
    /// Of the same rows.
    pub labels: Vec<u32>,
    /// The least and the largest value of each feature, over all rows.
    bounds: Vec<(f32, f32)>,
    step: usize,
    seen: usize,
}

impl Survey {
    /// Reads every row once.
    ///
    /// # Errors
    /// Rows that cannot be read back from disk; an interrupt.
    pub fn of(table: &Table, interrupt: &Interrupt) -> Result<Self> {
        let (mut all, mut splits, mut treatment) = (Digest::new(), Digest::new(), Digest::new());
        let mut train = Sample::new(table);
        for side in Side::ALL {
            let part = table.part(side);
            for index in 0..part.blocks() {
                interrupt.check()?;
                let batch = part.batch(index)?;
                let rows = part.rows_of(&batch);
                for ((window, label), values) in rows.names().zip(rows.labels()).zip(rows.windows()) {
                    all.text(window).text(&table.classes[label as usize]).numbers(values);
                    splits.text(window).text(side.name());
                }
                let lengths: Vec<f32> = rows.valid_len.iter().map(|n| *n as f32).collect();
                treatment.numbers(&lengths).numbers(rows.weights);
                if side == Side::Train {
                    train.add(&rows, table);
                }
            }
        }
        let digests = Digests { rows: all.finish(), splits: splits.finish() };
        Ok(Self { digests, treatment: treatment.finish(), train })
    }
}

impl Sample {
    fn new(table: &Table) -> Self {
        let statistics = Statistics::new(table.dim);
        let step = table.part(Side::Train).rows().div_ceil(most_rows(statistics.columns())).max(1);
        let bounds = vec![(f32::INFINITY, f32::NEG_INFINITY); table.dim];
        Self { statistics, labels: vec![], bounds, step, seen: 0 }
    }

    fn add(&mut self, rows: &Rows<'_>, table: &Table) {
        for ((window, valid), label) in rows.windows().zip(rows.valid_len).zip(rows.labels()) {
            for frame in window.chunks_exact(table.dim.max(1)).take(*valid as usize) {
                for ((low, high), value) in self.bounds.iter_mut().zip(frame) {
                    (*low, *high) = (low.min(*value), high.max(*value));
                }
            }
            if self.seen.is_multiple_of(self.step) {
                self.statistics.push(window, table.width, *valid as usize);
                self.labels.push(label);
            }
            self.seen += 1;
        }
    }

    /// The features that have one value in all of train, by their place.
    pub fn constant(&self) -> Vec<usize> {
        let bounds = self.bounds.iter().enumerate();
        bounds.filter(|(_, (low, high))| low == high).map(|(feature, _)| feature).collect()
    }
}
