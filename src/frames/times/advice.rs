//! What to write where frames are to be ordered by a column that is no number of a frame.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};

use super::is_time;
use crate::schema::{TIME, sql_name, sql_names};

/// What to write instead of a column of this type as the order of frames.
pub fn way_out(function: &str, by: &[String], order_by: &str, data_type: &DataType) -> String {
    let (ways, column) = (ways(function, by, order_by), sql_name(order_by));
    if is_time(data_type) {
        return format!("this is a time: {ways}");
    }
    if data_type.is_floating() || data_type.is_decimal() {
        return format!(
            "if it is a time, {ways}; if it is a whole number, cast it: CAST({column} AS BIGINT) AS {column}"
        );
    }
    format!("cast it: CAST({column} AS BIGINT) AS {column}")
}

/// The two ways to order frames by a column of times.
fn ways(function: &str, by: &[String], time: &str) -> String {
    let rate = match ["pose_windows", "pose_window_stats", "pose_resample", "pose_timeline"].contains(&function) {
        true => format!("hz => 25, time => '{time}'"),
        false => format!("FROM pose_resample((SELECT ...), hz => 25, time => '{time}')"),
    };
    let (by, column) = (sql_names(by), sql_name(time));
    format!(
        "read the frames in its order at an even rate, {rate}, or number them, row_number() OVER (PARTITION BY {by} ORDER BY {column}) \
         AS frame"
    )
}

/// What to write where no column numbers the frames, but one tells their times; nothing where none does.
pub fn without_numbers(function: &str, by: &[String], schema: &Schema) -> String {
    let tells =
        |field: &&Arc<Field>| is_time(field.data_type()) || (field.name() == TIME && field.data_type().is_numeric());
    match schema.fields().iter().find(tells) {
        Some(field) => {
            let time = field.name();
            format!("; there is '{time}': {}", ways(function, by, time))
        }
        None => String::new(),
    }
}
