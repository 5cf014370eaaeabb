//! Which column of a table of frames is the key, the order, the label, which are features, and which only ride along.

use arrow::datatypes::{DataType, Schema};

use super::times::{way_out, without_numbers};
use crate::args::Arguments;
use crate::error::{Error, Result, query_err, suggest};
use crate::options::SEQUENCE_KEYS;
use crate::schema::{FEATURES, FRAME, LABEL, TIME, WEIGHT};

/// The columns of frames by what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct FrameColumns {
    /// Together they name one recording.
    pub by: Vec<String>,
    /// The number of the frame.
    pub order_by: String,
    /// The class of the frame, where there is one.
    pub label: Option<String>,
    /// The values of the frame.
    pub features: Features,
    /// Everything else: a window takes the value of its first frame.
    pub carried: Vec<String>,
}

/// Where the values of a frame lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub enum Features {
    /// One numeric column a feature, in this order.
    Columns(Vec<String>),
    /// One list column of `dim` values.
    List {
        /// The column.
        column: String,
        /// Values in a frame.
        dim: usize,
    },
}

impl Features {
    /// Values in a frame.
    pub fn dim(&self) -> usize {
        match self {
            Self::Columns(names) => names.len(),
            Self::List { dim, .. } => *dim,
        }
    }

    /// The columns that hold the values.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Columns(names) => names,
            Self::List { column, .. } => std::slice::from_ref(column),
        }
    }
}

impl FrameColumns {
    /// Finds the columns in `schema`, by the arguments `by`, `order_by` and `features`, else by their usual names.
    ///
    /// # Errors
    /// A column that is not there, or is of the wrong type; no key, no order, no feature.
    pub fn find(schema: &Schema, arguments: &Arguments) -> Result<Self> {
        let mut columns = Self::find_without_features(schema, arguments)?;
        columns.features = features(schema, arguments, &columns.by)?;
        columns.carried.retain(|n| !columns.features.columns().contains(n));
        Ok(columns)
    }

    /// The same for a relation that reads no features.
    pub fn find_without_features(schema: &Schema, arguments: &Arguments) -> Result<Self> {
        let function = arguments.function();
        let by = match arguments.columns("by")? {
            Some(names) => names,
            None => SEQUENCE_KEYS.iter().filter(|k| schema.index_of(k).is_ok()).map(|&k| k.to_owned()).collect(),
        };
        if by.is_empty() {
            return query_err!(
                "{function}: no column names the recording (looked for {}); add one to the subquery or say by => ['...']",
                SEQUENCE_KEYS.join(", ")
            );
        }
        for (place, name) in by.iter().enumerate() {
            if by[..place].contains(name) {
                return query_err!("{function}: by: column '{name}' is named twice");
            }
            known(function, "by", name, schema)?;
        }
        let order_by = arguments.text("order_by")?.unwrap_or(FRAME).to_owned();
        let order_type = known(function, "order_by", &order_by, schema).map_err(|error| match error {
            // Frames that have times and no numbers.
            Error::Query(message) => Error::Query(message + &without_numbers(function, &by, schema)),
            other => other,
        })?;
        if !order_type.is_integer() {
            return query_err!(
                "{function}: order_by must be a column of whole frame numbers ({order_by} is {order_type}); {}",
                way_out(function, &by, &order_by, order_type)
            );
        }
        let label = schema.index_of(LABEL).ok().map(|_| LABEL.to_owned()).filter(|label| !by.contains(label));
        let carried = schema
            .fields()
            .iter()
            .map(|f| f.name())
            .filter(|n| !by.contains(n) && **n != order_by && Some(*n) != label.as_ref())
            .cloned()
            .collect();
        Ok(Self { by, order_by, label, features: Features::Columns(vec![]), carried })
    }
}

fn known<'s>(function: &str, argument: &str, name: &str, schema: &'s Schema) -> Result<&'s DataType> {
    match schema.field_with_name(name) {
        Ok(field) => Ok(field.data_type()),
        Err(_) => {
            let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            query_err!("{function}: {argument}: the input has no column '{name}'{}", suggest(name, names))
        }
    }
}

fn features(schema: &Schema, arguments: &Arguments, by: &[String]) -> Result<Features> {
    let function = arguments.function();
    let names = match arguments.columns("features")? {
        Some(names) => names,
        None if schema.index_of(FEATURES).is_ok() => vec![FEATURES.to_owned()],
        None => default_features(schema, by, arguments.text("time")?),
    };
    if let [only] = names.as_slice() {
        match known(function, "features", only, schema)? {
            DataType::FixedSizeList(item, dim) if item.data_type().is_numeric() && *dim > 0 => {
                return Ok(Features::List { column: only.clone(), dim: *dim as usize });
            }
            DataType::List(_) | DataType::LargeList(_) | DataType::ListView(_) => {
                return query_err!(
                    "{function}: features: '{only}' is a list of any length; give the number of values of a frame: \
                     pose_frame({only}, 50) AS {only}"
                );
            }
            _ => {}
        }
    }
    for name in &names {
        let found = known(function, "features", name, schema)?;
        if !found.is_numeric() {
            return query_err!("{function}: features: column '{name}' must be numeric (is {found})");
        }
    }
    if names.is_empty() {
        return query_err!(
            "{function}: the input has no feature: expected a column 'features' (a fixed-size list) or floating-point columns; \
             name them: features => ['ax', 'ay']"
        );
    }
    Ok(Features::Columns(names))
}

/// Every floating-point column that has no other meaning, in the order of the subquery.
fn default_features(schema: &Schema, by: &[String], time: Option<&str>) -> Vec<String> {
    let fields = schema.fields().iter().filter(|f| f.data_type().is_floating());
    // A label that is a number is what a net shall say, not what it may read.
    let other = [TIME, WEIGHT, LABEL, time.unwrap_or(TIME)];
    let names = fields.map(|f| f.name()).filter(|n| !other.contains(&n.as_str()) && !by.contains(n));
    names.cloned().collect()
}
