//! `pose_diagnose('gait')`

use std::sync::Arc;

use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Result;

use crate::args::Arguments;
use crate::error::query_err;
use crate::relation::SourceFunction;
use crate::store::layout::table_blob;
use crate::store::models::{Models, one};
use crate::store::table::{self, diagnosis, file};
use crate::store::wait::wait;

/// What is wrong with a model, why, and what to try: errors first.
#[derive(Debug)]
pub struct PoseDiagnose {
    /// Those of the session.
    pub models: Arc<Models>,
}

impl SourceFunction for PoseDiagnose {
    fn name(&self) -> &'static str {
        "pose_diagnose"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["model"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What is wrong with a model, why, and what to try: errors first.",
            "SELECT severity, check, message, advice FROM pose_diagnose('gait')",
        )
    }

    fn table(&self, arguments: &Arguments) -> Result<Arc<dyn TableProvider>> {
        let Some(name) = arguments.text("model")?.map(str::to_owned) else {
            return Ok(query_err!("pose_diagnose: model is missing: pose_diagnose('gait')")?);
        };
        let root = self.models.root()?;
        let batch = wait(async move {
            let version = one(&root, &name).await?;
            let blob = table_blob("diagnosis");
            if !version.manifest.blobs.contains_key(&blob) {
                let (name, number) = (version.model.name(), version.number);
                return query_err!(
                    "pose_diagnose: version {number} of model '{name}' is from before diagnoses; train it again"
                );
            }
            let bytes = version.fetch(&blob).await?;
            let stored = file::from_parquet(bytes, &version.folder().child(&blob).to_string())?;
            table::versioned(&stored, &diagnosis::schema(), Some(version.number))
        })?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}
