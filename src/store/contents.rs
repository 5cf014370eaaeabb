//! All that a version consists of, from what a training has in memory: no table can be forgotten.

use arrow::array::RecordBatch;
use bytes::Bytes;

use super::layout::{CONFIG, MODEL, table_blob};
use super::manifest::Summary;
use super::recipe::{Digest, Recipe};
use super::table::baselines::BaselineRow;
use super::table::labels::LabelRow;
use super::table::metrics::Caveat;
use super::table::predictions::Side;
use super::table::recordings::{NET, RecordingRow};
use super::table::{self, file};
use crate::error::Result;
use crate::evaluate::Report;
use crate::evaluate::diagnose::Finding;
use crate::evaluate::metric::accuracy;
use crate::schema::{TEST, TRAIN, VALIDATION};
use crate::split::leaks::Verdict;
use crate::train::checkpoint;
use crate::train::filled::Filled;
use crate::train::fit::Fitted;

/// The outcome of a training.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// How it was trained.
    pub recipe: &'a Recipe,
    /// Epochs, weights and scale; the best weights are those that are kept.
    pub fitted: &'a Fitted,
    /// The sides of the split, each with what was measured on it.
    pub reports: &'a [(&'a str, &'a Report)],
    /// The rows of each side.
    pub predictions: &'a [Side<'a>],
    /// The classes in the order of the probabilities.
    pub labels: &'a [LabelRow],
    /// What has to be said beside every metric.
    pub caveat: Caveat,
    /// What simpler models reach on the same rows.
    pub baselines: &'a [BaselineRow],
    /// How the net and the baselines do on each recording.
    pub recordings: &'a [RecordingRow],
    /// What is wrong with the table, and what there is of each class.
    pub verdict: &'a Verdict,
    /// How many values of its windows were filled, where they tell.
    pub filled: Option<&'a Filled>,
    /// What is wrong with the net.
    pub diagnosis: &'a [Finding],
}

impl Contents<'_> {
    /// What the list of versions shows; `created_ms` is now, in milliseconds since 1970-01-01 UTC.
    pub fn summary(&self, created_ms: i64) -> Summary {
        let rows = |split: &str| self.recipe.rows.get(split).copied().unwrap_or(0);
        let best = self.fitted.history.iter().find(|epoch| epoch.epoch == self.fitted.best_epoch);
        let test = self.reports.iter().find(|(split, _)| *split == TEST);
        let accuracy = test.and_then(|(_, report)| report.metrics.iter().find(|m| m.metric == accuracy::METRIC.name));
        Summary {
            created_ms,
            kind: self.recipe.kind.clone(),
            train_rows: rows(TRAIN),
            validation_rows: rows(VALIDATION),
            test_rows: rows(TEST),
            epochs: self.fitted.history.len() as u64,
            best_epoch: best.map(|epoch| epoch.epoch as u64),
            val_loss: best.and_then(|epoch| epoch.val_loss),
            test_accuracy: accuracy.and_then(|m| m.value),
            test_accuracy_low: accuracy.and_then(|m| m.low),
            test_accuracy_high: accuracy.and_then(|m| m.high),
            test_set: self.test_set(),
            cell: None,
            sql: None,
        }
    }

    /// What names the recordings that were tested on: each time it occurs they were opened once more.
    fn test_set(&self) -> Option<String> {
        let mut digest = None;
        for row in self.recordings.iter().filter(|row| row.split == TEST && row.predictor == NET) {
            digest.get_or_insert_with(Digest::new).text(&row.recording);
        }
        digest.map(|digest| digest.finish())
    }

    /// The files, for [`publish`](super::publish::publish).
    pub fn blobs(&self) -> Result<Vec<(String, Bytes)>> {
        let mut blobs = vec![(CONFIG.to_owned(), self.recipe.to_json()?.into())];
        for (name, batch) in self.tables()? {
            blobs.push((table_blob(name), file::to_parquet(&batch)?.into()));
        }
        blobs.push((MODEL.to_owned(), checkpoint::encode(&self.fitted.best)?.into()));
        Ok(blobs)
    }

    fn tables(&self) -> Result<[(&'static str, RecordBatch); table::STORED.len()]> {
        let Fitted { best, history, best_epoch, normalization, .. } = self.fitted;
        let (dim, names) = (self.recipe.architecture.features, self.recipe.features.as_deref());
        let unit = |place| self.recipe.replay.as_ref().and_then(|replay| replay.unit(place));
        Ok([
            ("history", table::history::batch(history, *best_epoch)?),
            ("metrics", table::metrics::batch(self.reports, self.caveat)?),
            ("class_metrics", table::class_metrics::batch(self.reports)?),
            ("confusion", table::confusion::batch(self.reports)?),
            ("reliability", table::reliability::batch(self.reports)?),
            ("predictions", table::predictions::batch(self.predictions)?),
            ("labels", table::labels::batch(self.labels)?),
            ("features", table::features::batch(dim, names, normalization, unit)?),
            ("parameters", table::parameters::batch(best)?),
            ("baselines", table::baselines::batch(self.baselines)?),
            ("recordings", table::recordings::batch(self.recordings)?),
            ("leaks", table::leaks::batch(&self.verdict.leaks)?),
            ("balance", table::balance::batch(self.verdict, &self.recipe.labels, self.filled)?),
            ("diagnosis", table::diagnosis::batch(self.diagnosis)?),
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::evaluate::{Predictions, evaluate};
    use crate::interrupt::Interrupt;
    use crate::nn::init::initial;
    use crate::options::training::TrainingOptions;
    use crate::store::layout;
    use crate::train::fit::{Epoch, StoppedBecause};
    use crate::train::normalize::Normalization;

    fn recipe() -> Recipe {
        let rows = [("train".to_owned(), 5), ("test".to_owned(), 2)].into();
        Recipe { rows, ..Recipe::plain(4, 2, TrainingOptions::preset("tiny").unwrap()) }
    }

    /// Contents with nothing but what is given.
    fn contents<'a>(recipe: &'a Recipe, fitted: &'a Fitted, reports: &'a [(&'a str, &'a Report)]) -> Contents<'a> {
        Contents {
            recipe,
            fitted,
            reports,
            predictions: &[],
            labels: &[],
            caveat: Caveat::default(),
            baselines: &[],
            recordings: &[],
            verdict: const { &Verdict { leaks: vec![], in_time: false, classes: BTreeMap::new(), sources: BTreeMap::new() } },
            filled: None,
            diagnosis: &[],
        }
    }

    fn fitted(recipe: &Recipe) -> Fitted {
        let epoch = |epoch: usize, loss: f64| Epoch {
            epoch,
            loss,
            accuracy: 0.5,
            val_loss: Some(loss + 1.0),
            val_accuracy: None,
            val_loss_weighted: None,
            learning_rate: 1e-3,
            seconds: 0.1,
            best: epoch == 1,
        };
        let best = initial(&recipe.architecture, 1);
        Fitted {
            last: best.clone(),
            best,
            normalization: Normalization::default(),
            history: vec![epoch(1, 0.5), epoch(2, 0.75)],
            best_epoch: 1,
            stopped_because: StoppedBecause::Epochs,
            monitored: "val_loss",
        }
    }

    /// Two test rows, one of them right.
    fn predictions(recipe: &Recipe) -> Predictions {
        let probabilities = vec![0.25, 0.75, 0.0, 1.0];
        let recording = vec!["a".into(), "b".into()];
        Predictions {
            labels: recipe.labels.clone(),
            truth: vec![0, 1],
            predicted: vec![1, 1],
            probabilities,
            recording,
        }
    }

    #[test]
    fn every_table_is_stored_with_its_schema() {
        let recipe = recipe();
        let (fitted, predictions) = (fitted(&recipe), predictions(&recipe));
        let report = evaluate(&predictions, 7, &Interrupt::default()).unwrap();
        let side = Side { split: TEST, window_id: None, video: None, subject: None, predictions: &predictions };
        let reports = [(TEST, &report)];
        let contents = Contents { predictions: &[side], ..contents(&recipe, &fitted, &reports) };
        let mut blobs: std::collections::BTreeMap<_, _> = contents.blobs().unwrap().into_iter().collect();
        assert!(blobs.remove(MODEL).is_some() && blobs.remove(CONFIG).is_some());
        for table in layout::TABLES {
            let stored = file::from_parquet(blobs.remove(&table_blob(table)).unwrap(), table).unwrap();
            assert_eq!(Some(stored.schema().fields()), table::schema(table).as_ref().map(|s| s.fields()), "{table}");
        }
        assert!(blobs.is_empty());
    }

    #[test]
    fn the_summary_is_that_of_the_epoch_that_was_kept() {
        let recipe = recipe();
        let (fitted, predictions) = (fitted(&recipe), predictions(&recipe));
        let report = evaluate(&predictions, 7, &Interrupt::default()).unwrap();
        let reports = [(TEST, &report)];
        let contents = contents(&recipe, &fitted, &reports);
        let summary = contents.summary(5);
        assert_eq!((summary.epochs, summary.best_epoch, summary.val_loss), (2, Some(1), Some(1.5)));
        assert_eq!((summary.train_rows, summary.test_rows, summary.validation_rows), (5, 2, 0));
        assert_eq!((summary.created_ms, summary.test_accuracy), (5, Some(0.5)));
    }
}
