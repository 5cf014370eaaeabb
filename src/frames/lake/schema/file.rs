//! The schemas of all files of a listing, and the one that they make.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::file_format::FileFormat;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore};

use super::lines::{spanning, spans};
use super::reader::Reader;
pub use super::reader::dialect;
use super::union::Union;

/// What was read of the files of a table. A file that has changed since is read again.
///
/// Files that have the same columns share one schema, so that a lake of ten thousand files does not hold ten thousand.
#[derive(Debug, Default)]
pub struct Schemas {
    known: Mutex<Known>,
    is_declared: bool,
}

#[derive(Debug, Default)]
struct Known {
    /// By the names of the files.
    files: HashMap<String, (ObjectMeta, SchemaRef)>,
    /// By what they hold, and whether a value may hold the end of a line.
    schemas: HashMap<(Fields, bool), SchemaRef>,
}

/// What was read of files in a session, for all its statements: without it each `SELECT * FROM 'lake/'` looks at every value anew. An extension of the session.
#[derive(Debug, Default)]
pub struct Shared(Mutex<HashMap<String, Arc<Schemas>>>);

/// Of so many files a session remembers what they hold; then it begins anew.
const MOST_SHARED: usize = 100_000;

impl Shared {
    /// Those of files that are read in one way.
    fn of(&self, way: String) -> Arc<Schemas> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.values().map(|schemas| schemas.len()).sum::<usize>() > MOST_SHARED {
            all.clear();
        }
        Arc::clone(all.entry(way).or_default())
    }
}

impl Schemas {
    /// Of files whose columns a statement declares: of CSV the names are enough.
    pub fn of_declared() -> Self {
        Self { is_declared: true, ..Self::default() }
    }

    /// The schema of each file, in their order. They come with their names, for messages.
    ///
    /// Whether a file of CSV may be read in parts is for [`super::lines::spans`] to say of its schema.
    ///
    /// # Errors
    /// A file that cannot be read, by its name.
    pub async fn of(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        format: &Arc<dyn FileFormat>,
        files: &[(String, ObjectMeta)],
    ) -> Result<Vec<SchemaRef>> {
        let reader = Reader::of(session, format);
        let shared = session.config().get_extension::<Shared>();
        let shared = shared.map(|shared| shared.of(format!("{reader:?} {}", self.is_declared)));
        let execution = &session.config_options().execution;
        // A file of text is work for a processor, and one of CSV in memory while it is looked at.
        let at_once = match reader {
            Reader::Format(_) => execution.meta_fetch_concurrency.get(),
            Reader::Csv(_) | Reader::Json(_) | Reader::JsonArray(_) => execution.target_partitions,
        };
        let one = |(name, meta)| self.one(session, store, reader.clone(), shared.as_deref(), name, meta).boxed();
        // Boxed: https://github.com/rust-lang/rust/issues/64552
        let each: Vec<BoxFuture<'_, Result<SchemaRef>>> = files.iter().cloned().map(one).collect();
        stream::iter(each).buffered(at_once).try_collect().await
    }

    async fn one(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        reader: Reader,
        shared: Option<&Self>,
        name: String,
        meta: ObjectMeta,
    ) -> Result<SchemaRef> {
        if let Some(schema) = self.known(&name, &meta) {
            return Ok(schema);
        }
        let schema = match shared.and_then(|shared| shared.known(&name, &meta)) {
            Some(schema) => schema,
            None => reader.read(session, store, name.clone(), &meta, self.is_declared).await?,
        };
        if let Some(shared) = shared {
            shared.note(&name, &meta, &schema);
        }
        Ok(self.note(&name, &meta, &schema))
    }

    fn known(&self, name: &str, meta: &ObjectMeta) -> Option<SchemaRef> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.files.get(name).filter(|(before, _)| before == meta).map(|(_, schema)| Arc::clone(schema))
    }

    fn note(&self, name: &str, meta: &ObjectMeta, schema: &Schema) -> SchemaRef {
        // What a program noted of itself may differ in each file.
        let (fields, spans) = (schema.fields().clone(), spans(schema));
        let bare = || {
            let schema = Schema::new(fields.clone());
            Arc::new(if spans { spanning(schema) } else { schema })
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = Arc::clone(known.schemas.entry((fields.clone(), spans)).or_insert_with(bare));
        known.files.insert(name.to_owned(), (meta.clone(), Arc::clone(&schema)));
        schema
    }

    fn len(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).files.len()
    }
}

/// The schema of all files, and lines on what some of them lack.
///
/// # Errors
/// Columns of one name that cannot be one column.
pub fn union(files: &[(String, ObjectMeta)], schemas: &[SchemaRef]) -> Result<(SchemaRef, Vec<String>)> {
    let mut union = Union::default();
    let mut counts: HashMap<*const Schema, usize> = HashMap::new();
    schemas.iter().for_each(|schema| *counts.entry(Arc::as_ptr(schema)).or_default() += 1);
    for ((name, _), schema) in files.iter().zip(schemas) {
        if let Some(count) = counts.remove(&Arc::as_ptr(schema)) {
            union.add(schema, name, count)?;
        }
    }
    Ok(union.finish()?)
}

#[cfg(test)]
mod tests {
    use datafusion::execution::session_state::SessionStateBuilder;
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;
    use crate::frames::lake::kind::Kind;

    #[tokio::test]
    async fn a_session_remembers_files_until_they_change() {
        let mut session = SessionStateBuilder::new().with_default_features().build();
        let shared = Arc::new(Shared::default());
        session.config_mut().set_extension(Arc::clone(&shared));
        let (store, path): (Arc<dyn ObjectStore>, _) = (Arc::new(InMemory::new()), Path::from("a.csv"));
        let of = async |text: &'static str, schemas: Schemas| {
            store.put(&path, text.into()).await.unwrap();
            let files = [("a.csv".to_owned(), store.head(&path).await.unwrap())];
            let format = Kind::Csv.format(&session, &HashMap::new()).unwrap();
            let first = schemas.of(&session, &store, &format, &files).await.unwrap();
            // Nobody can read it again: there is no such file.
            store.delete(&path).await.unwrap();
            let second = Schemas { is_declared: schemas.is_declared, ..Schemas::default() };
            assert_eq!(second.of(&session, &store, &format, &files).await.unwrap(), first);
            first[0].field(0).data_type().to_string()
        };
        assert_eq!(of("x\n1\n", Schemas::default()).await, "Int64");
        assert_eq!(of("x\n0.5\n", Schemas::default()).await, "Float64");
        assert_eq!(of("x\n0.5\n", Schemas::of_declared()).await, "Utf8");
        assert_eq!(shared.0.lock().unwrap().values().map(|schemas| schemas.len()).sum::<usize>(), 2);
    }
}
