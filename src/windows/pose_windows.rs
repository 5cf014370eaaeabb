//! `pose_windows((SELECT ...), width => 30, stride => 15)`

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::fill::Fill;
use super::rule::LabelRule;
use super::slicer::{Short, Slicer};
use super::spec::{Cut, Nulls, Purity, Spec};
use crate::args::Arguments;
use crate::error::query_err;
use crate::frames::columns::FrameColumns;
use crate::frames::pass::node::PassNode;
use crate::options::{MAX_GAP, STRIDE, WIDTH};
use crate::relation::RelationFunction;

/// Fixed windows of frames, inside segments of one recording, without gaps and (by default) of one label.
#[derive(Debug)]
pub struct PoseWindows;

impl RelationFunction for PoseWindows {
    fn name(&self) -> &'static str {
        "pose_windows"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &[
            "width",
            "stride",
            "label",
            "short",
            "max_gap",
            "by",
            "order_by",
            "features",
            "nulls",
            "max_fill",
            "min_purity",
        ]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Fixed windows of frames, inside segments of one recording, without gaps and (by default) of one label.",
            "SELECT window_id, label, features FROM pose_windows((SELECT video, frame, label, ax, ay FROM frames), width => 30, stride => 15)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let columns = FrameColumns::find(input.schema().as_arrow(), arguments)?;
        let width = arguments.whole("width", 1)?.map_or(WIDTH, |w| w as usize);
        let stride = arguments.whole("stride", 1)?.map_or(STRIDE, |s| s as usize);
        let size = width.checked_mul(columns.features.dim()).and_then(|n| i32::try_from(n).ok());
        if size.is_none() {
            arguments.wrong("width", width, &format!("at most {} values a window", i32::MAX))?;
        }
        let rules = [
            ("pure", LabelRule::Pure),
            ("majority", LabelRule::Majority),
            ("last", LabelRule::Last),
            ("middle", LabelRule::Middle),
        ];
        let rule = arguments.one_of("label", &rules)?.unwrap_or(LabelRule::Pure);
        let short = arguments
            .one_of("short", &[("drop", Short::Drop), ("pad", Short::Pad), ("loop", Short::Loop)])?
            .unwrap_or(Short::Drop);
        let min_purity = arguments.number("min_purity", 0.0, 1.0)?;
        if min_purity.is_some() && rule == LabelRule::Pure {
            query_err!(
                "{}: min_purity needs label => 'majority', 'last' or 'middle': pure windows have one label",
                self.name()
            )?;
        }
        let nulls = nulls(arguments, width)?;
        let spec = Spec {
            columns,
            max_gap: arguments.whole("max_gap", 1)?.map_or(MAX_GAP, |g| g as i64),
            cut: Cut::Windows {
                slicer: Slicer { width, stride, short },
                rule,
                min_purity: Purity(min_purity.unwrap_or(0.0) as f32),
                nulls,
            },
        };
        Ok(PassNode::new(spec, input)?.into_plan())
    }
}

/// What becomes of missing values; runs longer than a window are not filled unless `max_fill` says so.
fn nulls(arguments: &Arguments, width: usize) -> Result<Nulls> {
    let fill = |fill, most| Nulls::Fill { fill, most };
    let choices = [
        ("refuse", Nulls::Refuse),
        ("keep", Nulls::Keep),
        ("zero", fill(Fill::Zero, usize::MAX)),
        ("carry", fill(Fill::Carry, width)),
        ("interpolate", fill(Fill::Interpolate, width)),
    ];
    let nulls = arguments.one_of("nulls", &choices)?.unwrap_or(Nulls::Refuse);
    match (nulls, arguments.whole("max_fill", 1)?) {
        (nulls, None) => Ok(nulls),
        (Nulls::Fill { fill: way @ (Fill::Carry | Fill::Interpolate), .. }, Some(most)) => Ok(fill(way, most as usize)),
        (_, Some(_)) => Ok(query_err!("{}: max_fill needs nulls => 'carry' or 'interpolate'", arguments.function())?),
    }
}
