//! What a window function of a series is: a kernel over the rows of a recording, between its gaps.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, WindowUDF, WindowUDFImpl};
use datafusion::physical_expr::expressions::Literal;

use super::stretches::Stretches;
use crate::error::{self, data_err, query_err};
use crate::scalar::arguments::{Parameters, field_with_nulls};
use crate::scalar::features::Features;

/// Writes a series of as many values, for values and their times; what is missing is a NaN.
pub(super) type Kernel = Box<dyn Fn(&[f64], &[f64], &mut [f64]) + Send>;

/// A function of a series, `pose_velocity(x, t [, max_gap]) OVER (PARTITION BY video ORDER BY frame)`.
pub(super) trait SeriesFunction: Debug + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// Its SQL name and arguments: x; whole numbers that the kernel takes; t; max_gap.
    const PARAMETERS: Parameters;

    /// What `#[user_doc]` wrote: `self.doc()`.
    fn documentation(&self) -> Option<&Documentation>;

    /// The kernel for these whole numbers.
    ///
    /// # Errors
    /// Numbers that are out of range.
    fn kernel(&self, numbers: &[i64]) -> error::Result<Kernel>;
}

/// A width, which has to be odd, so that it has a middle.
pub(super) fn odd(function: &str, width: i64) -> error::Result<usize> {
    match usize::try_from(width) {
        Ok(odd) if odd % 2 == 1 => Ok(odd),
        _ => query_err!("{function}: width must be an odd number >= 1 (was {width})"),
    }
}

/// The function as DataFusion knows it.
pub(super) fn udwf<F: SeriesFunction>(function: F) -> WindowUDF {
    Adapter { function, signature: F::PARAMETERS.signature() }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Adapter<F> {
    function: F,
    signature: Signature,
}

impl<F: SeriesFunction> Adapter<F> {
    const NAME: &str = F::PARAMETERS.function;
    /// The place of t: x is before it, and max_gap behind.
    const TIME: usize = F::PARAMETERS.kinds.len() - 2;

    fn numbers(&self, args: &PartitionEvaluatorArgs) -> Result<Vec<i64>> {
        let numbers = (1..Self::TIME).map(|place| match literal(args, place) {
            Some(ScalarValue::Int64(Some(number))) => Ok(*number),
            _ => plan_err!("{}: {} must be a literal whole number", Self::NAME, F::PARAMETERS.kinds[place].0),
        });
        numbers.collect()
    }

    fn max_gap(&self, args: &PartitionEvaluatorArgs) -> Result<Option<f64>> {
        let place = Self::TIME + 1;
        match (args.input_exprs().get(place), literal(args, place)) {
            (None, _) | (_, Some(ScalarValue::Float64(None))) => Ok(None),
            (_, Some(ScalarValue::Float64(Some(gap)))) if *gap > 0.0 => Ok(Some(*gap)),
            (_, Some(gap)) => plan_err!("{}: max_gap must be a number above 0 (was {gap})", Self::NAME),
            (Some(_), None) => plan_err!("{}: max_gap must be a literal number", Self::NAME),
        }
    }
}

/// The value of an argument that is a literal.
fn literal<'a>(args: &PartitionEvaluatorArgs<'a>, place: usize) -> Option<&'a ScalarValue> {
    args.input_exprs().get(place)?.downcast_ref::<Literal>().map(Literal::value)
}

impl<F: SeriesFunction> WindowUDFImpl for Adapter<F> {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        F::PARAMETERS.coerce(given)
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        match args.input_fields().first().map(|x| x.data_type()) {
            Some(DataType::Float64) => Ok(Arc::new(Field::new(args.name(), DataType::Float64, true))),
            _ => field_with_nulls(args.name(), args.input_fields()),
        }
    }

    fn partition_evaluator(&self, args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        let numbers = self.numbers(&args)?;
        Ok(Box::new(Evaluator {
            function: Self::NAME,
            kernel: self.function.kernel(&numbers)?,
            time: Self::TIME,
            max_gap: self.max_gap(&args)?,
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

struct Evaluator {
    function: &'static str,
    kernel: Kernel,
    time: usize,
    max_gap: Option<f64>,
}

impl Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.function)
    }
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let stretches = match arguments.get(self.time) {
            Some(times) => Stretches::new(self.function, times, self.max_gap)?,
            None => Stretches::without_times(rows),
        };
        let x = &arguments[0];
        Ok(match x.as_primitive_opt::<Float64Type>() {
            Some(x) => self.numbers(x, &stretches),
            None => self.features(&Features::new(x)?, &stretches)?,
        })
    }
}

impl Evaluator {
    /// Calls the kernel for each stretch of a series: `value` is that of a row, and `write` gets a row and its new value.
    fn each(&self, cut: &Stretches, value: impl Fn(usize) -> f64, mut write: impl FnMut(usize, f64)) {
        let values: Vec<f64> = cut.rows.iter().map(|row| value(*row)).collect();
        let mut new = vec![f64::NAN; values.len()];
        for stretch in cut.stretches.iter().cloned() {
            (self.kernel)(&values[stretch.clone()], &cut.times[stretch.clone()], &mut new[stretch]);
        }
        cut.rows.iter().zip(new).for_each(|(row, x)| write(*row, x));
    }

    fn numbers(&self, x: &Float64Array, stretches: &Stretches) -> ArrayRef {
        let mut new: Vec<Option<f64>> = vec![None; x.len()];
        let value = |row| if x.is_valid(row) { x.value(row) } else { f64::NAN };
        self.each(stretches, value, |row, x| new[row] = Some(x).filter(|x| !x.is_nan()));
        Arc::new(Float64Array::from(new))
    }

    /// Each place of the lists is a series of its own.
    fn features(&self, x: &Features, stretches: &Stretches) -> error::Result<ArrayRef> {
        let rows: Vec<Option<&[f32]>> = (0..x.rows()).map(|row| x.row(row)).collect();
        let dim = rows.iter().flatten().next().map_or(0, |row| row.len());
        if let Some(other) = rows.iter().flatten().find(|row| row.len() != dim) {
            let function = self.function;
            return data_err!(
                "{function}: x has {dim} values in one row and {} in another of a partition",
                other.len()
            );
        }
        let mut new = vec![f32::NAN; rows.len() * dim];
        for place in 0..dim {
            let value = |row: usize| rows[row].map_or(f64::NAN, |values| f64::from(values[place]));
            self.each(stretches, value, |row, x| new[row * dim + place] = x as f32);
        }
        let mut timed = vec![false; rows.len()];
        stretches.rows.iter().for_each(|row| timed[*row] = true);
        x.map_or_null(|row, _, values| {
            values.copy_from_slice(&new[row * dim..][..dim]);
            Ok(timed[row])
        })
    }
}
