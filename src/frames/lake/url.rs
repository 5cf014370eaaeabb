//! The second door: `SELECT * FROM 'lake/'`.
//!
//! A name that no table has is taken for a location where it looks like one (see [`Location::is_meant_by`]): so a folder `frames/` beside a script is not the table
//! `frames`, and what is wrong with a location is said instead of "table not found".

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::execution::session_state::SessionState;

use super::location::Location;
use super::schema::file::Shared;
use super::table::{Definition, LakeTable};

/// The session that a location is read in; nothing once it is gone.
pub type CurrentSession = Arc<dyn Fn() -> Option<SessionState> + Send + Sync>;

/// Catalogs whose schemas know locations besides their tables, and are as they were in everything else.
#[derive(Clone)]
pub struct WithLocations<T: ?Sized> {
    inner: Arc<T>,
    session: CurrentSession,
    /// What was read of files before, by whatever statement.
    schemas: Arc<Shared>,
}

impl<T: ?Sized> WithLocations<T> {
    /// Around catalogs.
    pub fn new(inner: Arc<T>, session: CurrentSession) -> Self {
        Self { inner, session, schemas: Arc::default() }
    }

    fn around<S: ?Sized>(&self, inner: Arc<S>) -> WithLocations<S> {
        WithLocations { inner, session: Arc::clone(&self.session), schemas: Arc::clone(&self.schemas) }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for WithLocations<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithLocations").field(&self.inner).finish()
    }
}

impl CatalogProviderList for WithLocations<dyn CatalogProviderList> {
    fn register_catalog(&self, name: String, catalog: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        self.inner.register_catalog(name, catalog)
    }

    fn catalog_names(&self) -> Vec<String> {
        self.inner.catalog_names()
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(Arc::new(self.around(self.inner.catalog(name)?)))
    }
}

impl CatalogProvider for WithLocations<dyn CatalogProvider> {
    fn schema_names(&self) -> Vec<String> {
        self.inner.schema_names()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(self.around(self.inner.schema(name)?)))
    }

    fn register_schema(&self, name: &str, schema: Arc<dyn SchemaProvider>) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.inner.register_schema(name, schema)
    }

    fn deregister_schema(&self, name: &str, cascade: bool) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.inner.deregister_schema(name, cascade)
    }
}

#[async_trait]
impl SchemaProvider for WithLocations<dyn SchemaProvider> {
    fn owner_name(&self) -> Option<&str> {
        self.inner.owner_name()
    }

    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(table) = self.inner.table(name).await? {
            return Ok(Some(table));
        }
        if !Location::is_meant_by(name) {
            return Ok(None);
        }
        let Some(mut session) = (self.session)() else { return Ok(None) };
        session.config_mut().set_extension(Arc::clone(&self.schemas));
        let locations = vec![Location::parse(name)?];
        let definition = Definition { locations, has_filename: true, ..Definition::default() };
        Ok(Some(Arc::new(LakeTable::open(&session, definition).await?)))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        self.inner.table_type(name).await
    }

    fn register_table(&self, name: String, table: Arc<dyn TableProvider>) -> Result<Option<Arc<dyn TableProvider>>> {
        self.inner.register_table(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.inner.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.table_exist(name)
    }
}
