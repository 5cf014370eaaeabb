//! The argument `labels`: the classes that the caller names, so that nobody has to guess whether a name is one of them.

use crate::account::classes::{Classes, number_text};
use crate::args::{Arguments, Value};
use crate::error::{Result, data_err};

/// The classes that the caller named, as texts; `meaning` is what they have to be, for messages.
///
/// # Errors
/// What is no list of texts, numbers or truth values, or an empty one.
pub(super) fn labels(arguments: &Arguments, meaning: &str) -> Result<Option<Vec<String>>> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => number_text(&number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let labels = match arguments.value("labels") {
        None => return Ok(None),
        Some(Value::List(items)) => items.iter().map(text).collect::<Option<Vec<_>>>(),
        Some(_) => None,
    };
    match labels {
        Some(labels) if !labels.is_empty() => Ok(Some(labels)),
        _ => {
            let given = arguments.value("labels").map_or(String::new(), ToString::to_string);
            arguments.wrong("labels", given, &format!("{meaning}, such as ['run', 'walk']"))
        }
    }
}

/// Those labels by the names that they have among the classes of the columns.
pub(super) fn among(classes: &Classes, labels: Option<&[String]>) -> Option<Vec<String>> {
    labels.map(|labels| labels.iter().map(|label| classes.name(label)).collect())
}

/// Refuses a class that is none of the labels, where there are any. It looks through all of them: ask once for each class.
///
/// # Errors
/// Names the class and the labels.
pub(super) fn refuse_others(function: &str, labels: Option<&[String]>, class: &str) -> Result<()> {
    match labels {
        Some(labels) if !labels.iter().any(|known| known == class) => {
            data_err!("{function}: class '{class}' is not among labels ({})", labels.join(", "))
        }
        _ => Ok(()),
    }
}
