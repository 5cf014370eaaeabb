//! How the template shows values; NULL is a dash, and the page says what it means.

use std::borrow::Cow;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment};

use super::number::{
    SHARE, count, counted, digits, measure, percent, points, points_range, probability, range, short, whole_range,
};
use crate::shown::escaped;

/// NULL, for the eye and for a screen reader.
const NULL: &str = r#"<span class="null" title="no value: see “How to read this”">–</span>"#;

/// An environment with the filters and with every text escaped.
pub fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    env.set_syntax(syntax());
    // Marks of direction would show a text in another order than it has, and control characters are no HTML.
    env.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()).map(escaped) {
        Some(Cow::Owned(text)) => minijinja::escape_formatter(out, state, &Value::from(text)),
        _ => minijinja::escape_formatter(out, state, value),
    });
    env.add_filter("percent", |x: Option<f64>| shown(x.map(percent)));
    env.add_filter("digits", |x: Option<f64>| shown(x.map(digits)));
    env.add_filter("short", |x: Option<f64>| shown(x.map(short)));
    env.add_filter("count", |n: Option<u64>| shown(n.map(count)));
    env.add_filter("counted", |n: u64, one: &str, many: &str| counted(n, one, many));
    env.add_filter("measure", |x: Option<f64>, unit: &str| shown(x.map(|x| measure(x, unit))));
    env.add_filter("range", |low: Option<f64>, high: Option<f64>, unit: &str| {
        shown(low.zip(high).map(|(low, high)| range(low, high, unit)))
    });
    env.add_filter("whole_range", whole_range);
    env.add_filter("points", |x: Option<f64>| shown(x.map(points)));
    env.add_filter("points_range", |low: Option<f64>, high: Option<f64>| {
        shown(low.zip(high).map(|(low, high)| points_range(low, high)))
    });
    env.add_filter("probability", |p: Option<f64>| {
        shown(p.map(|p| probability(p).trim_start_matches("=\u{a0}").to_owned()))
    });
    env.add_filter("share_range", |low: Option<f64>, high: Option<f64>| {
        shown(low.zip(high).map(|(low, high)| range(low, high, SHARE)))
    });
    env
}

/// A line that holds only a tag of the template leaves no blank line behind.
fn syntax() -> SyntaxConfig {
    let mut builder = SyntaxConfig::builder();
    builder.trim_blocks(true).lstrip_blocks(true);
    builder.build().unwrap_or_default()
}

fn shown(text: Option<String>) -> Value {
    text.map_or_else(|| Value::from_safe_string(NULL.to_owned()), Value::from)
}
