//! The ROC curves of the test side, from its stored predictions.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float32Type;

use super::stored::Table;
use crate::error::{Error, Result};
use crate::evaluate::Predictions;
use crate::evaluate::ranking::curve::RocPoint;
use crate::report::rows::CurvePoint;
use crate::schema::{LABEL, SPLIT, SUBJECT, TEST};

/// Steps below this, in both directions, are left out of a curve: they are half a pixel of the chart.
const STEP: f64 = 0.004;

/// A curve for each class that has one, in the order of `labels`, which is that of the probabilities.
///
/// # Errors
/// [`Error::Model`] for a class that is none of `labels`: config.json and the table are of different trainings.
pub fn curves(predictions: &Table, labels: &[String]) -> Result<Vec<CurvePoint>> {
    let test = test_side(predictions, labels)?;
    let ranking = test.ranking();
    let mut curves = vec![];
    for (class, label) in labels.iter().enumerate() {
        curves.extend(thinned(ranking.roc(class)).into_iter().map(|point| CurvePoint {
            split: TEST.to_owned(),
            label: label.clone(),
            false_positive_rate: point.false_positive_rate,
            true_positive_rate: point.true_positive_rate,
        }));
    }
    Ok(curves)
}

/// How many people the test windows are of; None where somebody is unknown, or nobody is there.
pub fn people(predictions: &Table) -> Result<Option<u64>> {
    let (splits, subjects) = (predictions.texts(SPLIT)?, predictions.texts(SUBJECT)?);
    let test = splits.iter().zip(subjects).filter(|(split, _)| *split == Some(TEST)).map(|(_, subject)| subject);
    let known: Option<std::collections::BTreeSet<&str>> = test.collect();
    Ok(known.map(|people| people.len() as u64).filter(|n| *n > 0))
}

/// The test rows that have probabilities.
fn test_side(table: &Table, labels: &[String]) -> Result<Predictions> {
    let places: BTreeMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
    let (splits, classes) = (table.texts(SPLIT)?, table.texts(LABEL)?);
    let column = "probabilities";
    let lists = table.column(column)?.as_list_opt::<i32>().ok_or_else(|| table.wrong(column, "lists"))?;
    let mut test = Predictions { labels: labels.to_vec(), ..Predictions::default() };
    for (row, (split, label)) in splits.iter().zip(classes).enumerate() {
        if split != Some(TEST) || lists.is_null(row) {
            continue;
        }
        let label = label.unwrap_or_default();
        let Some(class) = places.get(label) else {
            return Err(Error::Model(format!(
                "table predictions: class '{label}' is not in config.json ({}); train again for a new version",
                labels.join(", ")
            )));
        };
        let list = lists.value(row);
        let list = list.as_primitive_opt::<Float32Type>().ok_or_else(|| table.wrong(column, "lists of numbers"))?;
        if list.len() != labels.len() || list.null_count() > 0 {
            return Err(Error::Model(format!(
                "table predictions: a row has {} probabilities of {} classes; train again for a new version",
                list.len() - list.null_count(),
                labels.len()
            )));
        }
        test.truth.push(*class);
        test.probabilities.extend(list.values());
    }
    Ok(test)
}

/// The points that a small chart can show: the first, the last, and those that are away from the one before.
fn thinned(points: Vec<RocPoint>) -> Vec<RocPoint> {
    let last = points.len().saturating_sub(1);
    let mut kept: Vec<RocPoint> = vec![];
    for (place, point) in points.into_iter().enumerate() {
        let away = |from: &RocPoint| {
            point.false_positive_rate - from.false_positive_rate >= STEP
                || point.true_positive_rate - from.true_positive_rate >= STEP
        };
        if place == last || kept.last().is_none_or(away) {
            kept.push(point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_many_rows_keeps_its_ends_and_what_is_seen() {
        let point = |i: u32| {
            let x = f64::from(i) / 100_000.0;
            RocPoint { threshold: None, false_positive_rate: x, true_positive_rate: x.sqrt() }
        };
        let kept = thinned((0..=100_000).map(point).collect());
        assert_eq!((kept[0].true_positive_rate, kept[kept.len() - 1].false_positive_rate), (0.0, 1.0));
        assert!((200..600).contains(&kept.len()), "{}", kept.len());
        assert_eq!(thinned(vec![]), vec![]);
    }
}
