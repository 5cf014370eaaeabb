//! Row groups of Parquet in bytes.
//!
//! `datafusion.execution.parquet.max_row_group_bytes` bounds them where one thread writes a file. Where several do, which is the default, DataFusion 55 counts rows
//! alone: 1,048,576 windows of 30 frames with 7 values are 0.9 GB, held while they are written, and one piece of work for whoever reads them. So a COPY gets as many
//! rows as the bytes of its types allow.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::dml::CopyTo;

const OPTION: &str = "format.max_row_group_size";

/// Bytes of a text, a list, or what else has no width of its own: a guess, as nothing has been read yet.
const GUESS: usize = 32;

/// A COPY to Parquet whose row groups have no more bytes than the session allows; none where it has a number of rows of its own, and for every other plan.
pub fn bounded(plan: &LogicalPlan, options: &ConfigOptions) -> Option<LogicalPlan> {
    let LogicalPlan::Copy(copy) = plan else { return None };
    let parquet = &options.execution.parquet;
    let bytes = parquet.max_row_group_bytes?.get();
    let is_given = copy.options.keys().any(|name| name.to_lowercase().ends_with("max_row_group_size"));
    if is_given || !copy.file_type.get_ext().eq_ignore_ascii_case("parquet") {
        return None;
    }
    let of_a_row: usize = copy.input.schema().fields().iter().map(|field| width(field.data_type())).sum();
    let rows = (bytes / of_a_row.max(1)).max(1);
    if rows >= parquet.max_row_group_size {
        return None;
    }
    let mut options = copy.options.clone();
    options.insert(OPTION.to_owned(), rows.to_string());
    Some(LogicalPlan::Copy(CopyTo { options, ..copy.clone() }))
}

/// Bytes of a value of this type before it is encoded.
fn width(data_type: &DataType) -> usize {
    match data_type {
        DataType::FixedSizeList(item, size) => width(item.data_type()).saturating_mul((*size).max(0) as usize),
        DataType::Struct(fields) => fields.iter().map(|field| width(field.data_type())).sum(),
        DataType::FixedSizeBinary(size) => (*size).max(0) as usize,
        other => other.primitive_width().unwrap_or(GUESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_as_wide_as_their_values() {
        let item = std::sync::Arc::new(arrow::datatypes::Field::new_list_field(DataType::Float32, true));
        assert_eq!(width(&DataType::FixedSizeList(item, 210)), 840);
        assert_eq!((width(&DataType::Int64), width(&DataType::Utf8)), (8, GUESS));
    }

    #[tokio::test]
    async fn a_copy_of_windows_has_row_groups_of_a_bounded_size() {
        let session = crate::session().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let groups = async |set: &str, options: &str| {
            session.sql(set).await.unwrap().collect().await.unwrap();
            let path = folder.path().join("windows.parquet");
            let rows = "SELECT v AS video, f AS frame, 'walk' AS label, f + v AS x FROM range(0, 4) AS a(v) CROSS JOIN range(0, 1000) AS b(f)";
            let copy = format!(
                "COPY (SELECT features FROM pose_windows(({rows}), width => 100, stride => 1)) TO '{}' STORED AS PARQUET {options}",
                path.display()
            );
            session.sql(&copy).await.unwrap().collect().await.unwrap();
            let file = std::fs::File::open(path).unwrap();
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>()
        };
        // 3,604 windows of 400 bytes.
        assert_eq!(groups("SELECT 1", "").await, [3604]);
        let set = "SET datafusion.execution.parquet.max_row_group_bytes = 400000";
        assert_eq!(groups(set, "").await, [1000, 1000, 1000, 604]);
        assert_eq!(groups(set, "OPTIONS ('format.max_row_group_size' '3000')").await, [3000, 604]);
    }
}
