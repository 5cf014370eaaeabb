//! A report on a trained model: one HTML file that needs no network, no script and no other file.

use minijinja::value::{Serde, Value};
use serde::Serialize;

mod chart;
mod figures;
mod filters;
mod load;
mod number;
pub mod page;
pub mod rows;
mod sides;
mod tables;
mod verdict;

pub use load::{of_session, of_store};
pub use page::{Headline, Page};

use crate::error::{Error, Result};
use figures::Figure;
use rows::{FindingRow, ReliabilityRow};

/// The report as HTML: the same page gives the same bytes.
///
/// It asks nothing of the network, runs no script, follows the reader's light or dark, and prints on A4. Every text of
/// the page is escaped, so a label may be `<script>`.
///
/// ```
/// use posequel::report::{Headline, Page, html};
/// let headline = Headline { accuracy: Some(0.763), low: Some(0.605), high: Some(0.907), ..Headline::default() };
/// let page = Page { title: "gait".into(), version: 3, headline: Some(headline), ..Page::default() };
/// assert!(html(&page)?.contains("60.5–90.7"));
/// # Ok::<(), posequel::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::Internal`] when the template is broken: no page can cause it.
pub fn html(page: &Page) -> Result<String> {
    let broken = |e: minijinja::Error| Error::Internal(format!("the template of the report: {e:#}"));
    let mut env = filters::environment();
    env.add_template("report.html", include_str!("report.html")).map_err(broken)?;
    let template = env.get_template("report.html").map_err(broken)?;
    template.render(Serde(View::of(page))).map_err(broken)
}

/// What the template sees: the page, and what is made from it.
#[derive(Serialize)]
struct View<'a> {
    page: &'a Page,
    verdict: Vec<String>,
    findings: Vec<FindingRow>,
    severities: String,
    metrics: tables::Metrics<'a>,
    inventory: tables::Inventory<'a>,
    classes: Vec<Figure<'a, figures::Class<'a>>>,
    confusion: Vec<Figure<'a, ()>>,
    reliability: Vec<Figure<'a, &'a ReliabilityRow>>,
    curves: Vec<Figure<'a, figures::Curve<'a>>>,
    training: figures::Training,
    comparison: Option<Value>,
    /// Whether something was seen that a leak could be.
    leaks_seen: bool,
    style: Value,
}

impl<'a> View<'a> {
    fn of(page: &'a Page) -> Self {
        let findings = tables::findings(page);
        Self {
            page,
            verdict: verdict::verdict(page),
            severities: tables::severities(&findings),
            findings,
            metrics: tables::metrics(page),
            inventory: tables::inventory(page),
            classes: figures::classes(page),
            confusion: figures::confusion(page),
            reliability: figures::reliability(page),
            curves: figures::curves(page),
            training: figures::training(page),
            comparison: figures::comparison(page),
            leaks_seen: page.leaks.iter().flatten().any(|row| !row.detail.is_empty()),
            style: Value::from_safe_string(include_str!("report.css").to_owned()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
