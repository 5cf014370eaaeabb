//! Example pages that are hard to show: an extreme one, and one of which nothing is known.

use super::pages::{confusion, curves, finding, inventory, noise, reliability};
use crate::evaluate;
use crate::report::page::Page;
use crate::report::rows::*;
use crate::schema::{TEST, VALIDATION};

/// What a label may look like at worst.
pub const HOSTILE: &str = "<script>alert(1)</script>";
/// What else a label may hold.
pub const QUOTED: &str = "a & b \"c\" 'd'";

/// 40 classes, long and hostile names, no values, one epoch, no test rows.
pub fn extreme() -> Page {
    let long = |i: usize| format!("class {i:02} standing on the left leg with the right arm raised sideways");
    let mut names: Vec<String> = (0..38).map(long).collect();
    names.extend([HOSTILE.to_owned(), QUOTED.to_owned()]);
    let labels: Vec<&str> = names.iter().map(|name| &**name).collect();
    let class = |label: &&str| OfSide {
        split: VALIDATION.into(),
        row: evaluate::ClassRow { label: (*label).into(), ..Default::default() },
    };
    let metric = |(split, n): (&str, u64)| MetricRow {
        split: split.into(),
        metric: "accuracy".into(),
        unit: "share".into(),
        better: "higher".into(),
        n,
        ..MetricRow::default()
    };
    let wilson = MetricRow {
        value: Some(0.0),
        low: Some(0.0),
        high: Some(0.101_5),
        interval: Some("wilson".into()),
        ..metric((VALIDATION, 34))
    };
    let leak = LeakRow {
        check: "recording_on_two_sides".into(),
        severity: "error".into(),
        detail: format!("3 recordings ('v1', 'v2', '{HOSTILE}') are in train and in validation"),
        rows: 1234,
        share: Some(0.124),
    };
    let mut counts = vec![0; 1600];
    (0..1500)
        .for_each(|i| counts[(noise(i) * 40.0) as usize * 40 + (noise(i / 3 + 7) * noise(i + 9) * 40.0) as usize] += 1);
    Page {
        title: format!("{HOSTILE}-with-a-very-long-name-that-somebody-generated"),
        version: 1_204,
        created: "2026-11-28 02:37 UTC".into(),
        about: format!("GRU 128 to 40 classes, the last of which is {QUOTED}"),
        findings: Some(vec![finding("error", "unseen_class", HOSTILE, QUOTED, HOSTILE)]),
        warnings: vec![format!("table 'reliability' could not be read: {QUOTED}")],
        baselines: vec![BaselineRow { name: QUOTED.into(), ..BaselineRow::default() }],
        metrics: vec![metric((TEST, 0)), wilson, metric((HOSTILE, 5))],
        classes: labels.iter().map(class).collect(),
        confusion: confusion(VALIDATION, &labels, |i, j| counts[i * 40 + j]),
        reliability: reliability(HOSTILE, 0.3),
        curves: curves(VALIDATION, &labels),
        history: vec![EpochRow { epoch: 1, loss: Some(f64::NAN), accuracy: Some(0.02), ..EpochRow::default() }],
        best_epoch: Some(1),
        inventory: inventory(&labels).into_iter().filter(|row| row.split != TEST).collect(),
        leaks: Some(vec![leak]),
        features: vec![FeatureRow { name: HOSTILE.into(), unit: Some(HOSTILE.into()), mean: None, std: None }],
        recipe: vec![RecipeRow { key: HOSTILE.into(), value: QUOTED.into() }],
        sql: Some(format!("SELECT '{HOSTILE}' AS label, {}", "a_column_with_a_long_name, ".repeat(12))),
        headline: None,
    }
}

/// A model of which only the name is known.
pub fn empty() -> Page {
    Page { title: "new".into(), version: 1, ..Page::default() }
}
