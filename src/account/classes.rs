//! What a class is called, whatever type the column of labels has: the one place that makes names of labels.
//!
//! Names are texts. A whole number has no decimal point and no exponent, so that 1, 1.0 and a decimal 1.00 are the class `1`;
//! -0.0 is `0`, 1.5 is `1.5`; truth values are `true` and `false`. A text is its own name, unless it is compared with
//! numbers: then `1.0` is `1`, too, and `01` is refused.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, Schema};

use super::class_names::{padded_number, shown, trimmed, trimming};
use crate::error::{Error, Result, data_err};

/// How the classes of a column are named, or those of two columns that are compared.
#[derive(Debug, Clone)]
pub struct Classes {
    function: &'static str,
    /// Whether one of the columns holds numbers: then texts that are numbers are named as these.
    numbers: bool,
    /// Whether one of the columns holds truth values: then all texts must be such.
    truths: bool,
}

impl Classes {
    /// Of those of `columns` that the input has; `function` is the SQL name, for messages.
    ///
    /// # Errors
    /// Truth values beside numbers: nobody knows whether `true` is 1.
    pub fn of(function: &'static str, schema: &Schema, columns: &[&str]) -> Result<Self> {
        let typed = |name: &&str| Some((name.to_string(), value_type(schema.field_with_name(name).ok()?.data_type())));
        let columns: Vec<_> = columns.iter().filter_map(typed).collect();
        let number = columns.iter().find(|(_, data_type)| data_type.is_numeric());
        let truth = columns.iter().find(|(_, data_type)| **data_type == DataType::Boolean);
        if let (Some((number, data_type)), Some((truth, _))) = (number, truth) {
            return data_err!(
                "{function}: {truth} is true or false, and {number} is a number ({data_type}): whether true is 1 is not for \
                 us to say; make them one type: CAST({truth} AS INT) AS {truth}"
            );
        }
        Ok(Self { function, numbers: number.is_some(), truths: truth.is_some() })
    }

    /// The classes of a column, if the batch has one of that name; NULL stays NULL.
    ///
    /// # Errors
    /// NaN or infinity, which are no classes; a text other than `true` and `false` beside truth values, and one such as `01`
    /// beside numbers; a type that has no name.
    pub fn names(&self, batch: &RecordBatch, column: &str) -> Result<Option<StringArray>> {
        let Some(values) = batch.column_by_name(column) else { return Ok(None) };
        let names = names_of(self.function, column, values)?;
        if self.truths
            && let Some(other) = names.iter().flatten().find(|name| !["true", "false"].contains(name))
        {
            return data_err!(
                "{}: {column} is '{other}' in a row, where the other of label and predicted is true or false: these are no \
                 classes in common; name the classes alike on both sides",
                self.function
            );
        }
        if !(self.numbers && is_text(values.data_type())) {
            return Ok(Some(names));
        }
        let names = names.iter().map(|name| name.map(|name| self.beside_numbers(column, name)).transpose());
        names.collect::<Result<_>>().map(Some)
    }

    /// The name of a text where the other column holds numbers.
    fn beside_numbers(&self, column: &str, text: &str) -> Result<String> {
        if let Some(number) = number_text(text) {
            return Ok(number);
        }
        let Some(number) = padded_number(text) else { return Ok(text.to_owned()) };
        let data_type = if number.contains('.') { "DOUBLE" } else { "BIGINT" };
        let bare = if trimmed(text) == text { column.to_owned() } else { trimming(text, column) };
        data_err!(
            "{}: {column} is {} in a row, and the other of label and predicted holds numbers, where that may be {number}: as they \
             are, these are two classes; make it a number: CAST({bare} AS {data_type}) AS {column}",
            self.function,
            shown(text)
        )
    }

    /// The name of a class that the caller wrote as a text.
    pub fn name(&self, text: &str) -> String {
        number_text(text).filter(|_| self.numbers).unwrap_or_else(|| text.to_owned())
    }
}

fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        other => other,
    }
}

/// Whether the classes of a column of this type are numbers.
pub fn holds_numbers(data_type: &DataType) -> bool {
    value_type(data_type).is_numeric()
}

fn is_text(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The classes of a column of labels, \[rows\]; NULL stays NULL.
///
/// # Errors
/// NaN or infinity; a type that has no name, such as a list.
pub fn names_of(function: &str, column: &str, labels: &ArrayRef) -> Result<StringArray> {
    let failed = |e| Error::Query(format!("{function}: column '{column}': {e}"));
    let values = match labels.data_type() {
        DataType::Dictionary(_, values) if !is_text(values) => cast(labels, values).map_err(failed)?,
        _ => ArrayRef::clone(labels),
    };
    match values.data_type() {
        DataType::Float64 => floats(function, column, values.as_primitive::<Float64Type>(), |x| x, number),
        DataType::Float16 | DataType::Float32 => {
            let values = cast(&values, &DataType::Float32).map_err(failed)?;
            // 0.1 of 32 bits is the class that 0.1 of 64 bits is.
            let name = |x: f64| if x.fract() == 0.0 { number(x) } else { (x as f32).to_string() };
            floats(function, column, values.as_primitive::<Float32Type>(), f64::from, name)
        }
        data_type => {
            let texts = cast(&values, &DataType::Utf8).map_err(failed)?;
            let texts = texts.as_string::<i32>();
            if !data_type.is_decimal() {
                return Ok(texts.clone());
            }
            let name = |text: &str| number_text(text).unwrap_or_else(|| text.to_owned());
            Ok(texts.iter().map(|text| text.map(name)).collect())
        }
    }
}

fn floats<T: ArrowPrimitiveType>(
    function: &str,
    column: &str,
    values: &PrimitiveArray<T>,
    wide: fn(T::Native) -> f64,
    name: impl Fn(f64) -> String,
) -> Result<StringArray> {
    let names = values.iter().map(|value| match value.map(wide) {
        None => Ok(None),
        Some(x) if x.is_finite() => Ok(Some(name(x))),
        Some(x) if x.is_infinite() => data_err!(
            "{function}: {column} is {x} in a row, which is no class; leave such rows out: WHERE abs({column}) < 1e300"
        ),
        Some(x) => data_err!(
            "{function}: {column} is {x} in a row, which is no class; leave such rows out: WHERE NOT isnan({column}), or make \
             it NULL: nanvl({column}, NULL) AS {column}"
        ),
    });
    names.collect()
}

/// A finite number, whole ones without a decimal point and none with an exponent.
fn number(x: f64) -> String {
    match x {
        0.0 => "0".to_owned(),
        // All digits, where Display would fill up with zeros behind the 17th.
        x if x.fract() == 0.0 && x.abs() < i128::MAX as f64 => (x as i128).to_string(),
        x => x.to_string(),
    }
}

/// A text that is a number, as [`names_of`] names that number: `1.0`, `1.` and `+1` are `1`, `1e3` is `1000`. None of any
/// other text, and none of `01`: leading zeros are a name of somebody's.
pub fn number_text(text: &str) -> Option<String> {
    let (minus, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) || !whole.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    if !all_digits(whole) || !all_digits(fraction) {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
        return text.parse().ok().filter(|x: &f64| is_number && x.is_finite()).map(number);
    }
    let fraction = fraction.trim_end_matches('0');
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{minus}{whole}"),
        (whole, fraction) => format!("{minus}{whole}.{fraction}"),
    })
}

/// Whether two stored names are one class: a model that was trained before numbers had one name may call class `1` `1.0`.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || number_text(one).is_some_and(|one| number_text(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int64Array, StringViewArray,
    };
    use arrow::datatypes::Field;

    use super::*;

    fn names(labels: impl Array + 'static) -> Vec<String> {
        let labels: ArrayRef = Arc::new(labels);
        names_of("f", "label", &labels).unwrap().iter().map(|name| name.unwrap_or("NULL").to_owned()).collect()
    }

    #[test]
    fn one_number_has_one_name_in_every_type() {
        let expected = ["0", "1", "-2", "1.5", "NULL"];
        let floats = [Some(-0.0), Some(1.0), Some(-2.0), Some(1.5), None];
        assert_eq!(names(Float64Array::from(floats.to_vec())), expected);
        assert_eq!(names(floats.iter().map(|x| x.map(|x| x as f32)).collect::<Float32Array>()), expected);
        let decimals = Decimal128Array::from(vec![Some(0), Some(100), Some(-200), Some(150), None]);
        assert_eq!(names(decimals.with_precision_and_scale(9, 2).unwrap()), expected);
        assert_eq!(names(Int8Array::from(vec![Some(0), Some(1), Some(-2), None])), ["0", "1", "-2", "NULL"]);
        assert_eq!(names(Float32Array::from(vec![0.1])), names(Float64Array::from(vec![0.1])));
    }

    #[test]
    fn large_whole_numbers_have_all_their_digits() {
        let exact = 1i64 << 60;
        assert_eq!(names(Float64Array::from(vec![exact as f64])), names(Int64Array::from(vec![exact])));
        assert_eq!(names(Float64Array::from(vec![1e20, 1e-7])), ["100000000000000000000", "0.0000001"]);
    }

    #[test]
    fn dictionaries_truth_values_and_texts() {
        let dictionary = |labels: ArrayRef| {
            let data_type = DataType::Dictionary(Box::new(DataType::Int8), Box::new(labels.data_type().clone()));
            cast(&labels, &data_type).unwrap()
        };
        let numbers = dictionary(Arc::new(Float64Array::from(vec![1.0, 2.5])));
        assert_eq!(names_of("f", "label", &numbers).unwrap().iter().flatten().collect::<Vec<_>>(), ["1", "2.5"]);
        assert_eq!(names(BooleanArray::from(vec![true, false])), ["true", "false"]);
        // Among texts nobody knows that 1.0 is a number.
        assert_eq!(names(StringViewArray::from(vec!["1.0", "01", "walk "])), ["1.0", "01", "walk "]);
    }

    #[test]
    fn texts_that_are_numbers() {
        let same =
            [("1.0", "1"), ("-0.00", "0"), ("+3", "3"), ("1.50", "1.5"), ("7.", "7"), ("1e3", "1000"), ("0", "0")];
        for (text, name) in same {
            assert_eq!(number_text(text).as_deref(), Some(name), "{text}");
        }
        for text in ["", "-", "01", ".5", "walk", "1 ", " 1", "1.0.0", "NaN", "inf", "1e999", "0x1", "1_000", "e5", "²"]
        {
            assert_eq!(number_text(text), None, "{text}");
        }
        // Digits that f64 has not.
        assert_eq!(number_text("9007199254740993.0").as_deref(), Some("9007199254740993"));
        assert!(is_same("1.0", "1") && is_same("a", "a") && !is_same("01", "1") && !is_same("walk", "Walk"));
    }

    #[test]
    fn what_is_no_class_is_refused() {
        for x in [f64::NAN, f64::INFINITY] {
            let labels: ArrayRef = Arc::new(Float64Array::from(vec![1.0, x]));
            let error = names_of("pose_metrics", "label", &labels).unwrap_err();
            assert_eq!(error.exit_code(), 3);
            assert!(error.to_string().starts_with(&format!("pose_metrics: label is {x} in a row")), "{error}");
        }
    }

    fn both(label: ArrayRef, predicted: ArrayRef) -> Result<[Vec<String>; 2]> {
        let fields = [("label", &label), ("predicted", &predicted)];
        let schema =
            Schema::new(fields.map(|(name, array)| Field::new(name, array.data_type().clone(), true)).to_vec());
        let batch = RecordBatch::try_new(Arc::new(schema), vec![label, predicted]).unwrap();
        let classes = Classes::of("f", &batch.schema(), &["label", "predicted"])?;
        let of = |name: &str| -> Result<Vec<String>> {
            Ok(classes
                .names(&batch, name)?
                .iter()
                .flat_map(|names| names.iter().flatten().map(str::to_owned))
                .collect())
        };
        Ok([of("label")?, of("predicted")?])
    }

    #[test]
    fn texts_beside_numbers_are_named_as_these() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1.0", "2", "none"]));
        let [label, predicted] = both(Arc::new(Int64Array::from(vec![1, 2, 3])), Arc::clone(&texts)).unwrap();
        assert_eq!((label.join(" "), predicted.join(" ")), ("1 2 3".into(), "1 2 none".into()));
        let [label, _] = both(Arc::clone(&texts), texts).unwrap();
        assert_eq!(label, ["1.0", "2", "none"]);
    }

    #[test]
    fn texts_that_are_numbers_under_another_name_are_refused_beside_numbers() {
        let texts = |text: &str| Arc::new(StringArray::from(vec!["12", text])) as ArrayRef;
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![12, 1]));
        for (text, advice) in [
            ("01", "CAST(label AS BIGINT) AS label"),
            (" 1", "CAST(trim(label) AS BIGINT) AS label"),
            ("01.50", "CAST(label AS DOUBLE) AS label"),
        ] {
            let error = both(texts(text), Arc::clone(&numbers)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("f: label is '{text}' in a row")) && error.contains(advice), "{error}");
        }
        // A text that is no number may be another class, and among texts 01 is a name.
        assert!(both(texts("none"), numbers).is_ok());
        assert_eq!(both(texts("01"), texts("1")).unwrap(), [["12", "01"], ["12", "1"]]);
    }

    #[test]
    fn truth_values_are_compared_with_truth_values_alone() {
        let truths: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        let texts = |texts: [&str; 2]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
        assert!(both(Arc::clone(&truths), texts(["false", "true"])).is_ok());
        for other in [texts(["1", "0"]), texts(["true", "walk"]), Arc::new(Int64Array::from(vec![1, 0])) as ArrayRef] {
            let error = both(Arc::clone(&truths), other).unwrap_err();
            assert_eq!(error.exit_code(), 3, "{error}");
        }
    }
}
