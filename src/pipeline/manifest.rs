//! The TOML of a pipeline: what it runs, with which variables and settings, and what it expects afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::expect::Expectation;
use super::matrix::Stage;
use super::settings::Assignment;
use super::text::{read_text, without_mark};
use super::variables::{Quotes, substitute};
use crate::error::{Error, Result, query_err, suggest};

/// A pipeline as written in `pipelines/*.toml`. Keys that are not known are refused, with their line and column.
///
/// ```toml
/// name = "quickstart"
/// about = "From frames to a trained model"
///
/// [variables]            # ${seed} in the SQL of any step: text. ${by:literal} is a string in quotes, ${by:identifier} a name in quotes, whatever
/// seed = 7               # the value holds; only these are for values that somebody else gives. A number or truth value as a literal is what it is.
/// by = "subject"
///
/// [settings]             # session options
/// posequel.models.location = "models/"
///
/// [matrix]               # every combination is a cell, with ${width} and ${fold} in its SQL
/// width = [15, 20, 30]
/// fold = [1, 2, 3]
///
/// [[steps]]
/// name = "train"
/// file = "sql/train.sql" # or sql = "..."; paths count from the current directory, as those inside SQL do
/// with = { fold = 1 }    # variables of this step alone: one file, run again and again
/// show = false           # keep this step's rows off stdout
/// each = ["width", "fold"] # once for each cell; its rows are not shown. Whole file: parallel = 2 cells at a time
///
/// [[expect]]
/// sql = "SELECT value FROM models.gait.metrics WHERE split = 'test' AND metric = 'accuracy'"
/// at_least = 0.75
/// why = "a net that learned nothing scores 1/7"
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What reports call the pipeline.
    pub name: String,
    /// One sentence for a reader.
    #[serde(default)]
    pub about: String,
    /// Values for `${name}` in SQL.
    #[serde(default)]
    pub variables: BTreeMap<String, Scalar>,
    #[serde(default)]
    settings: toml::Table,
    /// The axes of cells, each with its values.
    #[serde(default)]
    pub matrix: BTreeMap<String, Vec<Scalar>>,
    /// Cells that run at the same time; 1 if not given.
    #[serde(default = "one")]
    pub parallel: usize,
    /// Run cells again whose version is there.
    #[serde(skip)]
    pub fresh: bool,
    /// What is run, in order.
    pub steps: Vec<Step>,
    /// What must hold afterwards.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// One script of a pipeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What reports call the step.
    pub name: String,
    /// A file of SQL, from the current directory.
    pub file: Option<String>,
    /// SQL in the manifest itself; exactly one of `file` and `sql` is given.
    pub sql: Option<String>,
    /// Values for `${name}` in the SQL of this step, before those of the pipeline.
    #[serde(default)]
    pub with: BTreeMap<String, Scalar>,
    /// The axes of the matrix that it is run for; none of a step that is run once. Consecutive steps with axes are cells: each
    /// runs them in order, and those with fewer axes once for all cells that share them. The table `cells` then tells which versions each of
    /// them trained: join it with tables of a model by `version`, and by `model` where cells train several.
    #[serde(default)]
    pub each: Vec<String>,
    /// Whether its rows are written to the output; true unless it says false.
    #[serde(default = "yes")]
    pub show: bool,
}

/// A value of a variable, a setting or an expectation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number, a string, true or false")]
pub enum Scalar {
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl Scalar {
    /// A number where the text is one, true or false, else the text.
    fn of_text(text: &str) -> Self {
        let truth = text.parse().map(Self::Boolean);
        let number = truth.or_else(|_| text.parse().map(Self::Integer));
        number.or_else(|_| text.parse().map(Self::Float)).unwrap_or_else(|_| Self::Text(text.to_owned()))
    }
}

impl Manifest {
    /// Reads a manifest from a file.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        match read_text(path) {
            Ok(text) => Self::parse(&text).map_err(|e| Error::Query(format!("{name}: {e}"))),
            Err(e) => query_err!("cannot read the pipeline {name}: {e}"),
        }
    }

    /// Reads a manifest from its text.
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self =
            toml::from_str(without_mark(text)).map_err(|e| Error::Query(e.to_string().trim_end().to_owned()))?;
        if manifest.steps.is_empty() {
            return query_err!("a pipeline needs at least one [[steps]]");
        }
        for step in &manifest.steps {
            if step.file.is_some() == step.sql.is_some() {
                return query_err!("step '{}' needs either file or sql (has both or none)", step.name);
            }
        }
        for expectation in &manifest.expect {
            expectation.check_bounds()?;
        }
        if manifest.parallel == 0 {
            return query_err!("parallel must be at least 1 (was 0)");
        }
        manifest.check_matrix()?;
        manifest.settings()?;
        Ok(manifest)
    }

    /// The session options, as full names: `posequel.models.location = ...` in TOML is a table in a table.
    pub fn settings(&self) -> Result<Vec<Assignment>> {
        let mut flat = Vec::new();
        flatten("", &self.settings, &mut flat)?;
        Ok(flat)
    }

    /// Overrides a variable, or an axis of the matrix by its values, `15,20`; false when the pipeline has none of this name.
    ///
    /// Values of an axis of texts stay texts: `01` is not 1. So does the value of a variable that is a text; that of another is a number where it is written as one.
    ///
    /// # Errors
    /// An axis without a value, or with one that is empty or there twice.
    pub fn set_variable(&mut self, name: &str, value: &str) -> Result<bool> {
        if let Some(axis) = self.matrix.get_mut(name) {
            let is_text = axis.iter().all(|old| matches!(old, Scalar::Text(_)));
            let of = |text: &str| if is_text { Scalar::Text(text.to_owned()) } else { Scalar::of_text(text) };
            *axis = value.split(',').map(|value| of(value.trim())).collect();
            return self.check_matrix().map(|()| true);
        }
        let Some(old) = self.variables.get_mut(name) else { return Ok(false) };
        let text = Scalar::Text(value.to_owned());
        *old = match (&*old, Scalar::of_text(value)) {
            (Scalar::Text(_), _) => text,
            // What is written in another way, `007`, is put in as it was written.
            (_, typed) => {
                if typed.to_string() == value {
                    typed
                } else {
                    text
                }
            }
        };
        Ok(true)
    }

    /// Reads the SQL files and puts the variables in, and runs nothing.
    ///
    /// # Errors
    /// A file that is not there, a variable that is not, or that nothing uses.
    pub fn check(&mut self) -> Result<()> {
        self.resolve(Quotes::default()).map(drop)
    }

    /// Reads the SQL files and puts the variables in: what is run, with its SQL; then that of each expectation.
    ///
    /// A variable that nothing uses is refused: `--set` on it would change nothing without a word.
    pub(super) fn resolve(&mut self, quotes: Quotes) -> Result<Vec<Stage>> {
        let variables = self.variables.clone();
        let mut used = BTreeSet::new();
        let put_in = |place: &str, sql: &str, variables: &BTreeMap<String, Scalar>| {
            substitute(sql, variables, quotes).map_err(|e| Error::Query(format!("{place}: {e}")))
        };
        let stages = self.stages(|step, axes| {
            let sql = match (&step.file, &step.sql) {
                (Some(file), _) => &read_sql(&step.name, file)?,
                (None, sql) => sql.as_deref().unwrap_or_default(),
            };
            let own: BTreeMap<String, Scalar> = step.with.clone().into_iter().chain(axes.clone()).collect();
            let all = variables.clone().into_iter().chain(own.clone()).collect();
            let (text, names) = put_in(&step.origin(), sql, &all)?;
            if let Some(name) = own.keys().find(|name| !names.contains(*name)) {
                let what = if axes.contains_key(name) { "each" } else { "with" };
                return query_err!(
                    "step '{}': {what} names {name}, and its SQL does not contain ${{{name}}}",
                    step.name
                );
            }
            used.extend(names.into_iter().filter(|name| !own.contains_key(name)));
            Ok(text)
        })?;
        for expectation in &mut self.expect {
            let (text, names) = put_in("[[expect]]", &expectation.sql, &variables)?;
            expectation.sql = text;
            used.extend(names);
        }
        match variables.keys().find(|name| !used.contains(*name)) {
            Some(name) => query_err!("variable '{name}' is used nowhere: no step or expectation contains ${{{name}}}"),
            None => Ok(stages),
        }
    }

    /// The error for a `--set` that is neither a variable nor a session option.
    pub(super) fn unknown(&self, key: &str, options: &[String]) -> Error {
        let variables = self.variables.keys().map(String::as_str);
        let near = match crate::error::nearest(key, variables.clone().chain(options.iter().map(String::as_str))) {
            Some(name) => format!("; did you mean '{name}'?"),
            None => suggest(key, variables),
        };
        Error::Query(format!("--set {key}: neither a variable of pipeline '{}' nor a session option{near}", self.name))
    }
}

impl Step {
    /// What errors call the step's SQL: its file, or its name.
    pub(super) fn origin(&self) -> String {
        self.file.clone().unwrap_or_else(|| format!("step '{}'", self.name))
    }
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

fn read_sql(step: &str, file: &str) -> Result<String> {
    read_text(Path::new(file)).map_err(|e| {
        Error::Query(format!("step '{step}': cannot read {file}: {e}; paths count from the current directory"))
    })
}

fn flatten(prefix: &str, table: &toml::Table, flat: &mut Vec<Assignment>) -> Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let value = match value {
            toml::Value::Table(inner) => {
                flatten(&key, inner, flat)?;
                continue;
            }
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            other => return query_err!("setting {key}: expected a number, a string, true or false (was {other})"),
        };
        flat.push(Assignment { key, value });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::matrix::Resolved;
    use super::*;

    const SMALL: &str = "name = 'small'\n[variables]\nseed = 7\n[[steps]]\nname = 'one'\nsql = 'SELECT ${seed}'\n";

    fn refusal(text: &str) -> String {
        Manifest::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn variables_are_put_into_steps_and_expectations() {
        let expect = "[[expect]]\nsql = 'SELECT ${seed} + 1'\nequals = 8\n";
        let mut manifest = Manifest::parse(&format!("{SMALL}{expect}")).unwrap();
        let stages = manifest.resolve(Quotes::default()).unwrap();
        assert_eq!(stages, [Stage::Once(Resolved { step: 0, sql: "SELECT 7".into() })]);
        assert_eq!(manifest.expect[0].sql, "SELECT 7 + 1");
    }

    #[test]
    fn a_variable_is_overridden() {
        let mut manifest = Manifest::parse(SMALL).unwrap();
        assert!(manifest.set_variable("seed", "9").unwrap());
        assert!(!manifest.set_variable("sed", "9").unwrap());
        let stages = manifest.resolve(Quotes::default()).unwrap();
        assert_eq!(stages, [Stage::Once(Resolved { step: 0, sql: "SELECT 9".into() })]);
    }

    #[test]
    fn an_overridden_variable_is_of_the_kind_that_it_was() {
        let set = |old: &str, value: &str| {
            let text = SMALL.replace("= 7", &format!("= {old}")).replace("${seed}", "${seed:literal}");
            let mut manifest = Manifest::parse(&text).unwrap();
            manifest.set_variable("seed", value).unwrap();
            let [Stage::Once(Resolved { sql, .. })] = &manifest.resolve(Quotes::default()).unwrap()[..] else {
                panic!()
            };
            sql.strip_prefix("SELECT ").unwrap().to_owned()
        };
        assert_eq!([set("7", "9"), set("0.5", "0.25"), set("true", "false")], ["9", "0.25", "false"]);
        assert_eq!([set("'a'", "9"), set("7", "O'Brien"), set("7", "007")], ["'9'", "'O''Brien'", "'007'"]);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_column() {
        let message = refusal(&format!("{SMALL}shwo = true\n"));
        assert!(message.contains("line 7, column 1") && message.contains("unknown field `shwo`"), "{message}");
    }

    #[test]
    fn a_variable_is_no_list() {
        let message = refusal("name = 'x'\nsteps = []\n[variables]\nseed = [1]\n");
        assert!(message.contains("expected a number, a string, true or false"), "{message}");
    }

    #[test]
    fn a_step_has_one_source_of_sql() {
        assert!(refusal("name = 'x'\n[[steps]]\nname = 's'\n").contains("step 's' needs either file or sql"));
        assert!(refusal("name = 'x'\nsteps = []\n").contains("at least one [[steps]]"));
    }

    #[test]
    fn a_variable_that_nothing_uses_is_refused() {
        let mut manifest = Manifest::parse(&SMALL.replace("${seed}", "1")).unwrap();
        assert!(
            manifest.resolve(Quotes::default()).unwrap_err().to_string().contains("variable 'seed' is used nowhere")
        );
    }

    #[test]
    fn settings_are_named_in_full_however_they_are_written() {
        let nested = format!("{SMALL}[settings]\nposequel.models.location = 'm/'\n'datafusion.x' = 2\n");
        let settings = Manifest::parse(&nested).unwrap().settings().unwrap();
        let pairs: Vec<_> = settings.iter().map(|s| (s.key.as_str(), s.value.as_str())).collect();
        assert!(pairs.contains(&("posequel.models.location", "m/")) && pairs.contains(&("datafusion.x", "2")));
    }

    #[test]
    fn a_byte_order_mark_and_line_ends_of_windows_change_nothing() {
        let windows = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
        assert_eq!(Manifest::parse(&windows).unwrap(), Manifest::parse(SMALL).unwrap());
    }

    #[test]
    fn a_missing_file_of_sql_is_named() {
        let mut manifest = Manifest::parse("name = 'x'\n[[steps]]\nname = 's'\nfile = 'no/such.sql'\n").unwrap();
        let message = manifest.resolve(Quotes::default()).unwrap_err().to_string();
        assert!(message.starts_with("step 's': cannot read no/such.sql: "), "{message}");
    }
}
