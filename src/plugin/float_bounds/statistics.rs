//! The first rule: bounds and sums of float columns are unknown.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

use super::{change_scans, holds_floats};

/// Takes the bounds and sums of float columns from the statistics of every scan of Parquet, its groups and files.
///
/// It stands before DataFusion's rules, the first of which answers `min(x)` from statistics.
#[derive(Debug)]
pub struct FloatStatistics;

impl PhysicalOptimizerRule for FloatStatistics {
    fn name(&self) -> &str {
        "float_statistics"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        change_scans(plan, |config, source| {
            let schema = source.table_schema().table_schema();
            schema.fields().iter().any(|field| holds_floats(field.data_type())).then(|| without(config, schema))
        })
    }
}

fn without(config: &FileScanConfig, schema: &Schema) -> FileScanConfig {
    // The getter marks statistics as inexact where the scan has a filter already. A plan that was not optimized has none.
    let statistics = unknown(&config.statistics(), schema);
    let groups = config.file_groups.iter().map(|group| group_without(group, schema)).collect();
    FileScanConfigBuilder::from(config.clone()).with_statistics(statistics).with_file_groups(groups).build()
}

fn group_without(group: &FileGroup, schema: &Schema) -> FileGroup {
    let files = group.iter().cloned().map(|mut file| {
        file.statistics = file.statistics.map(|statistics| Arc::new(unknown(&statistics, schema)));
        file
    });
    let changed = FileGroup::new(files.collect());
    match group.file_statistics(None) {
        Some(statistics) => changed.with_statistics(Arc::new(unknown(statistics, schema))),
        None => changed,
    }
}

/// The statistics without what Parquet cannot know of floats. Counts of rows and of NULLs stay: NaN is a value to them.
fn unknown(statistics: &Statistics, schema: &Schema) -> Statistics {
    let mut statistics = statistics.clone();
    for (place, column) in statistics.column_statistics.iter_mut().enumerate() {
        if schema.fields().get(place).is_none_or(|field| holds_floats(field.data_type())) {
            column.min_value = Precision::Absent;
            column.max_value = Precision::Absent;
            column.sum_value = Precision::Absent;
        }
    }
    statistics
}
