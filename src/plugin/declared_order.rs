//! Files that were declared to lie in order are read in order.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// Keeps the files of a partition in that partition wherever a scan tells an order.
///
/// A partition that is done early takes files from the others, unless the scan says that order matters. DataFusion 55 says so of an order that was declared, and takes it
/// back where a LIMIT reaches the scan: `ORDER BY frame LIMIT 5` over files WITH ORDER (frame) then gave other rows each time. It stands behind DataFusion's rules.
#[derive(Debug)]
pub struct DeclaredOrder;

impl PhysicalOptimizerRule for DeclaredOrder {
    fn name(&self) -> &str {
        "declared_order"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| Ok(in_order(&node).map_or_else(|| Transformed::no(node), Transformed::yes))).data()
    }
}

/// The scan that keeps its order; none where it does already, or has none.
fn in_order(node: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let source = node.downcast_ref::<DataSourceExec>()?.data_source();
    let config = source.downcast_ref::<FileScanConfig>()?;
    // Built anew, a scan with an order keeps it.
    let is_lost = !config.preserve_order && !config.output_ordering.is_empty();
    is_lost.then(|| {
        let kept = FileScanConfigBuilder::from(config.clone()).with_preserve_order(true).build();
        DataSourceExec::from_data_source(kept) as Arc<dyn ExecutionPlan>
    })
}
