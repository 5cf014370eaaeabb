//! `baselines`: what simpler models reach on the same rows, and whether the net is shown to be better.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, floats, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::paired::Verdict;
use crate::schema::SPLIT;

/// One baseline on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// train, validation or test.
    pub split: &'static str,
    /// `majority`, `nearest_centroid` or `logistic_regression`, on statistics of the windows.
    pub baseline: &'static str,
    /// Its accuracy.
    pub accuracy: Option<f64>,
    /// Its 95 % interval.
    pub low: Option<f64>,
    /// Its 95 % interval.
    pub high: Option<f64>,
    /// Rows.
    pub n: u64,
    /// Recordings; 0 when unknown.
    pub groups: u64,
    /// Accuracy of the net less that of the baseline.
    pub difference: Option<f64>,
    /// Lower end of its 95 % interval over recordings.
    pub difference_low: Option<f64>,
    /// Upper end of it.
    pub difference_high: Option<f64>,
    /// Of a two-sided randomisation test over recordings.
    pub p: Option<f64>,
    /// `better`, `worse` or `no difference shown`: what the net is.
    pub net_is: Option<Verdict>,
}

/// split, baseline, accuracy with its 95 % interval, n (rows), groups (recordings), difference (net less baseline) with its
/// interval over recordings, p, net_is ('better', 'worse', 'no difference shown').
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field("baseline", DataType::Utf8),
        nullable("accuracy", DataType::Float64),
        nullable("low", DataType::Float64),
        nullable("high", DataType::Float64),
        field("n", DataType::Int64),
        field("groups", DataType::Int64),
        nullable("difference", DataType::Float64),
        nullable("difference_low", DataType::Float64),
        nullable("difference_high", DataType::Float64),
        nullable("p", DataType::Float64),
        nullable("net_is", DataType::Utf8),
    ])
}

/// The rows, in the given order.
pub fn batch(rows: &[BaselineRow]) -> Result<RecordBatch> {
    let number = |of: fn(&BaselineRow) -> Option<f64>| floats(rows.iter().map(of));
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|r| r.split)),
            texts(rows.iter().map(|r| r.baseline)),
            number(|r| r.accuracy),
            number(|r| r.low),
            number(|r| r.high),
            counts(rows.iter().map(|r| r.n)),
            counts(rows.iter().map(|r| r.groups)),
            number(|r| r.difference),
            number(|r| r.difference_low),
            number(|r| r.difference_high),
            number(|r| r.p),
            std::sync::Arc::new(
                rows.iter().map(|r| r.net_is.map(Verdict::name)).collect::<arrow::array::StringArray>(),
            ),
        ],
    )
}
