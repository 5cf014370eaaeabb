//! The argument `label_rule`, and what callers mistake it for.

use arrow::datatypes::Schema;

use super::rule::LabelRule;
use crate::args::Arguments;
use crate::error::{Result, query_err};
use crate::frames::columns::note_label;
use crate::schema::{LABEL, label_hint, sql_name};

/// The name of the argument. It was `label`, which reads as the name of a column.
pub const LABEL_RULE: &str = "label_rule";

const RULES: [(&str, LabelRule); 5] = [
    ("pure", LabelRule::Pure),
    ("majority", LabelRule::Majority),
    ("last", LabelRule::Last),
    ("middle", LabelRule::Middle),
    ("every", LabelRule::Every),
];

/// How the label of a window follows from those of its frames, which are in the column `label` of the input.
///
/// # Errors
/// No such rule, in particular the name of a column; a rule for labels where there are none.
pub fn label_rule(arguments: &Arguments, input: &Schema) -> Result<LabelRule> {
    let function = arguments.function();
    if let Some(word) = arguments.text(LABEL_RULE)?
        && !RULES.iter().any(|(rule, _)| rule.eq_ignore_ascii_case(word))
        && let Some(field) = input.fields().iter().find(|field| field.name().eq_ignore_ascii_case(word))
    {
        let rules: Vec<_> = RULES.iter().map(|(rule, _)| format!("'{rule}'")).collect();
        let advice = match field.name() {
            name if name == LABEL => format!("the column '{LABEL}' is read without a word: leave {LABEL_RULE} out"),
            name => format!(
                "labels are read from the column '{LABEL}': write {} AS {LABEL} in the subquery",
                sql_name(name)
            ),
        };
        return query_err!(
            "{function}: {LABEL_RULE} must be one of {} (was '{word}', which is a column of the input); {advice}",
            rules.join(", ")
        );
    }
    let rule = arguments.one_of(LABEL_RULE, &RULES)?;
    if input.index_of(LABEL).is_err() {
        if rule.is_some_and(|rule| rule != LabelRule::Pure) {
            return query_err!(
                "{function}: {LABEL_RULE} needs a column '{LABEL}', which the input lacks{}",
                label_hint(input)
            );
        }
        note_label(input, arguments);
    }
    Ok(rule.unwrap_or(LabelRule::Pure))
}
