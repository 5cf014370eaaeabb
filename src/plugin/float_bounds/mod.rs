//! What Parquet says of a column of floats is not believed: its least and greatest value are those of the values that are not NaN.
//!
//! A file whose column holds NaN, NaN, 5 says "from 5 to 5, no NULL" (<https://github.com/apache/datafusion/issues/15812>). DataFusion concludes that
//! the column is 5 throughout, that `x <> 5` finds nothing and that `ORDER BY x DESC LIMIT 1` is 5, though NaN sorts above it.
//! Two rules, around those of DataFusion, take from every scan of Parquet what cannot be concluded:
//!
//! * [`statistics`] runs first: bounds and sums of float columns are unknown. No literal, no `min(x)`, no file left out, no sort saved is made of them.
//! * [`predicate`] runs last: row groups and pages are left out by those conditions on floats alone that no NaN meets.
//!
//! They add no node to a plan, and go away once Parquet files and DataFusion count NaN (<https://github.com/apache/datafusion/pull/24804>).

pub mod predicate;
pub mod statistics;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;

use crate::frames::lake::scan::named::NamedSource;

/// Adds both rules to a list, each at its place.
pub fn add(optimizer: &mut PhysicalOptimizer) {
    optimizer.rules.insert(0, Arc::new(statistics::FloatStatistics));
    optimizer.rules.push(Arc::new(predicate::FloatPredicate));
}

/// The plan with every scan of Parquet replaced by what `change` makes of it; `None` leaves it as it is.
fn change_scans(
    plan: Arc<dyn ExecutionPlan>,
    change: impl Fn(&FileScanConfig, &ParquetSource) -> Option<FileScanConfig>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let changed = node.downcast_ref::<DataSourceExec>().and_then(|scan| changed(scan, &change));
        Ok(match changed {
            Some(config) => Transformed::yes(DataSourceExec::from_data_source(config) as Arc<dyn ExecutionPlan>),
            None => Transformed::no(node),
        })
    })
    .data()
}

/// The scan of Parquet as it is changed, also where its source stands inside of one of ours, which it then stays in.
fn changed(
    scan: &DataSourceExec,
    change: impl Fn(&FileScanConfig, &ParquetSource) -> Option<FileScanConfig>,
) -> Option<FileScanConfig> {
    let Some((config, named)) = scan.downcast_to_file_source::<NamedSource>() else {
        let (config, source) = scan.downcast_to_file_source::<ParquetSource>()?;
        return change(config, source);
    };
    let changed = change(config, named.inner().downcast_ref::<ParquetSource>()?)?;
    let source = changed.file_source();
    match source.downcast_ref::<NamedSource>() {
        Some(_) => Some(changed),
        None => {
            let source = named.with(Arc::clone(source));
            Some(FileScanConfigBuilder::from(changed).with_source(source).build())
        }
    }
}

/// Whether values of the type are, or hold, floats.
fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => true,
        DataType::Dictionary(_, values) => holds_floats(values),
        DataType::RunEndEncoded(_, values) => holds_floats(values.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_floats(field.data_type())),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_floats(item.data_type()),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| holds_floats(field.data_type())),
        _ => false,
    }
}
