//! `pose_window_stats((SELECT ...), width => 30, stride => 15)`

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::pose_windows::{PoseWindows, windows_of};
use super::spec::Cut;
use crate::args::{Alias, Arguments};
use crate::relation::RelationFunction;

/// What [`PoseWindows`] does with every frame of every recording, with the same arguments.
#[derive(Debug)]
pub struct PoseWindowStats;

impl RelationFunction for PoseWindowStats {
    fn name(&self) -> &'static str {
        "pose_window_stats"
    }

    fn parameters(&self) -> &'static [&'static str] {
        PoseWindows.parameters()
    }

    fn aliases(&self) -> &'static [Alias] {
        PoseWindows.aliases()
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What pose_windows does with every frame of every recording: a row a recording, every frame (at the rate hz, and without duplicates, where these are asked for) counted once.",
            "SELECT video, frames, windows, frames_used, frames_in_tails FROM pose_window_stats((SELECT video, frame, label, ax, ay FROM frames), width => 30, stride => 15)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        windows_of(input, arguments, Cut::Stats)
    }
}
