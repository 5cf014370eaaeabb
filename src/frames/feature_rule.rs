//! Which columns of frames are features where nobody names them. Pure: a schema in, names out.
//!
//! The rule, for every function that takes frames: **every numeric column is a feature** (any integer, float or decimal
//! width), in the order of the subquery, but for
//!
//! * the columns of `by`, `order_by` and `time`;
//! * columns that are known by their name, in upper or lower case: who or what a row is of, or an index of pandas
//!   ([`is_identity`]), its class ([`is_label`]), its number ([`is_number`]), its time ([`is_time`]); and the columns that
//!   posequel itself makes ([`OWN`]: `weight`, `fold`, `split`, `window_id` ...);
//! * the clock that pose_resample gave its frames ([`ROLE`]), whatever its name.
//!
//! Where there is a column `features` of lists, it alone is taken. Truth values, texts and dates ride along.
//! `features => [...]` is never second-guessed.

use std::borrow::Cow;

use arrow::datatypes::{DataType, Field, Schema};

use crate::notes::shortened;
use crate::schema::{DOUBTFUL_ENDINGS, FEATURES, LABEL, OWN, ROLE, TIME, is_identity, is_label, is_number, is_time};

/// What was guessed of a table of frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Guess {
    /// The features, in the order of the columns.
    pub taken: Vec<String>,
    /// Columns of numbers that are none, with their types: `trial (Int64)`. Without those that every caller expects:
    /// the keys, the order, the time, the label and the columns of posequel itself.
    pub left_out: Vec<String>,
    /// Those of the features that say how sure a tracker was, by their name.
    pub doubtful: Vec<String>,
    /// Columns of text that are called like a feature but for one letter, as `z` beside `x` and `y`: a number in it may be
    /// written in a way that is none, such as `NA` or `0,5`.
    pub texts: Vec<String>,
}

/// The columns that the caller has named, or that are found by their usual name.
#[derive(Debug, Clone, Copy)]
pub struct Roles<'a> {
    /// The keys of a recording.
    pub by: &'a [String],
    /// The number of a frame.
    pub order_by: &'a str,
    /// When a frame was recorded, where the caller says so.
    pub time: Option<&'a str>,
}

impl Roles<'_> {
    fn has(&self, name: &str) -> bool {
        self.by.iter().any(|key| key == name) || self.order_by == name || self.time == Some(name)
    }
}

/// The features of frames of this schema.
pub fn guess(schema: &Schema, roles: &Roles) -> Guess {
    // A column of this name is what posequel makes of joints, whatever stands beside it.
    let list = schema.field_with_name(FEATURES).is_ok_and(|field| !field.data_type().is_numeric());
    let mut guess = Guess { taken: vec![], left_out: vec![], doubtful: vec![], texts: vec![] };
    // What pandas makes of an index of several levels.
    let indexed = schema.index_of("level_0").is_ok();
    for field in schema.fields() {
        let (name, kind) = (field.name().as_str(), field.data_type());
        if roles.has(name) || (list && name == FEATURES) {
            continue;
        }
        match Numbers::of(kind) {
            Numbers::None => {}
            Numbers::Column if !(list || is_known(name) || is_clock(field) || indexed && is_level(name)) => {
                if is_doubtful(name) {
                    guess.doubtful.push(name.to_owned());
                }
                guess.taken.push(name.to_owned());
            }
            _ if is_expected(name) => {}
            _ => guess.left_out.push(format!("{} ({})", shown(name), type_name(kind))),
        }
    }
    if list {
        guess.taken = vec![FEATURES.to_owned()];
    }
    let texts = schema.fields().iter().filter(|field| is_text(field.data_type())).map(|field| field.name().as_str());
    let texts = texts.filter(|name| !roles.has(name) && !is_known(name));
    guess.texts = texts
        .filter(|name| guess.taken.iter().any(|feature| is_twin(feature, name)))
        .map(shown)
        .map(Cow::into)
        .collect();
    guess
}

fn is_level(name: &str) -> bool {
    name.strip_prefix("level_").is_some_and(|level| level.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a column is marked as the clock of its frames.
fn is_clock(field: &Field) -> bool {
    field.metadata().get(ROLE).is_some_and(|role| role == TIME)
}

/// Whether two names differ in one letter: `nose_x` and `nose_y`. Of names of one letter only axes do.
fn is_twin(one: &str, other: &str) -> bool {
    let is_axis = |name: &str| name.len() > 1 || "xyzXYZ".contains(name);
    if !is_axis(one) || !is_axis(other) {
        return false;
    }
    one.len() == other.len() && one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count() == 1
}

fn is_text(kind: &DataType) -> bool {
    kind.is_string() || matches!(kind, DataType::Dictionary(_, values) if values.is_string())
}

impl Guess {
    /// What a caller should know of the guess, where there is something: `6 features: ax, ay, ...; left out: trial (Int64)`.
    /// `dim` is the number of values in a frame.
    pub fn line(&self, dim: usize) -> Option<String> {
        if self.left_out.is_empty() && self.doubtful.is_empty() && self.texts.is_empty() {
            return None;
        }
        let plural = if dim == 1 { "" } else { "s" };
        let mut line = match self.taken.as_slice() {
            [] => "no feature".to_owned(),
            [only] if only == FEATURES && dim > 1 => format!("{dim} features: the list '{FEATURES}'"),
            taken => format!("{dim} feature{plural}: {}", shortened(taken)),
        };
        if !self.left_out.is_empty() {
            line += &format!("; left out: {}", shortened(&self.left_out));
        }
        if !self.texts.is_empty() {
            line += &format!("; text, so no feature: {} (pose_inventory tells what is in it)", shortened(&self.texts));
        }
        if !self.doubtful.is_empty() {
            line += &format!(
                "; doubtful: {} (how sure a tracker was: make joints that are unsure NULL with pose_mask, or leave such columns out)",
                shortened(&self.doubtful)
            );
        }
        Some(line)
    }
}

/// Whether a column of this name is never guessed as a feature.
pub fn is_known(name: &str) -> bool {
    is_identity(name)
        || is_label(name)
        || is_number(name)
        || is_time(name)
        || OWN.contains(&name.trim().to_lowercase().as_str())
}

/// Whether the name says how sure a tracker was.
pub fn is_doubtful(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    DOUBTFUL_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Nobody takes these for features, so that nothing needs to be said.
fn is_expected(name: &str) -> bool {
    name == TIME || name == LABEL || OWN.contains(&name)
}

/// Whether a column holds numbers.
enum Numbers {
    None,
    /// One a row.
    Column,
    /// In lists, or coded as a dictionary.
    Nested,
}

impl Numbers {
    fn of(kind: &DataType) -> Self {
        match kind {
            kind if kind.is_numeric() => Self::Column,
            kind if holds_numbers(kind) => Self::Nested,
            _ => Self::None,
        }
    }
}

/// Whether there are numbers anywhere in values of this type.
fn holds_numbers(kind: &DataType) -> bool {
    match kind {
        DataType::Struct(fields) => fields.iter().any(|field| holds_numbers(field.data_type())),
        kind => kind.is_numeric() || inner(kind).is_some_and(holds_numbers),
    }
}

/// The type of the values inside a list or a dictionary.
fn inner(kind: &DataType) -> Option<&DataType> {
    match kind {
        DataType::FixedSizeList(item, _) | DataType::List(item) | DataType::LargeList(item) => Some(item.data_type()),
        DataType::ListView(item) | DataType::LargeListView(item) => Some(item.data_type()),
        DataType::Dictionary(_, values) => Some(values),
        DataType::RunEndEncoded(_, values) => Some(values.data_type()),
        _ => None,
    }
}

fn type_name(kind: &DataType) -> Cow<'static, str> {
    match (kind, inner(kind)) {
        (DataType::Dictionary(..), Some(values)) => format!("dictionary of {values}").into(),
        (DataType::RunEndEncoded(..), Some(values)) => format!("runs of {values}").into(),
        (DataType::FixedSizeList(_, size), Some(item)) => format!("lists of {size} {}", type_name(item)).into(),
        (_, Some(item)) => format!("lists of {}", type_name(item)).into(),
        (DataType::Struct(fields), _) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            format!("struct of {}", names.join(", ")).into()
        }
        _ => kind.to_string().into(),
    }
}

/// A name that can be seen: a column of pandas may have none.
fn shown(name: &str) -> Cow<'_, str> {
    if name.trim().is_empty() { format!("'{name}'").into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow::datatypes::DataType::{
        Boolean, Date32, Decimal32, Decimal64, Decimal128, Decimal256, Float16, Float32, Float64, Int8, Int16, Int32,
        Int64, UInt8, UInt16, UInt32, UInt64, Utf8,
    };

    const KEYS: [&str; 2] = ["source", "video"];

    fn of(columns: &[(&str, DataType)]) -> Guess {
        let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true));
        let by = KEYS.map(str::to_owned);
        guess(&Schema::new(fields.collect::<Vec<_>>()), &Roles { by: &by, order_by: "frame", time: Some("clock") })
    }

    #[test]
    fn every_type_of_number_is_a_feature() {
        let kinds = [
            Int8,
            Int16,
            Int32,
            Int64,
            UInt8,
            UInt16,
            UInt32,
            UInt64,
            Float16,
            Float32,
            Float64,
            Decimal32(9, 2),
            Decimal64(18, 2),
            Decimal128(38, 2),
            Decimal256(76, 2),
        ];
        let columns: Vec<(String, DataType)> =
            kinds.into_iter().enumerate().map(|(i, kind)| (format!("x{i}"), kind)).collect();
        let columns: Vec<(&str, DataType)> = columns.iter().map(|(name, kind)| (name.as_str(), kind.clone())).collect();
        let guess = of(&columns);
        assert_eq!(guess.taken, columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert_eq!(guess.line(15), None);
        assert_eq!(of(&[("subject", Int8)]).line(0).unwrap(), "no feature; left out: subject (Int8)");
    }

    #[test]
    fn truth_values_texts_and_dates_ride_along() {
        let guess = of(&[("x", Float32), ("seen", Boolean), ("note", Utf8), ("day", Date32)]);
        assert_eq!((guess.taken, guess.left_out), (vec!["x".to_owned()], vec![]));
    }

    #[test]
    fn roles_and_columns_of_ours_are_no_features_and_need_no_word() {
        let names =
            ["source", "video", "frame", "clock", "t", "label", "weight", "fold", "split", "frame_start", "copy"];
        let mut columns: Vec<_> = names.into_iter().map(|name| (name, Float64)).collect();
        columns.push(("x", Int16));
        let guess = of(&columns);
        assert_eq!(guess.taken, ["x"]);
        assert_eq!(guess.line(1), None);
    }

    #[test]
    fn names_that_are_known_are_left_out_in_any_case_and_said() {
        let names = [
            "subject",
            "Subject",
            "SUBJECT_ID",
            "subjectId",
            "person",
            "animal",
            "individual",
            "track",
            "track_id",
            "session",
            "trial",
            "take",
            "camera",
            "side",
            "sex",
            "age",
            "recording",
            "frame_idx",
            "frame_number",
            "FrameNumber",
            "Frame",
            "index",
            "Index",
            "__index_level_0__",
            "__index_level_12__",
            "Unnamed: 0",
            "Unnamed: 0.1",
            "",
            "time",
            "Time",
            "timestamp",
            "Timestamp_ms",
            "seconds",
            "ms",
            "time_ms",
            "T",
            "Label",
            "activity",
            "ActivityID",
            "class",
            "Class",
            "Weight",
            "id",
            "ts",
            "Time (s)",
            "time[ms]",
            "elapsed",
            "sensor_timestamp",
            "PacketCounter",
            "event_id",
            "phase",
            "Condition",
            "annotation",
            "pose_id",
            "fps",
            "sample",
            "class_label",
            "label_encoded",
            "label2",
            "y_true",
            "gt",
            "level_0",
            "unnamed_0",
            "_row",
            "...1",
            "__null_dask_index__",
            "seconds_elapsed",
            "t (s)",
            "timestamp [ns]",
            "timestamp_utc",
            "time_in_s",
            "worldTime",
            "utc",
            "milliseconds",
            "unixtime",
            "ts_ms",
            "Frame #",
            "Frame No.",
            "seq",
            "TimeStamp",
            "timeStamp",
            "time_stamp",
            "time_usec",
            "%time",
            "header.stamp.secs",
            "field.header.stamp",
            "locationTimestamp_since1970(s)",
            "motionTimestamp_sinceReboot(s)",
            "time_since_start",
            "millis_since_start",
            "time_rel",
            "timestamp1",
            "time_min",
            "ElapsedMinutes",
            "timecode",
        ];
        for name in names {
            let guess = of(&[("x", Float32), (name, Float64)]);
            assert_eq!(guess.taken, ["x"], "{name:?}");
            // Weight in capitals is none of ours to be used, and so it is said, too.
            assert_eq!(guess.left_out, [format!("{} (Float64)", shown(name))], "{name:?}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_features() {
        for name in [
            "index_x", "sidebend", "timing", "tx", "trial_x", "ages", "frame_x", "x", "nose_v", "tilt", "videos",
            "speed_ms", "rms", "x (s)", "level", "target_x", "sampled", "tens", "0",
        ] {
            assert_eq!(of(&[(name, Float32)]).taken, [name], "{name}");
        }
    }

    #[test]
    fn how_sure_a_tracker_was_is_a_feature_that_is_named() {
        let guess = of(&[("nose_x", Float32), ("nose_likelihood", Float32), ("Left_Visibility", Float32)]);
        assert_eq!(guess.taken, ["nose_x", "nose_likelihood", "Left_Visibility"]);
        assert_eq!(guess.doubtful, ["nose_likelihood", "Left_Visibility"]);
        let line = guess.line(3).unwrap();
        assert!(line.starts_with("3 features: nose_x, nose_likelihood, Left_Visibility; doubtful: nose_likelihood, L"));
        assert!(line.contains("pose_mask"), "{line}");
    }

    #[test]
    fn a_list_of_that_name_is_taken_alone_and_what_stands_beside_it_is_said() {
        let list = |kind, size| DataType::FixedSizeList(Arc::new(Field::new_list_field(kind, true)), size);
        let guess =
            of(&[("features", list(Float32, 36)), ("accuracy", Float64), ("raw", list(Float64, 2)), ("t", Float64)]);
        let line = guess.line(36).unwrap();
        assert_eq!(line, "36 features: the list 'features'; left out: accuracy (Float64), raw (lists of 2 Float64)");
        // A number under that name is a number like any other.
        assert_eq!(of(&[("features", Float32), ("x", Int8)]).taken, ["features", "x"]);
    }

    #[test]
    fn a_clock_that_was_marked_is_no_feature() {
        let clock = Field::new("when", Float64, true).with_metadata([(ROLE.to_owned(), TIME.to_owned())].into());
        let schema = Schema::new(vec![Field::new("x", Float32, true), clock]);
        assert_eq!(guess(&schema, &Roles { by: &[], order_by: "frame", time: None }).taken, ["x"]);
    }

    #[test]
    fn a_text_among_coordinates_is_said() {
        let guess = of(&[("nose_x", Float64), ("nose_y", Float64), ("nose_z", Utf8), ("note", Utf8), ("side", Utf8)]);
        assert_eq!(guess.texts, ["nose_z"]);
        let line = guess.line(2).unwrap();
        assert_eq!(
            line,
            "2 features: nose_x, nose_y; text, so no feature: nose_z (pose_inventory tells what is in it)"
        );
    }

    #[test]
    fn levels_of_an_index_are_known_by_their_first() {
        assert_eq!(of(&[("level_0", Int64), ("level_1", Int64), ("x", Float32)]).taken, ["x"]);
        assert_eq!(of(&[("level_1", Int64), ("level_2", Float64)]).taken, ["level_1", "level_2"]);
    }

    #[test]
    fn numbers_deep_inside_are_said() {
        let points: arrow::datatypes::Fields =
            vec![Field::new("x", Float64, true), Field::new("y", Float64, true)].into();
        let of_points = DataType::List(Arc::new(Field::new_list_field(DataType::Struct(points), true)));
        let guess = of(&[("width", Float32), ("points", of_points)]);
        assert_eq!(guess.line(1).unwrap(), "1 feature: width; left out: points (lists of struct of x, y)");
    }

    #[test]
    fn categories_of_numbers_ride_along_and_are_said() {
        let category = DataType::Dictionary(Box::new(Int8), Box::new(Int64));
        let guess = of(&[("x", Float32), ("level", category)]);
        assert_eq!(guess.line(1).unwrap(), "1 feature: x; left out: level (dictionary of Int64)");
    }
}
