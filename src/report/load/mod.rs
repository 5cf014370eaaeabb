//! From a stored version to a page.

mod curves;
mod recipe;
mod stored;
mod tables;

use arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::prelude::SessionContext;

use super::page::{Headline, Page};
use super::rows::{FindingRow, LeakRow, MetricRow};
use crate::error::{Error, Result};
use crate::plugin::config::PosequelOptions;
use crate::schema::TEST;
use crate::store::layout::CONFIG;
use crate::store::location::Location;
use crate::store::models;
use crate::store::read::Version;
use crate::store::recipe::Recipe;
use crate::store::resolve;
use stored::Stored;

/// The page about the model that `gait` (its newest version) or `gait@3` names in a session.
///
/// # Errors
/// [`Error::Query`] for a name that is none or means many, [`Error::Model`] when it is not there or damaged.
pub async fn of_session(session: &SessionContext, name: &str) -> Result<Page> {
    let config = session.copied_config();
    let options = config.options().extensions.get::<PosequelOptions>();
    let options = options.ok_or_else(|| Error::Query("report: this session was not made by posequel".to_owned()))?;
    of_store(&resolve::text(&options.models_location.get(), &session.runtime_env())?, name).await
}

/// The page about the model that `name` means among those in `root`.
///
/// # Errors
/// As [`of_session`].
pub async fn of_store(root: &Location, name: &str) -> Result<Page> {
    let version = models::one(root, name).await?;
    let file = version.folder().child(CONFIG).to_string();
    page(&version, &Recipe::from_json(&version.fetch(CONFIG).await?, &file)?).await
}

async fn page(version: &Version, recipe: &Recipe) -> Result<Page> {
    let (summary, mut stored) = (&version.manifest.summary, Stored::of(version));
    let mut page = Page {
        title: version.model.name().to_owned(),
        version: version.number,
        created: created(summary.created_ms),
        about: recipe::about(recipe),
        recipe: recipe::rows(recipe, &version.manifest),
        best_epoch: summary.best_epoch,
        sql: summary.sql.clone(),
        metrics: stored.rows("metrics", tables::metric).await?.unwrap_or_default(),
        classes: stored.rows("class_metrics", tables::class).await?.unwrap_or_default(),
        confusion: stored.rows("confusion", tables::cell).await?.unwrap_or_default(),
        reliability: stored.rows("reliability", tables::bin).await?.unwrap_or_default(),
        history: stored.rows("history", tables::epoch).await?.unwrap_or_default(),
        features: stored.rows("features", tables::feature).await?.unwrap_or_default(),
        findings: stored.rows("diagnosis", tables::finding).await?,
        leaks: stored.rows("leaks", tables::leak).await?,
        ..Page::default()
    };
    // Of an ensemble whose features have no names nothing is known but their number.
    if page.features.iter().all(|row| row.mean.is_none()) && recipe.features.is_none() {
        page.features.clear();
    }
    let baselines = stored.rows("baselines", tables::baseline).await?.unwrap_or_default();
    page.baselines = baselines.into_iter().filter(|(split, _)| split == TEST).map(|(_, row)| row).collect();
    page.inventory = match stored.rows("balance", tables::balance).await? {
        Some(rows) => rows,
        None => stored.rows("labels", tables::counts).await?.into_iter().flatten().flatten().collect(),
    };
    page.headline = headline(&page.metrics, recipe.labels.len());
    if let Some(predictions) = stored.table("predictions").await? {
        page.curves = curves::curves(&predictions, &recipe.labels)?;
        if let Some(headline) = &mut page.headline {
            headline.subjects = curves::people(&predictions)?;
        }
    }
    let caveats = stored.rows("metrics", tables::caveat).await?.unwrap_or_default();
    if let Some(headline) = &mut page.headline {
        headline.caveat = caveat(&caveats);
    }
    page.warnings = warnings(&page, &caveats);
    page.warnings.extend(lacking(version, &stored.missing));
    Ok(page)
}

/// `2026-11-28 02:37 UTC`; empty where the manifest does not tell.
fn created(ms: i64) -> String {
    let moment = timestamp_ms_to_datetime(ms).filter(|_| ms > 0);
    moment.map(|moment| moment.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

/// The accuracy on test, if there are test rows.
fn headline(metrics: &[MetricRow], classes: usize) -> Option<Headline> {
    let accuracy = metrics.iter().find(|row| row.split == TEST && row.metric == "accuracy" && row.n > 0)?;
    Some(Headline {
        accuracy: accuracy.value,
        low: accuracy.low,
        high: accuracy.high,
        interval: accuracy.interval.clone(),
        windows: accuracy.n,
        recordings: (accuracy.groups > 0).then_some(accuracy.groups),
        subjects: None,
        chance: (classes > 0).then(|| 1.0 / classes as f64),
        caveat: None,
    })
}

/// What stands beside the accuracy itself.
fn caveat(caveats: &[(bool, Option<String>)]) -> Option<String> {
    if caveats.iter().any(|(leaky, _)| *leaky) {
        return Some("Rows of validation or test leak into train: this number is too good to be believed.".to_owned());
    }
    caveats.iter().find_map(|(_, caveat)| caveat.as_ref()).map(|caveat| format!("This number is {caveat}."))
}

/// What a reader must know before the numbers, unless a finding says it.
fn warnings(page: &Page, caveats: &[(bool, Option<String>)]) -> Vec<String> {
    let said = |check: &str| page.findings.iter().flatten().any(|row: &FindingRow| row.check == check);
    let mut warnings = vec![];
    if caveats.iter().any(|(leaky, _)| *leaky) && !said("leaky") {
        warnings.push(
            "Rows of validation or test leak into train, and that was allowed: every number here is too good.".into(),
        );
    }
    if let Some(caveat) = caveats.iter().find_map(|(_, caveat)| caveat.clone()).filter(|_| !said("optimistic_split")) {
        warnings.push(format!("Every number here is {caveat}."));
    }
    let doubtful = page.leaks.iter().flatten().filter(|row| row.severity == "warning" && !said("leaky"));
    warnings.extend(doubtful.map(|LeakRow { check, detail, .. }| format!("{check}: {detail}.")));
    warnings
}

/// That an older posequel wrote less than this one shows.
fn lacking(version: &Version, missing: &[&str]) -> Option<String> {
    let (writer, tables) = (&version.manifest.writer, missing.join(", "));
    (!missing.is_empty()).then(|| {
        format!(
            "This version was written by {writer}, which did not store the tables {tables} yet, so what they tell is \
             missing here. Train again to have them."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d @1795834620`
    #[test]
    fn a_version_is_dated_in_utc() {
        assert_eq!(created(1_795_834_620_999), "2026-11-28 02:57 UTC");
        assert_eq!(created(0), "");
    }

    #[test]
    fn a_caveat_is_a_warning_unless_a_finding_says_it() {
        let caveats = [(true, Some("optimistic: the recordings of this side are in train, too".to_owned()))];
        let mut page = Page::default();
        assert_eq!(warnings(&page, &caveats).len(), 2);
        assert!(caveat(&caveats).is_some_and(|said| said.contains("leak into train")));
        assert!(caveat(&[(false, caveats[0].1.clone())]).is_some_and(|said| said.contains("is optimistic: the")));
        let finding = |check: &str| FindingRow { check: check.into(), ..FindingRow::default() };
        page.findings = Some(vec![finding("leaky"), finding("optimistic_split")]);
        assert_eq!(warnings(&page, &caveats), Vec::<String>::new());
        assert_eq!(warnings(&page, &[(false, None)]), Vec::<String>::new());
    }
}
