//! Named arguments of relation functions, parsed once; every error names the function, the argument and the value.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::error::{Result, query_err, suggest};
use crate::notes::Notes;
use crate::schema::{LABEL, LABELS, sql_name};

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
    aliases: &'static [Alias],
    notes: Notes,
}

/// An old name of an argument, and what it is called now. The old one stays; whoever writes it is told once a process.
pub type Alias = (&'static str, &'static str);

impl Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|(name, value)| format!("{name} => {value}")).collect();
        write!(f, "{}({})", self.function, values.join(", "))
    }
}

impl Arguments {
    /// No arguments yet, of a call to `function`.
    pub fn new(function: &'static str) -> Self {
        Self { function, ..Self::default() }
    }

    /// Arguments that may be given by old names, too.
    pub fn with_aliases(self, aliases: &'static [Alias]) -> Self {
        Self { aliases, ..self }
    }

    /// Arguments of a call whose session hears what is said of it.
    pub fn with_notes(self, notes: Notes) -> Self {
        Self { notes, ..self }
    }

    /// Where something is said while the function runs.
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// Adds `name => value`. An unknown name, or the same argument twice, is an error.
    pub fn insert(&mut self, known: &[&'static str], name: &str, value: Value) -> Result<()> {
        let function = self.function;
        let now = self.aliases.iter().find(|(old, _)| *old == name).map_or(name, |(_, now)| now);
        if !known.contains(&now) {
            return query_err!(
                "{function}: unknown argument '{name}'{}{}",
                suggest(name, known.iter().copied()),
                label_hint(name, &value)
            );
        }
        if now != name {
            self.notes.say_once(format!(
                "{function}: the argument '{name}' is called '{now}' now; the old name still works, the new one is to be written"
            ));
        }
        if self.values.insert(now.to_owned(), value).is_some() {
            return match self.aliases.iter().find(|(_, of)| *of == now) {
                Some((old, _)) => query_err!(
                    "{function}: argument '{now}' is given twice ('{old}' is its old name); give it once, as '{now}'"
                ),
                None => query_err!("{function}: argument '{name}' is given twice; give it once"),
            };
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

    /// Says a line to whoever runs the statement, once.
    pub fn note(&self, line: impl Display) {
        self.notes.say(format!("{}: {line}", self.function));
    }

    /// A whole number of at least `least`.
    pub fn whole(&self, name: &str, least: i64) -> Result<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(v)) if *v >= least => Ok(Some(*v as u64)),
            Some(v) => self.wrong(name, v, &format!("a whole number >= {least}")),
        }
    }

    /// A whole number of at least `least`, and at most `most`: what more of it would take, nobody has.
    pub fn whole_at_most(&self, name: &str, least: i64, most: u64) -> Result<Option<u64>> {
        match self.whole(name, least)? {
            Some(value) if value > most => self.wrong(name, value, &format!("at most {most}")),
            value => Ok(value),
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

/// What to do instead of `label => 'activity'`: the class of a row is always its column [`LABEL`].
fn label_hint(name: &str, value: &Value) -> String {
    let names = LABELS.iter().copied().chain(["label_column", "label_col", "label_by"]);
    match value {
        Value::Text(column) if names.into_iter().any(|known| known == name) && column != LABEL => {
            format!(
                "; the class of a row is its column '{LABEL}': write {} AS {LABEL} in the subquery",
                sql_name(column)
            )
        }
        _ => String::new(),
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

    const ALIASES: [Alias; 1] = [("size", "width")];

    #[test]
    fn an_old_name_is_the_new_one_and_is_said() {
        let notes = Notes::default();
        let mut arguments = Arguments::new("args_rs_aliases").with_aliases(&ALIASES).with_notes(notes.clone());
        arguments.insert(&KNOWN, "size", Value::Int(3)).expect("an old name");
        assert_eq!(
            (arguments.whole("width", 1), arguments.to_string().as_str()),
            (Ok(Some(3)), "args_rs_aliases(width => 3)")
        );
        assert_eq!(
            notes.take(),
            [
                "args_rs_aliases: the argument 'size' is called 'width' now; the old name still works, the new one is to be written"
            ]
        );
        let error = arguments.insert(&KNOWN, "width", Value::Int(3)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "args_rs_aliases: argument 'width' is given twice ('size' is its old name); give it once, as 'width'"
        );
    }

    #[test]
    fn a_column_of_classes_is_no_argument() {
        let error =
            Arguments::new("f").insert(&KNOWN, "label", Value::Text("Activity".into())).unwrap_err().to_string();
        assert!(
            error.ends_with("the class of a row is its column 'label': write \"Activity\" AS label in the subquery"),
            "{error}"
        );
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
