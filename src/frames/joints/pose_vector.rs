//! `pose_vector(value, ...)`: columns become features.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Float32Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};
use crate::schema::features_type;

/// The function `pose_vector`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The values as features: a FixedSizeList of Float32, as the functions of poses take it. NULL stays \
                   NULL inside it; the list itself is never NULL.",
    syntax_example = "pose_vector(value, ...)",
    sql_example = r#"```sql
> SELECT pose_vector(x, y, 2) AS features FROM (VALUES (0.5, 1.5), (NULL, 3.0)) AS t(x, y);
+-----------------+
| features        |
+-----------------+
| [0.5, 1.5, 2.0] |
| [, 3.0, 2.0]    |
+-----------------+
```"#,
    argument(name = "value", description = "A number; as many as you like.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseVector;

impl ScalarFunction for PoseVector {
    const PARAMETERS: Parameters =
        Parameters { function: "pose_vector", required: 1, kinds: &[("value", Kind::Number)] };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        if given.is_empty() {
            return plan_err!("pose_vector takes (value, ...), at least one; got none");
        }
        let numbers = given.iter().enumerate().map(|(place, given)| {
            if given.is_numeric() || *given == DataType::Null {
                Ok(DataType::Float32)
            } else {
                plan_err!("pose_vector: value {} must be a number (was of type {given})", place + 1)
            }
        });
        numbers.collect()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let data_type = features_type(1, args.arg_fields.len());
        Ok(Arc::new(arrow::datatypes::Field::new(Self::PARAMETERS.function, data_type, false)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let rows = args.number_rows;
        let columns = args.args.iter().map(|value| Ok(cast(&value.to_array(rows)?, &DataType::Float32)?));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let columns: Vec<_> = columns.iter().map(|column| column.as_primitive::<Float32Type>()).collect();
        let values = (0..rows).flat_map(|row| columns.iter().map(move |column| (column, row)));
        let values: Float32Array = values.map(|(c, row)| c.is_valid(row).then(|| c.value(row))).collect();
        let DataType::FixedSizeList(item, size) = features_type(1, columns.len()) else {
            return plan_err!("pose_vector makes a list");
        };
        Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, size, Arc::new(values), None, rows)?))
    }
}
