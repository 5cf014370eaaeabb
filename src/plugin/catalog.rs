//! The catalog `models`: every model is a schema, everything that training wrote is a table in it.
//!
//! `models.gait.history` is that of the newest version and, with version NULL, of trainings that have not ended, `models."gait@2".history` that of version 2 and
//! `models."gait@all".history` that of all versions; `models.gait.versions` lists them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider, Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{self, Error, query_err, suggest};
use crate::store::layout::table_blob;
use crate::store::models::Models;
use crate::store::read::Version;
use crate::store::reference::{Reference, Which};
use crate::store::table::{self, STORED};

/// The name under which [`catalog`] is registered.
pub const NAME: &str = "models";

const VERSIONS: &str = "versions";
const HISTORY: &str = "history";

/// The catalog of the models of a session.
pub fn catalog(models: Arc<Models>) -> Arc<dyn CatalogProvider> {
    Arc::new(ModelsCatalog(models))
}

#[derive(Debug)]
struct ModelsCatalog(Arc<Models>);

impl CatalogProvider for ModelsCatalog {
    fn schema_names(&self) -> Vec<String> {
        // There is no way to tell an error here; the query that follows tells it.
        self.0.names().unwrap_or_default()
    }

    /// A schema for every name: only a table can answer with an error, which names the nearest model.
    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(ModelSchema { models: Arc::clone(&self.0), name: name.to_owned() }))
    }
}

#[derive(Debug)]
struct ModelSchema {
    models: Arc<Models>,
    /// `gait`, `gait@2`, `gait@all`.
    name: String,
}

fn table_names() -> impl Iterator<Item = &'static str> + Clone {
    [VERSIONS].into_iter().chain(STORED.map(|(name, _)| name))
}

#[async_trait]
impl SchemaProvider for ModelSchema {
    fn table_names(&self) -> Vec<String> {
        table_names().map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.table_exist(name) {
            let (model, near) = (&self.name, suggest(name, table_names()));
            return Err(Error::Query(format!("models.{model} has no table '{name}'{near}")).into());
        }
        let reference = Reference::parse(&self.name)?;
        // Each version tells how many before it were tested on the same recordings.
        let which = if name == VERSIONS { Which::All } else { reference.which };
        let running = match (name, which) {
            (HISTORY, Which::Newest | Which::All) => self.models.unfinished(&reference.name).await?,
            _ => vec![],
        };
        // A model that is trained for the first time has a history, and no version yet.
        let versions = match !running.is_empty() && self.models.is_unpublished(&reference.name).await? {
            true => vec![],
            false => self.models.versions(&reference.name, which).await?,
        };
        Ok(Some(match table::schema(name) {
            None => {
                let listed = table::versions::batch(&versions)?;
                let listed = match reference.which {
                    Which::Number(number) => {
                        let place = versions.iter().position(|version| version.number == number);
                        listed.slice(place.unwrap_or(versions.len()), usize::from(place.is_some()))
                    }
                    Which::Newest | Which::All => listed,
                };
                rows(table::versions::schema(), vec![listed])?
            }
            Some(stored) => Arc::new(StoredTable { name: name.to_owned(), stored, versions, running }),
        }))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        table_names().any(|known| known == name)
    }
}

/// A table of one or more versions, whose files are read when a query runs.
#[derive(Debug)]
struct StoredTable {
    name: String,
    /// Without the column `version`.
    stored: SchemaRef,
    versions: Vec<Version>,
    /// Histories of trainings that have not ended.
    running: Vec<RecordBatch>,
}

impl StoredTable {
    async fn read(&self, version: &Version) -> error::Result<RecordBatch> {
        let blob = table_blob(&self.name);
        if table::came_later(&self.name) && !version.manifest.blobs.contains_key(&blob) {
            // Among others it has no rows; asked for alone it would look as if nothing had been found.
            if self.versions.len() > 1 {
                return Ok(RecordBatch::new_empty(self.schema()));
            }
            let (name, number, table) = (version.model.name(), version.number, &self.name);
            return query_err!(
                "version {number} of model '{name}' is from before the table {table}; train it again, or look at those that have \
                 it: models.\"{name}@all\".{table}"
            );
        }
        let bytes = version.fetch(&blob).await?;
        let file = version.folder().child(&blob).to_string();
        table::versioned(&table::file::from_parquet(bytes, &file)?, &self.stored, Some(version.number))
    }
}

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        table::with_version(&self.stored)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut batches = Vec::with_capacity(self.versions.len());
        for version in &self.versions {
            batches.push(self.read(version).await?);
        }
        for batch in &self.running {
            batches.push(table::versioned(batch, &self.stored, None)?);
        }
        rows(self.schema(), batches)?.scan(session, projection, filters, limit).await
    }
}

fn rows(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Arc<dyn TableProvider>> {
    Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::runtime_env::RuntimeEnv;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;
    use crate::plugin::config::PosequelOptions;
    use crate::store::manifest::Summary;
    use crate::store::publish::publish;
    use crate::train::normalize::Normalization;

    /// A session over an empty folder of models.
    struct Lab {
        folder: tempfile::TempDir,
        models: Arc<Models>,
        session: SessionContext,
    }

    impl Lab {
        fn new() -> Self {
            let (folder, runtime) = (tempfile::tempdir().unwrap(), Arc::new(RuntimeEnv::default()));
            let options = PosequelOptions::default();
            options.models_location.set(&folder.path().display().to_string());
            let models = Arc::new(Models::new(options.models_location.clone(), Arc::clone(&runtime)));
            let config = SessionConfig::new().with_information_schema(true).with_option_extension(options);
            let session = SessionContext::new_with_config_rt(config, runtime);
            session.register_catalog(NAME, catalog(Arc::clone(&models)));
            Self { folder, models, session }
        }

        /// A version whose only table is `features`, with one feature of this mean.
        async fn publish(&self, model: &str, mean: f64) {
            let scale = Normalization { mean: vec![mean], std: vec![1.0] };
            let features = table::features::batch(1, None, &scale, |_| None).unwrap();
            let blobs = vec![(table_blob("features"), table::file::to_parquet(&features).unwrap())];
            let summary = Summary { epochs: 3, val_loss: Some(mean), ..Summary::default() };
            publish(&self.models.root().unwrap().child(model), blobs, summary).await.unwrap();
        }

        async fn rows(&self, sql: &str) -> Result<Vec<String>> {
            let batches = self.session.sql(sql).await?.collect().await?;
            let shown = pretty_format_batches(&batches)?.to_string();
            let row = |line: &str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" ");
            Ok(shown.lines().skip(3).filter(|line| line.starts_with('|')).map(row).collect())
        }
    }

    #[tokio::test]
    async fn a_schema_shows_the_newest_version_a_certain_one_or_all() {
        let lab = Lab::new();
        for mean in [0.5, 0.25] {
            lab.publish("gait", mean).await;
        }
        for (schema, expected) in
            [("gait", vec!["2 0.25"]), ("\"gait@1\"", vec!["1 0.5"]), ("\"gait@all\"", vec!["1 0.5", "2 0.25"])]
        {
            let sql = format!("SELECT version, mean FROM models.{schema}.features ORDER BY version");
            assert_eq!(lab.rows(&sql).await.unwrap(), expected, "{schema}");
        }
        let sql = "SELECT version, epochs, val_loss FROM models.gait.versions ORDER BY version";
        assert_eq!(lab.rows(sql).await.unwrap(), ["1 3 0.5", "2 3 0.25"]);
    }

    #[tokio::test]
    async fn models_are_listed_and_a_new_location_holds_at_once() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        lab.publish("arm", 0.5).await;
        let listed = "SELECT DISTINCT table_schema FROM information_schema.tables \
                      WHERE table_catalog = 'models' AND table_schema <> 'information_schema' ORDER BY 1";
        assert_eq!(lab.rows(listed).await.unwrap(), ["arm", "gait"]);
        let set = format!("SET posequel.models.location = '{}/elsewhere'", lab.folder.path().display());
        lab.session.sql(&set).await.unwrap();
        assert!(lab.rows(listed).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn wrong_names_are_answered_with_the_nearest() {
        let lab = Lab::new();
        let error = lab.rows("SELECT * FROM models.gait.history").await.unwrap_err().to_string();
        assert!(error.contains("there is no model 'gait'") && error.contains("holds no models"), "{error}");
        lab.publish("gait", 0.5).await;
        for (table, expected) in [
            ("gate.history", "there is no model 'gate'"),
            ("gate.history", "did you mean 'gait'?"),
            ("gait.histroy", "models.gait has no table 'histroy'; did you mean 'history'?"),
            ("\"gait@7\".history", "has no version 7; known: 1"),
            ("\"gait@x\".history", "expected a version such as 'gait@1'"),
            ("gait.history", "model 'gait' version 1 has no file 'history.parquet'"),
        ] {
            let error = lab.rows(&format!("SELECT * FROM models.{table}")).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{table}: {error}");
        }
    }

    #[tokio::test]
    async fn a_table_that_came_later_is_missed_by_name() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        let before = lab.rows("SELECT * FROM models.gait.leaks").await.unwrap_err().to_string();
        assert!(before.contains("version 1 of model 'gait' is from before the table leaks"), "{before}");
        // Among others it has no rows.
        lab.publish("gait", 0.25).await;
        assert!(lab.rows("SELECT * FROM models.\"gait@all\".leaks").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_damaged_table_is_refused_by_name() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        let version = lab.models.versions("gait", Which::Newest).await.unwrap().remove(0);
        let file = version.folder().child("features.parquet").local.unwrap();
        std::fs::write(&file, "PAR1").unwrap();
        let error = lab.rows("SELECT * FROM models.gait.features").await.unwrap_err();
        assert!(matches!(Error::find(&error), Some(Error::Model(_))));
        assert!(error.to_string().contains(&format!("{} is damaged", file.display())), "{error}");
    }
}
