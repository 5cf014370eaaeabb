//! `pose_segments((SELECT ...), max_gap => 1)`

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::spec::{Cut, Spec};
use crate::args::Arguments;
use crate::frames::columns::{FrameColumns, note_label};
use crate::frames::pass::node::PassNode;
use crate::options::MAX_GAP;
use crate::relation::RelationFunction;

/// Maximal runs of one label inside a recording, without gaps.
#[derive(Debug)]
pub struct PoseSegments;

impl RelationFunction for PoseSegments {
    fn name(&self) -> &'static str {
        "pose_segments"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["max_gap", "by", "order_by"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Maximal runs of one label inside a recording, without gaps.",
            "SELECT video, label, frame_start, frame_end, frames FROM pose_segments((SELECT video, frame, label FROM frames))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let mut columns = FrameColumns::find_without_features(input.schema().as_arrow(), arguments)?;
        note_label(input.schema().as_arrow(), arguments);
        columns.carried.clear();
        let max_gap = arguments.whole("max_gap", 1)?.map_or(MAX_GAP, |g| g as i64);
        Ok(PassNode::new(Spec { columns, max_gap, cut: Cut::Segments }, input)?.into_plan())
    }
}
