//! Named arguments of relation functions, parsed once; every error names the function, the argument and the value.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::error::{Result, query_err, suggest};

/// The value of one argument, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `NULL`: as if the argument had not been given.
    Null,
    /// `true`
    Bool(bool),
    /// `30`
    Int(i64),
    /// `0.6`
    Float(f64),
    /// `INTERVAL '2 seconds'`, in nanoseconds
    Interval(i64),
    /// `'pure'`, or the name of a column: `subject`
    Text(String),
    /// `['ax', 'ay']`, or `[ax, ay]`
    List(Vec<Value>),
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(v) => write!(f, "{v}"),
            Self::Int(v) => write!(f, "{v}"),
            Self::Float(v) => write!(f, "{v}"),
            Self::Interval(v) => write!(f, "INTERVAL '{} seconds'", *v as f64 / 1e9),
            Self::Text(v) => write!(f, "'{}'", v.replace('\'', "''")),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

/// The arguments of one call, after its input.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    function: &'static str,
    values: BTreeMap<String, Value>,
}

impl Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|(name, value)| format!("{name} => {value}")).collect();
        write!(f, "{}({})", self.function, values.join(", "))
    }
}

impl Arguments {
    /// No arguments yet, of a call to `function`.
    pub fn new(function: &'static str) -> Self {
        Self { function, values: BTreeMap::new() }
    }

    /// Adds `name => value`. An unknown name, or the same name twice, is an error.
    pub fn insert(&mut self, known: &[&'static str], name: &str, value: Value) -> Result<()> {
        let function = self.function;
        if !known.contains(&name) {
            return query_err!("{function}: unknown argument '{name}'{}", suggest(name, known.iter().copied()));
        }
        if self.values.insert(name.to_owned(), value).is_some() {
            return query_err!("{function}: argument '{name}' is given twice; give it once");
        }
        Ok(())
    }

    /// Adds a value by its place after the input.
    pub fn insert_positional(&mut self, known: &[&'static str], place: usize, value: Value) -> Result<()> {
        match known.get(place) {
            Some(name) => self.insert(known, name, value),
            None => query_err!(
                "{}: too many arguments: {} is number {} after the input, expected at most {} ({})",
                self.function,
                value,
                place + 1,
                known.len(),
                known.join(", ")
            ),
        }
    }

    /// The same call with another value of an argument that the function knows.
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut arguments = self.clone();
        arguments.values.insert(name.to_owned(), value);
        arguments
    }

    /// The SQL name of the function, for messages.
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// A whole number of at least `least`.
    pub fn whole(&self, name: &str, least: i64) -> Result<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(v)) if *v >= least => Ok(Some(*v as u64)),
            Some(v) => self.wrong(name, v, &format!("a whole number >= {least}")),
        }
    }

    /// A number in [low, high].
    pub fn number(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>> {
        let value = match self.get(name) {
            None => return Ok(None),
            Some(Value::Int(v)) => *v as f64,
            Some(Value::Float(v)) => *v,
            Some(v) => return self.wrong(name, v, "a number"),
        };
        if (low..=high).contains(&value) {
            return Ok(Some(value));
        }
        let range = if high.is_finite() { format!("in [{low}, {high}]") } else { format!(">= {low}") };
        self.wrong(name, Value::Float(value), &format!("a number {range}"))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(v)) => Ok(Some(v)),
            Some(v) => self.wrong(name, v, "a text, in single quotes"),
        }
    }

    /// One word of a few.
    pub fn one_of<T: Copy>(&self, name: &str, choices: &[(&'static str, T)]) -> Result<Option<T>> {
        let Some(word) = self.text(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| choice.eq_ignore_ascii_case(word)) {
            Some((_, chosen)) => Ok(Some(*chosen)),
            None => {
                let words: Vec<_> = choices.iter().map(|(choice, _)| format!("'{choice}'")).collect();
                self.wrong(name, Value::Text(word.to_owned()), &format!("one of {}", words.join(", ")))
            }
        }
    }

    /// Names of columns: `'video'`, `video`, or `['source', 'video']`.
    pub fn columns(&self, name: &str) -> Result<Option<Vec<String>>> {
        let texts = |items: &[Value]| {
            items
                .iter()
                .map(|v| if let Value::Text(t) = v { Some(t.clone()) } else { None })
                .collect::<Option<Vec<_>>>()
        };
        let expected = "names of columns, such as ['source', 'video']";
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(one)) => Ok(Some(vec![one.clone()])),
            Some(v @ Value::List(items)) => match texts(items) {
                Some(names) if !names.is_empty() => Ok(Some(names)),
                _ => self.wrong(name, v, expected),
            },
            Some(v) => self.wrong(name, v, expected),
        }
    }

    /// Whether an argument is given.
    pub fn is_given(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value of an argument, of whatever kind.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|v| **v != Value::Null)
    }

    /// The error of a value that does not fit: names function and argument, what is expected, what was given.
    pub fn wrong<T>(&self, name: &str, value: impl Display, expected: &str) -> Result<T> {
        query_err!("{}: {name} must be {expected} (was {value})", self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["width", "by"];

    fn given(name: &str, value: Value) -> Arguments {
        let mut arguments = Arguments::new("pose_windows");
        arguments.insert(&KNOWN, name, value).expect("known name");
        arguments
    }

    #[test]
    fn a_number_out_of_range_is_named_with_its_value() {
        let error = given("width", Value::Int(0)).whole("width", 1).unwrap_err();
        assert_eq!(error.to_string(), "pose_windows: width must be a whole number >= 1 (was 0)");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let error = Arguments::new("pose_windows").insert(&KNOWN, "widht", Value::Int(3)).unwrap_err();
        assert_eq!(error.to_string(), "pose_windows: unknown argument 'widht'; did you mean 'width'?");
    }

    #[test]
    fn one_column_needs_no_brackets() {
        let names = given("by", Value::Text("video".into())).columns("by").expect("a column");
        assert_eq!(names, Some(vec!["video".to_owned()]));
    }

    #[test]
    fn null_is_as_if_not_given() {
        assert_eq!(given("width", Value::Null).whole("width", 1), Ok(None));
    }
}
