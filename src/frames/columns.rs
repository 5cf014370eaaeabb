//! Which column of a table of frames is the key, the order, the label, which are features, and which only ride along.

use arrow::datatypes::{DataType, Schema};

use super::feature_rule::{Guess, Roles, guess, is_known};
use super::times::advice::{way_out, without_numbers};
use crate::args::Arguments;
use crate::error::{Error, Result, query_err, suggest};
use crate::notes::shortened;
use crate::options::SEQUENCE_KEYS;
use crate::schema::{FRAME, LABEL, label_hint, label_like, sql_name};

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
    /// How the features were guessed; none where the caller named them, or where none are read.
    pub guess: Option<Guess>,
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
    /// The features and what was left out, for EXPLAIN: `features=[ax, ay], left_out=[trial (Int64)]`.
    pub fn describe_features(&self) -> String {
        let features = match &self.features {
            Features::Columns(names) => format!("features=[{}]", shortened(names)),
            Features::List { column, dim } => format!("features={column}[{dim}]"),
        };
        match self.guess.as_ref().map(|guess| guess.left_out.as_slice()) {
            None | Some([]) => features,
            Some(left_out) => format!("{features}, left_out=[{}]", shortened(left_out)),
        }
    }

    /// Finds the columns in `schema`, by the arguments `by`, `order_by` and `features`, else by their usual names and the
    /// rule of [`feature_rule`](super::feature_rule). What is doubtful in that is said to whoever runs the statement.
    ///
    /// # Errors
    /// A column that is not there, or is of the wrong type; no key, no order, no feature.
    pub fn find(schema: &Schema, arguments: &Arguments) -> Result<Self> {
        let columns = Self::find_if_any(schema, arguments)?;
        match &columns.guess {
            Some(guess) if guess.taken.is_empty() => no_feature(schema, arguments.function(), guess),
            _ => Ok(columns),
        }
    }

    /// The same for a relation that tells what is there, also of frames without a feature.
    ///
    /// # Errors
    /// Those of [`FrameColumns::find`], but that of no feature.
    pub fn find_if_any(schema: &Schema, arguments: &Arguments) -> Result<Self> {
        let mut columns = Self::find_without_features(schema, arguments)?;
        let (names, guess) = match arguments.columns("features")? {
            Some(names) => (names, None),
            None => {
                let roles = Roles { by: &columns.by, order_by: &columns.order_by, time: arguments.text("time")? };
                let guess = guess(schema, &roles);
                (guess.taken.clone(), Some(guess))
            }
        };
        columns.features = features(schema, arguments, names)?;
        if let Some(line) = guess.as_ref().and_then(|guess| guess.line(columns.features.dim())) {
            arguments.note(line);
        }
        columns.guess = guess;
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
            let mut names = schema.fields().iter().map(|field| field.name().as_str());
            let alike = |name| Some((name, *SEQUENCE_KEYS.iter().find(|key| key.eq_ignore_ascii_case(name))?));
            let hint = match names.find_map(alike) {
                Some((name, key)) => format!("; or write {} AS {key}", sql_name(name)),
                None => String::new(),
            };
            return query_err!(
                "{function}: no column names the recording (looked for {}); add one to the subquery or say by => ['...']{hint}",
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
        Ok(Self { by, order_by, label, features: Features::Columns(vec![]), guess: None, carried })
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

fn features(schema: &Schema, arguments: &Arguments, names: Vec<String>) -> Result<Features> {
    let function = arguments.function();
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
            let cast = if found.is_string() {
                format!("; cast it: CAST({0} AS DOUBLE) AS {0}", sql_name(name))
            } else {
                String::new()
            };
            return query_err!("{function}: features: column '{name}' must be numeric (is {found}){cast}");
        }
    }
    Ok(Features::Columns(names))
}

fn no_feature<T>(schema: &Schema, function: &str, guess: &Guess) -> Result<T> {
    let is_other = |name: &&str| !is_known(name);
    let texts: Vec<&str> = schema
        .fields()
        .iter()
        .filter(|f| f.data_type().is_string())
        .map(|f| f.name().as_str())
        .filter(is_other)
        .collect();
    let texts = match texts.first() {
        Some(first) => format!(
            "; {} holds text: where that is numbers, cast it (CAST({name} AS DOUBLE) AS {name}; pose_inventory tells)",
            shortened(&texts),
            name = sql_name(first)
        ),
        None => String::new(),
    };
    let left_out = match guess.left_out.as_slice() {
        [] => String::new(),
        names => format!("; left out by their names: {}", shortened(names)),
    };
    query_err!(
        "{function}: the input has no feature: expected a column 'features' (a fixed-size list) or numeric columns; \
         name them: features => ['ax', 'ay']{left_out}{texts}"
    )
}

/// Says that an input without a column `label` has one that looks like it, where labels would be read.
pub fn note_label(schema: &Schema, arguments: &Arguments) {
    if let Some(name) = label_like(schema).first() {
        let hint = label_hint(schema);
        arguments.note(format!(
            "the input has no column '{LABEL}', so no label is looked at; '{name}' looks like one{hint}"
        ));
    }
}
