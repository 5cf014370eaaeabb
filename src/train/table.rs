//! The rows of a training, one part for each side of the split: record batches in memory, or on disk.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, Field, Float32Type, Schema, SchemaRef, UInt32Type};

use super::doubts::Doubts;
use super::examples::Examples;
use super::filled::Filled;
use super::source::{Source, block_rows};
use super::spill::{Scratch, Spill, SpillWriter};
use crate::error::{Error, Result};
use crate::schema::{FEATURES, LABEL, SUBJECT, VALID_LEN, VIDEO, WEIGHT, WINDOW_ID};
use crate::split::leaks::Verdict;
use crate::split::side::Side;

/// Columns of a batch of rows, by place.
pub mod column {
    /// Name of the window.
    pub const WINDOW: usize = 0;
    /// Number of the label, in the order in which labels arrived.
    pub const LABEL: usize = 1;
    /// Weight in the loss.
    pub const WEIGHT: usize = 2;
    /// Recorded frames.
    pub const VALID_LEN: usize = 3;
    /// `source/video`, if known.
    pub const RECORDING: usize = 4;
    /// The recording's name alone, if known.
    pub const VIDEO: usize = 5;
    /// Who is seen, if known.
    pub const SUBJECT: usize = 6;
    /// Values [width * dim].
    pub const FEATURES: usize = 7;
}

/// The schema of a batch of rows of windows with `values` values.
pub fn schema(values: usize) -> SchemaRef {
    static NUMBER: LazyLock<Arc<Field>> = LazyLock::new(|| Arc::new(Field::new_list_field(DataType::Float32, false)));
    Arc::new(Schema::new(vec![
        Field::new(WINDOW_ID, DataType::Utf8, false),
        Field::new(LABEL, DataType::UInt32, false),
        Field::new(WEIGHT, DataType::Float32, false),
        Field::new(VALID_LEN, DataType::UInt32, false),
        Field::new("recording", DataType::Utf8, true),
        Field::new(VIDEO, DataType::Utf8, true),
        Field::new(SUBJECT, DataType::Utf8, true),
        Field::new(FEATURES, DataType::FixedSizeList(Arc::clone(&NUMBER), values as i32), false),
    ]))
}

/// A training table.
pub struct Table {
    /// Frames in a window.
    pub width: usize,
    /// Values in a frame.
    pub dim: usize,
    /// The classes, sorted.
    pub classes: Vec<String>,
    /// The rows of each side.
    pub parts: [Part; 3],
    /// What is wrong with it, as far as that was allowed.
    pub verdict: Verdict,
    /// How many values were missing and were filled, where the windows tell.
    pub filled: Option<Filled>,
    /// What is doubtful about its values.
    pub doubts: Doubts,
}

impl Table {
    /// The rows of one side.
    pub fn part(&self, side: Side) -> &Part {
        &self.parts[side as usize]
    }

    /// All rows.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(Source::rows).sum()
    }
}

/// The rows of one side, ordered by window.
pub struct Part {
    shape: (usize, usize),
    rows: usize,
    blocks: Blocks,
    /// Of each class.
    pub counts: Vec<Count>,
    /// The class of each number of a label.
    classes: Vec<u32>,
}

/// How many rows a class has.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Count {
    /// Rows.
    pub rows: u64,
    /// Sum of their weights.
    pub weight: f64,
}

enum Blocks {
    Memory(Vec<RecordBatch>),
    Disk(Box<Spill>),
}

impl Part {
    /// The rows of a block, with the columns of [`schema`].
    pub fn batch(&self, index: usize) -> Result<RecordBatch> {
        match &self.blocks {
            Blocks::Memory(batches) => Ok(batches[index].clone()),
            Blocks::Disk(spill) => spill.batch(index),
        }
    }

    /// What training reads of a batch of this part, where it lies.
    pub fn rows_of<'a>(&'a self, batch: &'a RecordBatch) -> Rows<'a> {
        let numbers = |place| batch.column(place).as_primitive::<UInt32Type>().values();
        let features = batch.column(column::FEATURES).as_fixed_size_list();
        let size = self.shape.0 * self.shape.1;
        Rows {
            size,
            features: &features.values().as_primitive::<Float32Type>().values()[..batch.num_rows() * size],
            valid_len: numbers(column::VALID_LEN),
            weights: batch.column(column::WEIGHT).as_primitive::<Float32Type>().values(),
            labels: numbers(column::LABEL),
            classes: &self.classes,
            names: texts(batch, column::WINDOW),
        }
    }
}

/// Rows of a batch, where they lie.
pub struct Rows<'a> {
    size: usize,
    /// Values [rows, width, dim].
    pub features: &'a [f32],
    /// Recorded frames of each window.
    pub valid_len: &'a [u32],
    /// Weight of each window in the loss.
    pub weights: &'a [f32],
    labels: &'a [u32],
    classes: &'a [u32],
    names: &'a StringArray,
}

impl<'a> Rows<'a> {
    /// The values of each window [width, dim].
    pub fn windows(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        self.features.chunks_exact(self.size.max(1))
    }

    /// The class of each window.
    pub fn labels(&self) -> impl Iterator<Item = u32> + use<'a> {
        let classes = self.classes;
        self.labels.iter().map(|label| classes[*label as usize])
    }

    /// The name of each window.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names.iter().map(Option::unwrap_or_default)
    }
}

impl Source for Part {
    fn rows(&self) -> usize {
        self.rows
    }

    fn block_rows(&self) -> usize {
        block_rows(self.shape.0 * self.shape.1)
    }

    fn block(&self, index: usize) -> Result<Examples> {
        let batch = self.batch(index)?;
        let rows = self.rows_of(&batch);
        Ok(Examples {
            width: self.shape.0,
            dim: self.shape.1,
            features: rows.features.to_vec(),
            valid_len: rows.valid_len.to_vec(),
            labels: rows.labels().collect(),
            weights: rows.weights.to_vec(),
            keys: rows.names().map(str::to_owned).collect(),
        })
    }
}

/// A part on its way.
pub struct PartBuilder {
    shape: (usize, usize),
    rows: usize,
    memory: usize,
    open: BatchCoalescer,
    closed: Vec<RecordBatch>,
    spilled: Option<SpillWriter>,
    counts: BTreeMap<u32, Count>,
}

impl PartBuilder {
    /// Of windows [width, dim].
    pub fn new(shape: (usize, usize)) -> Self {
        let values = shape.0 * shape.1;
        let open = BatchCoalescer::new(schema(values), block_rows(values));
        Self { shape, rows: 0, memory: 0, open, closed: vec![], spilled: None, counts: BTreeMap::new() }
    }

    /// Adds rows with the columns of [`schema`].
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        let labels = batch.column(column::LABEL).as_primitive::<UInt32Type>().values();
        let weights = batch.column(column::WEIGHT).as_primitive::<Float32Type>().values();
        for (label, weight) in labels.iter().zip(weights) {
            let count = self.counts.entry(*label).or_default();
            count.rows += 1;
            count.weight += f64::from(*weight);
        }
        self.open.push_batch(batch).map_err(internal)?;
        self.close()
    }

    /// Bytes of the rows in memory.
    pub fn memory(&self) -> usize {
        self.memory + self.open.size()
    }

    /// Whether the rows are in a file.
    pub fn is_spilled(&self) -> bool {
        self.spilled.is_some()
    }

    /// Puts the rows that there are, and those that come, into a file.
    pub fn spill(&mut self, file: Arc<dyn Scratch>) -> Result<()> {
        let mut writer = SpillWriter::new(file, &self.open.schema())?;
        self.closed.drain(..).try_for_each(|batch| writer.write(&batch))?;
        self.memory = 0;
        self.spilled = Some(writer);
        Ok(())
    }

    /// The part, whose labels are `classes` by number.
    pub fn finish(mut self, classes: &[u32], count: usize) -> Result<Part> {
        self.open.finish_buffered_batch().map_err(internal)?;
        self.close()?;
        let blocks = match self.spilled {
            Some(writer) => Blocks::Disk(Box::new(writer.finish()?)),
            None => Blocks::Memory(self.closed),
        };
        let mut counts = vec![Count::default(); count];
        self.counts.iter().for_each(|(label, n)| counts[classes[*label as usize] as usize] = *n);
        Ok(Part { shape: self.shape, rows: self.rows, blocks, counts, classes: classes.to_vec() })
    }

    fn close(&mut self) -> Result<()> {
        while let Some(batch) = self.open.next_completed_batch() {
            match &mut self.spilled {
                Some(writer) => writer.write(&batch)?,
                None => {
                    // Batches may be slices of one buffer: each counts its own part.
                    let sizes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size());
                    self.memory += sizes.sum::<std::result::Result<usize, _>>().map_err(internal)?;
                    self.closed.push(batch);
                }
            }
        }
        Ok(())
    }
}

/// The texts of a column of a batch.
pub fn texts(batch: &RecordBatch, place: usize) -> &StringArray {
    batch.column(place).as_string::<i32>()
}

fn internal(error: arrow::error::ArrowError) -> Error {
    Error::Internal(format!("a training table: {error}"))
}
