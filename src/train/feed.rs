//! From record batches of windows to the rows that a net is fitted to, ordered by window_id.

use std::collections::BTreeSet;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Schema};

use crate::error::{Error, Result, data_err, query_err, suggest};
use crate::schema::{
    COPY, FEATURES, LABEL, SOURCE, SOURCE_WINDOW_ID, SPLIT, SUBJECT, VALID_LEN, VIDEO, WEIGHT, WINDOW_ID,
};
use crate::split::leaks::Row;
use crate::split::side::Side;

/// One window of the training table, without its values.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its name; made from its content where the table has no column `window_id`.
    pub window: String,
    /// Its class.
    pub label: String,
    /// Its side; train where the table has no column `split`.
    pub side: Side,
    /// Its weight in the loss; 1 where the table has no column `weight`.
    pub weight: f32,
    /// `source/video`, where the table has a column `video`.
    pub recording: Option<String>,
    /// The recording's name alone.
    pub video: Option<String>,
    /// Who is seen.
    pub subject: Option<String>,
    /// The window it was made from.
    pub source_window: Option<String>,
    /// Whether it is an augmented copy.
    pub copy: bool,
    /// Recorded frames; the rest is padding.
    pub valid_len: u32,
    row: usize,
}

/// A training table: [rows, width * dim] values and a record for each row, ordered by window.
#[derive(Debug)]
pub struct Table {
    /// Frames in a window.
    pub width: usize,
    /// Values in a frame.
    pub dim: usize,
    /// Ordered by the name of the window, whatever order the rows arrived in.
    pub records: Vec<Record>,
    values: Vec<f32>,
}

/// Takes batches until the table is whole.
pub struct Feed {
    columns: Columns,
    shape: (usize, usize),
    records: Vec<Record>,
    values: Vec<f32>,
}

/// Where each thing stands in the input.
#[derive(Debug)]
struct Columns {
    features: usize,
    label: usize,
    optional: [Option<usize>; OPTIONAL.len()],
}

const OPTIONAL: [&str; 9] = [WINDOW_ID, SPLIT, WEIGHT, SOURCE, VIDEO, SUBJECT, SOURCE_WINDOW_ID, COPY, VALID_LEN];

impl Feed {
    /// A feed of rows of `schema` whose windows have the shape [width, dim].
    ///
    /// # Errors
    /// No column `features` or `label`, or one of a type that cannot be read.
    pub fn new(schema: &Schema, shape: (usize, usize)) -> Result<Self> {
        let required = |name: &str, meaning: &str| {
            schema.index_of(name).or_else(|_| {
                let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
                query_err!("training needs a column '{name}' ({meaning}){}", suggest(name, names))
            })
        };
        let columns = Columns {
            features: required(FEATURES, "the values of a window, as pose_windows makes them")?,
            label: required(LABEL, "the class of a window")?,
            optional: OPTIONAL.map(|name| schema.index_of(name).ok()),
        };
        Ok(Self { columns, shape, records: vec![], values: vec![] })
    }

    /// Rows taken so far.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// Takes the rows of a batch.
    ///
    /// # Errors
    /// A window that is NULL, of another length than the first, or holds NULL, NaN or infinity; a NULL label or weight;
    /// an unknown side.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let texts = |name| self.optional(batch, name).map(|a| text(name, a)).transpose();
        let [windows, splits, sources] = [texts(WINDOW_ID)?, texts(SPLIT)?, texts(SOURCE)?];
        let [videos, subjects, made_from] = [texts(VIDEO)?, texts(SUBJECT)?, texts(SOURCE_WINDOW_ID)?];
        let numbers = |name| self.optional(batch, name).map(|a| number(name, a)).transpose();
        let [weights, copies, valid] = [numbers(WEIGHT)?, numbers(COPY)?, numbers(VALID_LEN)?];
        let labels = text(LABEL, batch.column(self.columns.label))?;
        let features = batch.column(self.columns.features);
        let value = |array: &Option<StringArray>, row: usize| {
            array.as_ref().filter(|a| a.is_valid(row)).map(|a| a.value(row).to_owned())
        };
        for row in 0..batch.num_rows() {
            let window = value(&windows, row);
            let name = window.clone().unwrap_or_else(|| format!("number {}", self.records.len() + 1));
            let from = self.values.len();
            append(features, row, &mut self.values)
                .map_err(|e| Error::Data(format!("training: window {name}: {e}")))?;
            self.check_values(&name, from)?;
            if labels.is_null(row) {
                return data_err!("training: window {name} has no label; leave such rows out: WHERE label IS NOT NULL");
            }
            let side = match &splits {
                None => Side::Train,
                Some(splits) if splits.is_null(row) => {
                    return data_err!(
                        "training: window {name}: split is NULL; expected 'train', 'validation' or 'test'"
                    );
                }
                Some(splits) => Side::parse(splits.value(row)).map_err(|e| named(&name, &e))?,
            };
            let weight = match &weights {
                None => 1.0,
                Some(w) if w.is_valid(row) && w.value(row).is_finite() && w.value(row) >= 0.0 => w.value(row),
                // Only train rows are weighed; a class that train lacks has no weight and is refused for that.
                Some(w) if w.is_null(row) && side != Side::Train => 1.0,
                Some(w) => {
                    let shown = if w.is_null(row) { "NULL".to_owned() } else { w.value(row).to_string() };
                    return data_err!("training: window {name}: weight must be a number >= 0 (was {shown})");
                }
            };
            let (video, source) = (value(&videos, row), value(&sources, row));
            let recording = video.as_ref().map(|v| source.map_or_else(|| v.clone(), |s| format!("{s}/{v}")));
            let digest = |values: &[f32]| {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                blake3::hash(&bytes).to_hex().to_string()
            };
            self.records.push(Record {
                window: window.unwrap_or_else(|| digest(&self.values[from..])),
                label: labels.value(row).to_owned(),
                side,
                weight: weight as f32,
                recording,
                video,
                subject: value(&subjects, row),
                source_window: value(&made_from, row),
                copy: copies.as_ref().is_some_and(|c| c.is_valid(row) && c.value(row) > 0.0),
                valid_len: self.valid_len(&name, valid.as_ref().filter(|v| v.is_valid(row)).map(|v| v.value(row)))?,
                row: self.records.len(),
            });
        }
        Ok(())
    }

    /// The whole table, ordered by window.
    ///
    /// # Errors
    /// No rows at all; a window_id that occurs twice.
    pub fn finish(mut self) -> Result<Table> {
        if self.records.is_empty() {
            return data_err!("training: the query gives no rows; look at its windows first: SELECT count(*) FROM ...");
        }
        self.records.sort_by(|a, b| a.window.cmp(&b.window));
        let named = self.columns.optional[0].is_some();
        if let Some(pair) = self.records.windows(2).find(|pair| named && pair[0].window == pair[1].window) {
            return data_err!(
                "training: window_id '{}' occurs twice ({} and {}); every row needs a name of its own: \
                 was the same recording read twice?",
                pair[0].window,
                pair[0].side,
                pair[1].side
            );
        }
        let (width, dim) = self.shape;
        Ok(Table { width, dim, records: self.records, values: self.values })
    }

    fn optional<'b>(&self, batch: &'b RecordBatch, name: &str) -> Option<&'b ArrayRef> {
        let place = OPTIONAL.iter().position(|n| *n == name)?;
        self.columns.optional[place].map(|column| batch.column(column))
    }

    fn check_values(&self, name: &str, from: usize) -> Result<()> {
        let (width, dim) = self.shape;
        let found = self.values.len() - from;
        if found != width * dim {
            return data_err!(
                "training: window {name} has {found} values, expected {} ([{width}, {dim}]); all windows need one shape",
                width * dim
            );
        }
        match self.values[from..].iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(i) => data_err!(
                "training: window {name} holds {} at [{}, {}]; expected finite numbers: leave such rows out, or fill them",
                self.values[from + i],
                i / dim,
                i % dim
            ),
        }
    }

    fn valid_len(&self, name: &str, given: Option<f64>) -> Result<u32> {
        let width = self.shape.0;
        match given {
            None => Ok(width as u32),
            Some(n) if n >= 1.0 && n <= width as f64 => Ok(n as u32),
            Some(n) => data_err!("training: window {name}: valid_len must be in 1..={width} (was {n})"),
        }
    }
}

impl Table {
    /// The values of a record, [width, dim].
    pub fn values(&self, record: &Record) -> &[f32] {
        let size = self.width * self.dim;
        &self.values[record.row * size..(record.row + 1) * size]
    }

    /// The classes, sorted.
    pub fn classes(&self) -> Vec<String> {
        self.records.iter().map(|r| &r.label).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// The records of one side.
    pub fn side(&self, side: Side) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |r| r.side == side)
    }

    /// What the leak check looks at.
    pub fn leak_rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|r| Row {
            split: r.side,
            label: &r.label,
            recording: r.recording.as_deref(),
            window: Some(&r.window),
            source_window: r.source_window.as_deref(),
            copy: r.copy,
        })
    }
}

fn named(window: &str, error: &Error) -> Error {
    Error::Data(format!("training: window {window}: {error}"))
}

fn text(name: &str, array: &ArrayRef) -> Result<StringArray> {
    let text = cast(array, &DataType::Utf8);
    text.map(|t| StringArray::from(t.to_data())).map_err(|e| Error::Query(format!("training: column {name}: {e}")))
}

fn number(name: &str, array: &ArrayRef) -> Result<Float64Array> {
    let number = cast(array, &DataType::Float64);
    number
        .map(|t| t.as_primitive::<Float64Type>().clone())
        .map_err(|e| Error::Query(format!("training: column {name}: {e}")))
}

/// Appends one window's values.
fn append(features: &ArrayRef, row: usize, to: &mut Vec<f32>) -> Result<()> {
    if features.is_null(row) {
        return data_err!("features is NULL; leave such rows out: WHERE features IS NOT NULL");
    }
    let items: ArrayRef = match features.data_type() {
        DataType::FixedSizeList(..) => features.as_fixed_size_list().value(row),
        DataType::List(_) => features.as_list::<i32>().value(row),
        DataType::LargeList(_) => features.as_list::<i64>().value(row),
        other => {
            return query_err!("features must be a list of numbers, as pose_windows makes it (was {other})");
        }
    };
    if items.null_count() > 0 {
        return data_err!("a value is NULL; expected finite numbers: fill it, or leave the row out");
    }
    let items = match items.data_type() {
        DataType::Float32 => items,
        _ => cast(&items, &DataType::Float32).map_err(|e| Error::Query(e.to_string()))?,
    };
    to.extend_from_slice(items.as_primitive::<Float32Type>().values());
    Ok(())
}
