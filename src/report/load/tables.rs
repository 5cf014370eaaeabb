//! What a row of each stored table is on the page.

use super::stored::Row;
use crate::error::Result;
use crate::evaluate;
use crate::report::rows::{
    BaselineRow, CellRow, ClassRow, EpochRow, FeatureRow, FindingRow, InventoryRow, LeakRow, MetricRow, OfSide,
    ReliabilityRow,
};
use crate::schema::{LABEL, SPLIT, TEST, TRAIN, VALIDATION};

/// Of `metrics`.
pub fn metric(row: Row<'_>) -> Result<MetricRow> {
    Ok(MetricRow {
        split: row.text(SPLIT)?,
        metric: row.text("metric")?,
        unit: row.text("unit")?,
        better: row.text("better")?,
        value: row.number("value")?,
        low: row.number("low")?,
        high: row.number("high")?,
        interval: row.some_text("interval")?,
        n: row.count("n")?,
        groups: row.count("groups")?,
    })
}

/// Of `metrics`: whether leaks were allowed, and what else has to be said beside the numbers.
pub fn caveat(row: Row<'_>) -> Result<(bool, Option<String>)> {
    Ok((row.is("leaky")?, row.some_text("caveat")?))
}

/// Of `class_metrics`.
pub fn class(row: Row<'_>) -> Result<ClassRow> {
    let class = evaluate::ClassRow {
        label: row.text(LABEL)?,
        precision: row.number("precision")?,
        recall: row.number("recall")?,
        recall_low: row.number("recall_low")?,
        recall_high: row.number("recall_high")?,
        f1: row.number("f1")?,
        support: row.count("support")?,
        roc_auc: row.number("roc_auc")?,
        average_precision: row.number("average_precision")?,
    };
    Ok(OfSide { split: row.text(SPLIT)?, row: class })
}

/// Of `confusion`.
pub fn cell(row: Row<'_>) -> Result<CellRow> {
    let (label, predicted) = (row.text(LABEL)?, row.text("predicted")?);
    Ok(OfSide { split: row.text(SPLIT)?, row: evaluate::CellRow { label, predicted, count: row.count("count")? } })
}

/// Of `reliability`.
pub fn bin(row: Row<'_>) -> Result<ReliabilityRow> {
    let bin = evaluate::ReliabilityRow {
        low: row.number("low")?.unwrap_or_default(),
        high: row.number("high")?.unwrap_or_default(),
        count: row.count("count")?,
        confidence: row.number("confidence")?,
        accuracy: row.number("accuracy")?,
    };
    Ok(OfSide { split: row.text(SPLIT)?, row: bin })
}

/// Of `history`.
pub fn epoch(row: Row<'_>) -> Result<EpochRow> {
    Ok(EpochRow {
        epoch: row.count("epoch")?,
        loss: row.number("loss")?,
        val_loss: row.number("val_loss")?,
        accuracy: row.number("accuracy")?,
        val_accuracy: row.number("val_accuracy")?,
        learning_rate: row.number("learning_rate")?,
    })
}

/// Of `diagnosis`.
pub fn finding(row: Row<'_>) -> Result<FindingRow> {
    let sentence = |column| row.text(column).map(|text| unbroken(&text));
    Ok(FindingRow {
        severity: row.text("severity")?,
        check: row.text("check")?,
        message: sentence("message")?,
        cause: sentence("cause")?,
        advice: sentence("advice")?,
    })
}

/// A text in which no line ends between a number and its percent sign.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{202f}%")
}

/// Of `baselines`, with the side it was measured on.
pub fn baseline(row: Row<'_>) -> Result<(String, BaselineRow)> {
    let name = match &*row.text("baseline")? {
        "majority" => "majority class".to_owned(),
        other => other.replace('_', " "),
    };
    let baseline = BaselineRow {
        name,
        accuracy: row.number("accuracy")?,
        low: row.number("low")?,
        high: row.number("high")?,
        difference: row.number("difference")?,
        difference_low: row.number("difference_low")?,
        difference_high: row.number("difference_high")?,
        p: row.number("p")?,
        verdict: row.some_text("net_is")?,
    };
    Ok((row.text(SPLIT)?, baseline))
}

/// Of `balance`. Of windows that are there, 0 recordings or people means that nobody told.
pub fn balance(row: Row<'_>) -> Result<InventoryRow> {
    let (windows, copies) = (row.count("windows")?, row.count("copies")?);
    let known = |n: u64| (n > 0 || windows + copies == 0).then_some(n);
    Ok(InventoryRow {
        split: row.text(SPLIT)?,
        label: row.text(LABEL)?,
        windows,
        copies: Some(copies),
        recordings: known(row.count("recordings")?),
        subjects: known(row.count("subjects")?),
    })
}

/// Of `labels`, which older versions have in place of `balance`: windows with their copies.
pub fn counts(row: Row<'_>) -> Result<[InventoryRow; 3]> {
    let (label, train) = (row.text(LABEL)?, row.count(TRAIN)?);
    let side = |split: &str, windows| InventoryRow {
        split: split.to_owned(),
        label: label.clone(),
        windows,
        ..InventoryRow::default()
    };
    Ok([side(TRAIN, train), side(VALIDATION, row.count(VALIDATION)?), side(TEST, row.count(TEST)?)])
}

/// Of `leaks`.
pub fn leak(row: Row<'_>) -> Result<LeakRow> {
    let (status, count, sides) = (row.text("status")?, row.count("count")?, row.text("sides")?);
    let detail = match &*status {
        "ok" => String::new(),
        "not checked" => "the table had no column that would tell".to_owned(),
        _ => {
            let more = if count > 5 { ", ..." } else { "" };
            let sides = if sides.is_empty() { sides } else { format!(" on {sides}") };
            format!("{count} ({}{more}){sides}; {}", row.list("examples")?.join(", "), row.text("advice")?)
        }
    };
    Ok(LeakRow {
        check: row.text("check")?,
        severity: status,
        detail,
        rows: row.count("rows")?,
        share: row.number("share")?,
    })
}

/// Of `features`. A feature without a name has its place.
pub fn feature(row: Row<'_>) -> Result<FeatureRow> {
    let name = row.some_text("name")?.map_or_else(|| row.count("index").map(|place| place.to_string()), Ok)?;
    Ok(FeatureRow { name, unit: row.some_text("unit")?, mean: row.number("mean")?, std: row.number("std")? })
}
