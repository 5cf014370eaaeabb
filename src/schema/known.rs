//! What a column of frames is by its name, in small or capital letters: who or what a row is of, its class, its number, its
//! time. Pure: a name in, a role out.

use arrow::datatypes::Schema;

use super::sql_name::sql_name;
use super::{
    COPY, FILLED, FOLD, FRAME, FRAME_END, FRAME_START, FRAMES, LABEL, OPERATIONS, PURITY, RECORDING, REPEAT, SOURCE,
    SOURCE_WINDOW_ID, SPLIT, SPLIT_MODE, SUBJECT, TIME, VALID_LEN, VERSION, VIDEO, WEIGHT, WINDOW_ID,
};

/// Who or what a row is of, with or without one of [`ENDINGS`].
const IDENTITIES: [&str; 44] = [
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
    "group",
    "task",
    "event",
    "condition",
    "phase",
    "state",
    "status",
    "block",
    "round",
    "rep",
    "reps",
    "set",
    "cluster",
    "stimulus",
    "code",
    "det",
    "bbox",
    "fps",
];
/// The class, with or without an ending as in `class_id`; also what an error names where the column [`LABEL`] is missing.
pub const LABELS: [&str; 15] = [
    LABEL,
    "labels",
    "activity",
    "class",
    "action",
    "target",
    "category",
    "gesture",
    "exercise",
    "behavior",
    "behaviour",
    "pose",
    "movement",
    "motion",
    "annotation",
];
/// What somebody says the class is, with or without one of [`ENDINGS`].
const ANSWERS: [&str; 8] = ["y_true", "y_pred", "gt", "ground_truth", "truth", "pred", "prediction", "predictions"];
/// The number of a frame or of a row, with or without one of [`ENDINGS`].
const NUMBERS: [&str; 5] = [FRAME, "sample", "packet", "counter", "seq"];
/// What may follow such a name: `subject_id`, `frame_idx`, `FrameNumber`.
const ENDINGS: [&str; 10] = ["id", "idx", "index", "no", "nr", "num", "number", "counter", "name", "code"];
/// What may follow a class that was made a number: `label_encoded`.
const ENCODED: [&str; 6] = ["encoded", "enc", "int", "cat", "numeric", "true"];
/// A clock, as the whole name but for a unit: `t`, `time_ms`, `TimeStamp`.
const CLOCKS: [&str; 13] = [
    TIME,
    "ts",
    "time",
    "times",
    "timestamp",
    "timestamps",
    "datetime",
    "epoch",
    "clock",
    "elapsed",
    "tstamp",
    "timecode",
    "unixtime",
];
/// The last word of a clock, whatever stands before it: `sensor_timestamp`, `seconds_elapsed`.
const LAST_WORDS: [&str; 7] = ["timestamp", "timestamps", "datetime", "epoch", "clock", "elapsed", "stamp"];
/// What stands before `time` in a clock. Of `stride_time` and `reaction_time` nobody knows whether they are features: they are.
const BEFORE_TIME: [&str; 15] = [
    "frame",
    "sensor",
    "system",
    "unix",
    "world",
    "device",
    "host",
    "relative",
    "elapsed",
    "gps",
    "recording",
    "video",
    "capture",
    "ros",
    "date",
];
/// Units of time beside a clock: `time_usec`, `timestamp_utc`, `time_in_s`, `stamp_secs`.
const UNITS: [&str; 26] = [
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "ms",
    "msec",
    "msecs",
    "millis",
    "milliseconds",
    "us",
    "usec",
    "usecs",
    "micros",
    "microseconds",
    "ns",
    "nsec",
    "nsecs",
    "nanos",
    "nanoseconds",
    "min",
    "minutes",
    "unix",
    "utc",
    "in",
    "rel",
];
/// Units that are a clock by themselves. One or two letters are not: `s` is a place, too, and `ns` from north to south.
const ALONE: [&str; 12] = [
    "sec",
    "secs",
    "seconds",
    "ms",
    "msec",
    "millis",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "minutes",
    "unix",
    "utc",
];
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

/// Whether a column of this name says who or what a row is of, or is an index that pandas, dask or R left.
pub fn is_identity(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let numbered = |prefix: &str, end: &str| {
        let level = lower.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(end));
        level.is_some_and(|level| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()))
    };
    lower.is_empty()
        || numbered("__index_level_", "__")
        || lower == "level_0"
        || numbered("unnamed_", "")
        || numbered("...", "")
        || lower.starts_with("unnamed:")
        || lower == "__null_dask_index__"
        || is_one(name, &IDENTITIES)
}

/// Whether a column of this name holds a class, or an answer to which it is: `activity`, `class_id`, `label_encoded`, `y_true`.
pub fn is_label(name: &str) -> bool {
    may_be_label(name) || is_one(name, &ANSWERS)
}

fn may_be_label(name: &str) -> bool {
    let words = words(name);
    let is_word = |word: &String| matches!(word.trim_end_matches(|c: char| c.is_ascii_digit()), "label" | "labels");
    let is_encoded = || words.len() == 2 && is_word(&words[0]) && ENCODED.contains(&words[1].as_str());
    is_one(name, &LABELS) || words.last().is_some_and(is_word) || is_encoded()
}

/// Whether a column of this name numbers frames or rows.
pub fn is_number(name: &str) -> bool {
    is_one(name, &NUMBERS)
}

/// Whether a column of this name is a clock: `t`, `Time (s)`, `sensor_timestamp`, `time_since_start`.
pub fn is_time(name: &str) -> bool {
    let (words, plain) = (words(name), plain(name));
    let joined = || UNITS.iter().any(|unit| plain.strip_suffix(unit).is_some_and(|clock| CLOCKS.contains(&clock)));
    ALONE.contains(&plain.as_str()) || is_clock(without_units(&words)) || tells_since(&words) || joined()
}

/// The words before the units at the end; one word is never taken away.
fn without_units(mut words: &[String]) -> &[String] {
    while let [before @ .., unit] = words
        && !before.is_empty()
        && UNITS.contains(&unit.as_str())
    {
        words = before;
    }
    words
}

fn is_clock(words: &[String]) -> bool {
    let [before @ .., last] = words else { return false };
    let name = words.concat();
    // `timestamp2`, but not `t2`.
    let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
    CLOCKS.contains(&name.as_str())
        || (numbered.len() > 2 && CLOCKS.contains(&numbered))
        || LAST_WORDS.contains(&last.as_str())
        || (last == "time" && before.iter().all(|word| BEFORE_TIME.contains(&word.as_str())))
}

/// `time_since_start`, `millis_since_boot`, `locationTimestamp_since1970`
fn tells_since(words: &[String]) -> bool {
    let since = words.iter().position(|word| word.starts_with("since"));
    since.and_then(|since| words[..since].last()).is_some_and(|word| {
        let word = word.as_str();
        CLOCKS.contains(&word) || LAST_WORDS.contains(&word) || UNITS.contains(&word)
    })
}

/// Whether `name` is one of `names`, with or without one of [`ENDINGS`].
fn is_one(name: &str, names: &[&str]) -> bool {
    let name = plain(name);
    let has_stem = |ending: &&str| {
        let stem = name.strip_suffix(*ending).map(|stem| stem.trim_end_matches(SEPARATORS));
        stem.is_some_and(|stem| names.contains(&stem))
    };
    names.contains(&name.as_str()) || ENDINGS.iter().any(has_stem)
}

const SEPARATORS: [char; 6] = ['_', '-', '.', ' ', '#', ':'];

/// A name in small letters, without a unit in brackets and what stands at its ends: `Time (s)`, `frame#`, `_row`.
fn plain(name: &str) -> String {
    bare(name).trim_matches(SEPARATORS).to_lowercase()
}

fn bare(name: &str) -> &str {
    let name = name.trim().trim_start_matches('%');
    match name.find(['(', '[']) {
        Some(unit) if unit > 0 && name.ends_with([')', ']']) => &name[..unit],
        _ => name,
    }
}

/// The words of a name in small letters: `sensorTime` and `sensor_time` have two.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut before) = (vec![String::new()], None::<char>);
    for letter in bare(name).chars() {
        let begins = letter.is_uppercase() && before.is_some_and(char::is_lowercase);
        if begins || SEPARATORS.contains(&letter) {
            words.push(String::new());
        }
        if let (false, Some(word)) = (SEPARATORS.contains(&letter), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        before = Some(letter);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The columns that may hold the class, by their names, where none is called [`LABEL`].
pub fn label_like(schema: &Schema) -> Vec<&str> {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let found: Vec<&str> = names.filter(|name| may_be_label(name)).collect();
    if found.contains(&LABEL) { vec![] } else { found }
}

/// What to write where the column [`LABEL`] is missing and another looks like it; else nothing.
pub fn label_hint(schema: &Schema) -> String {
    match label_like(schema).first() {
        Some(name) => format!("; write {} AS {LABEL} in the subquery", sql_name(name)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

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
    }
}
