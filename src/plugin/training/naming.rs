//! Names for windows that have none, and the order of the names.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field};
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::{cast, col};
use datafusion::physical_expr::{LexOrdering, LexRequirement, PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;

use crate::frames::sorting::exec::SortedExec;
use crate::schema::{FEATURES, WINDOW_ID};
use crate::train::cells::append;

/// The plan with a column `window_id`, made from the content of the window where it has none, and ordered by it; and the requirement that it is.
/// The sort is ours: DataFusion's, in several partitions, holds rows twice and may be refused memory while it merges.
pub fn by_window(
    input: Arc<dyn ExecutionPlan>,
    session: &dyn Session,
) -> Result<(Arc<dyn ExecutionPlan>, LexRequirement)> {
    let schema = input.schema();
    let input = if schema.column_with_name(WINDOW_ID).is_some() {
        input
    } else {
        let columns = schema.fields().iter().map(|field| Ok((col(field.name(), &schema)?, field.name().clone())));
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        let udf = Arc::new(ScalarUDF::from(ContentName::new()));
        let field = Arc::new(Field::new(WINDOW_ID, DataType::Utf8, false));
        let options = Arc::new(session.config_options().clone());
        let arguments = vec![col(FEATURES, &schema)?];
        let name = ScalarFunctionExpr::new(udf.name(), Arc::clone(&udf), arguments, field, options);
        columns.push((Arc::new(name) as Arc<dyn PhysicalExpr>, WINDOW_ID.to_owned()));
        Arc::new(ProjectionExec::try_new(columns, input)?)
    };
    let (schema, name) = (input.schema(), col(WINDOW_ID, &input.schema())?);
    // Numbers are ordered as texts, too.
    let name = match name.data_type(&schema)? {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => name,
        _ => cast(name, &schema, DataType::Utf8)?,
    };
    match LexOrdering::new([PhysicalSortExpr::new_default(name)]) {
        Some(ordering) => Ok((SortedExec::over(input, ordering.clone())?, ordering.into())),
        None => internal_err!("an order by one column is an order"),
    }
}

/// BLAKE3 of a window's values as little-endian f32.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ContentName {
    signature: Signature,
}

impl ContentName {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ContentName {
    fn name(&self) -> &str {
        "content_name"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let features = arguments.args[0].to_array(arguments.number_rows)?;
        let mut values = vec![];
        let names = (0..features.len()).map(|row| {
            values.clear();
            // What cannot be read is refused with its reason when it is trained on.
            let _ = append(&features, row, &mut values);
            let bytes: Vec<u8> = values.iter().flat_map(|v: &f32| v.to_le_bytes()).collect();
            Some(blake3::hash(&bytes).to_hex().to_string())
        });
        let names: ArrayRef = Arc::new(names.collect::<StringArray>());
        Ok(ColumnarValue::Array(names))
    }
}
