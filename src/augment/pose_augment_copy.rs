//! `pose_augment_copy(features, valid_len, window_id, copy, scale, policy, seed, mirror, names)`: a copy by a policy.
//!
//! The scalar under `pose_augment`, which calls it for each row of its plan.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, Int64Array, ListArray, StringArray, StringBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type};
use datafusion::common::{Result, internal_err, plan_err, utils::take_function_args};
use datafusion::logical_expr::{ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::columns::Columns;
use super::frame::Frame;
use super::policy::{Policy, Source};
use crate::error::{self, Error, data_err};
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{
    Argument, Kind, Parameters, STATE_SHAPE, field_like_first, first_column, literal_text, literal_texts, shape_of,
};
use crate::scalar::features::Features;
use crate::schema::{FEATURES, OPERATIONS};

/// The function `pose_augment_copy`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Makes a copy of a window by a policy, as pose_augment does for each row. Returns a struct of the \
                   features and of the operations with their drawn parameters; copy 0 is the original, unchanged.",
    syntax_example = "pose_augment_copy(features, valid_len, window_id, copy, scale, policy, seed, mirror, names)",
    sql_example = r#"```sql
> SELECT pose_augment_copy([1.0, 2.0, 3.0, 4.0], 2, 'w', 1, NULL, 'speed(0.5)', 7, NULL, ['ax', 'ay']) AS copy;
+----------------------------------------------------------+
| copy                                                     |
+----------------------------------------------------------+
| {features: [1.0, 2.0, 2.0, 3.0], operations: speed(0.5)} |
+----------------------------------------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "valid_len", description = "How many of its frames were recorded; all, if NULL."),
    argument(name = "window_id", description = "The name of the window, to which its random numbers belong."),
    argument(name = "copy", description = "The number of the copy; 0 for the original."),
    argument(
        name = "scale",
        description = "The unit of the noise of each feature, as from pose_feature_std; 1, if NULL."
    ),
    argument(name = "policy", description = "Operations, such as 'noise(0.02), speed(0.8, 1.25), mirror@0.5'."),
    argument(name = "seed", description = "A whole number: other seeds, other copies."),
    argument(name = "mirror", description = "The spec of pose_mirror; NULL where nothing is mirrored."),
    argument(
        name = "names",
        description = "The names of the features; may be NULL where the type tells their number."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseAugmentCopy {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseAugmentCopy {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_augment_copy",
        required: 9,
        kinds: &[
            ("features", Kind::Features),
            ("valid_len", Kind::Whole),
            ("window_id", Kind::Key),
            ("copy", Kind::Whole),
            ("scale", Kind::Numbers),
            ("policy", Kind::Text),
            ("seed", Kind::Whole),
            ("mirror", Kind::Text),
            ("names", Kind::Texts),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let features = field_like_first(FEATURES, &args.arg_fields[..1])?;
        let operations = Arc::new(Field::new(OPERATIONS, DataType::Utf8, false));
        let fields = DataType::Struct(Fields::from(vec![features, operations]));
        // What is literal is read here, so that a wrong policy is an error of the plan.
        let literal = |i: usize| args.scalar_arguments[i].cloned().map(ColumnarValue::Scalar);
        if let (Some(policy), Some(mirror), Some(names)) = (literal(5), literal(7), literal(8)) {
            Recipe::read(&policy, &mirror, &names, shape_of(args.arg_fields), &self.skeletons)?;
        }
        Ok(Arc::new(Field::new(Self::PARAMETERS.function, fields, false)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let [_, valid_len, window_id, copy, scale, policy, seed, mirror, names] =
            take_function_args(Self::PARAMETERS.function, &args.args)?;
        let Recipe { policy, dim } = Recipe::read(policy, mirror, names, shape_of(&args.arg_fields), &self.skeletons)?;
        let (valid_len, window_id, copy, scale, seed) = (
            Argument::<Int64Array>::new(valid_len)?,
            Argument::<StringArray>::new(window_id)?,
            Argument::<Int64Array>::new(copy)?,
            Argument::<ListArray>::new(scale)?,
            Argument::<Int64Array>::new(seed)?,
        );
        let features = Features::new(&first_column(&args.args, args.number_rows)?)?;
        let mut operations = StringBuilder::new();
        let (mut spare, mut units) = (vec![], vec![]);
        let copies = features.map(|row, window, copied| {
            // Rows without features are not asked for.
            (operations.len()..row).for_each(|_| operations.append_value(""));
            let (Some(window_id), Some(copy), Some(seed)) = (window_id.at(row), copy.at(row), seed.at(row)) else {
                return data_err!("pose_augment_copy: window_id, copy and seed must not be NULL");
            };
            if copy == 0 {
                copied.copy_from_slice(window);
            } else {
                let valid_len = valid_frames(window.len(), dim, valid_len.at(row), window_id)?;
                read_units(&scale, row, dim, &mut units)?;
                let source = Source { window, valid_len, window_id, copy, seed: seed as u64 };
                let written = policy.apply(&source, dim, &units, copied, &mut spare, &mut operations);
                written.map_err(|e| Error::Internal(e.to_string()))?;
            }
            operations.append_value("");
            Ok(true)
        })?;
        (operations.len()..features.rows()).for_each(|_| operations.append_value(""));
        let DataType::Struct(fields) = args.return_field.data_type() else {
            return internal_err!("pose_augment_copy returns a struct");
        };
        let columns: Vec<ArrayRef> = vec![copies, Arc::new(operations.finish())];
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
    }
}

/// What is the same for all rows.
struct Recipe {
    policy: Policy,
    dim: usize,
}

impl Recipe {
    fn read(
        policy: &ColumnarValue,
        mirror: &ColumnarValue,
        names: &ColumnarValue,
        shape: Option<(usize, usize)>,
        skeletons: &Skeletons,
    ) -> Result<Self> {
        let function = PoseAugmentCopy::PARAMETERS.function;
        let names = literal_texts(function, "names", names)?;
        let dim = match shape {
            Some((_, dim)) => dim,
            None if names.is_empty() => {
                return plan_err!(
                    "{function}: the type of features does not tell their shape; give their names, or say below {STATE_SHAPE}"
                );
            }
            None => names.len(),
        };
        let Some(policy) = literal_text(function, "policy", policy)? else {
            return plan_err!("{function}: policy must be a text (was NULL)");
        };
        let mirror = literal_text(function, "mirror", mirror)?;
        let frame = Frame::new(Columns::new(dim, &names)?, mirror, skeletons)?;
        Ok(Self { policy: Policy::parse(policy, &frame)?, dim })
    }
}

/// The recorded frames of a window.
fn valid_frames(values: usize, dim: usize, valid_len: Option<i64>, window_id: &str) -> error::Result<usize> {
    let width = values / dim;
    if width * dim != values {
        return data_err!("window '{window_id}' has {values} values, not whole frames of {dim} features");
    }
    match usize::try_from(valid_len.unwrap_or(width as i64)) {
        Ok(valid) if valid <= width => Ok(valid),
        _ => data_err!("window '{window_id}': valid_len must be in 0..{width} (was {})", valid_len.unwrap_or_default()),
    }
}

/// The unit of the noise of each feature: 1 if the scale is NULL, 0 for a feature that has no value and so no unit.
fn read_units(scale: &Argument<ListArray>, row: usize, dim: usize, units: &mut Vec<f64>) -> error::Result<()> {
    units.clear();
    let Some((list, row)) = scale.place(row) else {
        units.push(1.0);
        return Ok(());
    };
    let (offsets, values) = (list.value_offsets(), list.values().as_primitive::<Float64Type>());
    let range = offsets[row] as usize..offsets[row + 1] as usize;
    units.extend(range.map(|i| if values.is_valid(i) { values.value(i) } else { 0.0 }));
    if units.len() != dim {
        return data_err!("pose_augment_copy: scale has {} numbers for {dim} features", units.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::augment::sql::{column, message, printed, session, windows};

    fn copies(policy: &str) -> String {
        format!(
            "SELECT pose_augment_copy(features, 3, window_id, copy, [0.5, 2.0], '{policy}', 7, '0:-1', NULL) AS c
             FROM windows CROSS JOIN (VALUES (0), (1), (2)) AS copies(copy) ORDER BY n, copy"
        )
    }

    #[tokio::test]
    async fn copies_are_the_same_for_any_partitioning() {
        let sql = copies("noise(0.02), speed(0.8, 1.25), mirror@0.5");
        let whole = column(&session(1, 8192, windows()), &sql).await;
        for (partitions, batch) in [(1, 1), (2, 5), (16, 1)] {
            assert_eq!(&column(&session(partitions, batch, windows()), &sql).await, &whole);
        }
    }

    #[tokio::test]
    async fn copy_0_is_the_original_and_the_shape_rides_along() {
        let sql = format!("SELECT c['features'] AS features FROM ({}) WHERE c['operations'] = ''", copies("mirror"));
        let session = session(2, 5, windows());
        let field = session.sql(&sql).await.unwrap().schema().as_arrow().field(0).clone();
        assert_eq!(field, *windows().schema().field(2));
        let count = format!("SELECT count(*) FROM ({sql} INTERSECT SELECT features FROM windows)");
        assert_eq!(printed(&count).await, "12");
    }

    #[tokio::test]
    async fn padding_and_missing_values_stay() {
        let sql =
            "SELECT pose_augment_copy([0.0, 2.0, NULL, NULL], 2, 'w', 1, NULL, 'speed(0.5), mirror', 7, 'x:-1', ['x']),
                   pose_augment_copy(NULL, 2, 'w', 1, NULL, 'mirror', 7, 'x:-1', ['x'])";
        let expected =
            "{features: [-0.0, -1.0, -1.0, -1.0], operations: speed(0.5) | mirror} | {features: , operations: }";
        assert_eq!(printed(sql).await, expected);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        for (arguments, expected) in [
            ("1, 'w', 1, NULL, 'nois(1)', 7, NULL, ['x']", "did you mean 'noise'"),
            ("1, 'w', 1, NULL, 'mirror', 7, NULL, ['x']", "give a skeleton"),
            ("1, 'w', 1, NULL, 'mirror', 7, 'y:-1', ['x']", "unknown feature 'y'"),
            ("1, 'w', 1, NULL, 'noise(1)', 7, NULL, NULL", "give their names"),
            ("1, 'w', 1, [1, 2], 'noise(1)', 7, NULL, ['x']", "scale has 2 numbers for 1 features"),
            ("2, 'w', 1, NULL, 'noise(1)', 7, NULL, ['x']", "valid_len must be in 0..1 (was 2)"),
            ("1, NULL, 1, NULL, 'noise(1)', 7, NULL, ['x']", "must not be NULL"),
        ] {
            let message = message(&format!("SELECT pose_augment_copy([1.0], {arguments})")).await;
            assert!(message.contains(expected), "{arguments}: {message}");
        }
    }
}
