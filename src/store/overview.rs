//! A line for each model: how many versions it has, and which is the best.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::{StreamExt, stream};

use super::location::Location;
use super::read::{self, Survey, Version};
use crate::error::{Error, Result};

/// Models whose manifests are read at once, each of them side by side.
const AT_ONCE: usize = 8;

/// The models of a folder.
#[derive(Debug, Clone)]
pub struct Overview {
    /// In the schema of [`schema`], sorted by name.
    pub rows: RecordBatch,
    /// A line for each thing that cannot be read.
    pub doubts: Vec<String>,
}

/// model, versions (how many), latest (its highest number), best (the version of the lowest validation loss, the later of two equal ones), and of
/// that val_loss and test_accuracy with its 95 % interval. A model of which no manifest can be read has NULL from best on.
pub fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let float = |name: &str| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new("model", DataType::Utf8, false),
        number("versions"),
        number("latest"),
        Field::new("best", DataType::Int64, true),
        float("val_loss"),
        float("test_accuracy"),
        float("test_accuracy_low"),
        float("test_accuracy_high"),
    ]))
}

/// The models in `root`.
///
/// # Errors
/// [`Error::Model`] when `root` cannot be listed. What cannot be read of one model takes nothing from the others.
pub async fn overview(root: &Location) -> Result<Overview> {
    let mut shelf = read::shelf(root).await?;
    let survey = |(name, numbers): &(String, super::numbers::Numbers)| {
        let (model, numbers) = (root.child(name), numbers.published.clone());
        async move { read::survey(&model, &numbers).await }
    };
    let read: Vec<_> = shelf.models.iter().map(survey).collect();
    let surveys: Vec<Survey> = stream::iter(read).buffered(AT_ONCE).collect().await;
    let mut best = vec![];
    for survey in &surveys {
        shelf.doubts.extend(survey.damaged.iter().map(|(_, error)| error.to_string()));
        best.push(survey.versions.iter().reduce(better));
    }
    let of_best = |value: fn(&Version) -> Option<f64>| {
        Arc::new(best.iter().map(|version| version.and_then(value)).collect::<Float64Array>())
    };
    let numbers = || shelf.models.iter().map(|(_, numbers)| &numbers.published);
    let columns = vec![
        Arc::new(shelf.models.iter().map(|(name, _)| Some(name)).collect::<StringArray>()) as _,
        Arc::new(Int64Array::from_iter_values(numbers().map(|all| all.len() as i64))) as _,
        Arc::new(Int64Array::from_iter_values(numbers().map(|all| all.last().map_or(0, |last| *last as i64)))) as _,
        Arc::new(best.iter().map(|version| version.map(|v| v.number as i64)).collect::<Int64Array>()) as _,
        of_best(|v| v.manifest.summary.val_loss) as _,
        of_best(|v| v.manifest.summary.test_accuracy) as _,
        of_best(|v| v.manifest.summary.test_accuracy_low) as _,
        of_best(|v| v.manifest.summary.test_accuracy_high) as _,
    ];
    let rows =
        RecordBatch::try_new(schema(), columns).map_err(|e| Error::Internal(format!("the list of models: {e}")))?;
    Ok(Overview { rows, doubts: shelf.doubts })
}

/// Choosing by test numbers would spoil them.
fn better<'a>(one: &'a Version, later: &'a Version) -> &'a Version {
    let [old, new] = [one, later].map(|version| version.manifest.summary.val_loss);
    let order = match (new, old) {
        (Some(new), Some(old)) => new.total_cmp(&old),
        (None, Some(_)) => Ordering::Greater,
        (_, None) => Ordering::Less,
    };
    if order == Ordering::Greater { one } else { later }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use object_store::local::LocalFileSystem;

    use super::*;
    use crate::store::layout::{VERSIONS, version_file};
    use crate::store::manifest::Summary;
    use crate::store::publish::published;

    #[tokio::test]
    async fn the_best_is_the_one_of_least_validation_loss_and_a_damaged_version_is_a_doubt() {
        let folder = tempfile::tempdir().unwrap();
        let root = Location::folder(folder.path(), Arc::new(LocalFileSystem::new())).unwrap();
        for (model, val_loss) in
            [("gait", Some(0.5)), ("gait", Some(0.25)), ("gait", Some(0.25)), ("gait", None), ("arm", None)]
        {
            published(&root.child(model), vec![], Summary { val_loss, ..Summary::default() }).await;
        }
        let damaged = root.child("arm").child(VERSIONS).child(&version_file(1)).local.unwrap();
        std::fs::write(&damaged, "{}").unwrap();
        let overview = overview(&root).await.unwrap();
        assert_eq!(overview.doubts.len(), 1);
        assert!(overview.doubts[0].starts_with(&damaged.display().to_string()), "{:?}", overview.doubts);
        let shown = pretty_format_batches(&[overview.rows]).unwrap().to_string();
        let rows: Vec<String> = shown.lines().skip(3).map(|line| line.replace([' ', '|'], ",")).collect();
        let cells = |row: &str| row.split(',').filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cells(&rows[0]), ["arm", "1", "1"]);
        assert_eq!(cells(&rows[1]), ["gait", "4", "4", "3", "0.25"]);
    }
}
