//! `pose_frame(values, dim)`: a list of any length as the values of a frame.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use crate::error::data_err;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters, first_column};

/// The function `pose_frame`.
///
/// Casting does the same, but arrow 59 reads the wrong values where a list is a slice of a longer array
/// (<https://github.com/apache/arrow-rs/issues/10975>).
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "A list of any length as the values of a frame, all rows with the same number of them: what pose_windows \
                   and the functions of joints take as features. A list of another length is an error; a missing value \
                   stays NULL.",
    syntax_example = "pose_frame(values, dim)",
    sql_example = r#"```sql
> SELECT pose_frame(column1, 3) AS features FROM (VALUES ([0.5, 0.25, 0.9]), ([0.5, NULL, 0.1]));
+------------------+
| features         |
+------------------+
| [0.5, 0.25, 0.9] |
| [0.5, , 0.1]     |
+------------------+
```"#,
    argument(name = "values", description = "A list of numbers."),
    argument(name = "dim", description = "How many there are, the same for all rows.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseFrame;

impl ScalarFunction for PoseFrame {
    const PARAMETERS: Parameters =
        Parameters { function: "pose_frame", required: 2, kinds: &[("values", Kind::Features), ("dim", Kind::Whole)] };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let dim = match args.scalar_arguments.get(1) {
            Some(Some(ScalarValue::Int64(Some(dim)))) => i32::try_from(*dim).ok().filter(|dim| *dim > 0),
            _ => None,
        };
        let Some(dim) = dim else {
            return plan_err!("pose_frame: dim must be a literal, a whole number above 0, the same for all rows");
        };
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let nullable = args.arg_fields[0].is_nullable();
        Ok(Arc::new(Field::new("pose_frame", DataType::FixedSizeList(item, dim), nullable)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let DataType::FixedSizeList(item, size) = args.return_field.data_type() else {
            return internal_err!("pose_frame returns a fixed-size list");
        };
        let dim = *size as usize;
        let lists = first_column(&args.args, args.number_rows)?;
        let mut values = Vec::with_capacity(lists.len() * dim);
        let mut there = Vec::with_capacity(lists.len() * dim);
        for row in 0..lists.len() {
            let list = match lists.data_type() {
                _ if lists.is_null(row) => None,
                DataType::FixedSizeList(..) => Some(lists.as_fixed_size_list().value(row)),
                _ => Some(lists.as_list::<i32>().value(row)),
            };
            let Some(list) = list else {
                values.resize(values.len() + dim, 0.0);
                there.resize(there.len() + dim, false);
                continue;
            };
            if list.len() != dim {
                return Ok(data_err!(
                    "pose_frame: a list has {} values; expected {dim} in every row: filter such rows, or give the number that they have",
                    list.len()
                )?);
            }
            let list = list.as_primitive::<Float32Type>();
            values.extend_from_slice(list.values());
            there.extend((0..dim).map(|i| list.is_valid(i)));
        }
        let nulls = Some(NullBuffer::from(there)).filter(|nulls| nulls.null_count() > 0);
        let values = Arc::new(Float32Array::new(values.into(), nulls));
        Ok(Arc::new(FixedSizeListArray::try_new(Arc::clone(item), *size, values, lists.logical_nulls())?))
    }
}
