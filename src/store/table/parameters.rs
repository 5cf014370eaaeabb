//! `parameters`: the weights of the net, tensor by tensor, as far as numbers can tell.

use std::sync::Arc;

use arrow::array::{Float64Array, Int64Builder, ListBuilder, RecordBatch};
use arrow::datatypes::{DataType, Field, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::nn::engine::NamedTensor;

/// name, shape, count (values), mean, std (of the population), min, max.
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field("name", DataType::Utf8),
        field("shape", DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)))),
        field("count", DataType::Int64),
        nullable("mean", DataType::Float64),
        nullable("std", DataType::Float64),
        nullable("min", DataType::Float64),
        nullable("max", DataType::Float64),
    ])
}

/// The tensors in their order.
pub fn batch(tensors: &[NamedTensor]) -> Result<RecordBatch> {
    let mut shapes = ListBuilder::new(Int64Builder::new());
    tensors.iter().for_each(|t| shapes.append_value(t.shape.iter().map(|n| Some(*n as i64))));
    let floats =
        |value: fn(&[f32]) -> f64| Arc::new(tensors.iter().map(|t| finite(&t.data, value)).collect::<Float64Array>());
    batch_of(
        schema(),
        vec![
            texts(tensors.iter().map(|t| t.name.as_str())),
            Arc::new(shapes.finish()),
            counts(tensors.iter().map(|t| t.data.len() as u64)),
            floats(mean),
            floats(std),
            floats(|data| data.iter().copied().fold(f32::INFINITY, f32::min).into()),
            floats(|data| data.iter().copied().fold(f32::NEG_INFINITY, f32::max).into()),
        ],
    )
}

fn mean(data: &[f32]) -> f64 {
    data.iter().map(|x| f64::from(*x)).sum::<f64>() / data.len() as f64
}

/// Of the population. The mean is taken once: a tensor of 256 units has a quarter of a million values.
fn std(data: &[f32]) -> f64 {
    let mean = mean(data);
    data.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>().sqrt() / (data.len() as f64).sqrt()
}

/// NULL where there are no values, or where they are no numbers.
fn finite(data: &[f32], value: fn(&[f32]) -> f64) -> Option<f64> {
    Some(value(data)).filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;

    use super::*;

    /// `x = np.array([1, 2, 3, 6.]); x.mean(), x.std(), x.min(), x.max()`
    #[test]
    fn the_numbers_are_those_of_numpy() {
        let tensor = NamedTensor { name: "w".into(), shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 6.0] };
        let empty = NamedTensor { name: "e".into(), shape: vec![0], data: vec![] };
        let shown = pretty_format_batches(&[batch(&[tensor, empty]).unwrap()]).unwrap().to_string();
        assert!(shown.contains("| w    | [2, 2] | 4     | 3.0  | 1.8708286933869707 | 1.0 | 6.0 |"), "{shown}");
        assert!(shown.contains("| e    | [0]    | 0     |      |                    |     |     |"), "{shown}");
    }

    /// A million values: with a mean for each of them this would take minutes.
    /// `x = (np.arange(1000000) % 1000).astype(np.float32); x.astype(np.float64).std()`, sqrt((1000² - 1) / 12)
    #[test]
    fn the_deviation_of_a_large_tensor_takes_one_mean() {
        let data: Vec<f32> = (0..1_000_000).map(|i| (i % 1000) as f32).collect();
        assert!((std(&data) - (999_999.0f64 / 12.0).sqrt()).abs() < 1e-9);
    }
}
