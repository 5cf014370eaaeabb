//! The catalog `models`: every model is a schema, everything that training wrote is a table in it.
//!
//! `models.gait.history` is that of the newest version and, with version NULL, of trainings that have not ended, `models."gait@2".history` that of version 2 and
//! `models."gait@all".history` that of all versions; `models.gait.versions` lists them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider, Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;

use super::config::PosequelOptions;
use crate::error::{self, Error, query_err, suggest};
use crate::store::layout::table_blob;
use crate::store::location::Location;
use crate::store::models::Models;
use crate::store::read::Version;
use crate::store::reference::{Reference, Which};
use crate::store::resolve;
use crate::store::table::{self, STORED};

/// The name under which [`catalog`] is registered.
pub const NAME: &str = "models";

const VERSIONS: &str = "versions";
const HISTORY: &str = "history";

/// The catalog of the models of a session.
pub fn catalog(models: Arc<Models>) -> Arc<dyn CatalogProvider> {
    Arc::new(ModelsCatalog(models))
}

/// The folder of the models of a session.
///
/// # Errors
/// [`Error::Query`] for a session that was not made by posequel, or a location that is none; [`Error::Model`] when no store is registered for it.
pub fn root(session: &SessionContext) -> error::Result<Location> {
    let config = session.copied_config();
    let Some(options) = config.options().extensions.get::<PosequelOptions>() else {
        return query_err!("this session was not made by posequel; build it with posequel::register");
    };
    resolve::text(&options.models_location.get(), &session.runtime_env())
}

#[derive(Debug)]
struct ModelsCatalog(Arc<Models>);

impl CatalogProvider for ModelsCatalog {
    /// There is no way to tell an error here, and lists of all tables ask this of every catalog: one of models that cannot be listed takes
    /// nothing from the others, and is a note.
    fn schema_names(&self) -> Vec<String> {
        self.0.names().unwrap_or_else(|error| {
            self.0.warn([error.to_string()]);
            vec![]
        })
    }

    /// A schema for every name: only a table can answer with an error, which names the nearest model.
    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let (models, name) = (Arc::clone(&self.0), name.to_owned());
        Some(Arc::new(ModelSchema { models, name, found: OnceCell::new() }))
    }
}

#[derive(Debug)]
struct ModelSchema {
    models: Arc<Models>,
    /// `gait`, `gait@2`, `gait@all`.
    name: String,
    /// Whether it is there; lists of all columns ask for each table in turn.
    found: OnceCell<()>,
}

fn table_names() -> impl Iterator<Item = &'static str> + Clone {
    [VERSIONS].into_iter().chain(STORED.map(|(name, _)| name))
}

#[async_trait]
impl SchemaProvider for ModelSchema {
    fn table_names(&self) -> Vec<String> {
        table_names().map(str::to_owned).collect()
    }

    /// A table whose files, the manifest among them, are read when a query runs.
    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.table_exist(name) {
            let (model, near) = (&self.name, suggest(name, table_names()));
            return Err(Error::Query(format!("models.{model} has no table '{name}'{near}")).into());
        }
        let reference = Reference::parse(&self.name)?;
        let found = self.found.get_or_try_init(|| self.models.find(&reference.name, reference.which)).await;
        // A model that is trained for the first time has a history, and no version yet.
        let shows_running = name == HISTORY && !matches!(reference.which, Which::Number(_));
        if let Err(error) = found
            && !(shows_running
                && self.models.is_unpublished(&reference.name).await?
                && self.models.is_training(&reference.name).await?)
        {
            return Err(error.into());
        }
        let schema = table::schema(name).map_or_else(table::versions::schema, |stored| table::with_version(&stored));
        Ok(Some(Arc::new(ModelTable { models: Arc::clone(&self.models), reference, name: name.to_owned(), schema })))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        table_names().any(|known| known == name)
    }
}

/// What is said of statements that would change a table: a version is never changed, and removed by a command of its own.
fn read_only(verb: &str, model: &str) -> DataFusionError {
    let version = if model.contains('@') { model.to_owned() } else { format!("{model}@3") };
    DataFusionError::from(Error::Query(format!(
        "{verb}: the tables of model '{model}' are read only; COPY ... STORED AS LSTM makes a version, and \
         `posequel models rm {version}` removes one"
    )))
}

/// A table of one or more versions.
#[derive(Debug)]
struct ModelTable {
    models: Arc<Models>,
    reference: Reference,
    name: String,
    /// With the column `version`.
    schema: SchemaRef,
}

/// Files of versions that are read side by side.
const AT_ONCE: usize = 32;

impl ModelTable {
    async fn batches(&self) -> error::Result<Vec<RecordBatch>> {
        let Reference { name, which } = &self.reference;
        let Some(stored) = table::schema(&self.name) else { return Ok(vec![self.listed(name, *which).await?]) };
        let running = match (self.name.as_str(), which) {
            (HISTORY, Which::Newest | Which::All) => self.models.unfinished(name).await?,
            _ => vec![],
        };
        let versions = match !running.is_empty() && self.models.is_unpublished(name).await? {
            true => vec![],
            false => self.models.versions(name, *which).await?,
        };
        let read: Vec<_> = versions.iter().map(|version| self.read(version, &stored, versions.len() > 1)).collect();
        let mut batches: Vec<RecordBatch> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        for batch in &running {
            batches.push(table::versioned(batch, &stored, None)?);
        }
        Ok(batches)
    }

    /// The list of versions. Each tells how many before it were tested on the same recordings, so all are read.
    async fn listed(&self, name: &str, which: Which) -> error::Result<RecordBatch> {
        let versions = self.models.versions(name, Which::All).await?;
        let listed = table::versions::batch(&versions)?;
        let Which::Number(number) = which else { return Ok(listed) };
        match versions.iter().position(|version| version.number == number) {
            Some(place) => Ok(listed.slice(place, 1)),
            // It is damaged, which is an error where it is asked for alone.
            None => table::versions::batch(&self.models.versions(name, which).await?),
        }
    }

    async fn read(&self, version: &Version, stored: &SchemaRef, is_among_others: bool) -> error::Result<RecordBatch> {
        let blob = table_blob(&self.name);
        if table::came_later(&self.name) && !version.manifest.blobs.contains_key(&blob) {
            // Among others it has no rows; asked for alone it would look as if nothing had been found.
            if is_among_others {
                return Ok(RecordBatch::new_empty(Arc::clone(&self.schema)));
            }
            let (name, number, table) = (version.model.name(), version.number, &self.name);
            return query_err!(
                "version {number} of model '{name}' is from before the table {table}; train it again, or look at those that have \
                 it: models.\"{name}@all\".{table}"
            );
        }
        let bytes = version.fetch(&blob).await?;
        let file = version.folder().child(&blob).to_string();
        table::versioned(&table::file::from_parquet(bytes, &file)?, stored, Some(version.number))
    }
}

#[async_trait]
impl TableProvider for ModelTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
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
        let table = MemTable::try_new(Arc::clone(&self.schema), vec![self.batches().await?])?;
        table.scan(session, projection, filters, limit).await
    }

    async fn insert_into(
        &self,
        _: &dyn Session,
        _: Arc<dyn ExecutionPlan>,
        _: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only("INSERT", &self.reference.to_string()))
    }

    async fn delete_from(&self, _: &dyn Session, _: Vec<Expr>) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only("DELETE", &self.reference.to_string()))
    }

    async fn update(&self, _: &dyn Session, _: Vec<(String, Expr)>, _: Vec<Expr>) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only("UPDATE", &self.reference.to_string()))
    }

    async fn truncate(&self, _: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only("TRUNCATE", &self.reference.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::runtime_env::RuntimeEnv;
    use datafusion::prelude::SessionConfig;

    use super::*;
    use crate::notes::Notes;
    use crate::store::manifest::Summary;
    use crate::store::publish::published;
    use crate::train::normalize::Normalization;

    /// A session over an empty folder of models.
    struct Lab {
        folder: tempfile::TempDir,
        models: Arc<Models>,
        session: SessionContext,
        notes: Notes,
    }

    impl Lab {
        fn new() -> Self {
            let (folder, runtime) = (tempfile::tempdir().unwrap(), Arc::new(RuntimeEnv::default()));
            let options = PosequelOptions::default();
            options.models_location.set(&folder.path().display().to_string());
            let notes = Notes::default();
            let models = Models::new(options.models_location.clone(), Arc::clone(&runtime)).with_notes(notes.clone());
            let models = Arc::new(models);
            let config = SessionConfig::new().with_information_schema(true).with_option_extension(options);
            let session = SessionContext::new_with_config_rt(config, runtime);
            session.register_catalog(NAME, catalog(Arc::clone(&models)));
            Self { folder, models, session, notes }
        }

        /// A version whose only table is `features`, with one feature of this mean.
        async fn publish(&self, model: &str, mean: f64) {
            let scale = Normalization { mean: vec![mean], std: vec![1.0] };
            let features = table::features::batch(1, None, &scale, |_| None).unwrap();
            let blobs = vec![(table_blob("features"), table::file::to_parquet(&features).unwrap().into())];
            let summary = Summary { epochs: 3, val_loss: Some(mean), ..Summary::default() };
            published(&self.models.root().unwrap().child(model), blobs, summary).await;
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

    #[tokio::test]
    async fn a_damaged_version_takes_nothing_from_the_others_and_is_said() {
        let lab = Lab::new();
        for (model, mean) in [("good", 0.5), ("bad", 0.5), ("bad", 0.25)] {
            lab.publish(model, mean).await;
        }
        let file = lab.folder.path().join("bad/_versions/00000000000000000002.json");
        std::fs::write(&file, "{").unwrap();
        let listed = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_catalog = 'models' \
                      AND table_schema <> 'information_schema' ORDER BY 1";
        assert_eq!(lab.rows(listed).await.unwrap(), ["bad", "good"]);
        assert!(lab.notes.take().is_empty(), "names are listed without opening a manifest");
        assert_eq!(lab.rows("SELECT version FROM models.bad.versions").await.unwrap(), ["1"]);
        assert_eq!(lab.rows("SELECT mean FROM models.\"bad@all\".features").await.unwrap(), ["0.5"]);
        let said = lab.notes.take();
        assert!(said.len() == 1 && said[0].starts_with(&file.display().to_string()), "{said:?}");
        for schema in ["bad", "\"bad@2\""] {
            let error = lab.rows(&format!("SELECT * FROM models.{schema}.features")).await.unwrap_err().to_string();
            assert!(error.contains(&format!("{}: expected the manifest", file.display())), "{error}");
            assert_eq!(error.contains("'bad@1' is whole"), schema == "bad", "{error}");
        }
        assert!(lab.rows("SELECT * FROM models.\"bad@2\".versions").await.is_err());
        assert_eq!(lab.rows("SELECT mean FROM models.good.features").await.unwrap(), ["0.5"]);
    }

    #[tokio::test]
    async fn models_that_cannot_be_listed_are_an_error_here_and_a_note_in_lists_of_all_tables() {
        let lab = Lab::new();
        let file = lab.folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        lab.session.sql(&format!("SET posequel.models.location = '{}'", file.display())).await.unwrap();
        let error = lab.rows("SELECT * FROM models.gait.history").await.unwrap_err().to_string();
        assert!(error.contains(&format!("cannot list {}", file.display())), "{error}");
        lab.rows("SELECT * FROM information_schema.tables").await.unwrap();
        let said = lab.notes.take();
        assert!(said.len() == 1 && said[0].starts_with(&format!("cannot list {}", file.display())), "{said:?}");
    }

    #[tokio::test]
    async fn columns_of_all_tables_are_listed_without_opening_a_file() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        std::fs::remove_dir_all(lab.folder.path().join("gait/runs")).unwrap();
        std::fs::write(lab.folder.path().join("gait/_versions/00000000000000000001.json"), "{").unwrap();
        let sql = "SELECT count(DISTINCT table_name) FROM information_schema.columns WHERE table_schema = 'gait'";
        assert_eq!(lab.rows(sql).await.unwrap(), [table_names().count().to_string()]);
        assert!(lab.notes.take().is_empty());
    }

    #[tokio::test]
    async fn what_would_change_a_table_is_refused_with_the_command_that_removes_a_version() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        for (sql, verb) in [
            ("DELETE FROM models.gait.versions", "DELETE"),
            ("DELETE FROM models.gait.features WHERE mean > 0", "DELETE"),
            ("UPDATE models.gait.features SET mean = 1.0", "UPDATE"),
            ("INSERT INTO models.gait.versions SELECT * FROM models.gait.versions", "INSERT"),
        ] {
            let error = lab.rows(sql).await.unwrap_err().to_string();
            assert!(error.contains(&format!("{verb}: the tables of model 'gait' are read only")), "{sql}: {error}");
            assert!(error.contains("`posequel models rm gait@3`"), "{error}");
        }
        assert_eq!(lab.rows("SELECT version FROM models.gait.versions").await.unwrap(), ["1"]);
    }

    #[tokio::test]
    async fn a_view_over_a_model_shows_the_newest_version_of_each_time_it_is_asked() {
        let lab = Lab::new();
        lab.publish("gait", 0.5).await;
        lab.rows("CREATE VIEW newest AS SELECT version, mean FROM models.gait.features").await.unwrap();
        lab.publish("gait", 0.25).await;
        assert_eq!(lab.rows("SELECT * FROM newest").await.unwrap(), ["2 0.25"]);
    }
}
