//! What a scalar function is: parameters, documentation, the field of its result, and its rows over a batch.

pub mod arguments;
#[cfg(test)]
pub mod examples;
pub mod features;
pub mod frames;
pub mod lists;

use std::fmt::Debug;
use std::hash::Hash;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use arguments::{Parameters, field_like_first};

/// A function of the values of one row: `pose_noise(features, sigma, seed, key)`.
pub trait ScalarFunction: Debug + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// Its SQL name, and what its arguments are called and have to be.
    const PARAMETERS: Parameters;

    /// Whether the same arguments always give the same result; not so where something is looked up.
    const VOLATILITY: Volatility = Volatility::Immutable;

    /// What `#[user_doc]` wrote: `self.doc()`.
    fn documentation(&self) -> Option<&Documentation>;

    /// The types that arguments of these types are cast to; by default those of the parameters.
    ///
    /// # Errors
    /// Arguments that are no such parameters.
    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        Self::PARAMETERS.coerce(given)
    }

    /// The field of the result; by default that of the first argument.
    ///
    /// # Errors
    /// Arguments that are wrong in every row.
    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        field_like_first(Self::PARAMETERS.function, args.arg_fields)
    }

    /// The column of results for a batch.
    ///
    /// # Errors
    /// Arguments that are wrong in one row.
    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef>;
}

/// The function as DataFusion knows it.
pub fn udf<F: ScalarFunction>(function: F) -> ScalarUDF {
    let signature = Signature { volatility: F::VOLATILITY, ..F::PARAMETERS.signature() };
    Adapter { function, signature }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Adapter<F> {
    function: F,
    signature: Signature,
}

impl<F: ScalarFunction> ScalarUDFImpl for Adapter<F> {
    fn name(&self) -> &str {
        F::PARAMETERS.function
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        F::coerce(given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is called instead")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.function.result(&args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.function.rows(&args).map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}
