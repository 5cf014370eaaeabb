//! Rows as a table for people. A window of 100 x 6 values is no use on a screen: long lists are shortened. Nothing in a value or a name steers the terminal.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::util::display::{
    ArrayFormatter, ArrayFormatterFactory, DisplayIndex, FormatOptions, FormatResult,
};
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;

use crate::shown::{in_cell, in_line};

/// Lists of more values than this show their ends and their length.
const SHOWN: usize = 8;

/// The table and a line end; the names alone when there are no rows.
pub(super) fn text(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let options = FormatOptions::new().with_null("NULL").with_formatter_factory(Some(&ShortLists));
    let fields = schema.fields().iter().map(|field| Field::new(in_line(field.name()), DataType::Utf8, false));
    let shown = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let texts = batches.iter().map(|batch| {
        let columns = batch.columns().iter().map(|column| texts(column, &options)).collect::<Result<_, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&shown), columns, &rows)
    });
    let mut texts = texts.collect::<Result<Vec<_>, ArrowError>>()?;
    if texts.is_empty() {
        texts.push(RecordBatch::new_empty(shown));
    }
    Ok(format!("{}\n", pretty_format_batches_with_options(&texts, &FormatOptions::new())?))
}

/// The values of a column as they are shown.
fn texts(column: &ArrayRef, options: &FormatOptions<'_>) -> Result<ArrayRef, ArrowError> {
    let formatter = match ShortLists.create_array_formatter(column.as_ref(), options, None)? {
        Some(formatter) => formatter,
        None => ArrayFormatter::try_new(column.as_ref(), options)?,
    };
    let texts = (0..column.len()).map(|row| {
        let text = formatter.value(row).to_string();
        // A value without anything to escape is taken as it is.
        match in_cell(&text) {
            Cow::Owned(escaped) => escaped,
            Cow::Borrowed(_) => text,
        }
    });
    Ok(Arc::new(StringArray::from_iter_values(texts)))
}

#[derive(Debug)]
struct ShortLists;

impl ArrayFormatterFactory for ShortLists {
    fn create_array_formatter<'f>(
        &self,
        array: &'f dyn Array,
        options: &FormatOptions<'f>,
        _field: Option<&'f Field>,
    ) -> Result<Option<ArrayFormatter<'f>>, ArrowError> {
        let is_list = matches!(array.data_type(), DataType::List(_) | DataType::FixedSizeList(_, _));
        Ok(is_list
            .then(|| ArrayFormatter::new(Box::new(ShortList { array, options: options.clone() }), options.safe())))
    }
}

struct ShortList<'f> {
    array: &'f dyn Array,
    options: FormatOptions<'f>,
}

impl ShortList<'_> {
    fn values(&self, row: usize) -> ArrayRef {
        match self.array.data_type() {
            DataType::FixedSizeList(_, _) => self.array.as_fixed_size_list().value(row),
            _ => self.array.as_list::<i32>().value(row),
        }
    }
}

impl DisplayIndex for ShortList<'_> {
    fn write(&self, row: usize, f: &mut dyn std::fmt::Write) -> FormatResult {
        if self.array.is_null(row) {
            return Ok(f.write_str("NULL")?);
        }
        let values = self.values(row);
        let formatter = ArrayFormatter::try_new(values.as_ref(), &self.options)?;
        let n = values.len();
        let cut = n > SHOWN;
        f.write_char('[')?;
        for i in (0..n).filter(|i| !cut || *i < 3 || *i == n - 1) {
            if i > 0 {
                f.write_str(", ")?;
            }
            if cut && i == n - 1 {
                f.write_str("..., ")?;
            }
            formatter.value(i).write(f)?;
        }
        f.write_char(']')?;
        if cut {
            write!(f, " ({n})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{FixedSizeListArray, Float32Array, Int64Array, ListArray, StructArray};
    use datafusion::arrow::datatypes::{Float32Type, Int64Type};

    use super::*;

    fn table(column: ArrayRef) -> String {
        let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
        text(&batch.schema(), &[batch]).unwrap()
    }

    #[test]
    fn short_lists_are_shown_whole() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        let text = table(Arc::new(lists));
        assert!(
            text.contains("| [1, NULL] |") && text.contains("| NULL      |") && text.contains("| []        |"),
            "{text}"
        );
    }

    #[test]
    fn long_lists_show_their_ends_and_length() {
        let row = Some((0..600).map(|i| Some(i as f32)).collect::<Vec<_>>());
        let lists = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>([row], 600);
        assert!(table(Arc::new(lists)).contains("| [0.0, 1.0, 2.0, ..., 599.0] (600) |"));
    }

    #[test]
    fn a_result_without_rows_shows_its_columns() {
        let batch =
            RecordBatch::try_from_iter([("a", Arc::new(Float32Array::from(vec![0f32; 0])) as ArrayRef)]).unwrap();
        assert_eq!(text(&batch.schema(), &[]).unwrap(), "+---+\n| a |\n+---+\n+---+\n");
    }

    #[test]
    fn nothing_in_a_value_or_a_name_steers_the_terminal() {
        let hostile = Arc::new(StringArray::from(vec!["\x1b[2J\x07", "a\tb\nc\u{202e}d"])) as ArrayRef;
        let inside =
            Arc::new(StructArray::from(vec![(Arc::new(Field::new("f", DataType::Utf8, true)), Arc::clone(&hostile))]))
                as ArrayRef;
        let batch = RecordBatch::try_from_iter([("n\x1b\n", hostile), ("s", inside)]).unwrap();
        let lines = [
            r"+---------------+---------------------+",
            r"| n\x1b\n       | s                   |",
            r"+---------------+---------------------+",
            r"| \x1b[2J\x07   | {f: \x1b[2J\x07}    |",
            r"| a\tb          | {f: a\tb            |",
            r"| c\u{202e}d    | c\u{202e}d}         |",
            r"+---------------+---------------------+",
        ];
        let shown = text(&batch.schema(), &[batch]).unwrap();
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('-', "");
        assert_eq!(squeezed(&shown), squeezed(&lines.join("\n")), "{shown}");
    }

    #[test]
    fn plain_values_are_arrow_s() {
        assert!(table(Arc::new(Int64Array::from(vec![Some(7), None]))).contains("| 7    |\n| NULL |"));
    }
}
