//! Arguments of scalar functions: their types, and their values as columns or literals.

use std::sync::Arc;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, Signature, Volatility};

use crate::schema::{check_axes, tensor_shape, with_nulls};

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A FixedSizeList of Float32 as it comes, or a list of other numbers, made one of Float32.
    Features,
    /// A number, as Float64.
    Number,
    /// A number as Float64, or features.
    Series,
    /// A time: a whole number as Int64, another number as Float64.
    Time,
    /// TRUE or FALSE.
    Flag,
    /// A whole number, as Int64.
    Whole,
    /// A text, as Utf8.
    Text,
    /// A text or whole number that names a row, as Utf8.
    Key,
    /// A list of numbers, as `List<Float64>`.
    Numbers,
    /// A list of texts, as `List<Utf8>`.
    Texts,
    /// A list of texts or a whole number.
    TextsOrWhole,
}

impl Kind {
    fn expected(self) -> &'static str {
        match self {
            Self::Features | Self::Numbers => "a list of numbers",
            Self::Number | Self::Time => "a number",
            Self::Series => "a number or a list of numbers",
            Self::Flag => "TRUE or FALSE",
            Self::Whole => "a whole number",
            Self::Text => "a text",
            Self::Key => "a text or a whole number",
            Self::Texts => "a list of texts",
            Self::TextsOrWhole => "a list of texts or a whole number",
        }
    }

    /// The type that an argument of this type is cast to, if it may be.
    fn coerced(self, given: &DataType) -> Option<DataType> {
        use DataType::{Boolean, Float32, Float64, Int64, Null, Utf8};
        let number = |t: &DataType| t.is_numeric() || *t == Null;
        let text = |t: &DataType| {
            let values = if let DataType::Dictionary(_, values) = t { values } else { t };
            values.is_string() || *t == Null
        };
        let list = |item| Some(DataType::List(Arc::new(Field::new_list_field(item, true))));
        let item = item_of(given);
        match self {
            Self::Features => match given {
                DataType::FixedSizeList(item, size) if number(item.data_type()) => {
                    let item = Arc::new(item.as_ref().clone().with_data_type(Float32));
                    Some(DataType::FixedSizeList(item, *size))
                }
                DataType::List(item) if *item.data_type() == Float32 => Some(given.clone()),
                _ => item.filter(|item| number(item)).and_then(|_| list(Float32)),
            },
            Self::Number => number(given).then_some(Float64),
            Self::Series if number(given) => Some(Float64),
            Self::Series => Self::Features.coerced(given),
            Self::Time if given.is_integer() => Some(Int64),
            Self::Time => Self::Number.coerced(given),
            Self::Flag => matches!(given, Boolean | Null).then_some(Boolean),
            Self::Whole => (given.is_integer() || *given == Null).then_some(Int64),
            Self::Text => text(given).then_some(Utf8),
            Self::Key => (text(given) || given.is_integer()).then_some(Utf8),
            Self::Numbers => item.filter(|item| number(item)).and_then(|_| list(Float64)),
            Self::Texts => item.filter(|item| text(item)).and_then(|_| list(Utf8)),
            Self::TextsOrWhole if given.is_integer() => Some(Int64),
            Self::TextsOrWhole => Self::Texts.coerced(given),
        }
    }
}

/// The type of a list's items; Null for the literal NULL.
fn item_of(list: &DataType) -> Option<&DataType> {
    match list {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        DataType::Null => Some(list),
        _ => None,
    }
}

/// The parameters of a function in their order: name and kind; the first `required` must be given.
#[derive(Debug, Clone, Copy)]
pub struct Parameters {
    /// The function.
    pub function: &'static str,
    /// How many must be given.
    pub required: usize,
    /// Name and kind of each.
    pub kinds: &'static [(&'static str, Kind)],
}

impl Parameters {
    /// The names, for `name => value`.
    pub fn names(&self) -> Vec<&'static str> {
        self.kinds.iter().map(|(name, _)| *name).collect()
    }

    /// The signature of a function that is a function: the same arguments, the same result.
    pub fn signature(&self) -> Signature {
        let names = self.names().into_iter().map(str::to_owned).collect();
        Signature { parameter_names: Some(names), ..Signature::user_defined(Volatility::Immutable) }
    }

    /// The types that arguments of these types are cast to.
    pub fn coerce(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if given.len() < self.required || given.len() > self.kinds.len() {
            let optional = if self.required < self.kinds.len() { ", the last of them optional" } else { "" };
            return plan_err!(
                "{} takes ({}){optional}; got {} arguments",
                self.function,
                self.names().join(", "),
                given.len()
            );
        }
        let coerced = given.iter().zip(self.kinds).map(|(given, (name, kind))| match kind.coerced(given) {
            Some(coerced) => Ok(coerced),
            None => {
                let is_nested = item_of(given).is_some_and(|item| item_of(item).is_some());
                let hint = if *kind == Kind::Features && is_nested { NESTED } else { "" };
                plan_err!("{}: {name} must be {} (was of type {given}){hint}", self.function, kind.expected())
            }
        });
        coerced.collect()
    }
}

/// An argument in a batch: a column, or one value for all rows.
pub struct Argument<A> {
    array: A,
    constant: bool,
}

impl<A: Array + Clone + 'static> Argument<A> {
    /// The argument as an array of a known type.
    pub fn new(value: &ColumnarValue) -> Result<Self> {
        let (array, constant) = match value {
            ColumnarValue::Array(array) => (Arc::clone(array), false),
            ColumnarValue::Scalar(scalar) => (scalar.to_array_of_size(1)?, true),
        };
        match array.as_any().downcast_ref::<A>() {
            Some(array) => Ok(Self { array: array.clone(), constant }),
            None => exec_err!("an argument is of type {} after coercion", array.data_type()),
        }
    }

    /// The array and the place in it that hold the value for a row; None if it is NULL.
    pub fn place(&self, row: usize) -> Option<(&A, usize)> {
        let place = if self.constant { 0 } else { row };
        self.array.is_valid(place).then_some((&self.array, place))
    }

    /// The value for a row; None if it is NULL.
    pub fn at<'a>(&'a self, row: usize) -> Option<<&'a A as ArrayAccessor>::Item>
    where
        &'a A: ArrayAccessor,
    {
        self.place(row).map(|(array, place)| array.value(place))
    }
}

/// A literal text; None if it is NULL.
pub fn literal_text<'a>(function: &str, name: &str, value: &'a ColumnarValue) -> Result<Option<&'a str>> {
    match value {
        ColumnarValue::Scalar(scalar) if scalar.is_null() => Ok(None),
        ColumnarValue::Scalar(scalar) => match scalar.try_as_str() {
            Some(text) => Ok(text),
            None => plan_err!("{function}: {name} must be a text (was {scalar})"),
        },
        ColumnarValue::Array(_) => plan_err!("{function}: {name} must be a literal, the same for all rows"),
    }
}

/// A literal list of texts, without its NULLs; empty if it is NULL.
pub fn literal_texts(function: &str, name: &str, value: &ColumnarValue) -> Result<Vec<String>> {
    match value {
        ColumnarValue::Scalar(scalar) if scalar.is_null() => Ok(vec![]),
        ColumnarValue::Scalar(scalar) => {
            let list = scalar.to_array_of_size(1)?;
            let texts = list.as_list_opt::<i32>().map(|list| list.value(0));
            match texts.as_ref().and_then(|texts| texts.as_string_opt::<i32>()) {
                Some(texts) => Ok(texts.iter().flatten().map(str::to_owned).collect()),
                None => plan_err!("{function}: {name} must be a list of texts (was {scalar})"),
            }
        }
        ColumnarValue::Array(_) => plan_err!("{function}: {name} must be a literal, the same for all rows"),
    }
}

/// What to do with windows that are lists of lists.
const NESTED: &str =
    "; one list of the values frame after frame is pose_tensor(features, 30, 6), for 30 frames of 6 values";

/// What makes the shape of windows known that pose_windows did not make, or whose metadata were lost on the way.
pub const STATE_SHAPE: &str = "pose_tensor(features, 30, 6) AS features for 30 frames of 6 values";

/// The shape of the features in a field: [width, D] of its tensor metadata, if it has any.
pub fn shape_of(fields: &[FieldRef]) -> Option<(usize, usize)> {
    fields.first().and_then(|field| tensor_shape(field))
}

/// The field of a result that has the type, the shape and the NULLs of the first argument, and may be NULL where any is.
pub fn field_like_first(function: &str, fields: &[FieldRef]) -> Result<FieldRef> {
    let Some(first) = fields.first() else { return plan_err!("{function} takes features first") };
    check_axes(function, first)?;
    let nullable = fields.iter().any(|field| field.is_nullable());
    Ok(Arc::new(first.as_ref().clone().with_name(function).with_nullable(nullable)))
}

/// As [`field_like_first`], for a result that may be NULL where no argument is, inside its rows too.
pub fn field_with_nulls(function: &str, fields: &[FieldRef]) -> Result<FieldRef> {
    let field = field_like_first(function, fields)?;
    Ok(Arc::new(with_nulls(&field).with_nullable(true)))
}

/// The rows of a first argument, repeated where it is a literal.
pub fn first_column(values: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    match values.first() {
        Some(features) => features.to_array(rows),
        None => Err(DataFusionError::Internal("a function without arguments".to_owned())),
    }
}
