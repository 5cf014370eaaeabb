//! From logical nodes of ours to execution plans.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::copy_partitions::with_texts;
use super::limits::row_groups::bounded;
use crate::account::exec::AccountExec;
use crate::account::node::AccountNode;
use crate::frames::distinct::Distinct;
use crate::frames::inventory::pass::Inventory;
use crate::frames::numbering::pass::Numbered;
use crate::frames::pass::Pass;
use crate::frames::pass::exec::PassExec;
use crate::frames::pass::node::PassNode;
use crate::frames::resampler::Resample;
use crate::predict::timeline::pass::Intervals;
use crate::windows::spec::Spec;

/// DataFusion's planner, with our nodes.
#[derive(Debug)]
pub struct PoseQueryPlanner;

#[async_trait]
impl QueryPlanner for PoseQueryPlanner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(PoseExtensionPlanner)]);
        let texts = with_texts(plan)?;
        let copy = bounded(texts.as_ref().unwrap_or(plan), session.config_options()).or(texts);
        planner.create_physical_plan(copy.as_ref().unwrap_or(plan), session).await
    }
}

/// Plans our nodes; a host that has a query planner of its own adds this to it.
#[derive(Debug)]
pub struct PoseExtensionPlanner;

#[async_trait]
impl ExtensionPlanner for PoseExtensionPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let [input] = physical_inputs else { return Ok(None) };
        if let Some(node) = node.as_any().downcast_ref::<AccountNode>() {
            return Ok(Some(Arc::new(AccountExec::new(Arc::clone(&node.account), Arc::clone(input)))));
        }
        let passes =
            [pass::<Distinct>, pass::<Numbered>, pass::<Resample>, pass::<Inventory>, pass::<Spec>, pass::<Intervals>];
        let plans = passes.map(|plan| plan(node, input, session));
        plans.into_iter().find(|plan| !matches!(plan, Ok(None))).unwrap_or(Ok(None))
    }
}

/// The plan of a node, if it is of this pass.
fn pass<P: Pass>(
    node: &dyn UserDefinedLogicalNode,
    input: &Arc<dyn ExecutionPlan>,
    session: &dyn Session,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(node) = node.as_any().downcast_ref::<PassNode<P>>() else { return Ok(None) };
    let partitions = session.config().target_partitions();
    Ok(Some(Arc::new(PassExec::over(node.pass.clone(), input, partitions)?)))
}
