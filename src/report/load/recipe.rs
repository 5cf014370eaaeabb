//! What a training was told, in words: the net, the options that differ from the defaults, the rows, the code.

use serde_json::Value;

use crate::nn::config::ModelConfig;
use crate::options::training::{Pooling, TrainingOptions};
use crate::report::number::{count, counted, short};
use crate::report::rows::RecipeRow;
use crate::schema::{TEST, TRAIN, VALIDATION};
use crate::store::manifest::Manifest;
use crate::store::recipe::{Recipe, Versions};
use crate::store::replay::Replay;

/// Options that say what the net is: other rows tell that.
const OF_THE_NET: [&str; 7] = ["cell", "bidirectional", "pooling", "units", "dense", "epochs", "members"];

/// `LSTM 64, 32, both directions; windows of 25 frames × 6 features, 7 classes`
pub fn about(recipe: &Recipe) -> String {
    let net = match &recipe.members[..] {
        [] => layers(&recipe.architecture),
        members => format!("the mean of {}", counted(members.len() as u64, "net", "nets")),
    };
    let classes = counted(recipe.architecture.classes as u64, "class", "classes");
    format!("{net}; windows of {}, {classes}", windows(&recipe.architecture))
}

/// The rows of the recipe, from the net to the code that trained it.
pub fn rows(recipe: &Recipe, manifest: &Manifest) -> Vec<RecipeRow> {
    let mut rows = net(recipe);
    let summary = &manifest.summary;
    if recipe.members.is_empty() {
        let epochs = format!("{} of at most {}", summary.epochs, recipe.options.epochs);
        rows.push(row("epochs", summary.best_epoch.map_or(epochs.clone(), |best| format!("{epochs}; kept: {best}"))));
    }
    rows.extend(options(&recipe.options));
    rows.extend(recipe.temperature.map(|temperature| row("temperature", short(temperature))));
    for side in [TRAIN, VALIDATION, TEST] {
        let number = recipe.rows.get(side).copied().unwrap_or(0);
        rows.push(row(format!("rows of {side}"), count(number)));
    }
    rows.extend(recipe.replay.iter().flat_map(cut));
    rows.push(row("digest of the rows", digest(&recipe.digests.rows)));
    rows.push(row("digest of the split", digest(&recipe.digests.splits)));
    for (axis, value) in summary.cell.iter().flat_map(|cell| &cell.values) {
        rows.push(row(format!("{axis} of the matrix"), value));
    }
    rows.push(row("run", &manifest.run));
    let Versions { posequel, datafusion, candle } = &recipe.versions;
    rows.push(row("code", format!("posequel {posequel}, DataFusion {datafusion}, candle {candle}")));
    rows
}

fn row(key: impl Into<String>, value: impl Into<String>) -> RecipeRow {
    RecipeRow { key: key.into(), value: value.into() }
}

fn net(recipe: &Recipe) -> Vec<RecipeRow> {
    let of = &recipe.architecture;
    let mut rows = vec![row("a window", windows(of))];
    if !recipe.members.is_empty() {
        let members = recipe.members.iter().map(|member| row(&*member.model, layers(&member.architecture)));
        rows.extend(members);
        return rows;
    }
    rows.insert(0, row("net", layers(of)));
    rows.push(row("pooling", if of.pooling == Pooling::Attention { "attention" } else { "last state" }));
    if !of.dense.is_empty() {
        rows.push(row("dense layers", list(&of.dense)));
    }
    rows.push(row("parameters", count(of.parameter_count() as u64)));
    rows
}

/// `LSTM 64, 32, both directions`
fn layers(of: &ModelConfig) -> String {
    let both = if of.bidirectional { ", both directions" } else { "" };
    format!("{} {}{both}", of.cell.name().to_uppercase(), list(&of.units))
}

/// `25 frames × 6 features`
fn windows(of: &ModelConfig) -> String {
    let frames = counted(of.width as u64, "frame", "frames");
    format!("{frames} × {}", counted(of.features as u64, "feature", "features"))
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// The options that differ from the defaults, as SQL names them, in the order in which they are declared.
fn options(options: &TrainingOptions) -> Vec<RecipeRow> {
    // Both are structs of plain values: they are always objects.
    let object = |options: &TrainingOptions| match serde_json::to_value(options) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut default = TrainingOptions::default();
    // One value for each layer: the default has as many as there are layers.
    default.dropout.resize(options.units.len(), default.dropout.first().copied().unwrap_or_default());
    let defaults = object(&default);
    let differs =
        |(name, value): &(String, Value)| !OF_THE_NET.contains(&name.as_str()) && defaults.get(name) != Some(value);
    object(options).into_iter().filter(differs).map(|(name, value)| row(name, text(&value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(x) => short(x),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// How windows were cut from frames.
fn cut(replay: &Replay) -> Vec<RecipeRow> {
    let Replay { by, order_by, max_gap, width, stride, short: tails, nulls, max_fill, hz, time, rate, .. } = replay;
    let fill = max_fill.map_or(String::new(), |most| format!(", at most {}", counted(most as u64, "frame", "frames")));
    let mut rows = vec![
        row("width, stride", format!("{width}, {stride} frames")),
        row("a recording is", by.join(", ")),
        row("in order of", format!("{order_by}, gaps up to {max_gap}")),
        row("short runs", tails),
        row("missing values", format!("{nulls}{fill}")),
    ];
    if let Some(hz) = hz {
        let clock = match (time, rate) {
            (Some(time), _) => format!(", by {time}"),
            (None, Some(rate)) => format!(", from {}", short(*rate)),
            (None, None) => String::new(),
        };
        rows.push(row("frames a second", format!("{}{clock}", short(*hz))));
    }
    rows
}

/// The first 16 digits, which nobody finds twice.
fn digest(hex: &str) -> String {
    hex.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        let options = TrainingOptions { units: vec![64, 32], dropout: vec![0.3, 0.3], seed: 7, ..Default::default() };
        let options = TrainingOptions { learning_rate: 2e-3, skeleton: Some("body25:xy".into()), ..options };
        Recipe::plain(25, 1, options)
    }

    #[test]
    fn the_net_is_said_in_one_line() {
        assert_eq!(about(&recipe()), "LSTM 64, 32; windows of 25 frames × 1 feature, 2 classes");
    }

    #[test]
    fn only_options_that_differ_are_listed() {
        let listed: Vec<_> = options(&recipe().options).into_iter().map(|row| (row.key, row.value)).collect();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(listed, [pair("learning_rate", "0.002"), pair("seed", "7"), pair("skeleton", "body25:xy")]);
        assert!(options(&TrainingOptions::default()).is_empty());
        let three = TrainingOptions { units: vec![8; 3], dropout: vec![0.3; 3], ..Default::default() };
        assert!(options(&three).is_empty());
    }
}
