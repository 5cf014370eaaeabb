//! The rows of an evaluation as columns: the same in SQL functions and in the tables of a model.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};

use super::{CellRow, ClassRow, MetricRow, ReliabilityRow};
use crate::schema::LABEL;

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn counts(values: impl Iterator<Item = u64>) -> ArrayRef {
    // No count of rows comes near 2^63.
    Arc::new(Int64Array::from_iter_values(values.map(|n| n as i64)))
}

fn floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// metric, unit, better ('higher', 'lower', 'zero'), value, low, high (95 %), interval (how it was made), n (rows), groups
/// (recordings).
pub fn metric_fields() -> Vec<Field> {
    vec![
        field("metric", DataType::Utf8),
        nullable("unit", DataType::Utf8),
        nullable("better", DataType::Utf8),
        nullable("value", DataType::Float64),
        nullable("low", DataType::Float64),
        nullable("high", DataType::Float64),
        nullable("interval", DataType::Utf8),
        field("n", DataType::Int64),
        field("groups", DataType::Int64),
    ]
}

/// The columns of [`metric_fields`].
pub fn metric_columns(rows: &[&MetricRow]) -> Vec<ArrayRef> {
    let interval: StringArray = rows.iter().map(|r| r.interval).collect();
    vec![
        texts(rows.iter().map(|r| r.metric)),
        texts(rows.iter().map(|r| r.unit)),
        texts(rows.iter().map(|r| r.better)),
        floats(rows.iter().map(|r| r.value)),
        floats(rows.iter().map(|r| r.low)),
        floats(rows.iter().map(|r| r.high)),
        Arc::new(interval),
        counts(rows.iter().map(|r| r.n)),
        counts(rows.iter().map(|r| r.groups)),
    ]
}

/// label, precision, recall with its 95 % interval (Wilson's: rows are taken for independent), f1, support (rows), roc_auc and
/// average_precision (one against the rest); NULL where they would divide by 0.
pub fn class_fields() -> Vec<Field> {
    vec![
        field(LABEL, DataType::Utf8),
        nullable("precision", DataType::Float64),
        nullable("recall", DataType::Float64),
        nullable("recall_low", DataType::Float64),
        nullable("recall_high", DataType::Float64),
        nullable("f1", DataType::Float64),
        field("support", DataType::Int64),
        nullable("roc_auc", DataType::Float64),
        nullable("average_precision", DataType::Float64),
    ]
}

/// The columns of [`class_fields`].
pub fn class_columns(rows: &[&ClassRow]) -> Vec<ArrayRef> {
    vec![
        texts(rows.iter().map(|r| r.label.as_str())),
        floats(rows.iter().map(|r| r.precision)),
        floats(rows.iter().map(|r| r.recall)),
        floats(rows.iter().map(|r| r.recall_low)),
        floats(rows.iter().map(|r| r.recall_high)),
        floats(rows.iter().map(|r| r.f1)),
        counts(rows.iter().map(|r| r.support)),
        floats(rows.iter().map(|r| r.roc_auc)),
        floats(rows.iter().map(|r| r.average_precision)),
    ]
}

/// label (the true class), predicted, count (rows): every pair of classes, zeros included, of up to [`WHOLE`] classes; of more, the pairs
/// that occur and each class with itself.
///
/// [`WHOLE`]: super::metric::confusion::WHOLE
pub fn confusion_fields() -> Vec<Field> {
    vec![field(LABEL, DataType::Utf8), field("predicted", DataType::Utf8), field("count", DataType::Int64)]
}

/// The columns of [`confusion_fields`].
pub fn confusion_columns(rows: &[&CellRow]) -> Vec<ArrayRef> {
    vec![
        texts(rows.iter().map(|r| r.label.as_str())),
        texts(rows.iter().map(|r| r.predicted.as_str())),
        counts(rows.iter().map(|r| r.count)),
    ]
}

/// low (exclusive), high (inclusive), count (rows), confidence (mean), accuracy.
pub fn reliability_fields() -> Vec<Field> {
    vec![
        field("low", DataType::Float64),
        field("high", DataType::Float64),
        field("count", DataType::Int64),
        nullable("confidence", DataType::Float64),
        nullable("accuracy", DataType::Float64),
    ]
}

/// The columns of [`reliability_fields`].
pub fn reliability_columns(rows: &[&ReliabilityRow]) -> Vec<ArrayRef> {
    vec![
        floats(rows.iter().map(|r| Some(r.low))),
        floats(rows.iter().map(|r| Some(r.high))),
        counts(rows.iter().map(|r| r.count)),
        floats(rows.iter().map(|r| r.confidence)),
        floats(rows.iter().map(|r| r.accuracy)),
    ]
}

/// label, threshold (NULL of the point above all scores), false_positive_rate, true_positive_rate.
pub fn roc_fields() -> Vec<Field> {
    vec![
        field(LABEL, DataType::Utf8),
        nullable("threshold", DataType::Float64),
        nullable("false_positive_rate", DataType::Float64),
        nullable("true_positive_rate", DataType::Float64),
    ]
}

/// label, threshold (NULL of the point without predictions), precision, recall.
pub fn precision_recall_fields() -> Vec<Field> {
    vec![
        field(LABEL, DataType::Utf8),
        nullable("threshold", DataType::Float64),
        nullable("precision", DataType::Float64),
        nullable("recall", DataType::Float64),
    ]
}

/// The columns of a curve of each class: (label, threshold, x, y) of each point.
pub fn curve_columns(points: &[(&str, Option<f32>, f64, f64)]) -> Vec<ArrayRef> {
    vec![
        texts(points.iter().map(|point| point.0)),
        floats(points.iter().map(|point| point.1.map(f64::from))),
        floats(points.iter().map(|point| Some(point.2))),
        floats(points.iter().map(|point| Some(point.3))),
    ]
}
