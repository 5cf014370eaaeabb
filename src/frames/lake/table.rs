//! A table of files.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Constraints, Result, ScalarValue, SchemaExt, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOutputMode, FileSinkConfig};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, SortExpr, TableProviderFilterPushDown};
use datafusion::physical_expr::create_lex_ordering;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore};

use super::kind::Kind;
use super::listing::{Found, Listing, Wanted};
use super::location::{Location, name_of};
use super::partitions::{self, FILENAME};
use super::scan::layout::layout;
use super::scan::plan::Scan;
use super::scan::pruning::{is_of_folders, meets};
use super::scan::statistics::{MOST, of_file};
use super::schema::file::{Schemas, dialect, union};
use crate::error::{Error, query_err};
use crate::notes::Notes;

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

/// A table of files, which are listed anew for every query.
#[derive(Debug)]
pub struct LakeTable {
    definition: Definition,
    kind: Kind,
    format: Arc<dyn FileFormat>,
    /// Columns of files.
    files: SchemaRef,
    /// Columns of folders, and `filename`.
    folders: Vec<FieldRef>,
    /// Both.
    schema: SchemaRef,
    schemas: Schemas,
}

impl LakeTable {
    /// Lists the files, reads what columns each has, and makes one table of them.
    ///
    /// # Errors
    /// No file, where no columns are declared; files that cannot be read, or whose columns cannot be one: by their names.
    pub async fn open(session: &dyn Session, definition: Definition) -> Result<Self> {
        let wanted = definition.partitions.as_deref();
        let listing = list(session, &definition, definition.kind, wanted).await?;
        let Some(kind) = definition.kind.or(listing.kind) else { return Err(nothing(&definition).into()) };
        let format = kind.format(session, &definition.options)?;
        let mut notes = listing.notes;
        let schemas = Schemas::default();
        let files = match &definition.declared {
            Some(declared) => {
                if listing.files.is_empty() {
                    notes.push(format!("{}: there is no file yet", texts(&definition)));
                }
                Arc::clone(declared)
            }
            None if listing.files.is_empty() => return Err(nothing(&definition).into()),
            None => {
                let metas: Vec<_> =
                    listing.files.iter().map(|found| (found.name.clone(), found.meta.clone())).collect();
                let store = store(session, &definition)?;
                let each = schemas.of(session, &store, &format, &metas).await?;
                let (schema, lacking) = union(&metas, &each)?;
                notes.extend(lacking.into_iter().map(|line| format!("{}: {line}", texts(&definition))));
                schema
            }
        };
        let mut names = listing.partitions;
        let has_name = names.iter().any(|name| name == FILENAME) || files.index_of(FILENAME).is_ok();
        if definition.has_filename && listing.is_open && !has_name {
            names.push(FILENAME.to_owned());
        }
        let declared = |name: &str| {
            let declared = definition.declared.as_ref()?;
            declared.field_with_name(name).ok().map(|field| field.data_type().clone())
        };
        let folders: Vec<FieldRef> = names.iter().map(|name| partitions::field(name, declared(name))).collect();
        let (own, twice): (Vec<_>, Vec<_>) =
            files.fields().iter().cloned().partition(|field| !names.contains(field.name()));
        if definition.declared.is_none() {
            notes.extend(twice.iter().map(|field| {
                let (texts, name) = (texts(&definition), field.name());
                format!("{texts}: column '{name}' is in the files and in the names of their folders; that of the folders is read")
            }));
        }
        let files = Arc::new(Schema::new(own));
        let schema = Arc::new(Schema::new(files.fields().iter().chain(&folders).cloned().collect::<Vec<_>>()));
        say(session, notes);
        Ok(Self { definition, kind, format, files, folders, schema, schemas })
    }

    /// The files that filters on their folders leave, with the values of these.
    async fn found(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<(ObjectMeta, Vec<ScalarValue>)>> {
        let names: Vec<String> = self.folders.iter().map(|field| field.name().clone()).collect();
        let listing = list(session, &self.definition, Some(self.kind), Some(&names)).await?;
        let is_gone = listing.files.is_empty() && !listing.is_open && self.definition.declared.is_none();
        if is_gone {
            return Err(nothing(&self.definition).into());
        }
        say(session, listing.notes);
        let value = |found: &Found, field: &FieldRef| {
            let path = found.name.as_str();
            let text = found.values.iter().find(|(name, _)| name == field.name());
            let text = text.map_or((field.name() == FILENAME).then_some(path), |(_, value)| value.as_deref());
            partitions::value(field, text, path)
        };
        let values =
            |found: &Found| self.folders.iter().map(|field| value(found, field)).collect::<crate::error::Result<_>>();
        let values = listing.files.iter().map(values).collect::<crate::error::Result<Vec<Vec<ScalarValue>>>>()?;
        let of_folders = filters.iter().filter(|filter| is_of_folders(filter, &self.folders)).cloned().collect();
        let met = meets(session, &self.folders, &values, of_folders)?;
        let files = listing.files.into_iter().zip(values).zip(met);
        Ok(files.filter(|(_, met)| *met).map(|((found, values), _)| (found.meta, values)).collect())
    }

    /// Files with their statistics, where the format has any.
    async fn partitioned(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        found: Vec<(ObjectMeta, Vec<ScalarValue>)>,
    ) -> Result<Vec<PartitionedFile>> {
        let collects = self.kind == Kind::Parquet
            && session.config().collect_statistics()
            && found.len().saturating_mul(self.schema.fields().len()) <= MOST;
        let file = |(meta, values)| self.one(session, store, meta, values, collects).boxed();
        let each: Vec<BoxFuture<'_, Result<PartitionedFile>>> = found.into_iter().map(file).collect();
        let at_once = session.config_options().execution.meta_fetch_concurrency.get();
        stream::iter(each).buffered(at_once).try_collect().await
    }

    async fn one(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        meta: ObjectMeta,
        values: Vec<ScalarValue>,
        collects: bool,
    ) -> Result<PartitionedFile> {
        let mut file = PartitionedFile::from(meta);
        if collects {
            let schema = Arc::clone(&self.files);
            let own = self.format.infer_stats_and_ordering(session, store, schema, &file.object_meta).await?;
            file.statistics = Some(Arc::new(of_file(own.statistics, &self.files, &values)));
            file.ordering = own.ordering;
        }
        file.partition_values = values;
        Ok(file)
    }

    /// Files of the same columns in the same order, as they come.
    async fn alike(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: Vec<PartitionedFile>,
    ) -> Result<Vec<(SchemaRef, Vec<PartitionedFile>)>> {
        let Some(dialect) = dialect(session, &self.format) else { return Ok(vec![(Arc::clone(&self.files), files)]) };
        let store_url =
            self.definition.locations.first().map(Location::store).unwrap_or_else(ObjectStoreUrl::local_filesystem);
        let named =
            |file: &PartitionedFile| (name_of(&store_url, &file.object_meta.location), file.object_meta.clone());
        let metas: Vec<_> = files.iter().map(named).collect();
        let schemas = self.schemas.of(session, store, &self.format, &metas).await?;
        let mut alike: Vec<(SchemaRef, Vec<PartitionedFile>)> = vec![];
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        for ((file, own), (name, _)) in files.into_iter().zip(schemas).zip(&metas) {
            let names = own.fields().iter().map(|field| field.name().clone()).collect();
            let place = match places.get(&names) {
                Some(place) => *place,
                None => {
                    let is_declared = self.definition.declared.is_some();
                    let layout = layout(&own, &self.files, is_declared, dialect.has_header, name)?;
                    alike.push((layout, vec![]));
                    places.insert(names, alike.len() - 1);
                    alike.len() - 1
                }
            };
            alike[place].1.push(file);
        }
        Ok(alike)
    }
}

fn texts(definition: &Definition) -> String {
    definition.locations.iter().map(Location::text).collect::<Vec<_>>().join(", ")
}

fn nothing(definition: &Definition) -> Error {
    let texts = texts(definition);
    let kind = definition.kind.map_or_else(Kind::readable, |kind| format!(".{}", kind.endings().join(", .")));
    Error::Query(match definition.locations.iter().any(Location::is_folder) {
        true => format!("'{texts}' holds no file that can be read ({kind})"),
        false => format!("there is no file '{texts}'"),
    })
}

fn say(session: &dyn Session, lines: Vec<String>) {
    if let Some(notes) = session.config().get_extension::<Notes>() {
        lines.into_iter().for_each(|line| notes.say(line));
    }
}

fn store(session: &dyn Session, definition: &Definition) -> Result<Arc<dyn ObjectStore>> {
    let Some(first) = definition.locations.first() else { return Ok(query_err!("a table of files needs a location")?) };
    if let Some(other) = definition.locations.iter().find(|location| location.store() != first.store()) {
        return Ok(query_err!("'{first}' and '{other}' are in different stores; make a table of each")?);
    }
    session.runtime_env().object_store(first.store())
}

/// The files of all locations, each once.
async fn list(
    session: &dyn Session,
    definition: &Definition,
    kind: Option<Kind>,
    partitions: Option<&[String]>,
) -> Result<Listing> {
    let store = store(session, definition)?;
    let is_flat = session.config_options().execution.listing_table_ignore_subdirectory;
    let mut all = Listing::default();
    for location in &definition.locations {
        let listing = Listing::of(store.as_ref(), location, Wanted { kind, partitions, is_flat }).await?;
        if let Some((one, other)) = all.kind.zip(listing.kind).filter(|(one, other)| one != other) {
            return Ok(query_err!("'{location}' is {}, what comes before it {}", other.names()[0], one.names()[0])?);
        }
        all.kind = all.kind.or(listing.kind);
        all.is_open |= listing.is_open || definition.locations.len() > 1;
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

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.definition.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.definition.sql.as_deref()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.definition.defaults.get(column)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match is_of_folders(filter, &self.folders) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(support).collect())
    }

    fn statistics(&self) -> Option<Statistics> {
        None
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let found = self.found(session, filters).await?;
        let Some(first) = self.definition.locations.first().filter(|_| !found.is_empty()) else {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&projection)?))));
        };
        let store = store(session, &self.definition)?;
        let files = self.partitioned(session, &store, found).await?;
        let scan = Scan {
            session,
            store: first.store(),
            kind: self.kind,
            format: &self.format,
            folders: &self.folders,
            schema: &self.schema,
            order: &self.definition.order,
            projection,
            // A filter that is left takes rows away.
            limit: limit.filter(|_| filters.iter().all(|filter| is_of_folders(filter, &self.folders))),
        };
        let (all, partitions) = (files.len(), session.config().target_partitions());
        let mut plans = vec![];
        for (layout, files) in self.alike(session, &store, files).await? {
            // As many partitions as are wanted, shared out by the number of files.
            let share = (partitions * files.len()).div_ceil(all);
            plans.push(scan.plan(&layout, files, share).await?);
        }
        match plans.len() {
            1 => Ok(plans.swap_remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    /// Rows become new files in the folder.
    async fn insert_into(
        &self,
        session: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [location] = self.definition.locations.as_slice() else {
            return Ok(query_err!("INSERT INTO a table of several locations: nothing tells which one gets the rows")?);
        };
        if !location.is_folder() {
            return Ok(query_err!(
                "INSERT INTO writes new files into a folder, and '{location}' is none; write its location with a slash at its end"
            )?);
        }
        if self.folders.iter().any(|field| field.name() == FILENAME) {
            return Ok(query_err!(
                "INSERT INTO: the names of new files are not for the statement to choose; make a table without 'filename'"
            )?);
        }
        self.schema.logically_equivalent_names_and_types(&input.schema())?;
        let order = create_lex_ordering(&self.schema, &self.definition.order, session.execution_props())?;
        let folders = self.folders.iter().map(|field| (field.name().clone(), field.data_type().clone()));
        let config = FileSinkConfig {
            original_url: location.text().to_owned(),
            object_store_url: location.store(),
            file_group: Vec::<PartitionedFile>::new().into(),
            table_paths: vec![location.url().clone()],
            output_schema: Arc::clone(&self.schema),
            table_partition_cols: folders.collect(),
            insert_op,
            keep_partition_by_columns: session.config_options().execution.keep_partition_by_columns,
            file_extension: self.format.get_ext(),
            file_output_mode: FileOutputMode::Automatic,
        };
        self.format.create_writer_physical_plan(input, session, config, order.into_iter().next().map(Into::into)).await
    }
}
