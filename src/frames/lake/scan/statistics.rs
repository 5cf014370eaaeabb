//! What files say of their values, in the types of the table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::physical_expr::LexOrdering;

/// Statistics of so many columns of files, all together, are kept for a plan; of more, none: they would take gigabytes.
pub const MOST: usize = 2_000_000;

/// The statistics of a file whose types are narrower than the table's, and of the values of its folders.
pub fn of_file(own: Statistics, file: &Schema, folders: &[ScalarValue]) -> Statistics {
    let mut all = own;
    for (column, field) in all.column_statistics.iter_mut().zip(file.fields()) {
        column.min_value = cast(&column.min_value, field.data_type());
        column.max_value = cast(&column.max_value, field.data_type());
        if column
            .sum_value
            .get_value()
            .is_some_and(|sum| !sum.data_type().is_numeric() || !field.data_type().is_numeric())
        {
            column.sum_value = Precision::Absent;
        }
    }
    let rows = all.num_rows;
    all.column_statistics.extend(folders.iter().map(|value| folder(value, rows)));
    all
}

fn cast(bound: &Precision<ScalarValue>, to: &DataType) -> Precision<ScalarValue> {
    let cast = |value: &ScalarValue| match value.data_type() == *to {
        true => Some(value.clone()),
        false => value.cast_to(to).ok().filter(|value| !value.is_null()),
    };
    match bound {
        Precision::Exact(value) => cast(value).map_or(Precision::Absent, Precision::Exact),
        Precision::Inexact(value) => cast(value).map_or(Precision::Absent, Precision::Inexact),
        Precision::Absent => Precision::Absent,
    }
}

/// A column that has the same value in all rows of a file.
fn folder(value: &ScalarValue, rows: Precision<usize>) -> ColumnStatistics {
    let mut column = ColumnStatistics::new_unknown();
    match value.is_null() {
        true => column.null_count = rows,
        false => {
            column.null_count = Precision::Exact(0);
            column.min_value = Precision::Exact(value.clone());
            column.max_value = Precision::Exact(value.clone());
            column.distinct_count = Precision::Exact(1);
        }
    }
    column
}

/// The groups with statistics of their own, and those of all.
///
/// # Errors
/// Statistics of different numbers of columns.
pub fn of_groups(groups: Vec<FileGroup>, schema: &Schema) -> Result<(Vec<FileGroup>, Statistics)> {
    let of = |group: &FileGroup| -> Result<Option<Statistics>> {
        let files: Option<Vec<&Statistics>> = group.iter().map(|file| file.statistics.as_deref()).collect();
        files.map(|files| Statistics::try_merge_iter(files, schema)).transpose()
    };
    let each = groups.iter().map(of).collect::<Result<Option<Vec<_>>>>()?;
    let Some(each) = each else { return Ok((groups, Statistics::new_unknown(schema))) };
    let all = Statistics::try_merge_iter(&each, schema)?;
    let told = groups.into_iter().zip(each).map(|(group, statistics)| group.with_statistics(Arc::new(statistics)));
    Ok((told.collect(), all))
}

/// The order that all files say they have: the longest beginning that is the same in each.
pub fn common_order(groups: &[FileGroup]) -> Option<LexOrdering> {
    let mut orders = groups.iter().flat_map(FileGroup::iter).map(|file| file.ordering.as_ref());
    let mut common = orders.next()??.iter().cloned().collect::<Vec<_>>();
    for order in orders {
        let same = common.iter().zip(order?.iter()).take_while(|(a, b)| *a == *b).count();
        common.truncate(same);
    }
    LexOrdering::new(common)
}
