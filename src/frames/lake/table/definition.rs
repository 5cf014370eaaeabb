//! What a table of files is made by.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::{Constraints, Result};
use datafusion::logical_expr::{Expr, SortExpr};
use object_store::ObjectStore;

use crate::error::{Error, query_err};
use crate::frames::lake::kind::Kind;
use crate::frames::lake::listing::{Listing, Wanted};
use crate::frames::lake::location::Location;

/// What a table of files is made by.
#[derive(Debug, Default)]
pub struct Definition {
    /// Where its files are, all in one store.
    pub locations: Vec<Location>,
    /// Of what kind; the endings of the files tell where it is `None`.
    pub kind: Option<Kind>,
    /// How they are read, as OPTIONS of DataFusion.
    pub options: HashMap<String, String>,
    /// The columns, those of folders too, where somebody declared them.
    pub declared: Option<SchemaRef>,
    /// The columns of folders, where somebody declared them.
    pub partitions: Option<Vec<String>>,
    /// Whether the path of the file is a column, where more than one file may be.
    pub has_filename: bool,
    /// WITH ORDER
    pub order: Vec<Vec<SortExpr>>,
    /// Of the columns.
    pub constraints: Constraints,
    /// What a column is where INSERT does not say.
    pub defaults: HashMap<String, Expr>,
    /// The statement.
    pub sql: Option<String>,
}

impl Definition {
    /// The locations, as they were written.
    pub fn texts(&self) -> String {
        self.locations.iter().map(Location::text).collect::<Vec<_>>().join(", ")
    }

    /// That there is no file.
    pub fn nothing(&self) -> Error {
        let texts = self.texts();
        let kind = self.kind.map_or_else(Kind::readable, |kind| format!(".{}", kind.endings().join(", .")));
        Error::Query(match self.locations.iter().any(Location::is_folder) {
            true => format!("'{texts}' holds no file that can be read ({kind})"),
            false => format!("there is no file '{texts}'"),
        })
    }

    /// The store of all locations.
    ///
    /// # Errors
    /// None, or several.
    pub fn store(&self, session: &dyn Session) -> Result<Arc<dyn ObjectStore>> {
        let Some(first) = self.locations.first() else { return Ok(query_err!("a table of files needs a location")?) };
        if let Some(other) = self.locations.iter().find(|location| location.store() != first.store()) {
            return Ok(query_err!("'{first}' and '{other}' are in different stores; make a table of each")?);
        }
        session.runtime_env().object_store(first.store()).map_err(|_| {
            let what = format!("'{first}': there is no store for {}", first.store());
            Error::Query(format!(
                "{what}: posequel reads files of this machine, and of stores that its host has registered"
            ))
            .into()
        })
    }

    /// The files of all locations, each once.
    ///
    /// # Errors
    /// Files of several kinds; what a single location refuses.
    pub async fn list(
        &self,
        session: &dyn Session,
        kind: Option<Kind>,
        partitions: Option<&[String]>,
    ) -> Result<Listing> {
        let store = self.store(session)?;
        let is_flat = session.config_options().execution.listing_table_ignore_subdirectory;
        let mut all = Listing::default();
        for location in &self.locations {
            let listing = Listing::of(store.as_ref(), location, Wanted { kind, partitions, is_flat }).await?;
            if let Some((one, other)) = all.kind.zip(listing.kind).filter(|(one, other)| one != other) {
                return Ok(query_err!(
                    "'{location}' is {}, what comes before it {}",
                    other.names()[0],
                    one.names()[0]
                )?);
            }
            all.kind = all.kind.or(listing.kind);
            all.is_open |= listing.is_open || self.locations.len() > 1;
            if all.partitions.is_empty() {
                all.partitions = listing.partitions;
            }
            all.notes.extend(listing.notes);
            all.files.extend(listing.files);
        }
        all.files.sort_by(|a, b| a.meta.location.cmp(&b.meta.location));
        all.files.dedup_by(|a, b| a.meta.location == b.meta.location);
        Ok(all)
    }
}
