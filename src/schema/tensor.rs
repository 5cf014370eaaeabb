//! The field of `features`: windows as a tensor [width, dim], and what its metadata say.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

use crate::error::{Result, query_err};

/// The type of `features` for windows of `width` frames and `dim` features: FixedSizeList<Float32, width * dim>.
///
/// The child is nullable by type, though it holds no NULL: pyarrow knows a tensor in Parquet by a nullable child only, and
/// reads any other as a plain list.
pub fn features_type(width: usize, dim: usize) -> DataType {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    DataType::FixedSizeList(item, (width * dim) as i32)
}

/// The field of `features`, marked as an `arrow.fixed_shape_tensor` of shape [width, dim].
///
/// pyarrow, polars and NumPy read it without a copy. The canonical metadata is specified in
/// <https://arrow.apache.org/docs/format/CanonicalExtensions.html#fixed-shape-tensor>.
/// `names` are those of the D features, empty if they have none; they travel along under [`FEATURE_NAMES`].
pub fn features_field(name: &str, width: usize, dim: usize, names: &[String]) -> Field {
    let shape = format!(r#"{{"shape":[{width},{dim}],"dim_names":["time","feature"]}}"#);
    let mut metadata = vec![
        ("ARROW:extension:name".to_owned(), "arrow.fixed_shape_tensor".to_owned()),
        ("ARROW:extension:metadata".to_owned(), shape),
    ];
    if !names.is_empty() {
        metadata.push((FEATURE_NAMES.to_owned(), serde_json::Value::from(names).to_string()));
    }
    Field::new(name, features_type(width, dim), false).with_metadata(metadata.into_iter().collect())
}

/// The key of field metadata under which the names of the D features travel, as a JSON array.
pub const FEATURE_NAMES: &str = "posequel:feature_names";

/// The names of the features that a field declares in its metadata; empty if it declares none.
pub fn feature_names(field: &Field) -> Vec<String> {
    let names = field.metadata().get(FEATURE_NAMES).and_then(|json| serde_json::from_str(json).ok());
    names.unwrap_or_default()
}

/// What a column is, in the metadata of its field: [`TIME`](super::TIME) where it is the clock of its frames, as pose_resample marks it.
pub const ROLE: &str = "posequel:role";

/// The key of field metadata under which the shape [width, dim] of windows that may hold NULLs travels, as a JSON array:
/// the tensor type forbids NULLs.
pub const SHAPE: &str = "posequel:shape";

/// The shape [width, dim] that a field declares in its metadata, as a tensor or under [`SHAPE`], if it does.
pub fn tensor_shape(field: &Field) -> Option<(usize, usize)> {
    let read = |json: &String| serde_json::from_str::<serde_json::Value>(json).ok();
    let metadata = field.metadata();
    let shape = match metadata.get("ARROW:extension:name").map(String::as_str) {
        Some("arrow.fixed_shape_tensor") => read(metadata.get("ARROW:extension:metadata")?)?.get("shape")?.clone(),
        _ => read(metadata.get(SHAPE)?)?,
    };
    match shape.as_array()?.as_slice() {
        [width, dim] => Some((width.as_u64()? as usize, dim.as_u64()? as usize)),
        _ => None,
    }
}

/// Refuses a tensor whose frames are not its first axis as it is stored: NumPy arrays [channels, frames] and transposed ones.
///
/// # Errors
/// Names function and column, what the metadata say, and how to write the windows.
pub fn check_axes(function: &str, field: &Field) -> Result<()> {
    let read = |json: &String| serde_json::from_str::<serde_json::Value>(json).ok();
    let tensor = field.metadata().get("ARROW:extension:metadata").and_then(read).unwrap_or_default();
    let list = |key: &str| tensor.get(key).and_then(|list| list.as_array().cloned()).unwrap_or_default();
    let is_moved = list("permutation").iter().enumerate().any(|(place, axis)| axis.as_u64() != Some(place as u64));
    let first = list("dim_names").first().and_then(|name| name.as_str().map(str::to_lowercase)).unwrap_or_default();
    if !is_moved && !["feature", "features", "channel", "channels"].contains(&first.as_str()) {
        return Ok(());
    }
    query_err!(
        "{function}: '{}' is a tensor in which features come before frames ({}); its values must lie frame after frame, [width, dim]: \
         in NumPy numpy.ascontiguousarray(windows.transpose(0, 2, 1)) before it is written",
        field.name(),
        tensor
    )
}

/// The field of features whose values may be NULL: of the same type, shape and names, but no tensor.
pub fn with_nulls(field: &Field) -> Field {
    let item = |item: &Arc<Field>| Arc::new(item.as_ref().clone().with_nullable(true));
    let data_type = match field.data_type() {
        DataType::FixedSizeList(of, size) => DataType::FixedSizeList(item(of), *size),
        DataType::List(of) => DataType::List(item(of)),
        other => other.clone(),
    };
    let mut metadata = field.metadata().clone();
    if let Some((width, dim)) = tensor_shape(field) {
        metadata.insert(SHAPE.to_owned(), format!("[{width},{dim}]"));
    }
    metadata.retain(|key, _| !key.starts_with("ARROW:extension:"));
    field.clone().with_data_type(data_type).with_metadata(metadata)
}

#[cfg(test)]
mod tests {
    use super::super::FEATURES;
    use super::*;

    #[test]
    fn features_before_frames_are_refused() {
        let field = |of: &str| {
            let metadata = [("ARROW:extension:metadata".to_owned(), of.to_owned())];
            Field::new(FEATURES, features_type(2, 10), false).with_metadata(metadata.into())
        };
        for exchanged in
            [r#"{"shape":[2,10],"permutation":[1,0]}"#, r#"{"shape":[2,10],"dim_names":["feature","time"]}"#]
        {
            let error = check_axes("training", &field(exchanged)).unwrap_err().to_string();
            assert!(error.contains("'features' is a tensor in which features come before frames"), "{error}");
        }
        check_axes("training", &field(r#"{"shape":[2,10],"permutation":[0,1]}"#)).unwrap();
        check_axes("training", &features_field(FEATURES, 2, 10, &[])).unwrap();
        check_axes("training", &Field::new(FEATURES, DataType::Float32, false)).unwrap();
    }

    #[test]
    fn features_with_nulls_keep_their_shape_and_names_but_are_no_tensor() {
        let names = ["x".to_owned(), "y".to_owned()];
        let field = with_nulls(&features_field(FEATURES, 3, 2, &names));
        assert_eq!((tensor_shape(&field), feature_names(&field)), (Some((3, 2)), names.to_vec()));
        assert_eq!(field.data_type(), &features_type(3, 2));
        assert_eq!(field.metadata().keys().filter(|key| key.starts_with("ARROW")).count(), 0);
        assert_eq!(with_nulls(&field), field);
        assert_eq!(tensor_shape(&Field::new(FEATURES, features_type(3, 2), false)), None);
    }
}
