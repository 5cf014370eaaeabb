//! Rows that wait to be sorted, with their keys.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{interleave, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::physical_expr::LexOrdering;

/// Batches in the order in which they came.
pub struct Buffer {
    schema: SchemaRef,
    ordering: LexOrdering,
    converter: RowConverter,
    held: Vec<Held>,
    bytes: usize,
    rows: usize,
}

/// A batch, and the keys of its rows as bytes that compare as they do.
pub struct Held {
    batch: RecordBatch,
    keys: Rows,
    /// What both occupy, and the places of the rows while they are sorted.
    pub bytes: usize,
}

/// The start of a key, where its row is: batch, and row of it.
type Place = (u64, u32, u32);

impl Buffer {
    /// Of rows of `schema`, to be put into `ordering`.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn new(schema: &SchemaRef, ordering: &LexOrdering) -> Result<Self> {
        let field = |sort: &datafusion::physical_expr::PhysicalSortExpr| {
            Ok(SortField::new_with_options(sort.expr.data_type(schema)?, sort.options))
        };
        let converter = RowConverter::new(ordering.iter().map(field).collect::<Result<_>>()?)?;
        let (schema, ordering) = (Arc::clone(schema), ordering.clone());
        Ok(Self { schema, ordering, converter, held: vec![], bytes: 0, rows: 0 })
    }

    /// What a batch would occupy here, which has to be accounted for before it is added.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn weigh(&self, batch: &RecordBatch) -> Result<Held> {
        let batch = compact(batch)?;
        let column = |sort: &datafusion::physical_expr::PhysicalSortExpr| {
            sort.expr.evaluate(&batch)?.into_array(batch.num_rows())
        };
        let columns: Vec<ArrayRef> = self.ordering.iter().map(column).collect::<Result<_>>()?;
        let keys = self.converter.convert_columns(&columns)?;
        let places = batch.num_rows() * size_of::<Place>();
        let bytes = get_record_batch_memory_size(&batch) + keys.size() + places;
        Ok(Held { batch, keys, bytes })
    }

    /// Takes a batch.
    pub fn add(&mut self, held: Held) {
        self.bytes += held.bytes;
        self.rows += held.batch.num_rows();
        self.held.push(held);
    }

    /// What all rows and keys occupy.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes all rows out, and gives them in order, so many in a batch.
    pub fn sorted(&mut self, chunk_rows: usize) -> impl Iterator<Item = Result<RecordBatch>> + Send + 'static {
        let held = std::mem::take(&mut self.held);
        (self.bytes, self.rows) = (0, 0);
        let schema = Arc::clone(&self.schema);
        let places = places(&held);
        let columns: Vec<Vec<ArrayRef>> = (0..schema.fields().len())
            .map(|column| held.iter().map(|held| Arc::clone(held.batch.column(column))).collect())
            .collect();
        drop(held);
        let mut given = 0;
        std::iter::from_fn(move || {
            let chunk = places.get(given..places.len().min(given + chunk_rows)).filter(|chunk| !chunk.is_empty())?;
            given += chunk.len();
            Some(gathered(&schema, &columns, chunk))
        })
    }
}

fn places(held: &[Held]) -> Vec<Place> {
    let mut places = Vec::with_capacity(held.iter().map(|held| held.batch.num_rows()).sum());
    for (batch, held) in (0u32..).zip(held) {
        places.extend((0u32..).zip(held.keys.iter()).map(|(row, key)| (start(key.as_ref()), batch, row)));
    }
    places.sort_unstable_by(|a, b| {
        let key = |place: &Place| held[place.1 as usize].keys.row(place.2 as usize);
        // Rows of equal keys in the order in which they came.
        match a.0.cmp(&b.0).then_with(|| key(a).cmp(&key(b))) {
            Ordering::Equal => (a.1, a.2).cmp(&(b.1, b.2)),
            unequal => unequal,
        }
    });
    places
}

/// The first eight bytes of a key, which compare as the key does where they differ.
fn start(key: &[u8]) -> u64 {
    let mut start = [0; 8];
    let len = key.len().min(8);
    start[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(start)
}

fn gathered(schema: &SchemaRef, columns: &[Vec<ArrayRef>], places: &[Place]) -> Result<RecordBatch> {
    let places: Vec<(usize, usize)> = places.iter().map(|place| (place.1 as usize, place.2 as usize)).collect();
    let column = |arrays: &Vec<ArrayRef>| {
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        interleave(&arrays, &places).map(|array| without_strangers(&array))
    };
    let columns = columns.iter().map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A batch that holds no more than its own rows: a slice holds all of what it is a slice of, and a view all of the strings around its own.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(without_strangers).collect();
    let own = RecordBatch::try_new(batch.schema(), columns)?;
    let needed: usize = own.columns().iter().map(needed).sum();
    if get_record_batch_memory_size(&own) <= 2 * needed + 4096 {
        return Ok(own);
    }
    let all = UInt32Array::from_iter_values(0..own.num_rows() as u32);
    Ok(take_record_batch(&own, &all)?)
}

/// Bytes that the rows of an array need by themselves.
fn needed(array: &ArrayRef) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or(usize::MAX / 1024)
}

/// An array of views with its own strings alone; any other as it is.
fn without_strangers(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        _ => Arc::clone(array),
    }
}
