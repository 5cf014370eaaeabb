//! What to cut, how, and the schema that comes of it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::cutter::Cutter;
use super::fill::Fill;
use super::no_windows::{reason, sparse};
use super::rule::LabelRule;
use super::slicer::{Slicer, Tail};
use super::tally::{COUNTS, fill_fields};
use crate::error::{Result, query_err};
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::pass::pieces::Pieces;
use crate::frames::pass::segmenter::Rules;
use crate::frames::pass::{Pass, Worker};
use crate::schema::{
    FEATURES, FILLED, FRAME_END, FRAME_START, FRAMES, LABEL, PURITY, VALID_LEN, WINDOW_ID, features_field, with_nulls,
};

/// One cutting of frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Spec {
    /// Which column is what.
    pub columns: FrameColumns,
    /// Largest difference of frame numbers inside a segment.
    pub max_gap: i64,
    /// What comes out.
    pub cut: Cut,
}

/// What comes out of a cutting.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub enum Cut {
    /// One row a segment.
    Segments,
    /// One row a window.
    Windows(Windowing),
    /// One row a recording: what became of its frames.
    Stats(Windowing),
}

/// Which windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Windowing {
    /// Where windows begin.
    pub slicer: Slicer,
    /// Which label they carry.
    pub rule: LabelRule,
    /// The least share of a window's frames that carry its label.
    pub min_purity: Purity,
    /// What becomes of missing values.
    pub nulls: Nulls,
}

/// What becomes of a NULL or a number that is not finite inside a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Nulls {
    /// It is an error that names recording, frame and column.
    Refuse,
    /// It stays; `features` is no tensor then.
    Keep,
    /// It is filled; what cannot be is refused.
    Fill {
        /// With what.
        fill: Fill,
        /// The longest run of frames that is filled.
        most: usize,
    },
}

/// A share of frames, in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Purity(pub f32);

impl Eq for Purity {}

impl Hash for Purity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl Spec {
    /// Which windows, where there are any.
    pub fn windowing(&self) -> Option<&Windowing> {
        match &self.cut {
            Cut::Segments => None,
            Cut::Windows(windowing) | Cut::Stats(windowing) => Some(windowing),
        }
    }

    /// Which label windows carry.
    pub fn rule(&self) -> Option<LabelRule> {
        self.windowing().map(|windowing| windowing.rule)
    }

    /// Whether a change of label ends a segment.
    pub fn label_breaks(&self) -> bool {
        self.windowing().is_none_or(|windowing| windowing.rule == LabelRule::Pure)
    }

    /// The SQL name, for messages.
    pub fn function(&self) -> &'static str {
        match self.cut {
            Cut::Segments => "pose_segments",
            Cut::Windows(_) => "pose_windows",
            Cut::Stats(_) => "pose_window_stats",
        }
    }

    /// What fills missing values, as `nulls` names it.
    pub fn fill(&self) -> Option<&'static str> {
        match self.windowing()?.nulls {
            Nulls::Fill { fill, .. } => Some(fill.name()),
            Nulls::Refuse | Nulls::Keep => None,
        }
    }

    /// What ends a segment.
    pub fn rules(&self) -> Rules<'_> {
        let label_breaks = self.label_breaks();
        Rules { function: self.function(), columns: &self.columns, max_gap: self.max_gap, label_breaks }
    }

    /// Whether `input` still holds every feature column: the optimizer takes them away when nobody reads `features`.
    pub fn reads_features(&self, input: &Schema) -> bool {
        let columns = self.columns.features.columns();
        !columns.is_empty() && columns.iter().all(|c| input.index_of(c).is_ok())
    }

    /// The carried columns that `input` still holds.
    pub fn carried<'s>(&'s self, input: &'s Schema) -> impl Iterator<Item = &'s String> {
        self.columns.carried.iter().filter(|c| input.index_of(c).is_ok())
    }

    /// The keys of a recording, and the counts of its frames.
    fn stats(&self, input: &Schema) -> Result<SchemaRef> {
        let keys = self.columns.by.iter().filter_map(|name| input.fields().iter().find(|f| f.name() == name).cloned());
        let counts = COUNTS.iter().map(|(name, _)| Arc::new(Field::new(*name, DataType::Int64, false)));
        self.distinct(keys.chain(counts).chain(fill_fields().map(Arc::new)).collect())
    }

    fn distinct(&self, fields: Vec<Arc<Field>>) -> Result<SchemaRef> {
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|f| f.name() == field.name()) {
                return query_err!(
                    "{}: the input already has a column '{}', a name of the output; rename it in the subquery",
                    self.function(),
                    field.name()
                );
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn features_field(&self, width: usize, nulls: Nulls) -> Field {
        let features = &self.columns.features;
        let names = if let Features::Columns(names) = features { names.as_slice() } else { &[] };
        let tensor = features_field(FEATURES, width, features.dim(), names);
        match nulls {
            Nulls::Refuse | Nulls::Fill { .. } => tensor,
            Nulls::Keep => with_nulls(&tensor),
        }
    }
}

impl Pass for Spec {
    /// The account of rows, and what was filled.
    const COUNTERS: &'static [&'static str] = &[
        "frames_used",
        "frames_skipped",
        "frames_in_tails",
        "frames_in_short_segments",
        "frames_in_impure_windows",
        "values_filled",
    ];

    fn names(&self) -> (&'static str, &'static str) {
        match self.cut {
            Cut::Segments => ("PoseSegments", "SegmentsExec"),
            Cut::Windows(_) => ("PoseWindows", "WindowsExec"),
            Cut::Stats(_) => ("PoseWindowStats", "WindowStatsExec"),
        }
    }

    fn describe(&self) -> String {
        let by = self.columns.by.join(", ");
        let order = &self.columns.order_by;
        let label = self.columns.label.as_deref().map_or("none", |_| LABEL);
        match &self.cut {
            Cut::Segments => format!("by=[{by}], order_by={order}, label={label}, max_gap={}", self.max_gap),
            Cut::Windows(Windowing { slicer, rule, min_purity, nulls })
            | Cut::Stats(Windowing { slicer, rule, min_purity, nulls }) => format!(
                "width={}, stride={}, by=[{by}], order_by={order}, {}, label={rule:?}, short={:?}{}, max_gap={}{}{}",
                slicer.width,
                slicer.stride,
                self.columns.describe_features(),
                slicer.short,
                if slicer.tail == Tail::Overlap { ", tail=Overlap" } else { "" },
                self.max_gap,
                if min_purity.0 > 0.0 { format!(", min_purity={}", min_purity.0) } else { String::new() },
                if *nulls == Nulls::Refuse { String::new() } else { format!(", nulls={nulls:?}") },
            ),
        }
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    /// Windows of features that say whose they are would be a net's shortest way to a wrong answer.
    fn refuses_constant(&self) -> Option<&'static str> {
        self.windowing().map(|_| self.function())
    }

    fn last_word(&self, pieces: &Pieces) -> Option<String> {
        let is_empty = matches!(self.cut, Cut::Windows(_)) && pieces.frames > 0 && pieces.made == 0;
        if is_empty { Some(reason(self, pieces)) } else { sparse(self, pieces) }
    }

    fn required(&self) -> Vec<&String> {
        let columns = &self.columns;
        let required = columns.by.iter().chain([&columns.order_by]).chain(&columns.label);
        let counts = matches!(self.cut, Cut::Stats(_));
        required.chain(columns.features.columns().iter().filter(|_| counts)).collect()
    }

    /// Feature columns are read only for `features`, carried columns only for themselves.
    fn read_for<'s>(&'s self, output: &'s str) -> Vec<&'s str> {
        match output {
            FILLED if self.fill().is_some() => self.read_for(FEATURES),
            FEATURES => self.columns.features.columns().iter().map(String::as_str).collect(),
            carried => vec![carried],
        }
    }

    fn ordered(&self) -> &str {
        FRAME_START
    }

    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        if let Cut::Stats(_) = self.cut {
            return self.stats(input);
        }
        let mut fields: Vec<Arc<Field>> = vec![];
        let own = |name, data_type| Arc::new(Field::new(name, data_type, false));
        let column = |name: &String| input.fields().iter().find(|f| f.name() == name).cloned();
        if matches!(self.cut, Cut::Windows(_)) {
            fields.push(own(WINDOW_ID, DataType::Utf8));
        }
        fields.extend(self.columns.by.iter().filter_map(column));
        fields.push(own(FRAME_START, DataType::Int64));
        fields.push(own(FRAME_END, DataType::Int64));
        let label = self.columns.label.as_ref().and_then(column);
        fields.extend(label.map(|label| match self.windowing() {
            Some(Windowing { rule: LabelRule::Every, slicer, .. }) => Arc::new(labels_field(&label, slicer.width)),
            _ => label,
        }));
        match &self.cut {
            Cut::Segments => fields.push(own(FRAMES, DataType::Int64)),
            Cut::Windows(Windowing { slicer, nulls, .. }) | Cut::Stats(Windowing { slicer, nulls, .. }) => {
                fields.push(own(PURITY, DataType::Float32));
                fields.push(own(VALID_LEN, DataType::Int32));
                fields.extend(self.carried(input).filter_map(column));
                if self.reads_features(input) {
                    if self.fill().is_some() {
                        fields.push(own(FILLED, filled_type(self.columns.features.dim())));
                    }
                    fields.push(Arc::new(self.features_field(slicer.width, *nulls)));
                }
            }
        }
        self.distinct(fields)
    }

    fn worker(&self, input: &SchemaRef, output: SchemaRef, batch_size: usize) -> Result<Box<dyn Worker>> {
        Ok(Box::new(Cutter::new(self.clone(), input, output, batch_size)?))
    }
}

/// A count for each feature.
fn filled_type(dim: usize) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Int32, true)), dim as i32)
}

/// The labels of all frames of a window.
fn labels_field(label: &Field, width: usize) -> Field {
    let item = Arc::new(Field::new("item", label.data_type().clone(), label.is_nullable()));
    Field::new(LABEL, DataType::FixedSizeList(item, width as i32), false)
}
