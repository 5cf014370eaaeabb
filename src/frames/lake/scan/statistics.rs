//! What files say of their values, in the types of the table.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileGroup;

use super::alike::Shape;
use super::fit::holds;

/// Statistics of so many columns of files, all together, are kept for a plan; of more, none: they would take gigabytes.
pub const MOST: usize = 2_000_000;

/// The statistics of a file for the columns that the table has of its files, and for those of its folders.
///
/// `own` are those of the file's own columns, in their own types: asked for the types of the table, DataFusion says without an error that a bound of another type is NULL.
pub fn of_file(own: &Statistics, shape: &Shape, table: &Schema, folders: &[ScalarValue]) -> Statistics {
    let rows = own.num_rows;
    let column = |(field, place): (&FieldRef, &Option<usize>)| match place {
        Some(place) => in_type(&own.column_statistics[*place], shape.own.field(*place).data_type(), field.data_type()),
        None => ColumnStatistics::new_unknown().with_null_count(rows),
    };
    let files = table.fields().iter().zip(&shape.places).map(column);
    let column_statistics = files.chain(folders.iter().map(|value| folder(value, rows))).collect();
    Statistics { num_rows: rows, total_byte_size: own.total_byte_size, column_statistics }
}

/// The statistics of a column of one type, read as another.
fn in_type(own: &ColumnStatistics, from: &DataType, to: &DataType) -> ColumnStatistics {
    // Without a count of NULL, a part of the file says nothing of the column: the bounds of the others are not those of all.
    let is_known = keeps_order(from, to) && own.null_count.is_exact() == Some(true);
    let bound = |bound| if is_known { cast(bound, to) } else { Precision::Absent };
    ColumnStatistics {
        null_count: own.null_count,
        min_value: bound(&own.min_value),
        max_value: bound(&own.max_value),
        sum_value: Precision::Absent,
        distinct_count: if is_known { own.distinct_count } else { Precision::Absent },
        byte_size: if from == to { own.byte_size } else { Precision::Absent },
    }
}

/// Whether the least and the greatest of the values are so after the cast, too, and the cast changes no value. Bounds of floats are those of what is not NaN, which only
/// rules for columns of floats know: they are never those of another type.
fn keeps_order(from: &DataType, to: &DataType) -> bool {
    from == to || holds(to, from) && !from.is_floating() && !to.is_floating()
}

/// A bound that is NULL says nothing.
fn cast(bound: &Precision<ScalarValue>, to: &DataType) -> Precision<ScalarValue> {
    let cast = |value: &ScalarValue| match value.data_type() == *to {
        true => Some(value.clone()),
        false => value.cast_to(to).ok(),
    };
    let known = |value: &ScalarValue| cast(value).filter(|value| !value.is_null());
    match bound {
        Precision::Exact(value) => known(value).map_or(Precision::Absent, Precision::Exact),
        Precision::Inexact(value) => known(value).map_or(Precision::Absent, Precision::Inexact),
        Precision::Absent => Precision::Absent,
    }
}

/// A column that has the same value in all rows of a file. Where there may be none, it has no value.
fn folder(value: &ScalarValue, rows: Precision<usize>) -> ColumnStatistics {
    let column = ColumnStatistics::new_unknown();
    match (value.is_null(), rows) {
        (true, _) => column.with_null_count(rows),
        (false, Precision::Exact(1..)) => ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: Precision::Exact(value.clone()),
            max_value: Precision::Exact(value.clone()),
            distinct_count: Precision::Exact(1),
            ..column
        },
        (false, _) => column.with_null_count(Precision::Exact(0)),
    }
}

/// The files without bounds of those of the `ordered` columns, by their places, that hold NULL: bounds leave NULL out, and DataFusion concludes from them that files
/// which do not overlap lie in order one behind the other, with a NULL in the middle.
pub fn without_bounds_beside_null(mut files: Vec<PartitionedFile>, ordered: &BTreeSet<usize>) -> Vec<PartitionedFile> {
    for file in &mut files {
        let Some(statistics) = &mut file.statistics else { continue };
        let holds_null = |place: &&usize| statistics.column_statistics[**place].null_count != Precision::Exact(0);
        let places: Vec<usize> = ordered.iter().filter(holds_null).copied().collect();
        if !places.is_empty() {
            let columns = &mut Arc::make_mut(statistics).column_statistics;
            for place in places {
                (columns[place].min_value, columns[place].max_value) = (Precision::Absent, Precision::Absent);
            }
        }
    }
    files
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

#[cfg(test)]
mod tests {
    use DataType::*;
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn column(min: ScalarValue, nulls: Precision<usize>) -> ColumnStatistics {
        ColumnStatistics::new_unknown().with_min_value(Precision::Exact(min)).with_null_count(nulls)
    }

    fn min(value: ScalarValue, to: &DataType) -> Precision<ScalarValue> {
        let from = value.data_type();
        in_type(&column(value, Precision::Exact(0)), &from, to).min_value
    }

    #[test]
    fn bounds_are_cast_where_that_keeps_them() {
        assert_eq!(min(ScalarValue::from(7i32), &Int64), Precision::Exact(ScalarValue::from(7i64)));
        let texts = Precision::Exact(ScalarValue::Utf8View(Some("a".to_owned())));
        assert_eq!(min(ScalarValue::from("a"), &Utf8View), texts);
        let (us, ns) = (TimeUnit::Microsecond, TimeUnit::Nanosecond);
        let time = ScalarValue::TimestampMicrosecond(Some(5), None);
        let finer = ScalarValue::TimestampNanosecond(Some(5000), None);
        assert_eq!(min(time, &Timestamp(ns, None)), Precision::Exact(finer));
        let day = ScalarValue::TimestampMicrosecond(Some(86_400_000_000), None);
        assert_eq!(min(ScalarValue::Date32(Some(1)), &Timestamp(us, None)), Precision::Exact(day));
        // i64::MAX seconds are beyond what nanoseconds hold.
        assert_eq!(min(ScalarValue::TimestampSecond(Some(i64::MAX), None), &Timestamp(ns, None)), Precision::Absent);
    }

    #[test]
    fn bounds_that_a_cast_changes_or_that_leave_nan_out_are_unknown() {
        for (value, to) in [
            (ScalarValue::from(7.0f64), Int64),
            (ScalarValue::from(7i64), Float64),
            (ScalarValue::from(7i64), Utf8View),
            (ScalarValue::from("7"), Int64),
            (ScalarValue::from(7i64), Int32),
        ] {
            assert_eq!(min(value.clone(), &to), Precision::Absent, "{value:?} {to}");
        }
    }

    #[test]
    fn bounds_of_a_part_are_unknown() {
        let part = column(ScalarValue::from(7i64), Precision::Inexact(0));
        assert_eq!(in_type(&part, &Int64, &Int64).min_value, Precision::Absent);
        let null = column(ScalarValue::Int64(None), Precision::Exact(3));
        assert_eq!(in_type(&null, &Int64, &Int64).min_value, Precision::Absent);
    }

    #[test]
    fn a_folder_without_rows_has_no_value() {
        let value = ScalarValue::from("a");
        assert_eq!(folder(&value, Precision::Exact(2)).max_value, Precision::Exact(value.clone()));
        for rows in [Precision::Exact(0), Precision::Inexact(2), Precision::Absent] {
            assert_eq!(folder(&value, rows).max_value, Precision::Absent);
        }
        assert_eq!(folder(&ScalarValue::Utf8(None), Precision::Exact(2)).null_count, Precision::Exact(2));
    }
}
