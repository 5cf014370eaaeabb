//! `pose_walkers(subjects => 10, seed => 7)`: frames of people who do not exist.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBufferBuilder, FixedSizeListArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::activity::{ACTIVITIES, Activity};
use super::recording::{DIM, PIECE, Recording};
use crate::args::Arguments;
use crate::error::{query_err, suggest};
use crate::options::SEED;
use crate::relation::SourceFunction;
use crate::schema::{FEATURES, FRAME, LABEL, SOURCE, SUBJECT, TIME, VIDEO};

/// Batches that are made before they are asked for.
const AHEAD: usize = 4;

/// Each person does each activity, `videos` times: source, video, subject, frame, t, label, and x, y, confidence of the
/// joints of `body25` in metres, y up, with the middle of the hips at 0.
#[derive(Debug)]
pub struct PoseWalkers;

impl SourceFunction for PoseWalkers {
    fn name(&self) -> &'static str {
        "pose_walkers"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["subjects", "seed", "seconds", "hz", "videos", "activities", "noise", "missing"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Frames of synthetic people: body25 skeletons that walk, run, squat, stand, wave and jump, with noise and missing joints.",
            "SELECT video, subject, frame, t, label, features FROM pose_walkers(subjects => 2, seed => 7, seconds => 1)",
        )
    }

    fn table(&self, arguments: &Arguments) -> Result<Arc<dyn TableProvider>> {
        let hz = arguments.number("hz", 1e-3, 1e6)?.unwrap_or(25.0);
        let seconds = arguments.number("seconds", 0.0, 1e12)?.unwrap_or(10.0);
        for name in ["subjects", "videos"] {
            if let Some(many) = arguments.whole(name, 1)?.filter(|many| *many > 1_000_000_000) {
                arguments.wrong(name, many, "at most 1000000000")?;
            }
        }
        let people = People {
            subjects: arguments.whole("subjects", 1)?.unwrap_or(10),
            videos: arguments.whole("videos", 1)?.unwrap_or(1),
            seed: arguments.whole("seed", 0)?.unwrap_or(SEED),
            frames: (seconds * hz).round() as u64,
            hz,
            activities: activities(arguments)?,
            noise: arguments.number("noise", 0.0, 1e6)?.unwrap_or(0.01),
            missing: arguments.number("missing", 0.0, 1.0)?.unwrap_or(0.02),
        };
        let rows = people.rows();
        if rows > MOST_ROWS {
            query_err!(
                "pose_walkers: subjects, videos, activities, seconds and hz make {rows} frames, and at most {MOST_ROWS} can be made"
            )?;
        }
        Ok(Arc::new(Walkers(Arc::new(people))))
    }
}

fn activities(arguments: &Arguments) -> Result<Vec<&'static Activity>> {
    let Some(names) = arguments.columns("activities")? else { return Ok(ACTIVITIES.iter().collect()) };
    let mut found = vec![];
    for name in &names {
        match ACTIVITIES.iter().find(|activity| activity.name == name) {
            Some(activity) => found.push(activity),
            None => {
                let known = ACTIVITIES.iter().map(|activity| activity.name);
                return Ok(query_err!("pose_walkers: unknown activity '{name}'{}", suggest(name, known))?);
            }
        }
    }
    found.sort_by_key(|activity| activity.name);
    found.dedup_by_key(|activity| activity.name);
    Ok(found)
}

#[derive(Debug)]
struct People {
    subjects: u64,
    videos: u64,
    seed: u64,
    /// Of each recording.
    frames: u64,
    hz: f64,
    activities: Vec<&'static Activity>,
    noise: f64,
    missing: f64,
}

/// Which recording of them: by subject, activity and number, in the order of its name.
#[derive(Debug, Clone, Copy)]
struct Which {
    subject: u64,
    activity: &'static Activity,
    number: u64,
}

/// Frames of all recordings, at most: a hundred times what the largest archives of poses hold.
const MOST_ROWS: u128 = 1_000_000_000_000;

impl People {
    fn rows(&self) -> u128 {
        let recordings = u128::from(self.subjects) * u128::from(self.videos) * self.activities.len() as u128;
        recordings.saturating_mul(u128::from(self.frames))
    }

    fn recordings(&self) -> u64 {
        self.subjects * self.videos * self.activities.len() as u64
    }

    fn which(&self, recording: u64) -> Which {
        let (rest, number) = (recording / self.videos, recording % self.videos);
        let kinds = self.activities.len() as u64;
        Which { subject: rest / kinds, activity: self.activities[(rest % kinds) as usize], number }
    }

    /// `s07`: with as many digits as the last one has, so that names are in the order of their numbers.
    fn subject(&self, which: Which) -> String {
        format!("s{:0width$}", which.subject + 1, width = digits(self.subjects))
    }

    fn video(&self, which: Which) -> String {
        let number = format!("{:0width$}", which.number + 1, width = digits(self.videos));
        format!("{}_{}_{number}", self.subject(which), which.activity.name)
    }
}

fn digits(most: u64) -> usize {
    most.to_string().len().max(2)
}

#[derive(Debug)]
struct Walkers(Arc<People>);

fn schema() -> SchemaRef {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    Arc::new(Schema::new(vec![
        Field::new(SOURCE, DataType::Utf8, false),
        Field::new(VIDEO, DataType::Utf8, false),
        Field::new(SUBJECT, DataType::Utf8, false),
        Field::new(FRAME, DataType::Int64, false),
        Field::new(TIME, DataType::Float64, false),
        Field::new(LABEL, DataType::Utf8, false),
        Field::new(FEATURES, DataType::FixedSizeList(item, DIM as i32), false),
    ]))
}

#[async_trait]
impl TableProvider for Walkers {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Whole recordings in each partition, in the order of their names: no window over them needs a sort.
    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let recordings = self.0.recordings();
        let partitions = recordings.clamp(1, session.config().target_partitions() as u64);
        let part = |k: u64| -> Arc<dyn PartitionStream> {
            let bounds = [k, k + 1].map(|k| (u128::from(recordings) * u128::from(k) / u128::from(partitions)) as u64);
            let features = projection.is_none_or(|columns| columns.contains(&6));
            Arc::new(Part { people: Arc::clone(&self.0), schema: schema(), begin: bounds[0], end: bounds[1], features })
        };
        // By source, video and frame, as far as these are read.
        let place = |column: usize| match projection {
            Some(columns) => columns.iter().position(|read| *read == column),
            None => Some(column),
        };
        let sort = [0, 1, 3].into_iter().map_while(|column| {
            let options = SortOptions { descending: false, nulls_first: true };
            let name = schema().field(column).name().clone();
            Some(PhysicalSortExpr::new(Arc::new(Column::new(&name, place(column)?)), options))
        });
        let parts = (0..partitions).map(part).collect();
        let orders = LexOrdering::new(sort);
        Ok(Arc::new(StreamingTableExec::try_new(schema(), parts, projection, orders, false, limit)?))
    }
}

/// The recordings of one partition.
struct Part {
    people: Arc<People>,
    schema: SchemaRef,
    begin: u64,
    end: u64,
    /// Whether anybody reads them; they are most of the work.
    features: bool,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "walkers {}..{}", self.begin, self.end)
    }
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (people, features) = (Arc::clone(&self.people), self.features);
        let pieces = people.frames.div_ceil(PIECE as u64);
        let mut latest: Option<(u64, Recording)> = None;
        let recordings = self.begin..self.end;
        let all = recordings.flat_map(move |recording| (0..pieces).map(move |piece| (recording, piece)));
        let batches = all.map(move |(number, piece)| {
            let which = people.which(number);
            if latest.as_ref().is_none_or(|(of, _)| *of != number) {
                let People { seed, hz, noise, missing, .. } = *people;
                let name = people.video(which);
                latest = Some((number, Recording::new(seed, &name, which.subject, which.activity, hz, noise, missing)));
            }
            let recording = latest.as_ref().map(|(_, recording)| recording).filter(|_| features);
            batch(&people, which, recording, piece)
        });
        // In a thread of its own: whoever reads has another one.
        let mut stream = RecordBatchReceiverStream::builder(schema(), AHEAD);
        let batches_to = stream.tx();
        stream.spawn_blocking(move || {
            for batch in batches {
                // Nobody reads on.
                if batches_to.blocking_send(batch).is_err() {
                    break;
                }
            }
            Ok(())
        });
        stream.build()
    }
}

/// The values that are not there: all three of a hidden joint.
fn missing(hidden: &[(Range<usize>, usize)], rows: usize) -> NullBuffer {
    let mut there = BooleanBufferBuilder::new(rows * DIM);
    there.append_n(rows * DIM, true);
    for (frames, joint) in hidden {
        let values = frames.clone().flat_map(|frame| (0..3).map(move |value| frame * DIM + 3 * joint + value));
        values.for_each(|value| there.set_bit(value, false));
    }
    NullBuffer::new(there.finish())
}

/// A piece of a recording; features of 0 where nobody reads them.
fn batch(people: &People, which: Which, recording: Option<&Recording>, piece: u64) -> Result<RecordBatch> {
    let begin = piece * PIECE as u64;
    let rows = (people.frames - begin).min(PIECE as u64) as usize;
    let text = |text: &str| Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))) as ArrayRef;
    let numbers = begin as i64..begin as i64 + rows as i64;
    let mut values = vec![0.0; rows * DIM];
    let mut nulls = None;
    if let Some(recording) = recording {
        recording.write(piece, &mut values);
        nulls = Some(missing(&recording.hidden(piece, rows), rows)).filter(|nulls| nulls.null_count() > 0);
    }
    let DataType::FixedSizeList(item, size) = schema().field(6).data_type().clone() else {
        return datafusion::common::internal_err!("features of walkers are a list");
    };
    let values = Arc::new(Float32Array::new(values.into(), nulls));
    let columns: Vec<ArrayRef> = vec![
        text("walkers"),
        text(&people.video(which)),
        text(&people.subject(which)),
        Arc::new(Int64Array::from_iter_values(numbers.clone())),
        Arc::new(Float64Array::from_iter_values(numbers.map(|frame| frame as f64 / people.hz))),
        text(which.activity.name),
        Arc::new(FixedSizeListArray::try_new(item, size, values, None)?),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
