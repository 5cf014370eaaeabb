//! The sink: rows to a table, the table to a fitted net, the net to a version of a model.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::sink::DataSink;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, SpillWriter, TaskContext};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType};
use futures::StreamExt;

use super::no_rows::Cuttings;
use super::shape::Shape;
use crate::assess::diagnosis::before_training;
use crate::assess::identity::{self, Identity};
use crate::assess::keeper::Keeper;
use crate::assess::outcome::{Asked, Outcome};
use crate::assess::reporter::Reporter;
use crate::assess::survey::{self, Survey};
use crate::assess::warnings::warnings;
use crate::error::{Error, data_err};
use crate::interrupt::{Interrupt, RequestOnDrop};
use crate::nn::config::ModelConfig;
use crate::options::training::{TrainingOptions, Unit};
use crate::split::leaks::Allowed;
use crate::store::location::Location;
use crate::store::manifest::{Cell, Sql, Summary};
use crate::store::models;
use crate::store::publish::{self, publish};
use crate::store::replay::Replay;
use crate::store::unfinished::Unfinished;
use crate::train::feed::Feed;
use crate::train::loader;
use crate::train::progress::{Event, Progress};
use crate::train::spill::Scratch;
use crate::train::table::Table;
use crate::train::transfer::Donor;

/// Trains on the rows that it is given, and publishes what comes of it.
#[derive(Debug)]
pub struct TrainingSink {
    /// `LSTM`
    pub kind: &'static str,
    /// As the COPY gave them.
    pub options: TrainingOptions,
    /// Where the versions of the model are.
    pub model: Location,
    /// Of the windows.
    pub shape: Shape,
    /// How they were cut, where that is known.
    pub replay: Option<Replay>,
    /// The cuttings of the input, which know why it gave no rows.
    pub cuttings: Cuttings,
    /// Of the input.
    pub schema: SchemaRef,
}

impl DisplayAs for TrainingSink {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Train{}(model={}, windows={}, units={:?})", self.kind, self.model, self.shape, self.options.units)
    }
}

#[async_trait]
impl DataSink for TrainingSink {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(&self, data: SendableRecordBatchStream, context: &Arc<TaskContext>) -> Result<u64> {
        let session = context.session_config();
        let interrupt = session.get_extension::<Interrupt>().unwrap_or_default().child();
        let _guard = RequestOnDrop(interrupt.clone());
        let reporter = Reporter(session.get_extension::<Progress>());
        let memory = MemoryConsumer::new(format!("Train{}", self.kind)).register(context.memory_pool());
        let (donors, manifests, options) = self.donors().await?;
        // Before hours of reading and training.
        publish::check(&self.model).await?;
        let table = self.collect(data, &reporter, &memory, context).await?;
        let rows = table.rows() as u64;
        let (kind, names, replay) = (self.kind, self.shape.names.clone(), self.replay.clone());
        let (model, teller, flag) = (self.model.clone(), reporter.clone(), interrupt.clone());
        let trained = tokio::task::spawn_blocking(move || {
            // Until here an interrupted query is dropped as any other: there is nothing to keep.
            let keeping = flag.keep();
            let replay = replay.as_ref();
            let asked = Asked { kind, names: &names, options: &options, replay, reporter: &teller, interrupt: &flag };
            let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
            if !options.members.is_empty() {
                let outcome = Outcome::ensemble(asked, &table, &donors)?;
                teller.diagnosis(&outcome);
                return outcome.blobs(&table, created).map(|blobs| (blobs, None, keeping));
            }
            let keep = |config: &ModelConfig, survey: &Survey| {
                let (options, names, donors) = (&options, &names[..], &manifests[..]);
                let Survey { digests, treatment, .. } = survey;
                let about = identity::about(&Identity { config, options, digests, treatment, names, donors })?;
                let place = Unfinished::new(&model, &blake3::hash(about.as_bytes()).to_hex());
                Ok(Keeper::new(teller.clone(), options, flag.clone(), place, about))
            };
            let (outcome, mut keeper) = Outcome::train(asked, &table, donors.first(), keep)?;
            teller.diagnosis(&outcome);
            match outcome.blobs(&table, created) {
                Ok(blobs) => Ok((blobs, Some(keeper), keeping)),
                Err(error) => Err(keeper.failed(error)),
            }
        });
        let ((blobs, summary), keeper, _keeping) = trained
            .await
            .map_err(|e| DataFusionError::from(Error::Internal(format!("the training thread failed: {e}"))))??;
        reporter.report(&Event::Stage("publishing"));
        let cell = session.get_extension::<Cell>();
        let sql = session.get_extension::<Sql>().map(|sql| sql.0.clone()).filter(|sql| !sql.is_empty());
        let summary = Summary { cell: cell.map(|cell| cell.as_ref().clone()), sql, ..summary };
        let published = match (publish(&self.model, blobs, summary, &interrupt).await, keeper) {
            (Ok(published), Some(mut keeper)) => {
                keeper.published().await;
                published
            }
            (Ok(published), None) => published,
            // To keep the state waits for the store, which a task must not.
            (Err(error), Some(mut keeper)) => {
                let failed = tokio::task::spawn_blocking(move || keeper.failed(error)).await;
                return Err(failed.unwrap_or_else(|e| Error::Internal(format!("keeping a state: {e}"))).into());
            }
            (Err(error), None) => return Err(error.into()),
        };
        published.doubts.into_iter().for_each(|doubt| reporter.warn(doubt));
        reporter.report(&Event::Done {
            model: self.model.name().to_owned(),
            version: published.number,
            location: self.model.to_string(),
        });
        Ok(rows)
    }
}

/// Memory for the blocks of three sides that are being filled.
const LEAST_MEMORY: usize = 8 << 20;

/// Memory that training takes beside the table: two chunks of rows and the copy of one, see [`loader`].
const CHUNKS_IN_MEMORY: usize = (3 * loader::CHUNK) << 20;

impl TrainingSink {
    /// The models that are named, the digests of their manifests, and the options with their versions.
    async fn donors(&self) -> Result<(Vec<Donor>, Vec<String>, TrainingOptions)> {
        let (mut donors, mut manifests, mut options) = (vec![], vec![], self.options.clone());
        for name in options.init_from.iter_mut().chain(&mut options.members) {
            let version = models::one(&self.model.parent(), name).await?;
            let (recipe, normalization, weights) = models::parts(&version).await?;
            *name = format!("{}@{}", version.model.name(), version.number);
            manifests.push(version.digest);
            donors.push(Donor {
                name: name.clone(),
                config: recipe.architecture,
                features: recipe.features.unwrap_or_default(),
                labels: recipe.labels,
                normalization,
                temperature: recipe.temperature,
                weights,
            });
        }
        Ok((donors, manifests, options))
    }

    /// All rows: in memory as long as there is room, then in a file.
    async fn collect(
        &self,
        mut data: SendableRecordBatchStream,
        reporter: &Reporter,
        memory: &MemoryReservation,
        context: &TaskContext,
    ) -> Result<Table> {
        // A column that is missing is named before the query begins.
        let mut feed = Feed::new(&self.schema, (self.shape.width, self.shape.dim.unwrap_or(1)))?;
        // Before the query begins, whose sort takes what it gets.
        memory.try_resize(LEAST_MEMORY)?;
        while let Some(batch) = data.next().await.transpose()? {
            if feed.rows() == 0 && self.shape.dim.is_none() {
                let dim = self.shape.dim_of(&batch)?.unwrap_or(1);
                feed = Feed::new(&self.schema, (self.shape.width, dim))?;
            }
            feed.push(&batch)?;
            reserve(&mut feed, |rows| rows.max(LEAST_MEMORY), memory, context)?;
            reporter.report(&Event::Rows { read: feed.rows() as u64 });
        }
        // The query is done: what it had is free.
        drop(data);
        if let Some(reason) = self.cuttings.reason().filter(|_| feed.rows() == 0) {
            data_err!("training: the query gives no rows: {reason}")?;
        }
        let (width, dim) = feed.shape();
        let values = 4 * feed.rows() * width * dim;
        let beside = survey::bytes(feed.rows(), dim);
        reserve(&mut feed, |rows| rows + CHUNKS_IN_MEMORY.min(values) + beside, memory, context)?;
        let TrainingOptions { allow_leaks: leaks, allow_unseen_classes: unseen_classes, by, .. } = self.options;
        let shared_subjects = by.map(|by| by == Unit::Video);
        let table = feed.finish(Allowed { leaks, unseen_classes, shared_subjects })?;
        warnings(&table, &self.schema, self.options.members.is_empty())
            .into_iter()
            .for_each(|doubt| reporter.report(&Event::Warning(doubt)));
        let of_values = before_training(&table, &self.shape.names).into_iter();
        table.verdict.warnings().chain(of_values).for_each(|warning| reporter.report(&Event::Warning(warning)));
        Ok(table)
    }
}

/// Reserves what is needed for the bytes that the feed takes; where the pool has no room, its rows go to disk.
fn reserve(
    feed: &mut Feed,
    needed: impl Fn(usize) -> usize,
    memory: &MemoryReservation,
    context: &TaskContext,
) -> Result<()> {
    if memory.try_resize(needed(feed.memory())).is_err() {
        if !feed.is_spilled() {
            feed.spill(|| scratch(context))?;
        }
        memory.try_resize(needed(feed.memory()))?;
    }
    Ok(())
}

/// A file that goes away with its last owner, in the folder and within the limits of the session.
fn scratch(context: &TaskContext) -> crate::error::Result<Arc<dyn Scratch>> {
    let made = context.runtime_env().disk_manager.create_tmp_file("a training table");
    let file =
        made.map_err(|e| Error::Limit(format!("training: no file for the rows that memory has no room for: {e}")))?;
    if file.path().is_none() {
        return Err(Error::Limit("training: rows can be spilled to local disks only".into()));
    }
    Ok(Arc::new(LocalScratch(file)))
}

struct LocalScratch(Arc<dyn SpillFile>);

impl Scratch for LocalScratch {
    fn path(&self) -> &Path {
        self.0.path().unwrap_or(Path::new(""))
    }

    fn writer(&self) -> std::io::Result<Box<dyn Write + Send>> {
        let writer = self.0.open_writer().map_err(std::io::Error::other)?;
        Ok(Box::new(CountedWriter(writer)))
    }
}

/// A writer that the session counts, told when it is done.
struct CountedWriter(Box<dyn SpillWriter>);

impl Write for CountedWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()?;
        self.0.finish().map_err(std::io::Error::other)
    }
}
