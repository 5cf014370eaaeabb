//! `pose_speed(features, factor [, width])`: the same movement, faster or slower.

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::datatypes::FieldRef;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::speed::resample;
use crate::error::{self, query_err};
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, STATE_SHAPE, field_like_first, first_column, shape_of};
use crate::scalar::features::Features;

/// The function `pose_speed`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Plays a window at another speed: frame t is read at t * factor, linearly between the frames around \
                   it; past the end the last frame is repeated. Next to a missing value the result is NULL.",
    syntax_example = "pose_speed(features, factor [, width])",
    sql_example = r#"```sql
> SELECT pose_speed([0.0, 1.0, 4.0, 9.0], 1.5, 4) AS faster, pose_speed([0.0, 1.0, 4.0, 9.0], 0.5, 4) AS slower;
+----------------------+----------------------+
| faster               | slower               |
+----------------------+----------------------+
| [0.0, 2.5, 9.0, 9.0] | [0.0, 0.5, 1.0, 2.5] |
+----------------------+----------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "factor", description = "How many times as fast, above 0; 1 changes nothing."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseSpeed;

impl ScalarFunction for PoseSpeed {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_speed",
        required: 2,
        kinds: &[("features", Kind::Features), ("factor", Kind::Number), ("width", Kind::Whole)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        if args.arg_fields.len() == 2 && shape_of(args.arg_fields).is_none() {
            return plan_err!(
                "pose_speed: the type of features does not tell its frames; give their number as width, or say below {STATE_SHAPE}"
            );
        }
        field_like_first(Self::PARAMETERS.function, args.arg_fields)
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let factor = Argument::<Float64Array>::new(&args.args[1])?;
        let width = args.args.get(2).map(Argument::<Int64Array>::new).transpose()?;
        let shape = shape_of(&args.arg_fields);
        let features = Features::new(&first_column(&args.args, args.number_rows)?)?;
        let resampled = features.map(|row, old, new| {
            let given = width.as_ref().map(|width| width.at(row));
            let (Some(factor), Some(width)) = (factor.at(row), given.unwrap_or(shape.map(|(width, _)| width as i64)))
            else {
                return Ok(false);
            };
            check(old.len(), factor, width)?;
            let width = width as usize;
            resample(old, old.len() / width, width, factor, &[], new);
            Ok(true)
        })?;
        Ok(resampled)
    }
}

fn check(values: usize, factor: f64, width: i64) -> error::Result<()> {
    if !(factor.is_finite() && factor > 0.0) {
        return query_err!("pose_speed: factor must be a number above 0 (was {factor})");
    }
    if width < 1 || !(values as u64).is_multiple_of(width as u64) {
        return query_err!("pose_speed: {values} values are not whole frames of a window of width {width}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::augment::sql::{column, message, printed, session, windows};

    #[tokio::test]
    async fn speed_1_is_the_same_window_with_the_same_shape() {
        let session = session(2, 5, windows());
        let sql = "SELECT pose_speed(features, 1.0) AS features FROM windows ORDER BY n";
        let field = session.sql(sql).await.unwrap().schema().as_arrow().field(0).clone();
        assert_eq!(field, *windows().schema().field(2), "the tensor's shape rides along");
        assert_eq!(&column(&session, sql).await, windows().column(2));
    }

    #[tokio::test]
    async fn null_in_null_out() {
        let sql =
            "SELECT pose_speed([0.0, NULL, 4.0, 6.0], 0.5, 4), pose_speed(NULL, 1.0, 2), pose_speed([1.0], NULL, 1),
                   pose_speed([1.0], 2.0, NULL), pose_speed(make_array(), 2.0, 3)";
        assert_eq!(printed(sql).await, "[0.0, , , ] |  |  |  | []");
    }

    #[tokio::test]
    async fn a_wrong_argument_is_named() {
        for (arguments, expected) in [
            ("[1.0, 2.0], 0.0, 2", "factor must be a number above 0 (was 0)"),
            ("[1.0, 2.0], 2.0", "give their number as width"),
            ("[1.0, 2.0], 2.0, 0", "not whole frames of a window of width 0"),
            ("[1.0, 2.0, 3.0], 2.0, 2", "3 values are not whole frames of a window of width 2"),
            ("[1.0, 2.0], 2.0, 1.5", "width must be a whole number (was of type Float64)"),
        ] {
            let message = message(&format!("SELECT pose_speed({arguments})")).await;
            assert!(message.contains(expected), "{arguments}: {message}");
        }
    }
}
