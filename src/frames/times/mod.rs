//! When frames were recorded: columns of times of any type, as seconds that keep their precision.

pub mod advice;
pub mod guess;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimeUnit};

use crate::account::columns::whole_numbers;
use crate::args::Arguments;
use crate::error::{Error, Result, query_err};
use crate::schema::sql_name;

/// The unit of a column of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Unit {
    /// `s`
    Seconds,
    /// `ms`
    Milliseconds,
    /// `us`
    Microseconds,
    /// `ns`
    Nanoseconds,
}

impl Unit {
    const ALL: [(&'static str, Self); 4] =
        [("s", Self::Seconds), ("ms", Self::Milliseconds), ("us", Self::Microseconds), ("ns", Self::Nanoseconds)];

    /// What argument `time_unit` says.
    ///
    /// # Errors
    /// Another word.
    pub fn given(arguments: &Arguments) -> Result<Option<Self>> {
        arguments.one_of("time_unit", &Self::ALL)
    }

    /// The word of the argument.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, unit)| *unit == self).map_or("s", |(name, _)| name)
    }

    /// So many of it are a second.
    pub fn per_second(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Nanoseconds => 1e9,
        }
    }
}

/// A column of times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct TimeColumn {
    /// Its name.
    pub name: String,
    /// The unit of its numbers, where the caller said it; seconds else. Other types have their own.
    pub unit: Option<Unit>,
}

/// How a type tells time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kind {
    /// So many of its numbers are a second.
    per_second: f64,
    /// Whether it is a time of the calendar, so that a recording begins at any number.
    is_clock: bool,
    /// Whether its numbers are whole.
    is_whole: bool,
    /// Whether type or caller say its unit.
    has_unit: bool,
}

/// Times of a clock in seconds lie between these, either side of 1970: 3 years and 3,000.
const EPOCH: std::ops::Range<f64> = 1e8..1e11;

impl TimeColumn {
    /// Refuses a type that tells no time, or that tells its unit itself.
    ///
    /// # Errors
    /// Names function and column, and says what to make of it.
    pub fn check(&self, function: &str, data_type: &DataType) -> Result<()> {
        let name = &self.name;
        if kind(data_type, self.unit).is_none() {
            let column = sql_name(name);
            let way_out = match data_type {
                DataType::Date32 => "a date has no time of day".to_owned(),
                _ => format!(
                    "make one, as in CAST({column} AS TIMESTAMP) AS {column}, or date_part('epoch', {column}) AS {column}"
                ),
            };
            return query_err!(
                "{function}: time must be a column of seconds, of another unit with time_unit => 'ms', or of timestamps ({name} is \
                 {data_type}); {way_out}"
            );
        }
        match self.unit {
            Some(unit) if !data_type.is_numeric() => query_err!(
                "{function}: time_unit is for numbers, and {name} is {data_type}, which tells its unit itself; leave time_unit => '{}' out",
                unit.name()
            ),
            _ => Ok(()),
        }
    }

    /// The type of times between those of a column of `data_type`: numbers become Float64, all others stay.
    pub fn between(data_type: &DataType) -> DataType {
        if data_type.is_numeric() { DataType::Float64 } else { data_type.clone() }
    }

    /// The times of a column.
    ///
    /// # Errors
    /// A whole number beyond 64 bits with a sign.
    pub fn read(&self, function: &str, column: &ArrayRef) -> Result<Times> {
        let data_type = column.data_type();
        let Some(kind) = kind(data_type, self.unit) else {
            return Err(Error::Internal(format!("{function}: times of type {data_type}")));
        };
        let failed = |e| Error::Data(format!("{function}: {}: {e}", self.name));
        let values = match kind.is_whole {
            true => Values::Whole(whole_numbers(function, &self.name, column)?),
            false => Values::Fractions(
                cast(column, &DataType::Float64).map_err(failed)?.as_primitive::<Float64Type>().clone(),
            ),
        };
        Ok(Times { values, kind, data_type: data_type.clone() })
    }
}

fn kind(data_type: &DataType, unit: Option<Unit>) -> Option<Kind> {
    let ticks = |unit: &TimeUnit, is_clock| {
        let unit = match unit {
            TimeUnit::Second => Unit::Seconds,
            TimeUnit::Millisecond => Unit::Milliseconds,
            TimeUnit::Microsecond => Unit::Microseconds,
            TimeUnit::Nanosecond => Unit::Nanoseconds,
        };
        Some(Kind { per_second: unit.per_second(), is_clock, is_whole: true, has_unit: true })
    };
    match data_type {
        DataType::Timestamp(unit, _) => ticks(unit, true),
        DataType::Date64 => ticks(&TimeUnit::Millisecond, true),
        DataType::Duration(unit) | DataType::Time32(unit) | DataType::Time64(unit) => ticks(unit, false),
        numbers if numbers.is_numeric() => Some(Kind {
            per_second: unit.unwrap_or(Unit::Seconds).per_second(),
            is_clock: false,
            is_whole: numbers.is_integer(),
            has_unit: unit.is_some(),
        }),
        _ => None,
    }
}

/// Whether a column of this type tells time by its type: no number of a frame.
pub fn is_time(data_type: &DataType) -> bool {
    data_type.is_temporal()
}

/// The times of rows.
#[derive(Debug)]
pub struct Times {
    values: Values,
    kind: Kind,
    data_type: DataType,
}

#[derive(Debug)]
enum Values {
    Whole(Int64Array),
    Fractions(Float64Array),
}

/// What the times of a recording are counted from, in the unit of their column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    /// Of whole numbers.
    Whole(i64),
    /// Of others.
    Fraction(f64),
}

impl Times {
    /// The first row whose time is NULL, NaN or infinite, and what it is.
    pub fn first_bad(&self) -> Option<(usize, String)> {
        let (nulls, bad) = match &self.values {
            Values::Whole(values) => (values.nulls(), None),
            Values::Fractions(values) => (values.nulls(), values.values().iter().position(|x| !x.is_finite())),
        };
        let null = nulls.and_then(|nulls| nulls.iter().position(|is_valid| !is_valid));
        match (null, bad) {
            (Some(null), bad) if bad.is_none_or(|bad| null <= bad) => Some((null, "NULL".to_owned())),
            (_, Some(bad)) => Some((bad, self.shown(bad))),
            _ => None,
        }
    }

    /// Whether a row has a time, which is a finite number.
    pub fn has(&self, row: usize) -> bool {
        match &self.values {
            Values::Whole(values) => values.is_valid(row),
            Values::Fractions(values) => values.is_valid(row) && values.value(row).is_finite(),
        }
    }

    /// What the times of a recording that begins at `row` are counted from: 0, or its first time where times are those of a
    /// calendar, whose seconds since 1970 leave no room for parts of a frame.
    pub fn origin(&self, row: usize) -> Origin {
        match &self.values {
            Values::Whole(values) => {
                let first = values.value(row);
                let seconds = first as f64 / self.kind.per_second;
                Origin::Whole(if self.kind.is_clock || EPOCH.contains(&seconds.abs()) { first } else { 0 })
            }
            Values::Fractions(values) => {
                let first = values.value(row);
                let seconds = first / self.kind.per_second;
                Origin::Fraction(if EPOCH.contains(&seconds.abs()) { first } else { 0.0 })
            }
        }
    }

    /// Seconds of a row after an origin: the difference is taken before anything is rounded.
    pub fn seconds(&self, row: usize, origin: Origin) -> f64 {
        let since = match (&self.values, origin) {
            (Values::Whole(values), Origin::Whole(origin)) => {
                (i128::from(values.value(row)) - i128::from(origin)) as f64
            }
            (Values::Fractions(values), Origin::Fraction(origin)) => values.value(row) - origin,
            (Values::Whole(values), Origin::Fraction(origin)) => values.value(row) as f64 - origin,
            (Values::Fractions(values), Origin::Whole(origin)) => values.value(row) - origin as f64,
        };
        since / self.kind.per_second
    }

    /// What times are counted from that are compared over recordings: 0.
    pub fn zero(&self) -> Origin {
        match &self.values {
            Values::Whole(_) => Origin::Whole(0),
            Values::Fractions(_) => Origin::Fraction(0.0),
        }
    }

    /// How far the time of a row may be from what it was before it was written, in seconds: half of a unit that is finer than
    /// seconds, or the last digit of a number.
    pub fn rounding(&self, row: usize) -> f64 {
        match &self.values {
            Values::Whole(_) if self.kind.per_second > 1.0 => 0.5 / self.kind.per_second,
            Values::Whole(_) => 0.0,
            Values::Fractions(values) => {
                let digit = match self.data_type {
                    DataType::Float16 => 2f64.powi(-10),
                    DataType::Float32 => f64::from(f32::EPSILON),
                    _ => f64::EPSILON,
                };
                2.0 * digit * values.value(row).abs() / self.kind.per_second
            }
        }
    }

    /// Whether the unit is a guess: seconds, since neither type nor caller say it.
    pub fn is_guess(&self) -> bool {
        !self.kind.has_unit
    }

    /// Whether a time is a whole number.
    pub fn is_whole(&self, row: usize) -> bool {
        match &self.values {
            Values::Whole(_) => true,
            Values::Fractions(values) => values.value(row).fract() == 0.0,
        }
    }

    /// Why times of this type may stand still, if the type is why.
    pub fn is_narrow(&self) -> bool {
        matches!(self.data_type, DataType::Float16 | DataType::Float32)
    }

    /// The type of the column.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// A time as it is.
    pub fn shown(&self, row: usize) -> String {
        match &self.values {
            Values::Whole(values) => values.value(row).to_string(),
            Values::Fractions(values) => values.value(row).to_string(),
        }
    }
}

/// The times at these seconds after their origins, of the type [`TimeColumn::between`] gives.
///
/// # Errors
/// None that data could cause.
pub fn write(data_type: &DataType, unit: Option<Unit>, times: impl Iterator<Item = (f64, Origin)>) -> Result<ArrayRef> {
    let internal = |e| Error::Internal(format!("times of type {data_type}: {e}"));
    let per_second = kind(data_type, unit).map_or(1.0, |kind| kind.per_second);
    if data_type.is_numeric() {
        let value = |(seconds, origin): (f64, Origin)| match origin {
            Origin::Whole(0) => seconds * per_second,
            Origin::Whole(origin) => origin as f64 + seconds * per_second,
            Origin::Fraction(origin) => origin + seconds * per_second,
        };
        return Ok(Arc::new(Float64Array::from_iter_values(times.map(value))));
    }
    let ticks = times.map(|(seconds, origin)| {
        let since = (seconds * per_second).round() as i64;
        match origin {
            Origin::Whole(origin) => origin.saturating_add(since),
            Origin::Fraction(origin) => (origin as i64).saturating_add(since),
        }
    });
    let ticks: ArrayRef = Arc::new(Int64Array::from_iter_values(ticks));
    match data_type {
        DataType::Time32(_) => cast(&cast(&ticks, &DataType::Int32).map_err(internal)?, data_type).map_err(internal),
        _ => cast(&ticks, data_type).map_err(internal),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float32Array, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array};

    use super::*;

    fn read(column: ArrayRef, unit: Option<Unit>) -> Times {
        TimeColumn { name: "t".into(), unit }.read("f", &column).unwrap()
    }

    fn seconds(times: &Times, rows: usize) -> Vec<f64> {
        let origin = times.origin(0);
        (0..rows).map(|row| times.seconds(row, origin)).collect()
    }

    #[test]
    fn nanoseconds_since_1970_keep_their_last_digit() {
        // 1.7e18 is 1_700_000_000 s in ns; as f64 its neighbours are 256 apart.
        let ticks = [0, 1, 33_333_333].map(|since| 1_700_000_000_123_456_789 + since);
        let expected = [0.0, 1e-9, 0.033_333_333];
        assert_eq!(seconds(&read(Arc::new(TimestampNanosecondArray::from(ticks.to_vec())), None), 3), expected);
        let numbers = Arc::new(Int64Array::from(ticks.to_vec()));
        assert_eq!(seconds(&read(numbers, Some(Unit::Nanoseconds)), 3), expected);
        let numbers = Arc::new(UInt64Array::from(ticks.map(|tick| tick as u64).to_vec()));
        assert_eq!(seconds(&read(numbers, Some(Unit::Nanoseconds)), 3), expected);
    }

    #[test]
    fn seconds_of_a_recording_stay_as_they_are() {
        let floats = Arc::new(Float64Array::from(vec![0.1, 0.3, 12.5]));
        assert_eq!(seconds(&read(floats, None), 3), [0.1, 0.3, 12.5]);
        let narrow = read(Arc::new(Float32Array::from(vec![0.5, 0.75])), None);
        assert_eq!((seconds(&narrow, 2), narrow.is_narrow()), (vec![0.5, 0.75], true));
        assert_eq!(seconds(&read(Arc::new(Int64Array::from(vec![40, 80])), Some(Unit::Milliseconds)), 2), [0.04, 0.08]);
    }

    #[test]
    fn seconds_since_1970_are_counted_from_the_first() {
        let floats = read(Arc::new(Float64Array::from(vec![1.7e9, 1.7e9 + 0.25])), None);
        assert_eq!(seconds(&floats, 2), [0.0, 0.25]);
        // Milliseconds that nobody told of are no seconds of any clock.
        let wrong = read(Arc::new(Int64Array::from(vec![1_700_000_000_000])), None);
        assert_eq!(wrong.origin(0), Origin::Whole(0));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let column: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_700_000_000_100, 1_700_000_000_140]));
        let times = read(Arc::clone(&column), None);
        let origin = times.origin(0);
        let pairs = (0..2).map(|row| (times.seconds(row, origin), origin));
        assert_eq!(&write(column.data_type(), None, pairs).unwrap(), &column);
        let numbers =
            write(&DataType::Int32, Some(Unit::Milliseconds), [(0.04, Origin::Whole(0))].into_iter()).unwrap();
        assert_eq!(numbers.as_primitive::<Float64Type>().value(0), 40.0);
    }

    #[test]
    fn a_time_that_is_none_is_found() {
        let floats = read(Arc::new(Float64Array::from(vec![Some(0.0), Some(f64::NAN), None])), None);
        assert_eq!(floats.first_bad(), Some((1, "NaN".to_owned())));
        let whole = read(Arc::new(Int64Array::from(vec![Some(0), None])), None);
        assert_eq!(whole.first_bad(), Some((1, "NULL".to_owned())));
    }
}
