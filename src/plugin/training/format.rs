//! The file format: options in, a sink over the input plan out.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::file_options::file_type::GetExt;
use datafusion::common::{Result, Statistics, plan_err};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::{FileFormat, FileFormatFactory};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSinkConfig, FileSource, JsonSource};
use datafusion::datasource::sink::DataSinkExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::physical_expr::LexRequirement;
use datafusion::physical_plan::ExecutionPlan;
use object_store::{ObjectMeta, ObjectStore};

use super::naming::by_window;
use super::no_rows::Cuttings;
use super::replayed::replay;
use super::shape::Shape;
use super::sink::TrainingSink;
use crate::error::{self, Error, query_err};
use crate::nn::config::ModelConfig;
use crate::notes::Notes;
use crate::options::training::{CellKind, TrainingOptions};
use crate::plugin::config::PosequelOptions;
use crate::roots::Roots;
use crate::store::location::Location;
use crate::store::resolve;
use crate::train::size::check;

/// Makes the format of a COPY from its options.
#[derive(Debug)]
pub struct TrainingFormatFactory {
    kind: &'static str,
    cell: CellKind,
}

impl TrainingFormatFactory {
    /// `STORED AS LSTM`
    pub fn lstm() -> Self {
        Self { kind: "LSTM", cell: CellKind::Lstm }
    }

    /// `STORED AS GRU`
    pub fn gru() -> Self {
        Self { kind: "GRU", cell: CellKind::Gru }
    }

    /// `STORED AS ENSEMBLE`
    pub fn ensemble() -> Self {
        Self { kind: ENSEMBLE, cell: CellKind::Lstm }
    }
}

/// What is stored as a model.
pub const KINDS: [&str; 3] = ["LSTM", "GRU", ENSEMBLE];

/// The kind that trains nothing.
const ENSEMBLE: &str = "ENSEMBLE";

impl TrainingFormatFactory {
    /// Refuses options that belong to another kind.
    fn check(&self, given: &BTreeMap<String, String>) -> error::Result<()> {
        let members = given.contains_key("members");
        if self.kind != ENSEMBLE && members {
            return query_err!("option members belongs to STORED AS ENSEMBLE");
        }
        if self.kind == ENSEMBLE && !members {
            return query_err!("option members is missing: the models to be averaged, such as 'gait@1,gait@2'");
        }
        match given.keys().find(|name| {
            self.kind == ENSEMBLE
                && ![
                    "members",
                    "seed",
                    "threads",
                    "calibrate",
                    "allow_leaks",
                    "allow_unseen_classes",
                    "by",
                    "skeleton",
                    "width",
                ]
                .contains(&name.as_str())
        }) {
            Some(other) => query_err!("option {other} is one of training, and an ensemble trains nothing"),
            None => Ok(()),
        }
    }
}

impl GetExt for TrainingFormatFactory {
    fn get_ext(&self) -> String {
        self.kind.to_lowercase()
    }
}

impl TrainingFormatFactory {
    /// The format of a COPY with these options.
    pub(super) fn format(&self, options: &HashMap<String, String>) -> Result<TrainingFormat> {
        let given: BTreeMap<String, String> = options
            .iter()
            .map(|(name, value)| (name.strip_prefix("format.").unwrap_or(name).to_owned(), value.clone()))
            .collect();
        let options = TrainingOptions::parse(&given);
        let options = options.and_then(|options| self.check(&given).map(|()| options));
        let options = options.map_err(|e| Error::Query(format!("STORED AS {}: {e}", self.kind)))?;
        let options = TrainingOptions { cell: self.cell, ..options };
        Ok(TrainingFormat { kind: self.kind, options })
    }
}

impl FileFormatFactory for TrainingFormatFactory {
    fn create(&self, _: &dyn Session, options: &HashMap<String, String>) -> Result<Arc<dyn FileFormat>> {
        Ok(Arc::new(self.format(options)?))
    }

    fn default(&self) -> Arc<dyn FileFormat> {
        let options = TrainingOptions { cell: self.cell, ..TrainingOptions::default() };
        Arc::new(TrainingFormat { kind: self.kind, options })
    }
}

/// The model that a COPY to `target` makes; a word where queries will not find it.
fn model(target: &str, session: &dyn Session) -> Result<Location> {
    let registry = session.config_options().extensions.get::<PosequelOptions>().cloned().unwrap_or_default();
    let (registry, runtime) = (registry.models_location.get(), session.runtime_env());
    let model = resolve::target(target, &registry, runtime)?;
    let folder = model.parent();
    if !folder.is(&resolve::text(&registry, runtime)?)
        && let Some(notes) = session.config().get_extension::<Notes>()
    {
        let name = model.name();
        notes.say(format!(
            "'{target}' lies outside of posequel.models.location ({registry}): to query it, SET posequel.models.location = \
             '{folder}'; TO '{name}' makes it there"
        ));
    }
    Ok(model)
}

/// What a COPY writes: a net that is trained.
#[derive(Debug)]
pub struct TrainingFormat {
    kind: &'static str,
    options: TrainingOptions,
}

impl TrainingFormat {
    fn write_only<T>(&self) -> Result<T> {
        plan_err!(
            "{} is written by COPY and read through the catalog: SELECT * FROM models.<name>.history, or pose_predict('<name>', features)",
            self.kind
        )
    }
}

#[async_trait]
impl FileFormat for TrainingFormat {
    fn get_ext(&self) -> String {
        self.kind.to_lowercase()
    }

    fn get_ext_with_compression(&self, _: &FileCompressionType) -> Result<String> {
        Ok(self.get_ext())
    }

    fn compression_type(&self) -> Option<FileCompressionType> {
        None
    }

    async fn infer_schema(&self, _: &dyn Session, _: &Arc<dyn ObjectStore>, _: &[ObjectMeta]) -> Result<SchemaRef> {
        self.write_only()
    }

    async fn infer_stats(
        &self,
        _: &dyn Session,
        _: &Arc<dyn ObjectStore>,
        _: SchemaRef,
        _: &ObjectMeta,
    ) -> Result<Statistics> {
        self.write_only()
    }

    async fn create_physical_plan(&self, _: &dyn Session, _: FileScanConfig) -> Result<Arc<dyn ExecutionPlan>> {
        self.write_only()
    }

    async fn create_writer_physical_plan(
        &self,
        input: Arc<dyn ExecutionPlan>,
        session: &dyn Session,
        conf: FileSinkConfig,
        _: Option<LexRequirement>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !conf.table_partition_cols.is_empty() {
            return Ok(query_err!("COPY ... STORED AS {}: PARTITIONED BY has no meaning for a model", self.kind)?);
        }
        self.plan(input, model(&conf.original_url, session)?, session)
    }

    /// Never read: [`TrainingFormat::create_physical_plan`] refuses first. The trait asks for one all the same.
    fn file_source(&self, table_schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(JsonSource::new(table_schema))
    }
}

impl TrainingFormat {
    /// What trains on the rows of `input` and publishes to `model`.
    pub(super) fn plan(
        &self,
        input: Arc<dyn ExecutionPlan>,
        model: Location,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(roots) = session.config().get_extension::<Roots>() {
            let logs = self.options.tensorboard.iter().map(PathBuf::from);
            model.local.iter().cloned().chain(logs).try_for_each(|folder| roots.check_write(&folder))?;
        }
        let (shape, replay) = (Shape::find(&input, self.options.width)?, replay(&input));
        if self.kind != ENSEMBLE {
            // Before hours of reading. The number of classes is not known yet, nor always that of features; no name of
            // a layer depends on them.
            let net = ModelConfig::new(shape.width, shape.dim.unwrap_or(1), 2, &self.options);
            let limit = match session.runtime_env().memory_pool.memory_limit() {
                MemoryLimit::Finite(bytes) => Some(bytes),
                MemoryLimit::Infinite | MemoryLimit::Unknown => None,
            };
            // Of a minibatch of one window: how many rows there are is not known yet.
            let net = net.and_then(|net| check(&net, &self.options, 1, limit).map(|()| net));
            net.and_then(|net| net.frozen(&self.options.freeze)).map_err(|e| match e {
                Error::Query(message) => Error::Query(format!("STORED AS {}: {message}", self.kind)),
                other => other,
            })?;
        }
        let cuttings = Cuttings::find(&input);
        let (input, order) = by_window(input, session)?;
        let schema = input.schema();
        let sink =
            TrainingSink { kind: self.kind, options: self.options.clone(), model, shape, replay, cuttings, schema };
        Ok(Arc::new(DataSinkExec::new(input, Arc::new(sink), Some(order))))
    }
}
