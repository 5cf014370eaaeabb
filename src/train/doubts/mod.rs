//! What is doubtful about the rows of a training before it begins: values that 32 bits cannot hold, values unlike all
//! others, recordings of different rates.

mod starts;
mod within;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use self::starts::Starts;
use self::within::Within;
use crate::error::Result;
use crate::frames::scale::{Doubt, Scale};
use crate::frames::times::Times;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Doubts {
    /// What is doubtful about the train rows of a feature, by its place; a value is named by its window.
    pub values: Vec<(usize, Doubt<Arc<str>>)>,
    /// The lowest and the highest rate of a recording in frames a second, with its name, where they are not the same.
    pub rates: Option<[(f64, String); 2]>,
}

/// Looks at rows as they come, in the order of their windows.
pub struct Look {
    /// Of each feature, over train rows.
    scales: Vec<Scale<Arc<str>>>,
    /// The same window by window.
    within: Vec<Within>,
    starts: Starts,
}

impl Look {
    /// At rows of this schema, whose windows have `dim` features. Windows have the time of their first frame where frames
    /// had a column of times.
    pub fn new(schema: &Schema, dim: usize) -> Self {
        Self { scales: vec![Scale::default(); dim], within: vec![Within::default(); dim], starts: Starts::of(schema) }
    }

    /// The times of a batch, if it has any.
    ///
    /// # Errors
    /// A time beyond 64 bits.
    pub fn times(&self, batch: &RecordBatch) -> Result<Option<Times>> {
        self.starts.times(batch)
    }

    /// Takes the recorded frames of a train window, [frames, dim].
    pub fn values(&mut self, window: &str, values: &[f32]) {
        let dim = self.scales.len().max(1);
        for frame in values.chunks_exact(dim) {
            for (scale, value) in self.scales.iter_mut().zip(frame) {
                scale.add(f64::from(*value), || window.into());
            }
        }
        for (place, within) in self.within.iter_mut().enumerate() {
            within.window(values.iter().skip(place).step_by(dim).map(|value| f64::from(*value)));
        }
    }

    /// Takes the first frame of a window that is no copy, and its time.
    pub fn start(&mut self, recording: &str, frame: i64, times: &Times, row: usize) {
        self.starts.add(recording, frame, times, row);
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        512 * self.scales.len() + self.starts.bytes()
    }

    /// What is doubtful.
    pub fn finish(self) -> Doubts {
        let of = |(scale, within): (&Scale<Arc<str>>, &Within)| {
            let far = || Some(Doubt::Offset { mean: scale.far_constant()?, spread: 0.0 });
            scale.doubt().or_else(far).or_else(|| within.doubt())
        };
        let doubts = self.scales.iter().zip(&self.within).map(of);
        let values = doubts.enumerate().filter_map(|(place, doubt)| Some((place, doubt?))).collect();
        Doubts { values, rates: self.starts.rates() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in windows of five frames: the values of one feature in each recording.
    fn found(value: impl Fn(u32, u32) -> f64) -> Vec<(usize, Doubt<Arc<str>>)> {
        let mut look = Look::new(&Schema::empty(), 1);
        for (recording, window) in (0..8).flat_map(|recording| (0..6).map(move |window| (recording, window))) {
            let values: Vec<f32> = (0..5).map(|frame| value(recording, 5 * window + frame) as f32).collect();
            look.values(&format!("v{recording}:{window}"), &values);
        }
        look.finish().values
    }

    #[test]
    fn an_offset_of_each_recording_hides_what_changes_in_it() {
        let values = found(|recording, frame| 4.5e8 + 1e6 * f64::from(recording) + 0.01 * f64::from(frame));
        // An f32 beside 4.5e8 is 2^(28 - 23) = 32 away.
        assert_eq!(values, [(0, Doubt::Offset { mean: 4.5e8, spread: 16.0 })]);
        assert_eq!(found(|recording, frame| f64::from(1000 * recording + frame)), []);
    }

    #[test]
    fn one_offset_of_all_is_told_by_all() {
        let values = found(|_, frame| 4.5e8 + 64.0 * f64::from(frame % 2));
        assert_eq!(values, [(0, Doubt::Offset { mean: 450_000_032.0, spread: 32.0 })]);
        assert_eq!(found(|_, _| 4.5e8), [(0, Doubt::Offset { mean: 4.5e8, spread: 0.0 })]);
    }
}
