//! `pose_inventory((SELECT * FROM frames))`

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::pass::Inventory;
use crate::args::Arguments;
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::feature_rule::is_known;
use crate::frames::pass::node::PassNode;
use crate::relation::RelationFunction;
use crate::schema::{LABEL, SUBJECT, label_like};

/// What is in each recording: classes, rows, gaps, frames that are there twice, missing values, which columns are features,
/// and which of those never change.
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
        let columns = FrameColumns::find_if_any(input.schema().as_arrow(), arguments)?;
        let names = match &columns.features {
            Features::Columns(names) => names.clone(),
            Features::List { column, dim } => (1..=*dim).map(|place| format!("{column}[{place}]")).collect(),
        };
        let has_subject = columns.carried.iter().any(|name| name == SUBJECT);
        let schema = input.schema().as_arrow();
        let is_text = |name: &&String| {
            schema.field_with_name(name).is_ok_and(|field| match field.data_type() {
                DataType::Dictionary(_, values) => values.is_string(),
                kind => kind.is_string(),
            })
        };
        let texts = columns.carried.iter().filter(|name| !is_known(name)).filter(is_text).cloned().collect();
        let lacks_label = schema.index_of(LABEL).is_err();
        let label_like = label_like(schema).into_iter().map(str::to_owned).collect();
        Ok(PassNode::new(Inventory { columns, has_subject, names, texts, lacks_label, label_like }, input)?.into_plan())
    }
}
