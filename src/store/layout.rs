//! The names of the files and folders of a model, and nothing else.

use crate::error::{Result, query_err};

/// The folder of all trainings of a model, one folder for each.
pub const RUNS: &str = "runs";
/// The folder of published versions. A model is what has a version in it.
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

/// The highest number of a version: nobody trains as often, and every number up to it is an i64 in tables.
pub const HIGHEST: u64 = 1_000_000_000_000_000;

/// The file that publishes version `number`: 20 digits, so that names sort as numbers do.
pub fn version_file(number: u64) -> String {
    format!("{number:020}.json")
}

/// The file that says that version `number` was removed, so that its number is never given again.
pub fn tombstone_file(number: u64) -> String {
    format!("{number:020}{TOMBSTONE}")
}

const TOMBSTONE: &str = ".removed.json";

/// What a file in [`VERSIONS`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionFile {
    /// The manifest of the version of this number.
    Version(u64),
    /// See [`tombstone_file`].
    Tombstone(u64),
    /// A number that no version has: 0, or above [`HIGHEST`].
    Impossible,
    /// Something else, such as what is being written.
    Other,
}

/// What a file in [`VERSIONS`] is, by its name.
pub fn version_of(file: &str) -> VersionFile {
    let number = |digits: &str| {
        let is_number = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok().filter(|number| (1..=HIGHEST).contains(number)))
    };
    let (digits, kind): (_, fn(u64) -> VersionFile) = match (file.strip_suffix(TOMBSTONE), file.strip_suffix(".json")) {
        (Some(digits), _) => (digits, VersionFile::Tombstone),
        (None, Some(digits)) => (digits, VersionFile::Version),
        (None, None) => return VersionFile::Other,
    };
    match number(digits) {
        Some(Some(number)) => kind(number),
        Some(None) => VersionFile::Impossible,
        None => VersionFile::Other,
    }
}

/// The longest name of a model in bytes: file systems allow 255, and the name of a file has more in it.
const LONGEST_NAME: usize = 200;

/// Refuses the name of a model that is asked for and that no model can have.
///
/// # Errors
/// [`Error::Query`](crate::error::Error::Query) that names what is allowed.
pub fn check_asked_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.starts_with(['.', '_']) || !name.chars().all(allowed) {
        let (shown, more) =
            (name.chars().take(60).collect::<String>(), if name.chars().count() > 60 { "..." } else { "" });
        return query_err!(
            "model name '{}{more}': expected letters, digits, '-', '_' and '.', not beginning with '.' or '_' \
             (what follows an '@' asks for a version: 'gait@3')",
            shown.escape_debug()
        );
    }
    Ok(())
}

/// Refuses a name for a new model that could not be written as `models."<name>"`, as a folder on every system, or beside `@version`.
///
/// # Errors
/// [`Error::Query`](crate::error::Error::Query) that says what is wrong with it.
pub fn check_model_name(name: &str) -> Result<()> {
    check_asked_name(name)?;
    let refuse = |why: &str| query_err!("model name '{}': {why}; choose another", name.escape_debug());
    if name.len() > LONGEST_NAME {
        return query_err!(
            "model name '{}...': {} bytes, and {LONGEST_NAME} are allowed",
            &first(name, 40),
            name.len()
        );
    }
    if name.ends_with('.') {
        return refuse("it ends with '.', which is no folder on every system");
    }
    if name.eq_ignore_ascii_case("information_schema") {
        return refuse("models.information_schema is the list of tables");
    }
    let stem = name.split('.').next().unwrap_or(name).to_ascii_uppercase();
    let numbered =
        |device: &str| stem.strip_prefix(device).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    if ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || ["COM", "LPT"].into_iter().any(numbered) {
        return refuse("it is the name of a device, and no folder, on Windows");
    }
    if let Some(c) = name.chars().find(|&c| is_written_in_two_ways(c)) {
        return refuse(&format!(
            "'{}' (U+{:04X}) is another writing of a letter that looks the same",
            c.escape_debug(),
            u32::from(c)
        ));
    }
    Ok(())
}

/// Letters and marks that Unicode's normal form C writes in another way, so that two names would look the same: marks that are put onto the letter
/// before them, the parts of Hangul syllables, signs that are letters (kelvin, ångström, ohm), and ideographs kept for other encodings.
fn is_written_in_two_ways(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1100}'..='\u{11FF}' | '\u{2126}' | '\u{212A}' | '\u{212B}' | '\u{F900}'..='\u{FAFF}'
        | '\u{2F800}'..='\u{2FA1F}')
}

/// The first `most` letters.
fn first(name: &str, most: usize) -> String {
    name.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_file_is_read_back_and_nothing_else_is() {
        assert_eq!(version_file(42), "00000000000000000042.json");
        for number in [1, 42, HIGHEST] {
            assert_eq!(version_of(&version_file(number)), VersionFile::Version(number));
            assert_eq!(version_of(&tombstone_file(number)), VersionFile::Tombstone(number));
        }
        for other in [
            "42.json",
            "00000000000000000042.json#1",
            "0000000000000000004x.json",
            "+0000000000000000042.json",
            "x.removed.json",
        ] {
            assert_eq!(version_of(other), VersionFile::Other, "{other}");
        }
        for number in ["99999999999999999999", "18446744073709551615", "09223372036854775808", "00000000000000000000"] {
            assert_eq!(version_of(&format!("{number}.json")), VersionFile::Impossible, "{number}");
        }
    }

    #[test]
    fn names_that_would_not_come_back_are_refused() {
        let long = "n".repeat(LONGEST_NAME);
        for name in ["gait-2.b", "Gait", "select", "übung", "café", "١٢٣", "歩き", "con2", "console", "com10", &long]
        {
            assert!(check_model_name(name).is_ok(), "{name}");
        }
        let longer = "ü".repeat(LONGEST_NAME / 2 + 1);
        let asked = [
            "",
            "gait@2",
            "a/b",
            "_versions",
            "..",
            ".x",
            "a b",
            "a%20b",
            "a\nb",
            "\u{202e}x",
            "a*",
            "[x]",
            "cafe\u{301}",
        ];
        for name in asked {
            assert!(check_asked_name(name).is_err(), "{name}");
        }
        for name in
            ["a.", "information_schema", "CON", "nul.v2", "Com1", "\u{1100}\u{1161}", "\u{212b}", "\u{345}", &longer]
        {
            assert!(check_asked_name(name).is_ok() && check_model_name(name).is_err(), "{name}");
        }
    }
}
