//! The column that tells when frames were recorded, where nobody names it.

use arrow::datatypes::{DataType, Field, Schema};

use crate::frames::times::{TimeColumn, Unit};
use crate::schema::{TIME, is_time};

/// So many units of a clock that counts whole ones tell a rate to 1 %.
const FINE: f64 = 100.0;

/// How the name of a clock tells its unit, in this order: `milliseconds` ends with `seconds`, too.
const UNITS: [(Unit, &[&str]); 4] = [
    (Unit::Milliseconds, &["ms", "msec", "msecs", "millis", "milliseconds"]),
    (Unit::Microseconds, &["us", "usec", "usecs", "micros", "microseconds"]),
    (Unit::Nanoseconds, &["ns", "nsec", "nsecs", "nanos", "nanoseconds"]),
    (Unit::Seconds, &["s", "sec", "secs", "second", "seconds"]),
];

/// A column of times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct ClockColumn {
    /// Its name and unit.
    pub time: TimeColumn,
    /// Whether it is a clock by its name alone: then rates are compared by it, and nothing else is said of it.
    pub by_name: bool,
}

impl ClockColumn {
    /// The column `t`, else the only one of timestamps, else the only one of numbers that is called a clock, such as `time`
    /// or `timestamp_ms`, and is none of `others`. `unit` is that of numbers, where the caller of `function` says it.
    pub fn find(function: &str, schema: &Schema, unit: Option<Unit>, others: &[String]) -> Option<Self> {
        let column = |name: &str| TimeColumn { name: name.to_owned(), unit };
        let tells = |time: &TimeColumn| {
            schema.field_with_name(&time.name).is_ok_and(|field| time.check(function, field.data_type()).is_ok())
        };
        let timestamp = || only(schema, |field| matches!(field.data_type(), DataType::Timestamp(..))).map(column);
        let by_type = Some(column(TIME)).filter(tells).or_else(|| timestamp().filter(tells));
        let is_called = |field: &Field| {
            let name = field.name();
            field.data_type().is_numeric() && is_time(name) && !others.contains(name)
        };
        let by_name = || {
            let name = only(schema, is_called)?;
            let time = TimeColumn { name: name.to_owned(), unit: unit.or_else(|| unit_of(name)) };
            Some(Self { time, by_name: true })
        };
        by_type.map(|time| Self { time, by_name: false }).or_else(by_name)
    }

    /// The least seconds from one row to another that tell a rate; `is_whole` says whether times are whole numbers, which may
    /// be so coarse that many rows have the same.
    pub fn least(&self, is_whole: bool) -> f64 {
        let per_second = self.time.unit.unwrap_or(Unit::Seconds).per_second();
        if self.by_name && is_whole { FINE / per_second } else { 0.0 }
    }
}

/// The only column of a kind.
fn only(schema: &Schema, is: impl Fn(&Field) -> bool) -> Option<&str> {
    let mut found = schema.fields().iter().filter(|field| is(field)).map(|field| field.name().as_str());
    found.next().filter(|_| found.next().is_none())
}

/// The unit that is a word of a clock's name, or ends it: `time_ms`, `Time (s)`, `seconds_elapsed`, `timestampNs`.
fn unit_of(name: &str) -> Option<Unit> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let ends = |unit: &str| unit.len() > 1 && words.last().is_some_and(|word| word.ends_with(unit));
    let is = |unit: &&str| words.contains(unit) || ends(unit);
    UNITS.iter().find(|(_, units)| units.iter().any(is)).map(|(unit, _)| *unit)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    #[test]
    fn a_name_tells_a_unit_or_none() {
        let of = |names: &[&str]| names.iter().map(|name| unit_of(name)).collect::<Vec<_>>();
        assert_eq!(of(&["time", "timestamp", "timestamps", "ts", "times", "epoch", "elapsed", "time_unix"]), [None; 8]);
        assert_eq!(of(&["time_ms", "ms", "timeMs", "Time [ms]", "time (msec)"]), [Some(Unit::Milliseconds); 5]);
        assert_eq!(of(&["seconds", "time_in_s", "Time (s)", "time.secs", "seconds_elapsed"]), [Some(Unit::Seconds); 5]);
        assert_eq!(of(&["timestamp_us", "epoch_ns"]), [Some(Unit::Microseconds), Some(Unit::Nanoseconds)]);
    }

    #[test]
    fn t_is_before_timestamps_and_these_before_a_name() {
        let find = |columns: &[(&str, DataType)], others: &[String]| {
            let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true));
            ClockColumn::find("f", &Schema::new(fields.collect::<Vec<_>>()), None, others)
        };
        let found = |columns: &[(&str, DataType)]| find(columns, &[]).map(|clock| (clock.time.name, clock.by_name));
        let (t, time) = (("t", DataType::Float32), ("time", DataType::Int64));
        let when = ("when", DataType::Timestamp(TimeUnit::Millisecond, None));
        assert_eq!(found(&[time.clone(), when.clone(), t]), Some(("t".into(), false)));
        assert_eq!(found(&[time.clone(), when.clone()]), Some(("when".into(), false)));
        assert_eq!(found(&[time.clone(), ("x", DataType::Int64)]), Some(("time".into(), true)));
        // Of two nobody knows which it is; a text is none; and a key is something else.
        assert_eq!(found(&[time.clone(), ("seconds", DataType::Float64)]), None);
        assert_eq!(found(&[("time", DataType::Utf8)]), None);
        assert_eq!(find(&[time], &["time".to_owned()]), None);
    }
}
