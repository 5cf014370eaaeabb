//! The column names and Arrow types of every relation: nowhere else is a name spelled out.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};

/// Where the frames come from: a camera, a data set, a laboratory.
pub const SOURCE: &str = "source";
/// The recording.
pub const VIDEO: &str = "video";
/// The recording by one name, `source/video`; in tables of models.
pub const RECORDING: &str = "recording";
/// The person or animal; NULL when unknown.
pub const SUBJECT: &str = "subject";
/// The number of the frame, rising within a recording.
pub const FRAME: &str = "frame";
/// Seconds since the recording began; NULL when unknown.
pub const TIME: &str = "t";
/// The class.
pub const LABEL: &str = "label";

/// Name of a window, unique over a dataset: its keys and first frame, `source/video:frame`.
pub const WINDOW_ID: &str = "window_id";
/// First frame of a window or segment.
pub const FRAME_START: &str = "frame_start";
/// Last frame of a window or segment, inclusive.
pub const FRAME_END: &str = "frame_end";
/// Frames in a segment.
pub const FRAMES: &str = "frames";
/// Share of a window's frames that carry its label, in (0, 1].
pub const PURITY: &str = "purity";
/// Frames of a window that were recorded; the rest is padding.
pub const VALID_LEN: &str = "valid_len";
/// The values of a window, [width, D] in row-major order.
pub const FEATURES: &str = "features";

/// The key under which the metadata of a column of values says their unit: `with_metadata(ax, 'unit', 'm/s^2')`.
pub const UNIT: &str = "unit";

/// How many values of each feature of a window were missing and were filled, \[D\]; only where `nulls` fills.
pub const FILLED: &str = "filled";

/// The side of a split: [`TRAIN`], [`VALIDATION`] or [`TEST`].
pub const SPLIT: &str = "split";
/// What the net learns from.
pub const TRAIN: &str = "train";
/// What early stopping watches.
pub const VALIDATION: &str = "validation";
/// What nobody looks at before the end.
pub const TEST: &str = "test";

/// How the sides were made, where that limits what the result means: `time`.
pub const SPLIT_MODE: &str = "split_mode";

/// The version of a model that a row is of.
pub const VERSION: &str = "version";

/// The fold of a cross-validation, from 1.
pub const FOLD: &str = "fold";
/// Which draw of folds a row is in, from 1.
pub const REPEAT: &str = "repeat";

/// The window an augmented copy was made from; its own id for an original.
pub const SOURCE_WINDOW_ID: &str = "source_window_id";
/// 0 for an original, 1.. for its copies.
pub const COPY: &str = "copy";
/// What was done to a copy, with the drawn parameters; empty for an original.
pub const OPERATIONS: &str = "operations";
/// Class weight of a row in the loss.
pub const WEIGHT: &str = "weight";

/// Columns that say who or what a row is of: never guessed as features, with or without [`ID_ENDINGS`].
pub const IDENTITIES: [&str; 26] = [
    SOURCE,
    VIDEO,
    RECORDING,
    SUBJECT,
    "person",
    "participant",
    "patient",
    "animal",
    "individual",
    "track",
    "session",
    "trial",
    "take",
    "clip",
    "sequence",
    "segment",
    "repetition",
    "camera",
    "side",
    "sex",
    "gender",
    "age",
    "id",
    "row",
    "index",
    "idx",
];
/// Columns that hold a class: never guessed as features, with or without [`ID_ENDINGS`], and what an error names where
/// the column [`LABEL`] is missing.
pub const LABELS: [&str; 19] = [
    LABEL,
    "labels",
    "class_label",
    "target_label",
    "label_encoded",
    "ground_truth",
    "truth",
    "y_true",
    "y_pred",
    "prediction",
    "activity",
    "class",
    "action",
    "target",
    "category",
    "gesture",
    "exercise",
    "behavior",
    "behaviour",
];
/// Columns that number frames: never guessed as features, with or without [`ID_ENDINGS`].
pub const NUMBERS: [&str; 4] = [FRAME, "sample", "packet", "counter"];
/// What may follow such a name: `subject_id`, `frame_idx`, `FrameNumber`.
pub const ID_ENDINGS: [&str; 10] = ["id", "idx", "index", "no", "nr", "num", "number", "counter", "name", "code"];
/// Columns that are a clock: never guessed as features, with or without [`TIME_ENDINGS`].
pub const TIMES: [&str; 20] = [
    TIME,
    "time",
    "timestamp",
    "timestamps",
    "time_stamp",
    "datetime",
    "date_time",
    "epoch",
    "clock",
    "elapsed",
    "elapsed_time",
    "frame_time",
    "frame_timestamp",
    "sensor_time",
    "sensor_timestamp",
    "unix_time",
    "unix_timestamp",
    "seconds",
    "sec",
    "ms",
];
/// The units that may follow such a name: `time_ms`, `timestamp_us`.
pub const TIME_ENDINGS: [&str; 8] = ["s", "sec", "secs", "seconds", "ms", "us", "ns", "unix"];
/// Columns of posequel itself, which are never guessed as features either.
pub const OWN: [&str; 17] = [
    WEIGHT,
    SPLIT,
    SPLIT_MODE,
    FOLD,
    REPEAT,
    VERSION,
    WINDOW_ID,
    SOURCE_WINDOW_ID,
    COPY,
    OPERATIONS,
    FRAME_START,
    FRAME_END,
    FRAMES,
    PURITY,
    VALID_LEN,
    FILLED,
    "predicted",
];
/// How a column ends that says how sure a tracker was of a joint: a feature, but a doubtful one.
pub const DOUBTFUL_ENDINGS: [&str; 5] = ["likelihood", "score", "confidence", "visibility", "presence"];

/// Whether `name` is one of `names`, in upper or lower case, or one of them with an ending: `subject`, `Subject_ID`. A unit
/// in brackets does not count: `Time (s)`, `time[ms]`.
pub fn is_named(name: &str, names: &[&str], endings: &[&str]) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let name = match name.find(['(', '[']) {
        Some(unit) if unit > 0 && name.ends_with([')', ']']) => name[..unit].trim_end().to_owned(),
        _ => name,
    };
    let has_stem = |ending: &&str| {
        let stem = name.strip_suffix(*ending).map(|stem| stem.trim_end_matches(['_', '-', '.', ' ']));
        stem.is_some_and(|stem| names.contains(&stem))
    };
    names.contains(&name.as_str()) || endings.iter().any(has_stem)
}

/// The columns that may hold the class, by their names, where none is called [`LABEL`].
pub fn label_like(schema: &Schema) -> Vec<&str> {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let found: Vec<&str> = names.filter(|name| is_named(name, &LABELS, &ID_ENDINGS)).collect();
    if found.contains(&LABEL) { vec![] } else { found }
}

/// What to write where the column [`LABEL`] is missing and another looks like it; else nothing.
pub fn label_hint(schema: &Schema) -> String {
    match label_like(schema).first() {
        Some(name) => format!("; write {} AS {LABEL} in the subquery", sql_name(name)),
        None => String::new(),
    }
}

/// The name of a column as SQL wants it: in quotes where it is not plain and lower case.
pub fn sql_name(name: &str) -> String {
    let is_plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The names of columns as SQL wants them, `source, "Video"`.
pub fn sql_names(names: &[String]) -> String {
    names.iter().map(|name| sql_name(name)).collect::<Vec<_>>().join(", ")
}

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

/// What a column is, in the metadata of its field: [`TIME`] where it is the clock of its frames, as pose_resample marks it.
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
    use super::*;

    #[test]
    fn a_column_that_looks_like_the_label_is_named_as_sql_wants_it() {
        let schema = |names: &[&str]| {
            Schema::new(names.iter().map(|n| Field::new(*n, DataType::Utf8, true)).collect::<Vec<_>>())
        };
        assert_eq!(label_hint(&schema(&["video", "activity", "x"])), "; write activity AS label in the subquery");
        assert_eq!(label_hint(&schema(&["video", "Class Name"])), "; write \"Class Name\" AS label in the subquery");
        assert_eq!(label_hint(&schema(&["video", "Label"])), "; write \"Label\" AS label in the subquery");
        assert_eq!(label_hint(&schema(&["label", "activity"])), "");
        assert_eq!(label_hint(&schema(&["video", "x"])), "");
        assert_eq!(sql_name("a\"b"), "\"a\"\"b\"");
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
