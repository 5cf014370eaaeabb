//! `pose_tensor(values, width [, dim])`: windows that were made elsewhere, with their shape.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float32Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use crate::error::{self, data_err, query_err};
use crate::notes::shortened;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters, first_column};
use crate::scalar::lists::{Lists, fixed_size, item};
use crate::schema::{SHAPE, check_axes, feature_names, features_field, tensor_shape};

/// The function `pose_tensor`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The values of a window as `features` with their shape, [width, dim]: what training, pose_predict and the \
                   functions of windows take. For windows that pose_windows did not make, of NumPy, pandas or DuckDB, \
                   frame after frame; or a list of frames, each a list of values. A list of another length, and a missing \
                   value inside one, is an error.",
    syntax_example = "pose_tensor(values, width [, dim])",
    sql_example = r#"```sql
> SELECT pose_tensor([0.5, 0.25, 1.5, 1.25, 2.5, 2.25], 3, 2) AS features, pose_tensor([[0.5, 0.25], [1.5, 1.25]], 2, 2) AS nested;
+-----------------------------------+------------------------+
| features                          | nested                 |
+-----------------------------------+------------------------+
| [0.5, 0.25, 1.5, 1.25, 2.5, 2.25] | [0.5, 0.25, 1.5, 1.25] |
+-----------------------------------+------------------------+
```"#,
    argument(
        name = "values",
        description = "A list of numbers, frame after frame, or a list of such lists, one a frame."
    ),
    argument(name = "width", description = "Frames in a window, the same for all rows."),
    argument(
        name = "dim",
        description = "Values in a frame, the same for all rows; needed only where the type does not tell how many values a \
                       list has."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseTensor;

const NAME: &str = "pose_tensor";

impl ScalarFunction for PoseTensor {
    const PARAMETERS: Parameters = Parameters {
        function: NAME,
        required: 2,
        kinds: &[("values", Kind::Features), ("width", Kind::Whole), ("dim", Kind::Whole)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    /// Lists stay of the type that they are: reading them as they lie copies their values once.
    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let Some(values) = given.first().filter(|values| item(values).is_some()) else {
            return Self::PARAMETERS.coerce(given);
        };
        // A list of lists is checked by its inner ones.
        let inner = item(values).filter(|inner| item(inner).is_some()).unwrap_or(values);
        let checked: Vec<DataType> = [inner].into_iter().chain(&given[1..]).cloned().collect();
        let mut coerced = Self::PARAMETERS.coerce(&checked)?;
        coerced[0] = values.clone();
        Ok(coerced)
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let values = &args.arg_fields[0];
        let (width, dim) = shape(values, args.scalar_arguments)?;
        let names = Some(feature_names(values)).filter(|names| names.len() == dim).unwrap_or_default();
        let field = features_field(NAME, width, dim, &names);
        let mut metadata = values.metadata().clone();
        metadata.retain(|key, _| key != SHAPE && !key.starts_with("ARROW:extension:"));
        metadata.extend(field.metadata().clone());
        Ok(Arc::new(field.with_nullable(values.is_nullable()).with_metadata(metadata)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let (DataType::FixedSizeList(of, size), Some((width, dim))) =
            (args.return_field.data_type(), tensor_shape(&args.return_field))
        else {
            return internal_err!("pose_tensor returns a tensor");
        };
        let outer = Lists::new(&first_column(&args.args, args.number_rows)?)?;
        let mut windows = Windows { width, dim, values: vec![] };
        let nulls: NullBuffer = if item(outer.items.data_type()).is_some() {
            let frames = Lists::new(&outer.items)?;
            let numbers = frames.numbers()?;
            windows.reserve(outer.len(), numbers.len());
            let add = |row| windows.add_frames(row, outer.row(row), &frames, &numbers);
            (0..outer.len()).map(add).collect::<error::Result<Vec<bool>>>()?.into()
        } else {
            let numbers = outer.numbers()?;
            windows.reserve(outer.len(), numbers.len());
            let add = |row| windows.add(row, outer.row(row), &numbers);
            (0..outer.len()).map(add).collect::<error::Result<Vec<bool>>>()?.into()
        };
        let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
        let (values, rows) = (Arc::new(Float32Array::from(windows.values)), outer.len());
        Ok(Arc::new(FixedSizeListArray::try_new_with_length(Arc::clone(of), *size, values, nulls, rows)?))
    }
}

/// [width, dim] of what these arguments make of `values`.
fn shape(values: &Field, arguments: &[Option<&ScalarValue>]) -> error::Result<(usize, usize)> {
    check_axes(NAME, values)?;
    let Some(width) = arguments.get(1).copied().flatten().and_then(whole) else {
        return query_err!("{NAME}: width must be a literal, a whole number above 0, the same for all rows");
    };
    let given = match arguments.get(2) {
        None => None,
        Some(Some(dim)) if dim.is_null() => None,
        Some(dim) => match dim.and_then(whole) {
            None => return query_err!("{NAME}: dim must be a literal, a whole number above 0, the same for all rows"),
            dim => dim,
        },
    };
    let of = values.data_type();
    let told = match item(of).filter(|inner| item(inner).is_some()) {
        Some(frame) => {
            if let Some(frames) = fixed_size(of).filter(|frames| *frames != width) {
                return query_err!(
                    "{NAME}: values is a list of {frames} lists, one a frame; width must be {frames} (was {width})"
                );
            }
            fixed_size(frame)
        }
        None => match fixed_size(of) {
            Some(size) if size == 0 || size % width > 0 => {
                return query_err!("{NAME}: {size} values are not whole frames of a window of width {width}");
            }
            size => size.map(|size| size / width),
        },
    };
    let dim = match (told, given) {
        (Some(told), Some(given)) if told != given => {
            return query_err!(
                "{NAME}: dim must be {told}, as the type of values ({of}) tells with width {width} (was {given})"
            );
        }
        (None, None) => {
            return query_err!(
                "{NAME}: the type of values ({of}) does not tell how many there are; say how many a frame has, such as \
                 {NAME}(values, {width}, 6) for 6 of them"
            );
        }
        (told, given) => told.or(given).unwrap_or_default(),
    };
    match tensor_shape(values) {
        Some((w, d)) if (w, d) != (width, dim) => {
            query_err!(
                "{NAME}: the type of values says that they are windows [{w}, {d}]; [{width}, {dim}] is asked for"
            )
        }
        None if !names_fit(values, dim) => {
            let names = feature_names(values);
            query_err!(
                "{NAME}: [{width}, {dim}] has {dim} values in a frame, but the type of values names {} features ({}); give the width \
                 with which a frame has as many",
                names.len(),
                shortened(&names)
            )
        }
        _ if width.checked_mul(dim).is_none_or(|size| size == 0 || i32::try_from(size).is_err()) => {
            query_err!("{NAME}: width times dim must be in 1..={} (was {width} times {dim})", i32::MAX)
        }
        _ => Ok((width, dim)),
    }
}

/// Whether a field names no features, or as many as a frame has values.
fn names_fit(values: &Field, dim: usize) -> bool {
    [0, dim].contains(&feature_names(values).len())
}

/// A literal above 0; None of anything else.
fn whole(literal: &ScalarValue) -> Option<usize> {
    match literal {
        ScalarValue::Int64(Some(whole)) => usize::try_from(*whole).ok().filter(|whole| *whole > 0),
        _ => None,
    }
}

/// Windows [width, dim] on their way to a column.
struct Windows {
    width: usize,
    dim: usize,
    values: Vec<f32>,
}

impl Windows {
    /// Makes room for so many rows, but for no more values than are there: a width may be a slip of the pen.
    fn reserve(&mut self, rows: usize, values: usize) {
        self.values.reserve(values.min(rows.saturating_mul(self.width * self.dim)));
    }

    /// Adds a row whose values lie one behind the other; false if it is NULL.
    fn add(&mut self, row: usize, of: Option<std::ops::Range<usize>>, numbers: &Float32Array) -> error::Result<bool> {
        let (width, dim) = (self.width, self.dim);
        let Some(of) = of else { return Ok(self.add_null()) };
        if of.len() != width * dim {
            return data_err!(
                "{NAME}: row {row} of the batch has {} values; expected {} ([{width}, {dim}]) in every row: filter such rows, or \
                 give the shape that they have",
                of.len(),
                width * dim
            );
        }
        self.check(row, 0, of.clone(), numbers)?;
        self.values.extend_from_slice(&numbers.values()[of]);
        Ok(true)
    }

    /// Adds a row whose frames are lists; false if it is NULL.
    fn add_frames(
        &mut self,
        row: usize,
        of: Option<std::ops::Range<usize>>,
        frames: &Lists,
        numbers: &Float32Array,
    ) -> error::Result<bool> {
        let (width, dim) = (self.width, self.dim);
        let Some(of) = of else { return Ok(self.add_null()) };
        if of.len() != width {
            return data_err!(
                "{NAME}: row {row} of the batch has {} lists, one a frame; expected {width} in every row: filter such rows, or \
                 give the width that they have",
                of.len()
            );
        }
        for (frame, place) in of.enumerate() {
            match frames.row(place) {
                Some(values) if values.len() == dim => {
                    self.check(row, frame, values.clone(), numbers)?;
                    self.values.extend_from_slice(&numbers.values()[values]);
                }
                values => {
                    let was = values.map_or("is NULL".to_owned(), |values| format!("has {} values", values.len()));
                    return data_err!(
                        "{NAME}: frame {frame} of row {row} of the batch {was}; expected {dim} values in every frame: filter \
                         such rows, or give the number that they have"
                    );
                }
            }
        }
        Ok(true)
    }

    fn add_null(&mut self) -> bool {
        self.values.resize(self.values.len() + self.width * self.dim, 0.0);
        false
    }

    /// Refuses a missing value: a tensor has none.
    fn check(&self, row: usize, frame: usize, of: std::ops::Range<usize>, numbers: &Float32Array) -> error::Result<()> {
        if numbers.null_count() == 0 {
            return Ok(());
        }
        let first = of.start;
        match of.clone().find(|place| numbers.is_null(*place)).map(|place| place - first) {
            None => Ok(()),
            Some(place) => data_err!(
                "{NAME}: row {row} of the batch has a NULL at [{}, {}]; a tensor holds none: fill it before, or filter such rows",
                frame + place / self.dim,
                place % self.dim
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::scalar::{examples, udf};

    #[tokio::test]
    async fn the_example_prints_what_it_says() {
        let session = SessionContext::new();
        session.register_udf(udf(PoseTensor));
        examples::check(&session, PoseTensor.documentation()).await;
    }

    #[tokio::test]
    async fn the_shape_travels_with_the_field() {
        let session = SessionContext::new();
        session.register_udf(udf(PoseTensor));
        for (sql, shape) in [
            ("SELECT pose_tensor([1, 2, 3, 4, 5, 6], 3, 2) AS f", (3, 2)),
            ("SELECT pose_tensor(arrow_cast([1, 2, 3, 4, 5, 6], 'FixedSizeList(6, Int8)'), 2) AS f", (2, 3)),
            ("SELECT pose_tensor(arrow_cast([1, 2, 3, 4], 'LargeList(Float64)'), 4, 1) AS f", (4, 1)),
            ("SELECT pose_tensor(pose_tensor([1, 2, 3, 4, 5, 6], 3, 2), 3) AS f", (3, 2)),
            ("SELECT pose_tensor(NULL, 3, 2) AS f", (3, 2)),
        ] {
            let frame = session.sql(sql).await.unwrap();
            assert_eq!(tensor_shape(frame.schema().as_arrow().field(0)), Some(shape), "{sql}");
            let batches = frame.collect().await.unwrap();
            assert_eq!(tensor_shape(batches[0].schema().field(0)), Some(shape), "{sql}");
        }
    }
}
