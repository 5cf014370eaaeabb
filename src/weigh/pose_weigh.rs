//! `pose_weigh((SELECT ...), method => 'balanced')`

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::functions_aggregate::sum::sum;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, WindowUDF, lit, when};

use super::class_weight::Method;
use super::pose_class_weight::PoseClassWeight;
use crate::args::Arguments;
use crate::error::{Error, query_err};
use crate::options::{BETA, POWER};
use crate::relation::{RelationFunction, attach, column, key_name, over_all, with_windows};
use crate::schema::{LABEL, SPLIT, TRAIN, WEIGHT, label_hint};

/// Adds `weight`, the class weight of each row's label; the counts are those of train rows.
///
/// Without a column `split` every row counts. A class that train lacks gets NULL, never a silent 1.
#[derive(Debug)]
pub struct PoseWeigh;

impl RelationFunction for PoseWeigh {
    fn name(&self) -> &'static str {
        "pose_weigh"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["method", "power", "beta"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Adds `weight`, the class weight of each row's label, computed over train rows.",
            "SELECT label, split, weight FROM pose_weigh((SELECT * FROM split_windows), method => 'balanced')",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let has = |name: &str| input.schema().has_column_with_unqualified_name(name);
        if !has(LABEL) {
            let hint = match label_hint(input.schema().as_arrow()) {
                hint if hint.is_empty() => "; name the class so: SELECT class AS label".to_owned(),
                hint => hint,
            };
            return Ok(query_err!("pose_weigh: the input has no column 'label'{hint}")?);
        }
        let power = arguments.number("power", 0.0, f64::INFINITY)?.unwrap_or(POWER);
        let beta = arguments.number("beta", 0.0, 1.0)?.unwrap_or(BETA);
        let method = Method::new(arguments.text("method")?.unwrap_or("balanced"), power, beta);
        let method = method.map_err(|e| Error::Query(format!("pose_weigh: {e}")))?;
        let counts = match has(SPLIT) {
            true => when(column(SPLIT).eq(lit(TRAIN)), lit(1i64)).otherwise(lit(0i64))?,
            false => lit(1i64),
        };
        let rows = "__rows";
        let weigh = WindowUDF::from(PoseClassWeight::new(self.name(), method));
        let weigh = WindowFunctionDefinition::WindowUDF(Arc::new(weigh));
        let weight = over_all(weigh, vec![column(LABEL), column(rows)]);
        let counted =
            LogicalPlanBuilder::from(input.clone()).aggregate([column(LABEL)], [sum(counts).alias(rows)])?.build()?;
        let small = LogicalPlanBuilder::from(with_windows(counted, vec![(weight, WEIGHT)])?)
            .project([column(LABEL).alias(key_name(LABEL)), column(WEIGHT)])?
            .build()?;
        attach(self.name(), input, small, &[LABEL], &[WEIGHT])
    }
}
