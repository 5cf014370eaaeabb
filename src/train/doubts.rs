//! What is doubtful about the rows of a training before it begins: values that 32 bits cannot hold, values unlike all
//! others, recordings of different rates.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};

use crate::error::Result;
use crate::frames::inventory::beside::SAME_RATE;
use crate::frames::median::Median;
use crate::frames::scale::{Doubt, Scale};
use crate::frames::times::{TimeColumn, Times};
use crate::schema::TIME;

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
    time: Option<TimeColumn>,
    /// First frame and its seconds of each window of a recording.
    starts: BTreeMap<String, Vec<(i64, f64)>>,
    held: usize,
}

impl Look {
    /// At rows of this schema, whose windows have `dim` features. Windows have the time of their first frame where frames
    /// had a column `t`, or one of timestamps.
    pub fn new(schema: &Schema, dim: usize) -> Self {
        let column = |name: &str| TimeColumn { name: name.to_owned(), unit: None };
        let tells = |name: &&str| {
            schema.field_with_name(name).is_ok_and(|field| column(name).check("training", field.data_type()).is_ok())
        };
        let mut clocks = schema.fields().iter().filter(|field| matches!(field.data_type(), DataType::Timestamp(..)));
        let only = clocks.next().filter(|_| clocks.next().is_none()).map(|field| column(field.name()));
        let time = Some(TIME).filter(tells).map(column).or(only);
        Self { scales: vec![Scale::default(); dim], time, starts: BTreeMap::new(), held: 0 }
    }

    /// The times of a batch, if it has any.
    ///
    /// # Errors
    /// A time beyond 64 bits.
    pub fn times(&self, batch: &RecordBatch) -> Result<Option<Times>> {
        let of = |time: &TimeColumn| batch.column_by_name(&time.name).map(|column| time.read("training", column));
        self.time.as_ref().and_then(of).transpose()
    }

    /// Takes the recorded frames of a train window, [frames, dim].
    pub fn values(&mut self, window: &str, values: &[f32]) {
        for frame in values.chunks_exact(self.scales.len().max(1)) {
            for (scale, value) in self.scales.iter_mut().zip(frame) {
                scale.add(f64::from(*value), || window.into());
            }
        }
    }

    /// Takes the first frame of a window that is no copy, and its time.
    pub fn start(&mut self, recording: &str, frame: i64, times: &Times, row: usize) {
        if !times.has(row) {
            return;
        }
        let start = (frame, times.seconds(row, times.zero()));
        self.held += 32;
        match self.starts.get_mut(recording) {
            Some(starts) => starts.push(start),
            None => drop(self.starts.insert(recording.to_owned(), vec![start])),
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        512 * self.scales.len() + self.held
    }

    /// What is doubtful.
    pub fn finish(self) -> Doubts {
        let of = |scale: &Scale<Arc<str>>| {
            let far = || Some(Doubt::Offset { mean: scale.far_constant()?, spread: 0.0 });
            scale.doubt().or_else(far)
        };
        let values = self.scales.iter().enumerate().filter_map(|(place, scale)| Some((place, of(scale)?))).collect();
        Doubts { values, rates: rates(self.starts) }
    }
}

/// The lowest and the highest rate, where they are not the same; of several the recording that sorts first.
fn rates(starts: BTreeMap<String, Vec<(i64, f64)>>) -> Option<[(f64, String); 2]> {
    let mut found: Option<[(f64, String); 2]> = None;
    for (recording, mut starts) in starts {
        starts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        starts.dedup_by_key(|start| start.0);
        let mut steps = Median::default();
        for pair in starts.windows(2) {
            let (frames, seconds) = ((pair[1].0 - pair[0].0) as f64, pair[1].1 - pair[0].1);
            if seconds > 0.0 {
                steps.add(seconds / frames);
            }
        }
        let Some(hz) = steps.value().map(|interval| 1.0 / interval) else { continue };
        let [slow, fast] = found.get_or_insert_with(|| [(hz, recording.clone()), (hz, recording.clone())]);
        if hz < slow.0 {
            *slow = (hz, recording.clone());
        }
        if hz > fast.0 {
            *fast = (hz, recording.clone());
        }
    }
    found.filter(|[slow, fast]| fast.0 > SAME_RATE * slow.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_different_rates_are_told_by_name() {
        let at = |hz: f64| (0..20).map(|n| (15 * n, 15.0 * n as f64 / hz)).rev().collect::<Vec<_>>();
        let of =
            |rates_of: &[(&str, f64)]| rates(rates_of.iter().map(|(name, hz)| (name.to_string(), at(*hz))).collect());
        let [(slow, a), (fast, b)] = of(&[("x", 50.0), ("y", 25.0), ("z", 25.0)]).unwrap();
        assert!((slow - 25.0).abs() < 1e-6 && (fast - 50.0).abs() < 1e-6 && (a, b) == ("y".into(), "x".into()));
        assert_eq!(of(&[("x", 25.0), ("y", 25.5)]), None);
        assert_eq!(of(&[("x", 25.0)]), None);
    }
}
