//! What recordings tell beside each other: rates that differ, classes that may be one.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use crate::account::class_names::doubts;
use crate::frames::scale::short;

/// Rates that differ by more than this are rates of different things.
pub const SAME_RATE: f64 = 1.05;

/// `pose_inventory_beside(labels, seconds from frame to frame, frames a second, advice) OVER ()`: the advice with what the other
/// recordings add.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Beside {
    signature: Signature,
}

impl Default for Beside {
    fn default() -> Self {
        Self { signature: Signature::any(4, Volatility::Immutable) }
    }
}

impl WindowUDFImpl for Beside {
    fn name(&self) -> &str {
        "pose_inventory_beside"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Utf8, true)))
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl PartitionEvaluator for Beside {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let [labels, intervals, hz, advice] = values else {
            return exec_err!("pose_inventory: four columns are compared");
        };
        let (Some(labels), Some(advice)) = (labels.as_list_opt::<i32>(), advice.as_string_opt::<i32>()) else {
            return exec_err!("pose_inventory: lists of labels and texts of advice are compared");
        };
        let intervals: &Float64Array = intervals.as_primitive::<Float64Type>();
        let names: BTreeSet<&str> = labels.values().as_string::<i32>().iter().flatten().collect();
        let doubts = doubts(names);
        let rates = rates(intervals.iter().flatten());
        let knows_unit = (0..rows).all(|row| intervals.is_null(row) || hz.is_valid(row));
        let text = |row: usize| {
            let of_row = labels.value(row);
            let found = of_row.as_string::<i32>().iter().flatten().filter_map(|label| doubts.get(label).cloned());
            let own = advice.is_valid(row).then(|| advice.value(row).to_owned());
            let rates = rates.filter(|_| intervals.is_valid(row));
            let rate = rates.map(|rates| different(rates, intervals.value(row), knows_unit));
            let all: Vec<String> = own.into_iter().chain(rate).chain(found).collect();
            (!all.is_empty()).then(|| all.join("; "))
        };
        Ok(Arc::new((0..rows).map(text).collect::<StringArray>()))
    }
}

/// What is said to a recording of this interval; where nobody knows the unit of times, of their steps instead of rates.
fn different((slow, fast): (f64, f64), interval: f64, knows_unit: bool) -> String {
    if knows_unit {
        return format!(
            "recordings have different rates, {} to {} frames a second (this one {}): pose_windows(..., hz => ...) reads all at one",
            short(slow),
            short(fast),
            short(1.0 / interval)
        );
    }
    format!(
        "recordings have different rates, a frame every {} to {} of their times (this one every {}), whose unit nothing says: \
         pose_windows(..., hz => ..., time => ..., time_unit => ...) reads all at one",
        short(1.0 / fast),
        short(1.0 / slow),
        short(interval)
    )
}

/// The lowest and the highest rate, where they are not the same by [`SAME_RATE`].
fn rates(intervals: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = intervals.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    (high > SAME_RATE * low).then(|| (1.0 / high, 1.0 / low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_within_five_percent_are_one_rate() {
        assert_eq!(rates([0.04, 0.02].into_iter()), Some((25.0, 50.0)));
        assert_eq!(rates([0.04, 0.0415, 0.04].into_iter()), None);
        assert_eq!((rates([0.04].into_iter()), rates([].into_iter())), (None, None));
    }

    #[test]
    fn no_rate_is_claimed_in_a_unit_that_nobody_knows() {
        let text = different((0.025, 0.05), 40.0, false);
        assert!(text.contains("a frame every 20 to 40 of their times (this one every 40), whose unit"), "{text}");
        let text = different((25.0, 50.0), 0.04, true);
        assert!(text.contains("25 to 50 frames a second (this one 25)"), "{text}");
    }
}
