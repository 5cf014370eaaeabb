//! `pose_event_metrics((SELECT video, frame, label, predicted FROM ...))`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::apart::Named;
use super::events::{EVENT_METRICS, Recorded, Segment, evaluate_events};
use super::labels::{among, labels, refuse_others};
use super::predicted::PREDICTED;
use super::report::MetricRow;
use super::tables::{metric_columns, metric_fields};
use crate::account::classes::Classes;
use crate::account::columns::{apart, named, present, require, texts, value, wholes};
use crate::account::parts::{Parts, fields};
use crate::account::recording::of_source;
use crate::account::{Account, Ledger, over};
use crate::args::Arguments;
use crate::error::{self, Error, data_err, query_err};
use crate::frames::times::advice::way_out;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;
use crate::schema::{FRAME, LABEL, SOURCE, VIDEO};

/// How well predicted segments are those that there are: segment F1, edit score and delays, over frames.
#[derive(Debug)]
pub struct PoseEventMetrics;

const READS: [&str; 5] = [SOURCE, VIDEO, FRAME, LABEL, PREDICTED];

impl RelationFunction for PoseEventMetrics {
    fn name(&self) -> &'static str {
        "pose_event_metrics"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "max_gap", "hz", "seed", "labels"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "How well predicted segments are those that there are: segment F1 at 10, 25 and 50 % overlap, edit score and delays, from frames with a label and a prediction each.",
            "SELECT metric, unit, value FROM pose_event_metrics((SELECT video, frame, label, label AS predicted FROM frames), hz => 50)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let schema = input.schema().as_arrow();
        for (name, meaning) in [
            (VIDEO, "the recording"),
            (FRAME, "the number of the frame"),
            (LABEL, "the true class; NULL of background"),
            (PREDICTED, "the class that was predicted; NULL of none"),
        ] {
            require(self.name(), schema, name, meaning)?;
        }
        let frames = schema.field_with_name(FRAME)?.data_type();
        if !frames.is_integer() && *frames != DataType::Null {
            return Ok(query_err!(
                "{}: frame must be whole numbers (frame is {frames}); {}",
                self.name(),
                way_out(self.name(), &[VIDEO.to_owned()], FRAME, frames)
            )?);
        }
        let by = named(schema, arguments, "by")?.unwrap_or_default();
        let by: Vec<Field> = by.iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
        apart(self.name(), "by", &by, &metric_fields())?;
        let own = present(schema, &READS).into_iter();
        let account = EventAccount {
            reads: own.chain(by.iter().map(|field| field.name().clone())).collect(),
            by,
            max_gap: arguments.whole("max_gap", 1)?.map_or(crate::options::MAX_GAP, |gap| gap as i64),
            hz: arguments.number("hz", 1e-6, 1e6)?,
            labels: labels(arguments, "the classes")?,
            seed: arguments.whole("seed", 0)?.unwrap_or(crate::options::SEED),
        };
        over(Arc::new(account), input)
    }
}

#[derive(Debug)]
struct EventAccount {
    reads: Vec<String>,
    by: Vec<Field>,
    max_gap: i64,
    hz: Option<f64>,
    /// As the caller named the classes.
    labels: Option<Vec<String>>,
    seed: u64,
}

impl Account for EventAccount {
    fn name(&self) -> &'static str {
        PoseEventMetrics.name()
    }

    fn describe(&self) -> String {
        let hz = self.hz.map_or(String::new(), |hz| format!(", hz={hz}"));
        let by: Vec<&String> = self.by.iter().map(Field::name).collect();
        let labels = self.labels.as_ref().map_or(String::new(), |labels| format!(", labels={labels:?}"));
        let reads = self.reads.join(", ");
        format!("by={by:?}, reads=[{reads}], max_gap={}{hz}{labels}, seed={}", self.max_gap, self.seed)
    }

    fn reads(&self) -> &[String] {
        &self.reads
    }

    fn output(&self) -> SchemaRef {
        Arc::new(Schema::new(fields(&self.by, metric_fields())))
    }

    fn ledger(&self, input: &SchemaRef) -> error::Result<Box<dyn Ledger>> {
        let names = Classes::of(self.name(), input, &[LABEL, PREDICTED])?;
        Ok(Box::new(EventLedger {
            schema: self.output(),
            parts: Parts::new(self.name(), &self.by)?,
            by: self.by.clone(),
            max_gap: self.max_gap,
            hz: self.hz,
            labels: among(&names, self.labels.as_deref()),
            seed: self.seed,
            names,
            classes: BTreeMap::new(),
            recordings: BTreeMap::new(),
            bytes: 0,
        }))
    }
}

/// Of a recording in a map, and of its rows in the result.
const ROW_BYTES: usize = 100 + EVENT_METRICS.len() * size_of::<MetricRow>();

/// A frame: its number, its class and that predicted.
type Frame = (i64, Option<u32>, Option<u32>);

struct EventLedger {
    schema: SchemaRef,
    parts: Parts,
    by: Vec<Field>,
    max_gap: i64,
    hz: Option<f64>,
    labels: Option<Vec<String>>,
    seed: u64,
    names: Classes,
    classes: BTreeMap<String, u32>,
    /// By the number of the part, and by name.
    recordings: BTreeMap<(u32, String), Vec<Frame>>,
    /// Of names and frames; vectors grow to twice what they hold.
    bytes: usize,
}

impl Ledger for EventLedger {
    fn add(&mut self, batch: &RecordBatch) -> error::Result<()> {
        let name = PoseEventMetrics.name();
        let text = |column| texts(name, batch, column);
        let [sources, videos] = [text(SOURCE)?, text(VIDEO)?];
        let [labels, predicted] = [self.names.names(batch, LABEL)?, self.names.names(batch, PREDICTED)?];
        let frames = wholes(name, batch, FRAME)?;
        for (row, part) in self.parts.of(batch)?.into_iter().enumerate() {
            let Some(video) = value(&videos, row) else {
                return data_err!("{name}: video is NULL in a row; every frame needs its recording");
            };
            let Some(frame) = frames.as_ref().filter(|f| f.is_valid(row)).map(|f| f.value(row)) else {
                return data_err!("{name}: frame is NULL in a row of video '{video}'; every frame needs a number");
            };
            let recording = of_source(&sources, row, video);
            let classes = [value(&labels, row), value(&predicted, row)].into_iter().flatten();
            for class in classes.filter(|class| !self.classes.contains_key(*class)) {
                refuse_others(name, self.labels.as_deref(), class)?;
            }
            let [truth, predicted] = [&labels, &predicted].map(|of| value(of, row).map(|class| self.class(class)));
            let name_bytes = ROW_BYTES + recording.len();
            let frames = self.recordings.entry((part, recording)).or_default();
            self.bytes += 2 * size_of::<Frame>() + if frames.is_empty() { name_bytes } else { 0 };
            frames.push((frame, truth, predicted));
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.parts.bytes() + self.bytes
    }

    fn finish(self: Box<Self>, interrupt: &Interrupt) -> error::Result<RecordBatch> {
        self.refuse_apart()?;
        let mut recordings: BTreeMap<u32, Vec<Recorded>> = BTreeMap::new();
        for ((part, name), mut frames) in self.recordings {
            interrupt.check()?;
            frames.sort_unstable();
            if let Some(pair) = frames.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let (function, frame) = (PoseEventMetrics.name(), pair[0].0);
                return data_err!(
                    "{function}: {name} has frame {frame} twice; leave the copy out (SELECT DISTINCT ...), or part the rows: by => '...'"
                );
            }
            let truth = segments(frames.iter().map(|(frame, truth, _)| (*frame, *truth)), self.max_gap);
            let predicted = segments(frames.iter().map(|(frame, _, predicted)| (*frame, *predicted)), self.max_gap);
            let recorded = Recorded { name: name.into(), hz: self.hz, truth, predicted };
            recordings.entry(part).or_default().push(recorded);
        }
        let (mut parts, mut rows) = (vec![], vec![]);
        for part in self.parts.in_order() {
            let more = evaluate_events(&recordings.remove(&part).unwrap_or_default(), self.seed, interrupt)?;
            parts.extend(std::iter::repeat_n(part, more.len()));
            rows.extend(more);
        }
        let mut columns = self.parts.columns(parts)?;
        columns.extend(metric_columns(&rows.iter().collect::<Vec<_>>()));
        RecordBatch::try_new(self.schema, columns).map_err(|e| Error::Internal(format!("pose_event_metrics: {e}")))
    }
}

impl EventLedger {
    /// Refuses other names of the same classes, unless the caller named them all.
    fn refuse_apart(&self) -> error::Result<()> {
        if self.labels.is_some() {
            return Ok(());
        }
        let names: BTreeMap<u32, &str> = self.classes.iter().map(|(name, number)| (*number, name.as_str())).collect();
        let (mut truth, mut predicted) = (BTreeSet::new(), BTreeSet::new());
        for ((part, _), frames) in &self.recordings {
            truth.extend(frames.iter().filter_map(|(_, label, _)| *label));
            predicted.extend(frames.iter().filter_map(|(_, _, answer)| Some((*part, (*answer)?))));
        }
        let predicted = predicted.into_iter().map(|(part, class)| (part, names[&class]));
        let named = Named::new(truth.into_iter().map(|class| names[&class]), predicted);
        named.refuse_apart(PoseEventMetrics.name(), &self.parts, &self.by)
    }

    fn class(&mut self, label: &str) -> u32 {
        let next = self.classes.len() as u32;
        match self.classes.get(label) {
            Some(class) => *class,
            None => *self.classes.entry(label.to_owned()).or_insert(next),
        }
    }
}

/// Maximal runs of one class in rising frames; NULL is background, and a step above `max_gap` ends a run.
fn segments(frames: impl Iterator<Item = (i64, Option<u32>)>, max_gap: i64) -> Vec<Segment> {
    let mut segments: Vec<Segment> = vec![];
    let mut open = false;
    for (frame, class) in frames {
        let Some(class) = class else {
            open = false;
            continue;
        };
        match segments.last_mut() {
            Some(last)
                if open
                    && last.class == class
                    && i128::from(frame) - i128::from(last.frame_end) <= i128::from(max_gap) =>
            {
                last.frame_end = frame
            }
            _ => segments.push(Segment { frame_start: frame, frame_end: frame, class }),
        }
        open = true;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_ends_at_another_class_at_background_and_at_a_gap() {
        let frames = [(0, Some(1)), (1, Some(1)), (2, None), (3, Some(1)), (4, Some(2)), (7, Some(2)), (8, Some(2))];
        let found: Vec<_> =
            segments(frames.into_iter(), 1).iter().map(|s| (s.frame_start, s.frame_end, s.class)).collect();
        assert_eq!(found, [(0, 1, 1), (3, 3, 1), (4, 4, 2), (7, 8, 2)]);
        assert_eq!(segments(frames.into_iter(), 3).len(), 3);
    }
}
