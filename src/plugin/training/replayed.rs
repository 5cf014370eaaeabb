//! How the windows of a training were cut, from the plan that cuts them.

use std::any::Any;
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::frames::columns::Features;
use crate::frames::pass::exec::PassExec;
use crate::frames::resampler::{Clock, Resample};
use crate::schema::UNIT;
use crate::store::replay::Replay;
use crate::windows::fill::Fill;
use crate::windows::slicer::Short;
use crate::windows::spec::{Cut, Nulls, Spec, Windowing};

/// The first `pose_windows` in a plan, and the resampling below it; none where windows are read from a table.
pub fn replay(plan: &Arc<dyn ExecutionPlan>) -> Option<Replay> {
    let mut all = vec![];
    find_all::<PassExec<Spec>>(plan, &mut all);
    // A branch that counts reads no values, and knows nothing of them.
    let windows = all.iter().copied().find(|windows| reads_values(windows)).or(all.first().copied())?;
    let Spec { columns, max_gap, cut } = windows.pass();
    let Cut::Windows(Windowing { slicer, nulls, .. }) = cut else { return None };
    let short = match slicer.short {
        Short::Drop => "drop",
        Short::Pad => "pad",
        Short::Loop => "loop",
    };
    let (nulls, max_fill) = match nulls {
        Nulls::Refuse => ("refuse", None),
        Nulls::Keep => ("keep", None),
        Nulls::Fill { fill: Fill::Zero, .. } => ("zero", None),
        Nulls::Fill { fill: Fill::Carry, most } => ("carry", Some(*most)),
        Nulls::Fill { fill: Fill::Interpolate, most } => ("interpolate", Some(*most)),
    };
    let resample = windows.children().into_iter().find_map(find::<PassExec<Resample>>).map(PassExec::pass);
    let (time, time_unit, rate) = match resample.map(|resample| &resample.clock) {
        None => (None, None, None),
        Some(Clock::Column(time)) => (Some(time.name.clone()), time.unit.map(|unit| unit.name().to_owned()), None),
        Some(Clock::Rate(rate)) => (None, None, Some(rate.0)),
    };
    let input = windows.children().first().map(|input| input.schema());
    let unit = |name: &String| {
        let unit = input.as_ref()?.field_with_name(name).ok()?.metadata().get(UNIT)?;
        Some((name.clone(), unit.clone()))
    };
    Some(Replay {
        by: columns.by.clone(),
        order_by: columns.order_by.clone(),
        features: columns.features.columns().to_vec(),
        units: columns.features.columns().iter().filter_map(unit).collect(),
        is_list: matches!(columns.features, Features::List { .. }),
        max_gap: *max_gap,
        width: slicer.width,
        stride: slicer.stride,
        short: short.to_owned(),
        nulls: nulls.to_owned(),
        max_fill,
        hz: resample.map(|resample| resample.hz.0),
        time,
        time_unit,
        rate,
    })
}

fn reads_values(windows: &PassExec<Spec>) -> bool {
    let read = windows.children().first().map(|input| input.schema());
    let columns = windows.pass().columns.features.columns();
    read.is_some_and(|read| columns.iter().all(|name| read.index_of(name).is_ok()))
}

/// Every node of a kind in a plan.
pub fn find_all<'p, T: ExecutionPlan>(plan: &'p Arc<dyn ExecutionPlan>, found: &mut Vec<&'p T>) {
    let any: &dyn Any = plan.as_ref();
    found.extend(any.downcast_ref::<T>());
    plan.children().into_iter().for_each(|child| find_all(child, found));
}

fn find<T: ExecutionPlan>(plan: &Arc<dyn ExecutionPlan>) -> Option<&T> {
    let any: &dyn Any = plan.as_ref();
    any.downcast_ref::<T>().or_else(|| plan.children().into_iter().find_map(find::<T>))
}
