//! `history`: the epochs of a training.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of};
use crate::error::Result;
use crate::train::fit::Epoch;

/// epoch (from 1), loss and accuracy with dropout on, the same on validation rows, learning_rate used in this epoch,
/// seconds, best (the epoch whose weights were kept).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field("epoch", DataType::Int64),
        nullable("loss", DataType::Float64),
        nullable("accuracy", DataType::Float64),
        nullable("val_loss", DataType::Float64),
        nullable("val_accuracy", DataType::Float64),
        nullable("val_loss_weighted", DataType::Float64),
        field("learning_rate", DataType::Float64),
        field("seconds", DataType::Float64),
        field("best", DataType::Boolean),
    ])
}

/// The epochs in their order, of which `best_epoch` (from 1) was kept.
pub fn batch(epochs: &[Epoch], best_epoch: usize) -> Result<RecordBatch> {
    let floats =
        |value: fn(&Epoch) -> Option<f64>| -> ArrayRef { Arc::new(epochs.iter().map(value).collect::<Float64Array>()) };
    batch_of(
        schema(),
        vec![
            counts(epochs.iter().map(|e| e.epoch as u64)),
            floats(|e| Some(e.loss)),
            floats(|e| Some(e.accuracy)),
            floats(|e| e.val_loss),
            floats(|e| e.val_accuracy),
            floats(|e| e.val_loss_weighted),
            floats(|e| Some(e.learning_rate)),
            floats(|e| Some(e.seconds)),
            Arc::new(epochs.iter().map(|e| Some(e.epoch == best_epoch)).collect::<BooleanArray>()),
        ],
    )
}
