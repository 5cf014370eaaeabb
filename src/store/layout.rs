//! The names of the files and folders of a model, and nothing else.

use crate::error::{Result, query_err};

/// The folder of all trainings of a model, one folder for each.
pub const RUNS: &str = "runs";
/// The folder of published versions. A model is what has a file in it.
pub const VERSIONS: &str = "_versions";
/// The folder of what trainings leave while they run.
pub const UNFINISHED: &str = "_unfinished";
/// The manifest inside a run's own folder; the commit is its copy in [`VERSIONS`].
pub const MANIFEST: &str = "manifest.json";
/// The best weights, named as in PyTorch's nn.LSTM.
pub const MODEL: &str = "model.safetensors";
/// The recipe: everything that a training was told.
pub const CONFIG: &str = "config.json";

/// The tables that every version has, in the order in which they are listed; `versions` itself is made from manifests.
pub const TABLES: [&str; 14] = [
    "history",
    "metrics",
    "class_metrics",
    "confusion",
    "reliability",
    "predictions",
    "labels",
    "features",
    "parameters",
    "baselines",
    "recordings",
    "leaks",
    "balance",
    "diagnosis",
];

/// The blob of a table: `history.parquet`.
pub fn table_blob(table: &str) -> String {
    format!("{table}.parquet")
}

/// The file that publishes version `number`: 20 digits, so that names sort as numbers do.
pub fn version_file(number: u64) -> String {
    format!("{number:020}.json")
}

/// The number of a file in [`VERSIONS`]; None for whatever else lies there.
pub fn version_number(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Refuses a name that could not be written as `models.<name>`, as a folder, or beside `@version`.
///
/// # Errors
/// [`Error::Query`](crate::error::Error::Query) that names what is allowed.
pub fn check_model_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.starts_with(['.', '_']) || !name.chars().all(allowed) {
        return query_err!(
            "model name '{name}': expected letters, digits, '-', '_' and '.', not beginning with '.' or '_' \
             (what follows an '@' asks for a version: 'gait@3')"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_file_is_read_back_and_nothing_else_is() {
        assert_eq!(version_file(42), "00000000000000000042.json");
        assert_eq!(version_number(&version_file(u64::MAX)), Some(u64::MAX));
        for other in
            ["42.json", "00000000000000000042.json#1", "0000000000000000004x.json", "99999999999999999999.json"]
        {
            assert_eq!(version_number(other), None, "{other}");
        }
    }

    #[test]
    fn names_that_would_not_come_back_are_refused() {
        assert!(check_model_name("gait-2.b").is_ok());
        for name in ["", "gait@2", "a/b", "_versions", "..", "a b", "a%20b"] {
            assert!(check_model_name(name).is_err(), "{name}");
        }
    }
}
