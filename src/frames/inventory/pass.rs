//! The pass that makes one row of each recording.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, ListBuilder, RecordBatch, RecordBatchOptions, StringArray,
    StringBuilder,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};

use super::clock::ClockColumn;
use super::recording::{Clock, Recording};
use super::texts::Texts;
use crate::account::classes::names_of;
use crate::account::columns::whole_numbers;
use crate::error::{Error, Result, query_err};
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::pass::recordings::{Piece, Recordings};
use crate::frames::pass::segmenter::column;
use crate::frames::pass::{Pass, Worker, internal};
use crate::frames::times::Origin;
use crate::schema::{FEATURES, FRAME_END, FRAME_START, LABEL, SUBJECT, sql_name};

/// What is in each recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Inventory {
    /// Which column is what.
    pub columns: FrameColumns,
    /// Whether there is a column `subject` that is no key.
    pub has_subject: bool,
    /// The names of the features.
    pub names: Vec<String>,
    /// The column of times, if there is one.
    pub time: Option<ClockColumn>,
    /// Columns of text that are looked at: for numbers, and for the class where no column says so.
    pub texts: Vec<String>,
    /// Whether there is no column of the class.
    pub lacks_label: bool,
    /// Columns that look like the label by their names, where there is none.
    pub label_like: Vec<String>,
}

/// Seconds from frame to frame, for what compares recordings; nobody sees it.
pub(super) const INTERVAL: &str = "__interval";
/// The classes of a recording, sorted.
pub(super) const LABELS: &str = "labels";
/// What to do before windows are made.
pub(super) const ADVICE: &str = "advice";
/// Frames a second.
pub(super) const HZ: &str = "hz";

fn counts() -> [&'static str; 6] {
    ["rows", FRAME_START, FRAME_END, "gaps", "missing_frames", "duplicates"]
}

impl Inventory {
    fn read(&self) -> impl Iterator<Item = &String> {
        let columns = &self.columns;
        let keys = columns.by.iter().chain([&columns.order_by]).chain(&columns.label);
        let features = columns.features.columns().iter().chain(&self.texts);
        let carried = columns.carried.iter().filter(|name| *name == SUBJECT);
        keys.chain(features).chain(carried).chain(self.time.iter().map(|clock| &clock.time.name))
    }
}

impl Pass for Inventory {
    const COUNTERS: &'static [&'static str] = &["frames"];

    fn names(&self) -> (&'static str, &'static str) {
        ("PoseInventory", "InventoryExec")
    }

    fn describe(&self) -> String {
        let FrameColumns { by, order_by, .. } = &self.columns;
        format!("by=[{}], order_by={order_by}, {}", by.join(", "), self.columns.describe_features())
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    fn required(&self) -> Vec<&String> {
        self.read().collect()
    }

    fn read_for<'s>(&'s self, _: &'s str) -> Vec<&'s str> {
        vec![]
    }

    fn ordered(&self) -> &str {
        FRAME_START
    }

    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        let column = |name: &String| input.fields().iter().find(|f| f.name() == name).cloned();
        let mut fields: Vec<Arc<Field>> = self.columns.by.iter().filter_map(column).collect();
        let texts = || DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
        let own = |name: &str, data_type, nullable| Arc::new(Field::new(name, data_type, nullable));
        if self.has_subject {
            fields.push(own(SUBJECT, DataType::Utf8, true));
        }
        fields.push(own(LABELS, texts(), false));
        let may_lack = [FRAME_START, FRAME_END];
        fields.extend(counts().map(|name| own(name, DataType::Int64, may_lack.contains(&name))));
        fields.push(own("nulls", DataType::Int64, false));
        fields.push(own(FEATURES, texts(), false));
        fields.push(own("left_out", texts(), false));
        fields.push(own("features_with_nulls", texts(), false));
        fields.push(own("constant_features", texts(), false));
        fields.push(own(HZ, DataType::Float64, true));
        fields.push(own(ADVICE, DataType::Utf8, true));
        fields.push(own(INTERVAL, DataType::Float64, true));
        let twice = |(i, field): &(usize, &Arc<Field>)| fields[..*i].iter().any(|other| other.name() == field.name());
        if let Some((_, field)) = fields.iter().enumerate().find(twice) {
            return query_err!(
                "pose_inventory: by: '{}' is a name of the output; rename it in the subquery",
                field.name()
            );
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn worker(&self, _: &SchemaRef, output: SchemaRef, batch_size: usize) -> Result<Box<dyn Worker>> {
        Ok(Box::new(Taker {
            recordings: Recordings::new(FUNCTION, &self.columns.by),
            spec: self.clone(),
            output,
            batch_size,
            open: None,
            done: vec![],
            ended: false,
            frames: 0,
        }))
    }
}

/// A recording with a row of its keys.
struct Named {
    key: RecordBatch,
    subject: Option<String>,
    recording: Recording,
    /// What its times are counted from.
    origin: Option<Origin>,
    /// Of each of [`Inventory::texts`].
    texts: Vec<Texts>,
}

/// Bytes of a recording, beside its features.
const HELD: usize = 1024;
const FUNCTION: &str = "pose_inventory";

struct Taker {
    recordings: Recordings,
    spec: Inventory,
    output: SchemaRef,
    batch_size: usize,
    open: Option<Named>,
    done: Vec<Named>,
    ended: bool,
    frames: u64,
}

impl Worker for Taker {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.frames += batch.num_rows() as u64;
        for Piece { rows, goes_on } in self.recordings.pieces(batch)? {
            if !goes_on {
                self.close();
            }
            self.take(&rows)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.close();
        self.ended = true;
        Ok(())
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        let enough = self.done.len() >= self.batch_size || (self.ended && !self.done.is_empty());
        if !enough {
            return Ok(None);
        }
        let done = std::mem::take(&mut self.done);
        self.rows(&done).map(Some)
    }

    fn bytes(&self) -> usize {
        // The recording that is open holds steps in time, and powers of two of each feature.
        let open = self.open.iter().map(|named| (64 << 10) + 512 * named.recording.values.len()).sum::<usize>();
        open + self.done.iter().map(|named| HELD + 32 * named.recording.values.len()).sum::<usize>()
    }

    fn counts(&self) -> Vec<u64> {
        vec![self.frames]
    }
}

impl Taker {
    fn close(&mut self) {
        let close = |named: Named| Named { recording: named.recording.close(), ..named };
        self.done.extend(self.open.take().map(close));
    }

    /// Takes rows of one recording.
    fn take(&mut self, rows: &RecordBatch) -> Result<()> {
        let Inventory { columns, time, has_subject, .. } = &self.spec;
        let numbers = whole_numbers(FUNCTION, &columns.order_by, column(rows, &columns.order_by)?)?;
        let read = |clock: &ClockColumn| clock.time.read(FUNCTION, column(rows, &clock.time.name)?);
        let times = time.as_ref().map(read).transpose()?;
        let labels = columns.label.as_ref().map(|label| names_of(FUNCTION, label, column(rows, label)?));
        let (labels, features) = (labels.transpose()?, features(rows, &columns.features)?);
        if self.open.is_none() {
            let subject = match has_subject {
                true => texts(rows, SUBJECT)?.iter().flatten().next().map(str::to_owned),
                false => None,
            };
            self.open = Some(Named {
                key: self.recordings.key(rows)?,
                subject,
                recording: Recording::by(Clock::of(time.as_ref().is_some_and(|clock| clock.by_name))),
                origin: None,
                texts: vec![Texts::default(); self.spec.texts.len()],
            });
        }
        let columns_of_text = self.spec.texts.iter().map(|name| texts(rows, name)).collect::<Result<Vec<_>>>()?;
        let Some(Named { recording, origin, texts: seen, .. }) = &mut self.open else { return Ok(()) };
        for (seen, texts) in seen.iter_mut().zip(&columns_of_text) {
            texts.iter().for_each(|text| seen.text(text));
        }
        numbers.iter().for_each(|number| recording.number(number));
        labels.iter().flat_map(|labels| labels.iter()).for_each(|label| recording.label(label));
        for (feature, values) in features.iter().enumerate() {
            values.iter().zip(&numbers).for_each(|(value, frame)| recording.value(feature, frame, value));
        }
        for (row, frame) in numbers.iter().enumerate() {
            let Some(times) = times.as_ref().filter(|times| times.has(row)) else { continue };
            let origin = *origin.get_or_insert_with(|| times.origin(row));
            let guess = times.is_guess().then(|| times.is_whole(row));
            let least = time.as_ref().map_or(0.0, |clock| clock.least(times.is_whole(row)));
            recording.clock.tick(frame, Some(times.seconds(row, origin)), guess, least);
        }
        Ok(())
    }

    fn rows(&self, done: &[Named]) -> Result<RecordBatch> {
        let Some(first) = done.first() else { return Ok(RecordBatch::new_empty(Arc::clone(&self.output))) };
        let keys = concat_batches(&first.key.schema(), done.iter().map(|named| &named.key)).map_err(internal)?;
        let column = |field: &Arc<Field>| -> Result<ArrayRef> {
            let name = field.name().as_str();
            if let Some(key) = keys.column_by_name(name) {
                return cast(key, field.data_type()).map_err(internal);
            }
            let numbers = |of: fn(&Recording) -> Option<i64>| -> ArrayRef {
                Arc::new(done.iter().map(|named| of(&named.recording)).collect::<Int64Array>())
            };
            Ok(match name {
                SUBJECT => Arc::new(done.iter().map(|named| named.subject.as_deref()).collect::<StringArray>()),
                LABELS => lists(done.iter().map(|named| named.recording.labels.iter().cloned().collect())),
                "rows" => numbers(|r| Some(r.rows as i64)),
                FRAME_START => numbers(|r| r.frames.map(|frames| frames.0)),
                FRAME_END => numbers(|r| r.frames.map(|frames| frames.1)),
                "gaps" => numbers(|r| Some(r.gaps as i64)),
                "missing_frames" => numbers(|r| Some(i64::try_from(r.missing).unwrap_or(i64::MAX))),
                "duplicates" => numbers(|r| Some(r.duplicates as i64)),
                "nulls" => numbers(|r| Some(r.nulls() as i64)),
                "features_with_nulls" => lists(done.iter().map(|named| self.named(named.recording.with_nulls()))),
                "constant_features" => lists(done.iter().map(|named| self.named(named.recording.constant()))),
                HZ => Arc::new(done.iter().map(|named| named.recording.clock.hz()).collect::<Float64Array>()),
                INTERVAL => {
                    Arc::new(done.iter().map(|named| named.recording.clock.interval()).collect::<Float64Array>())
                }
                FEATURES => lists(done.iter().map(|_| self.spec.names.clone())),
                "left_out" => {
                    let left_out = self.spec.columns.guess.as_ref().map(|guess| guess.left_out.clone());
                    lists(done.iter().map(|_| left_out.clone().unwrap_or_default()))
                }
                ADVICE => Arc::new(done.iter().map(|named| self.advice(named)).collect::<StringArray>()),
                other => return Err(Error::Internal(format!("pose_inventory: a column {other}"))),
            })
        };
        let columns = self.output.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(done.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &count).map_err(internal)
    }

    /// What to do with a recording, and with columns of the input that it shows to be something else.
    fn advice(&self, named: &Named) -> Option<String> {
        let feature = |place: usize| self.spec.names.get(place).cloned().unwrap_or_default();
        let of_values = named.recording.advice(&self.named(named.recording.constant()), feature);
        let mut advice: Vec<String> = of_values.into_iter().collect();
        let texts = || self.spec.texts.iter().zip(&named.texts);
        if self.spec.lacks_label {
            let few = || texts().filter_map(|(name, seen)| seen.as_label(name)).take(3).collect::<Vec<_>>();
            let by_name = self.spec.label_like.first().map(|name| format!("write {} AS {LABEL}", sql_name(name)));
            match (by_name, few()) {
                (Some(write), _) => advice.push(format!("there is no column {LABEL}: {write}")),
                (None, few) if few.is_empty() => {}
                (None, few) => {
                    advice.push(format!("there is no column {LABEL}; if one of these is the class: {}", few.join(", ")))
                }
            }
        }
        advice.extend(texts().filter_map(|(name, seen)| seen.as_numbers(name)));
        (!advice.is_empty()).then(|| advice.join("; "))
    }

    fn named(&self, features: impl Iterator<Item = usize>) -> Vec<String> {
        features.filter_map(|feature| self.spec.names.get(feature).cloned()).collect()
    }
}

fn texts(rows: &RecordBatch, name: &str) -> Result<StringArray> {
    let text = cast(column(rows, name)?, &DataType::Utf8)
        .map_err(|e| Error::Query(format!("pose_inventory: column '{name}': {e}")))?;
    Ok(text.as_string::<i32>().clone())
}

/// The values of each feature, whether they lie in columns or in lists.
fn features(rows: &RecordBatch, features: &Features) -> Result<Vec<Float64Array>> {
    let numbers =
        |array: &ArrayRef| Ok(cast(array, &DataType::Float64).map_err(internal)?.as_primitive::<Float64Type>().clone());
    match features {
        Features::Columns(names) => names.iter().map(|name| numbers(column(rows, name)?)).collect(),
        Features::List { column: list, dim } => {
            let lists = column(rows, list)?.as_fixed_size_list();
            let values = numbers(lists.values())?;
            let value = |row: usize, feature: usize| {
                let at = row * dim + feature;
                (lists.is_valid(row) && values.is_valid(at)).then(|| values.value(at))
            };
            Ok((0..*dim).map(|feature| (0..lists.len()).map(|row| value(row, feature)).collect()).collect())
        }
    }
}

fn lists(rows: impl Iterator<Item = Vec<String>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    rows.for_each(|row| lists.append_value(row.into_iter().map(Some)));
    Arc::new(lists.finish())
}
