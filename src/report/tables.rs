//! The tables of the report that are more than a list of rows.

use serde::Serialize;

use super::number::{SHARE, counted};
use super::page::Page;
use super::rows::{FindingRow, InventoryRow, MetricRow};
use super::sides::{Line, pivot, sides};

/// Severities, the gravest first: their names, for one and for many.
const SEVERITIES: [(&str, &str); 3] = [("error", "errors"), ("warning", "warnings"), ("note", "notes")];

/// How an interval was made, and the sign that stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Method<'a> {
    /// As in the `metrics` table.
    pub name: &'a str,
    /// Empty for the first.
    pub sign: &'static str,
}

/// A side, and what it was measured on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side<'a> {
    /// Its name.
    pub name: &'a str,
    /// Windows, as most of its metrics say; the others say it themselves.
    pub n: u64,
    /// Recordings; 0 when unknown.
    pub groups: u64,
}

/// A metric on all sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricLine<'a> {
    /// Its name.
    pub metric: &'a str,
    /// Its unit; empty where the value says it, or where there is none.
    pub unit: &'a str,
    /// Which way it gets better.
    pub better: &'a str,
    /// Its rows on each side.
    pub cells: Vec<Vec<&'a MetricRow>>,
}

/// Metrics in lines, sides in columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics<'a> {
    /// The columns.
    pub sides: Vec<Side<'a>>,
    /// The lines.
    pub lines: Vec<MetricLine<'a>>,
    /// The ways in which intervals were made.
    pub methods: Vec<Method<'a>>,
}

/// Classes in lines, sides in columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inventory<'a> {
    /// The columns.
    pub sides: Vec<InventorySide<'a>>,
    /// The lines.
    pub lines: Vec<Line<'a, InventoryRow>>,
    /// Whether copies are told apart from the windows they were made from.
    pub tells_copies: bool,
}

/// A side, and what it has in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InventorySide<'a> {
    /// Its name.
    pub name: &'a str,
    /// Windows.
    pub windows: u64,
    /// Copies; a side without any has no column for them.
    pub copies: u64,
}

/// The findings and the warnings, errors first; those of one severity keep their order.
pub fn findings(page: &Page) -> Vec<FindingRow> {
    let warning = |message: &String| FindingRow {
        severity: "warning".to_owned(),
        message: message.clone(),
        ..FindingRow::default()
    };
    let mut rows: Vec<FindingRow> =
        page.warnings.iter().map(warning).chain(page.findings.iter().flatten().cloned()).collect();
    rows.sort_by_key(|row| SEVERITIES.iter().position(|(name, _)| *name == row.severity).unwrap_or(SEVERITIES.len()));
    rows
}

/// How many there are of each severity, `1 error, 2 warnings`; empty for none.
pub fn severities(findings: &[FindingRow]) -> String {
    let of = |severity: &str| findings.iter().filter(|row| row.severity == severity).count() as u64;
    let said = SEVERITIES.iter().filter(|(one, _)| of(one) > 0).map(|(one, many)| counted(of(one), one, many));
    said.collect::<Vec<_>>().join(", ")
}

/// The metrics of all sides, next to each other.
pub fn metrics(page: &Page) -> Metrics<'_> {
    let names = sides(page.metrics.iter().map(|row| &*row.split));
    let first = |name: &str| page.metrics.iter().find(|row| row.split == name);
    let side =
        |name| Side { name, n: first(name).map_or(0, |row| row.n), groups: first(name).map_or(0, |row| row.groups) };
    let mut methods: Vec<Method<'_>> = vec![];
    for name in page.metrics.iter().filter_map(|row| row.interval.as_deref()) {
        if methods.iter().all(|method| method.name != name) {
            methods.push(Method { name, sign: ["", "†", "‡", "§"].get(methods.len()).copied().unwrap_or("¶") });
        }
    }
    let lines = pivot(&page.metrics, &names, |row| &row.split, |row| &row.metric);
    let lines = lines.into_iter().map(metric_line).collect();
    Metrics { sides: names.into_iter().map(side).collect(), lines, methods }
}

fn metric_line(line: Line<'_, MetricRow>) -> MetricLine<'_> {
    let first = line.cells.iter().flatten().next();
    // The percent sign says what a share is, and 1 says nothing.
    let unit = first.map_or("", |row| &row.unit);
    let unit = if matches!(unit, SHARE | "1") { "" } else { unit };
    MetricLine { metric: line.key, unit, better: first.map_or("", |row| &row.better), cells: line.cells }
}

/// The windows, recordings and people of each class, sides next to each other.
pub fn inventory(page: &Page) -> Inventory<'_> {
    let sides = sides(page.inventory.iter().map(|row| &*row.split));
    let lines = pivot(&page.inventory, &sides, |row| &row.split, |row| &row.label);
    let side = |name| {
        let rows = || page.inventory.iter().filter(move |row| row.split == name);
        let copies = rows().filter_map(|row| row.copies).sum();
        InventorySide { name, windows: rows().map(|row| row.windows).sum(), copies }
    };
    let tells_copies = page.inventory.iter().any(|row| row.copies.is_some());
    Inventory { sides: sides.into_iter().map(side).collect(), lines, tells_copies }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(severities: &[&str]) -> Page {
        let row = |severity: &&str| FindingRow { severity: (*severity).to_owned(), ..FindingRow::default() };
        Page { findings: Some(severities.iter().map(row).collect()), ..Page::default() }
    }

    #[test]
    fn errors_come_first() {
        let mut page = page(&["note", "odd", "warning", "error", "note"]);
        page.warnings = vec!["a table could not be read".into()];
        let found = findings(&page);
        let order: Vec<&str> = found.iter().map(|row| &*row.severity).collect();
        assert_eq!(order, ["error", "warning", "warning", "note", "note", "odd"]);
        assert_eq!(severities(&found), "1 error, 2 warnings, 2 notes");
    }

    #[test]
    fn a_second_way_of_making_intervals_gets_a_sign() {
        let row = |interval: &str| MetricRow { interval: Some(interval.to_owned()), ..MetricRow::default() };
        let page = Page { metrics: vec![row("a"), row("b"), row("a")], ..Page::default() };
        let methods = metrics(&page).methods;
        assert_eq!(methods.iter().map(|m| (m.name, m.sign)).collect::<Vec<_>>(), [("a", ""), ("b", "†")]);
    }
}
