//! `pose_inventory((SELECT * FROM frames))`

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::pass::Inventory;
use crate::args::Arguments;
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::pass::node::PassNode;
use crate::relation::RelationFunction;
use crate::schema::SUBJECT;

/// What is in each recording: classes, rows, gaps, frames that are there twice, missing values, features that never change.
#[derive(Debug)]
pub struct PoseInventory;

impl RelationFunction for PoseInventory {
    fn name(&self) -> &'static str {
        "pose_inventory"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "order_by", "features"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What is in each recording: classes, rows, gaps, frames that are there twice, missing values, features that never change, and what to do about them.",
            "SELECT video, labels, rows, gaps, duplicates, nulls, advice FROM pose_inventory((SELECT video, frame, label, ax, ay FROM frames))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let columns = FrameColumns::find(input.schema().as_arrow(), arguments)?;
        let names = match &columns.features {
            Features::Columns(names) => names.clone(),
            Features::List { column, dim } => (1..=*dim).map(|place| format!("{column}[{place}]")).collect(),
        };
        let has_subject = columns.carried.iter().any(|name| name == SUBJECT);
        Ok(PassNode::new(Inventory { columns, has_subject, names }, input)?.into_plan())
    }
}
