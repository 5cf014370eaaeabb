//! From record batches of windows, ordered by window_id, to the rows that a net is fitted to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray, StringBuilder,
    UInt32Array, UInt64Array,
};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;

use super::cells::{append, number, side, text, value, weight, whole};
use super::doubts::Look;
use super::filled::{self, Filled};
use super::spill::Scratch;
use super::table::{self, PartBuilder, Table};
use crate::account::classes::Classes;
use crate::account::recording::of_source;
use crate::error::{Error, Result, data_err, query_err, suggest};
use crate::schema::{
    COPY, FEATURES, FILLED, FRAME_END, FRAME_START, LABEL, SOURCE, SOURCE_WINDOW_ID, SPLIT, SPLIT_MODE, SUBJECT,
    VALID_LEN, VIDEO, WEIGHT, WINDOW_ID, label_hint,
};
use crate::split::leaks::{Allowed, LeakCheck, Row, content};
use crate::split::pose_leaks::TIME_MODE;
use crate::split::side::Side;
use crate::train::source::Source;

/// Takes batches, ordered by window, until the table is whole.
pub struct Feed {
    columns: Columns,
    classes: Classes,
    shape: (usize, usize),
    /// Numbers of the labels, in the order in which they came.
    labels: BTreeMap<String, u32>,
    parts: [PartBuilder; 3],
    leaks: LeakCheck,
    look: Look,
    rows: usize,
    /// The window of the last row, and its side.
    last: Option<(String, Side)>,
    /// The first train row whose weight is 0.
    weightless: Option<String>,
    /// How many values were filled, where the input tells.
    filled: Option<Filled>,
    /// Numbers of the recordings, in the order in which they came.
    recordings: BTreeMap<String, u32>,
}

/// Where each thing stands in the input.
#[derive(Debug)]
struct Columns {
    features: usize,
    window: usize,
    optional: [Option<usize>; OPTIONAL.len()],
}

const OPTIONAL: [&str; 12] = [
    SPLIT,
    WEIGHT,
    SOURCE,
    VIDEO,
    SUBJECT,
    SOURCE_WINDOW_ID,
    COPY,
    VALID_LEN,
    FRAME_START,
    FRAME_END,
    SPLIT_MODE,
    FILLED,
];

impl Feed {
    /// A feed of rows of `schema` whose windows have the shape [width, dim].
    ///
    /// # Errors
    /// No column `features`, `label` or `window_id`, or one of a type that cannot be read.
    pub fn new(schema: &Schema, shape: (usize, usize)) -> Result<Self> {
        let required = |name: &str, meaning: &str| {
            schema.index_of(name).or_else(|_| {
                let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
                let hint = if name == LABEL { label_hint(schema) } else { String::new() };
                query_err!("training needs a column '{name}' ({meaning}){}{hint}", suggest(name, names))
            })
        };
        let features = required(FEATURES, "the values of a window, as pose_windows makes them")?;
        required(LABEL, "the class of a window")?;
        let columns = Columns {
            features,
            window: required(WINDOW_ID, "the name of a window")?,
            optional: OPTIONAL.map(|name| schema.index_of(name).ok()),
        };
        Ok(Self {
            columns,
            classes: Classes::of("training", schema, &[LABEL])?,
            shape,
            labels: BTreeMap::new(),
            parts: [(); 3].map(|()| PartBuilder::new(shape)),
            leaks: LeakCheck::default(),
            look: Look::new(schema, shape.1),
            rows: 0,
            last: None,
            weightless: None,
            filled: schema.field_with_name(FILLED).ok().and_then(|field| Filled::of(field.data_type(), shape.1)),
            recordings: BTreeMap::new(),
        })
    }

    /// The shape [width, dim] of the windows.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Rows taken so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory that they take.
    pub fn memory(&self) -> usize {
        self.parts.iter().map(PartBuilder::memory).sum::<usize>() + self.rows * LeakCheck::ROW_BYTES + self.look.bytes()
    }

    /// Puts the values of all rows, those that are there and those that come, into files.
    pub fn spill(&mut self, mut file: impl FnMut() -> Result<Arc<dyn Scratch>>) -> Result<()> {
        self.parts.iter_mut().try_for_each(|part| part.spill(file()?))
    }

    /// Whether the values are in files.
    pub fn is_spilled(&self) -> bool {
        self.parts.iter().all(PartBuilder::is_spilled)
    }

    /// Takes the rows of a batch.
    ///
    /// # Errors
    /// A window that is NULL, of another length than the first, or holds NULL, NaN or infinity; a NULL label, weight or
    /// name, or a name that the row before has; an unknown side.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let texts = |name| self.optional(batch, name).map(|a| text(name, a)).transpose();
        let [splits, sources, videos] = [texts(SPLIT)?, texts(SOURCE)?, texts(VIDEO)?];
        let [subjects, made_from, modes] = [texts(SUBJECT)?, texts(SOURCE_WINDOW_ID)?, texts(SPLIT_MODE)?];
        let numbers = |name| self.optional(batch, name).map(|a| number(name, a)).transpose();
        let [weights, copies, valid] = [numbers(WEIGHT)?, numbers(COPY)?, numbers(VALID_LEN)?];
        let wholes = |name| self.optional(batch, name).map(|a| whole(name, a)).transpose();
        let [first, last] = [wholes(FRAME_START)?, wholes(FRAME_END)?];
        let filled = self.optional(batch, FILLED).filter(|_| self.filled.is_some()).map(Arc::clone);
        let times = self.look.times(batch)?;
        self.leaks.set_has_values();
        if modes.as_ref().is_some_and(|modes| modes.iter().flatten().any(|mode| mode == TIME_MODE)) {
            self.leaks.set_in_time();
        }
        let windows = text(WINDOW_ID, batch.column(self.columns.window))?;
        let Some(labels) = self.classes.names(batch, LABEL)? else {
            return Err(Error::Internal("training without labels".into()));
        };
        let features = batch.column(self.columns.features);
        let rows = batch.num_rows();
        let size = self.shape.0 * self.shape.1;
        let mut values = Vec::with_capacity(rows * size);
        let (mut numbers, mut factors, mut lengths) = (vec![], vec![], vec![]);
        let mut recordings = StringBuilder::new();
        let mut of_side = [vec![], vec![], vec![]];
        for row in 0..rows {
            if windows.is_null(row) {
                return data_err!("training: a window_id is NULL; every row needs a name of its own");
            }
            let window = windows.value(row);
            append(features, row, &mut values).map_err(|e| Error::Data(format!("training: window {window}: {e}")))?;
            self.check_values(window, &values[row * size..])?;
            if labels.is_null(row) {
                return data_err!(
                    "training: window {window} has no label; leave such rows out: WHERE label IS NOT NULL"
                );
            }
            let side = side(window, splits.as_ref(), row)?;
            self.check_name(window, side)?;
            let factor = weight(window, side, weights.as_ref(), row)?;
            if factor == 0.0 && side == Side::Train && self.weightless.is_none() {
                self.weightless = Some(window.to_owned());
            }
            factors.push(factor);
            lengths.push(self.valid_len(window, valid.as_ref().filter(|v| v.is_valid(row)).map(|v| v.value(row)))?);
            let recording = value(&videos, row).map(|video| of_source(&sources, row, video));
            let person = value(&subjects, row).map(|subject| of_source(&sources, row, subject));
            let at = |frames: &Option<Int64Array>| frames.as_ref().filter(|f| f.is_valid(row)).map(|f| f.value(row));
            let is_copy = copies.as_ref().is_some_and(|c| c.is_valid(row) && c.value(row) > 0.0);
            recordings.append_option(recording.as_deref());
            if side == Side::Train {
                let recorded = lengths[row] as usize * self.shape.1;
                self.look.values(window, &values[row * size..][..recorded]);
            }
            if let (Some(times), Some(recording), Some(frame), false) = (&times, &recording, at(&first), is_copy) {
                self.look.start(&series(recording, window), frame, times, row);
            }
            self.leaks.add(&Row {
                split: side,
                label: Some(labels.value(row)),
                source: value(&sources, row),
                recording: recording.as_deref(),
                subject: person.as_deref(),
                window: Some(window),
                source_window: value(&made_from, row),
                copy: is_copy,
                frames: at(&first).zip(at(&last)),
                content: content(&values[row * size..], self.shape.1),
            });
            let label = self.number(labels.value(row));
            if let (Some(counts), false) = (&filled, is_copy) {
                let recording = self.recording(recording.as_deref());
                let of = filled::Row { side, label, recording, valid_len: lengths[row] };
                if let Some(filled) = &mut self.filled {
                    filled.add(counts, row, of);
                }
            }
            numbers.push(label);
            of_side[side as usize].push(row as u64);
        }
        self.rows += rows;
        let unknown = |texts: Option<StringArray>| texts.unwrap_or_else(|| StringArray::new_null(rows));
        let schema = table::schema(size);
        let DataType::FixedSizeList(item, _) = schema.field(table::column::FEATURES).data_type() else {
            return Err(Error::Internal("a training table without a list".into()));
        };
        let values = Arc::new(Float32Array::from(values));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(windows),
            Arc::new(UInt32Array::from(numbers)),
            Arc::new(Float32Array::from(factors)),
            Arc::new(UInt32Array::from(lengths)),
            Arc::new(recordings.finish()),
            Arc::new(unknown(videos)),
            Arc::new(unknown(subjects)),
            Arc::new(FixedSizeListArray::new(Arc::clone(item), size as i32, values, None)),
        ];
        let internal = |e: ArrowError| Error::Internal(format!("a training table: {e}"));
        let batch = RecordBatch::try_new(schema, columns).map_err(internal)?;
        for (part, of_side) in self.parts.iter_mut().zip(of_side) {
            match of_side.len() {
                0 => {}
                n if n == rows => part.push(batch.clone())?,
                _ => part.push(take_record_batch(&batch, &UInt64Array::from(of_side)).map_err(internal)?)?,
            }
        }
        Ok(())
    }

    /// The whole table, but for what is `allowed`.
    ///
    /// # Errors
    /// No rows at all; what [`LeakCheck::refuse`] refuses.
    pub fn finish(self, allowed: Allowed) -> Result<Table> {
        if self.rows == 0 {
            return data_err!("training: the query gives no rows; look at its windows first: SELECT count(*) FROM ...");
        }
        self.leaks.refuse(allowed)?;
        // A map is sorted by label: the place of a label in it is its class.
        let mut classes = vec![0; self.labels.len()];
        self.labels.values().enumerate().for_each(|(class, number)| classes[*number as usize] = class as u32);
        let filled = self.filled.map(|filled| filled.with_classes(&classes));
        let [train, validation, test] = self.parts.map(|part| part.finish(&classes, classes.len()));
        let (width, dim) = self.shape;
        let train = train?;
        let weight: f64 = train.counts.iter().map(|count| count.weight).sum();
        if let Some(first) = self.weightless.filter(|_| weight == 0.0) {
            return data_err!(
                "training: weight is 0 in every one of {} train rows, the first of them window {first}; nothing would be learnt: \
                 weigh them with pose_weigh, or leave the column 'weight' out, and all count alike",
                train.rows()
            );
        }
        let (classes, verdict) = (self.labels.into_keys().collect(), self.leaks.verdict(allowed));
        let doubts = self.look.finish();
        Ok(Table { width, dim, classes, parts: [train, validation?, test?], verdict, filled, doubts })
    }

    /// The number of a label.
    fn number(&mut self, label: &str) -> u32 {
        let next = self.labels.len() as u32;
        match self.labels.get(label) {
            Some(number) => *number,
            None => *self.labels.entry(label.to_owned()).or_insert(next),
        }
    }

    /// The number of a recording; that of none is 0.
    fn recording(&mut self, name: Option<&str>) -> u32 {
        let next = 1 + self.recordings.len() as u32;
        match name.map(|name| (self.recordings.get(name), name)) {
            None => 0,
            Some((Some(number), _)) => *number,
            Some((None, name)) => *self.recordings.entry(name.to_owned()).or_insert(next),
        }
    }

    /// Rows are ordered by window: a name that occurs twice does so in two rows that follow one another.
    fn check_name(&mut self, window: &str, side: Side) -> Result<()> {
        match &mut self.last {
            Some((last, before)) if last == window => data_err!(
                "training: window_id '{window}' occurs twice ({before} and {side}); every row needs a name of its own: \
                 was the same recording read twice?"
            ),
            Some((last, _)) if window < last.as_str() => data_err!(
                "training: window_id '{window}' comes after '{last}', and rows are to be ordered by it: is the table declared \
                 WITH ORDER (window_id), and lies otherwise?"
            ),
            Some((last, before)) => {
                last.clear();
                last.push_str(window);
                *before = side;
                Ok(())
            }
            None => {
                self.last = Some((window.to_owned(), side));
                Ok(())
            }
        }
    }

    fn optional<'b>(&self, batch: &'b RecordBatch, name: &str) -> Option<&'b ArrayRef> {
        let place = OPTIONAL.iter().position(|n| *n == name)?;
        self.columns.optional[place].map(|column| batch.column(column))
    }

    fn check_values(&self, name: &str, values: &[f32]) -> Result<()> {
        let (width, dim) = self.shape;
        let found = values.len();
        if found != width * dim {
            return data_err!(
                "training: window {name} has {found} values, expected {} ([{width}, {dim}]); all windows need one shape",
                width * dim
            );
        }
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(i) => data_err!(
                "training: window {name} holds {} at [{}, {}]; expected finite numbers: leave such rows out, or fill them",
                values[i],
                i / dim,
                i % dim
            ),
        }
    }

    fn valid_len(&self, name: &str, given: Option<f64>) -> Result<u32> {
        let width = self.shape.0;
        match given {
            None => Ok(width as u32),
            Some(n) if n >= 1.0 && n <= width as f64 && n.fract() == 0.0 => Ok(n as u32),
            Some(n) => {
                data_err!("training: window {name}: valid_len must be a whole number in 1..={width} (was {n})")
            }
        }
    }
}

/// What frames follow one another in: of several tracks of a recording each by itself, as pose_windows names windows.
fn series<'a>(recording: &'a str, window: &'a str) -> Cow<'a, str> {
    match window.rsplit_once(':') {
        Some((keys, _)) if keys != recording => format!("{recording} ({keys})").into(),
        _ => recording.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::array::{FixedSizeListBuilder, Float32Builder, Float64Array};
    use arrow::datatypes::Field;

    use super::*;

    impl Scratch for tempfile::NamedTempFile {
        fn path(&self) -> &Path {
            self.path()
        }

        fn writer(&self) -> std::io::Result<Box<dyn std::io::Write + Send>> {
            Ok(Box::new(self.reopen()?))
        }
    }

    /// window_id, split, label and features [1, 2].
    type Cells<'a> = (&'a str, Option<&'a str>, Option<&'a str>, [Option<f32>; 2]);

    /// Rows with a column video, too.
    fn batch(rows: &[Cells<'_>]) -> RecordBatch {
        let texts =
            |f: fn(&Cells<'_>) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(f).collect::<StringArray>()) };
        let mut features = FixedSizeListBuilder::new(Float32Builder::new(), 2);
        for (_, _, _, values) in rows {
            values.iter().for_each(|v| features.values().append_option(*v));
            features.append(true);
        }
        let columns: Vec<(&str, ArrayRef)> = vec![
            (WINDOW_ID, texts(|row| Some(row.0.to_owned()))),
            (SPLIT, texts(|row| row.1.map(str::to_owned))),
            (LABEL, texts(|row| row.2.map(str::to_owned))),
            (VIDEO, texts(|row| Some(row.0[..1].to_owned()))),
            (FEATURES, Arc::new(features.finish())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    const TRAIN: Option<&str> = Some("train");
    const TEST: Option<&str> = Some("test");
    const ONE: [Option<f32>; 2] = [Some(1.0), Some(-1.0)];

    fn feed(batches: &[RecordBatch]) -> Result<Feed> {
        let mut feed = Feed::new(&batches[0].schema(), (1, 2))?;
        batches.iter().try_for_each(|batch| feed.push(batch))?;
        Ok(feed)
    }

    /// 3,000 train rows and 50 test rows, in batches of 100.
    fn many() -> Vec<RecordBatch> {
        let names: Vec<String> = (0..3050).map(|n| format!("{}{n:05}", if n < 3000 { 'a' } else { 'b' })).collect();
        let row = |(n, name)| {
            let label = Some(["walk", "run", "jump"][n % 3]);
            (name, if n < 3000 { TRAIN } else { TEST }, label, [Some(n as f32), Some(0.5)])
        };
        let rows: Vec<_> = names.iter().map(String::as_str).enumerate().map(row).collect();
        rows.chunks(100).map(batch).collect()
    }

    fn all(part: &impl Source) -> Vec<crate::train::examples::Examples> {
        (0..part.blocks()).map(|block| part.block(block).unwrap()).collect()
    }

    #[test]
    fn rows_are_the_same_in_memory_and_on_disk() {
        let memory = feed(&many()).unwrap().finish(Allowed::default()).unwrap();
        assert_eq!(memory.classes, ["jump", "run", "walk"]);
        let [train, _, test] = &memory.parts;
        assert_eq!((train.rows(), test.rows(), train.counts[0].rows), (3000, 50, 1000));
        let rows = all(train);
        assert_eq!(rows.iter().map(|block| block.len()).collect::<Vec<_>>(), [1024, 1024, 952]);
        assert_eq!(
            (rows[1].keys[0].as_str(), rows[1].labels[0], &rows[1].features[..2]),
            ("a01024", 1, &[1024.0, 0.5][..])
        );
        for after in [0, 7, 31] {
            let batches = many();
            let mut feed = Feed::new(&batches[0].schema(), (1, 2)).unwrap();
            for (n, batch) in batches.iter().enumerate() {
                if n == after {
                    let before = feed.memory();
                    feed.spill(|| Ok(Arc::new(tempfile::NamedTempFile::new().unwrap()))).unwrap();
                    assert!(n == 0 || feed.memory() <= before);
                }
                feed.push(batch).unwrap();
            }
            if after < batches.len() {
                // Two blocks of a part may be open; the rest is not in memory.
                assert!(feed.memory() < 3050 * LeakCheck::ROW_BYTES + 3 * (1 << 20), "{}", feed.memory());
            }
            let disk = feed.finish(Allowed::default()).unwrap();
            for (memory, disk) in memory.parts.iter().zip(&disk.parts) {
                assert_eq!((all(memory), &memory.counts), (all(disk), &disk.counts));
            }
        }
    }

    #[test]
    fn rows_that_cannot_be_learned_from_are_refused_by_name() {
        let refused = |rows: &[_]| {
            feed(&[batch(rows)]).and_then(|feed| feed.finish(Allowed::default())).err().unwrap().to_string()
        };
        let walk = Some("walk");
        for (row, expected) in [
            (("a1", TRAIN, None, ONE), "window a1 has no label; leave such rows out: WHERE label IS NOT NULL"),
            (("a1", None, walk, ONE), "window a1: split is NULL; expected 'train', 'validation' or 'test'"),
            (("a1", Some("val"), walk, ONE), "did you mean 'validation'?"),
            (("a1", TRAIN, walk, [Some(1.0), None]), "window a1: a value is NULL"),
            (("a1", TRAIN, walk, [Some(1.0), Some(f32::NAN)]), "window a1 holds NaN at [0, 1]"),
        ] {
            let error = refused(&[row]);
            assert!(error.contains(expected), "{error}");
        }
        let error = refused(&[("a1", TRAIN, walk, ONE), ("a1", TEST, walk, ONE)]);
        assert!(error.contains("window_id 'a1' occurs twice (train and test)"), "{error}");
        assert!(refused(&[]).contains("the query gives no rows"));
        assert!(refused(&[("a1", TRAIN, walk, ONE)]).contains("train has class 'walk' only"));
    }

    #[test]
    fn a_window_of_another_shape_is_refused() {
        let batches = [batch(&[("a1", TRAIN, Some("walk"), ONE)])];
        let mut feed = Feed::new(&batches[0].schema(), (3, 2)).unwrap();
        let error = feed.push(&batches[0]).unwrap_err().to_string();
        assert!(error.contains("window a1 has 2 values, expected 6 ([3, 2])"), "{error}");
    }

    #[test]
    fn a_part_of_a_frame_was_not_recorded() {
        let plain = batch(&[("a1", TRAIN, Some("walk"), ONE)]);
        let mut columns: Vec<(String, ArrayRef)> =
            vec![(VALID_LEN.to_owned(), Arc::new(Float64Array::from(vec![0.5])))];
        columns.extend(plain.schema().fields().iter().map(|f| f.name().clone()).zip(plain.columns().iter().cloned()));
        let error = feed(&[RecordBatch::try_from_iter(columns).unwrap()]).err().unwrap().to_string();
        assert!(error.contains("window a1: valid_len must be a whole number in 1..=1 (was 0.5)"), "{error}");
    }

    #[test]
    fn rows_out_of_order_are_refused() {
        let row = |name| (name, TRAIN, Some("walk"), ONE);
        let error = feed(&[batch(&[row("a2")]), batch(&[row("a1")])]).err().unwrap().to_string();
        assert!(error.contains("window_id 'a1' comes after 'a2'"), "{error}");
    }

    #[test]
    fn tracks_of_a_recording_are_series_of_their_own() {
        assert_eq!(series("lab/walk", "lab/walk:0"), "lab/walk");
        assert_eq!(series("walk", "walk/track1:30"), "walk (walk/track1)");
        assert_eq!(series("walk", "of NumPy"), "walk");
    }

    #[test]
    fn a_missing_column_is_named() {
        let schema = Schema::new(vec![Field::new("lable", DataType::Utf8, true)]);
        let error = Feed::new(&schema, (1, 2)).err().unwrap().to_string();
        assert!(error.contains("training needs a column 'features'"), "{error}");
    }
}
