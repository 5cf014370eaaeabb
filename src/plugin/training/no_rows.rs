//! Why a training got no rows, where pose_windows below it tells.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use super::replayed::find_all;
use crate::frames::pass::exec::PassExec;
use crate::frames::pass::pieces::Ledger;
use crate::windows::no_windows::reason;
use crate::windows::spec::{Cut, Spec};

/// The cuttings in a plan that is still to run.
#[derive(Debug, Clone, Default)]
pub struct Cuttings(Vec<(Spec, Ledger)>);

impl Cuttings {
    /// Every pose_windows of a plan.
    pub fn find(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let mut all = vec![];
        find_all::<PassExec<Spec>>(plan, &mut all);
        let windows = all.into_iter().filter(|exec| matches!(exec.pass().cut, Cut::Windows(_)));
        Self(windows.map(|exec| (exec.pass().clone(), exec.ledger().clone())).collect())
    }

    /// Why the plan, which has run, gave no rows; None where that is not known.
    ///
    /// One that made windows comes first: then it is not the cutting that left nothing. A join whose one side has no rows
    /// need not read the other, so not all have run.
    pub fn reason(&self) -> Option<String> {
        let ran = || self.0.iter().filter_map(|(spec, ledger)| Some((spec, ledger.read()?)));
        let (spec, pieces) = ran().find(|(_, pieces)| pieces.made > 0).or_else(|| ran().next())?;
        Some(reason(spec, &pieces))
    }
}
