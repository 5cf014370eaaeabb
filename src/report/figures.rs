//! The charts of the report, drawn from its rows.

use minijinja::value::Value;
use serde::Serialize;

use super::chart::bars::{self, Bar};
use super::chart::lines::{self, Line, Values};
use super::chart::{confusion as matrix, reliability as diagram, roc};
use super::page::Page;
use super::rows::{ClassRow, CurvePoint, EpochRow, ReliabilityRow};
use super::sides::by_side;

/// What is shown of one side: a chart, if there is anything to draw, and rows.
#[derive(Debug, Clone, Serialize)]
pub struct Figure<'a, R> {
    /// The side.
    pub side: &'a str,
    /// The chart as SVG.
    pub svg: Option<Value>,
    /// The rows.
    pub rows: Vec<R>,
}

/// A class, and its recall as a bar.
#[derive(Debug, Clone, Serialize)]
pub struct Class<'a> {
    /// Its row.
    pub row: &'a ClassRow,
    /// The bar as SVG.
    pub strip: Value,
}

/// A small chart of one class.
#[derive(Debug, Clone, Serialize)]
pub struct Curve<'a> {
    /// The class.
    pub label: &'a str,
    /// The curve as SVG.
    pub svg: Option<Value>,
    /// The area under it.
    pub roc_auc: Option<f64>,
}

/// The charts over epochs; None where there is nothing to draw.
#[derive(Debug, Clone, Serialize)]
pub struct Training {
    loss: Option<Value>,
    accuracy: Option<Value>,
    learning_rate: Option<Value>,
}

/// The model beside its baselines.
pub fn comparison(page: &Page) -> Option<Value> {
    let headline = page.headline.as_ref().filter(|headline| headline.accuracy.is_some())?;
    let (value, low, high) = (headline.accuracy, headline.low, headline.high);
    let mut all = vec![Bar { name: "this model", value, low, high, strong: true }];
    all.extend(page.baselines.iter().map(|row| {
        let (name, value, low, high) = (&*row.name, row.accuracy, row.low, row.high);
        Bar { name, value, low, high, strong: false }
    }));
    bars::chart("Accuracy on test of the model and its baselines", &all, headline.chance).map(safe)
}

/// The charts over epochs.
pub fn training(page: &Page) -> Training {
    let line = |name, class, value: fn(&EpochRow) -> Option<f64>| {
        let points = page.history.iter().map(|row| (row.epoch as f64, value(row))).collect();
        Line { name, class, points }
    };
    let loss = [line("train", "a", |row| row.loss), line("validation", "b", |row| row.val_loss)];
    let accuracy = [line("train", "a", |row| row.accuracy), line("validation", "b", |row| row.val_accuracy)];
    let rate = [line("learning rate", "a", |row| row.learning_rate)];
    let chart = |label, values, lines: &[Line]| lines::chart(label, values, lines, page.best_epoch).map(safe);
    Training {
        loss: chart("Loss over epochs", Values::Numbers, &loss),
        accuracy: chart("Accuracy over epochs", Values::Shares, &accuracy),
        learning_rate: chart("Learning rate over epochs", Values::Numbers, &rate),
    }
}

/// The classes of each side.
pub fn classes(page: &Page) -> Vec<Figure<'_, Class<'_>>> {
    each_side(
        &page.classes,
        |row| &row.split,
        |_, rows| {
            let class = |row| Class { row, strip: safe(bars::strip(&recall(row))) };
            (None, rows.into_iter().map(class).collect())
        },
    )
}

fn recall(row: &ClassRow) -> Bar<'_> {
    Bar { name: &row.label, value: row.recall, low: row.recall_low, high: row.recall_high, strong: false }
}

/// The confusion matrix of each side.
pub fn confusion(page: &Page) -> Vec<Figure<'_, ()>> {
    each_side(
        &page.confusion,
        |row| &row.split,
        |side, rows| (matrix::chart(&format!("Confusion matrix on {side}"), &rows), vec![]),
    )
}

/// The reliability diagram of each side, and its bins.
pub fn reliability(page: &Page) -> Vec<Figure<'_, &ReliabilityRow>> {
    each_side(
        &page.reliability,
        |row| &row.split,
        |side, rows| (diagram::chart(&format!("Reliability on {side}"), &rows), rows),
    )
}

/// The ROC curves of each side.
pub fn curves(page: &Page) -> Vec<Figure<'_, Curve<'_>>> {
    each_side(
        &page.curves,
        |row| &row.split,
        |side, points| {
            let runs = points.chunk_by(|a, b| a.label == b.label);
            (None, runs.map(|run| curve(page, side, run)).collect())
        },
    )
}

fn each_side<'a, R, T>(
    rows: &'a [R],
    side: fn(&R) -> &str,
    make: impl Fn(&'a str, Vec<&'a R>) -> (Option<String>, Vec<T>),
) -> Vec<Figure<'a, T>> {
    let figure = |(side, rows)| {
        let (svg, rows) = make(side, rows);
        Figure { side, svg: svg.map(safe), rows }
    };
    by_side(rows, side).into_iter().map(figure).collect()
}

fn curve<'a>(page: &Page, side: &str, run: &[&'a CurvePoint]) -> Curve<'a> {
    let label = run.first().map_or("", |point| &point.label);
    let class = page.classes.iter().find(|row| row.split == side && row.label == label);
    Curve {
        label,
        svg: roc::chart(&format!("ROC curve of {label}"), run).map(safe),
        roc_auc: class.and_then(|c| c.roc_auc),
    }
}

/// SVG of our own writer, whose texts are escaped already.
fn safe(svg: String) -> Value {
    Value::from_safe_string(svg)
}
