//! `pose_mirror(features, spec [, names])`: left becomes right.

use arrow::array::{ArrayRef, StringArray};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::columns::Columns;
use super::mirror::Mirror;
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, first_column};
use crate::scalar::features::Features;
use crate::scalar::frames::Frames;

/// The function `pose_mirror`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Mirrors each frame, so that left becomes right. A skeleton (any of the table pose_skeletons, such as body25) \
                   swaps left and right joints with their scores and turns x round: x' = -x; `body25:fraction` for \
                   x' = 1 - x and `body25:1920` for x' = 1920 - x. Other sensors name what changes: \
                   `ax:-1, wy:-1, wz:-1` changes signs, `left_x<->right_x` swaps, `left_x<->right_x:1920-x` does both. \
                   A missing joint stays NULL. Mirrored twice, signs and swaps give every bit back; width - x does so \
                   for whole pixels and their 1/4096, and for other x but for rounding.",
    syntax_example = "pose_mirror(features, spec [, names])",
    sql_example = r#"```sql
> SELECT pose_mirror([0.5, 1.0, -0.25], 'ax:-1, az:-1', ['ax', 'ay', 'az']) AS mirrored;
+-------------------+
| mirrored          |
+-------------------+
| [-0.5, 1.0, 0.25] |
+-------------------+
```"#,
    argument(name = "features", description = "The values of a window or of one frame."),
    argument(name = "spec", description = "A skeleton, or the features that change, by name or by number from 0."),
    argument(
        name = "names",
        description = "The names of the features of a frame; or only the number of frames. Needed for windows whose \
                       type does not tell their shape, as that of pose_windows does, and to call features by name."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseMirror {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseMirror {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_mirror",
        required: 2,
        kinds: &[("features", Kind::Features), ("spec", Kind::Text), ("names", Kind::TextsOrWhole)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let spec = Argument::<StringArray>::new(&args.args[1])?;
        let frames = Frames::new(Self::PARAMETERS.function, args, 2)?;
        let features = Features::new(&first_column(&args.args, args.number_rows)?)?;
        let mut latest: Option<(&str, usize, Mirror)> = None;
        let mirrored = features.map(|row, old, new| {
            let Some(spec) = spec.at(row) else { return Ok(false) };
            let Some(dim) = frames.dim(row, old.len())? else { return Ok(false) };
            // One plan serves all rows of the same spec, which is mostly all.
            if !matches!(&latest, Some((known, of, _)) if *known == spec && *of == dim) {
                latest = Some((spec, dim, Mirror::parse(spec, &Columns::new(dim, &frames.names)?, &self.skeletons)?));
            }
            if let Some((.., mirror)) = &latest {
                mirror.apply(old, new);
            }
            Ok(true)
        })?;
        Ok(mirrored)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use crate::augment::sql::{column, message, printed, session, windows};

    #[tokio::test]
    async fn mirrored_twice_is_the_same_pose_with_its_missing_joints() {
        let session = session(2, 1000, windows());
        let poses = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/poses.parquet");
        session.register_parquet("poses", poses, Default::default()).await.unwrap();
        let rows = "FROM poses ORDER BY video, frame";
        let once = column(&session, &format!("SELECT pose_mirror(features, 'body25') {rows}")).await;
        let sql = format!("SELECT pose_mirror(pose_mirror(features, 'body25'), 'body25') {rows}");
        let (twice, poses) = (column(&session, &sql).await, column(&session, &format!("SELECT features {rows}")).await);
        assert_eq!(&twice, &poses);
        assert_ne!(&once, &poses);
        assert_eq!(poses.len(), 10_681);
    }

    #[tokio::test]
    async fn a_left_class_lands_near_its_right_twin() {
        let session = session(2, 1000, windows());
        let poses = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/poses.parquet");
        session.register_parquet("poses", poses, Default::default()).await.unwrap();
        // Height of the left wrist minus that of the right one; y points up.
        let lifted = |features: &str, class: &str| {
            format!("SELECT avg({features}[16] - {features}[10]) > 0 FROM poses WHERE label = 'Stand_{class}ArmRaised'")
        };
        for (features, class, expected) in [
            ("features", "Left", true),
            ("features", "Right", false),
            ("pose_mirror(features, 'body25')", "Left", false),
            ("pose_mirror(features, 'body25')", "Right", true),
        ] {
            let lifted = column(&session, &lifted(features, class)).await;
            assert_eq!(arrow::array::AsArray::as_boolean(&lifted).value(0), expected, "{features} of {class}");
        }
    }

    #[tokio::test]
    async fn a_frame_is_known_by_its_type_its_names_or_the_width() {
        let windows = "SELECT pose_mirror(features, '0:-1')[3] = -features[3], count(*) FROM windows GROUP BY 1";
        assert_eq!(printed(windows).await, "true | 12");
        let sql = "SELECT pose_mirror([1, 2, 3, 4], 'b:-1', ['a', 'b']), pose_mirror([1, 2, 3, 4], '0<->1', 2),
                   pose_mirror([1, 2, 3, 4], '3:-1')";
        assert_eq!(printed(sql).await, "[1.0, -2.0, 3.0, -4.0] | [2.0, 1.0, 4.0, 3.0] | [1.0, 2.0, 3.0, -4.0]");
    }

    #[tokio::test]
    async fn the_spec_may_be_a_column() {
        let sql = "SELECT pose_mirror([100.0], '0:' || w || '-x') FROM (VALUES (640), (640), (1920), (NULL)) AS t(w)";
        assert_eq!(printed(sql).await, "[540.0]\n[540.0]\n[1820.0]\n");
    }

    #[tokio::test]
    async fn null_in_null_out() {
        let sql =
            "SELECT pose_mirror([1.0, NULL, 3.0], '0<->1:-1'), pose_mirror(NULL, 'body25'), pose_mirror([1.0], NULL)";
        assert_eq!(printed(sql).await, "[, -1.0, 3.0] |  |");
    }

    #[tokio::test]
    async fn a_wrong_argument_is_named() {
        for (arguments, expected) in [
            ("[1.0], 'body52'", "did you mean 'body25'"),
            ("[1.0], 'body25'", "25 joints"),
            ("[1.0], 'ax:-1'", "pass the names"),
            ("[1.0], 'ac:-1', ['ax']", "did you mean 'ax'"),
            ("[1.0, 2.0, 3.0], 'ax:-1', ['ax', 'ay']", "not whole frames of the 2 features"),
            ("[1.0, 2.0, 3.0], '0:-1', 2", "not whole frames of a window of width 2"),
            ("[1.0], 7", "spec must be a text (was of type Int64)"),
        ] {
            let message = message(&format!("SELECT pose_mirror({arguments})")).await;
            assert!(message.contains(expected), "{arguments}: {message}");
        }
    }
}
