//! `pose_noise(features, sigma, seed, key)`: a normal number added to each value.

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use datafusion::common::{Result, utils::take_function_args};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::noise::add_noise;
use crate::error::{self, query_err};
use crate::random::Stream;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, first_column};
use crate::scalar::features::Features;

/// The function `pose_noise`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Adds a normal number, N(0, sigma²), to each value. The numbers come from the seed and the key alone: \
                   the same row gets the same noise in any batch, partition or order. A missing value stays NULL.",
    syntax_example = "pose_noise(features, sigma, seed, key)",
    sql_example = r#"```sql
> SELECT pose_noise([0.0, 10.0, NULL], 0.5, 7, 'video1:0') AS noisy;
+---------------------------+
| noisy                     |
+---------------------------+
| [-0.17889346, 9.612084, ] |
+---------------------------+
```"#,
    argument(name = "features", description = "The values of a window or frame."),
    argument(name = "sigma", description = "Standard deviation of the noise, in the unit of the values, at least 0."),
    argument(name = "seed", description = "A whole number: other seeds, other noise."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other noise.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseNoise;

impl ScalarFunction for PoseNoise {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_noise",
        required: 4,
        kinds: &[("features", Kind::Features), ("sigma", Kind::Number), ("seed", Kind::Whole), ("key", Kind::Key)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let [_, sigma, seed, key] = take_function_args(Self::PARAMETERS.function, &args.args)?;
        let (sigma, seed, key) = (
            Argument::<Float64Array>::new(sigma)?,
            Argument::<Int64Array>::new(seed)?,
            Argument::<StringArray>::new(key)?,
        );
        let features = Features::new(&first_column(&args.args, args.number_rows)?)?;
        let noisy = features.map(|row, old, new| {
            let (Some(sigma), Some(seed), Some(key)) = (sigma.at(row), seed.at(row), key.at(row)) else {
                return Ok(false);
            };
            check(sigma)?;
            new.copy_from_slice(old);
            add_noise(new, sigma, &[1.0], &mut Stream::new(seed as u64, &["pose_noise", key]));
            Ok(true)
        })?;
        Ok(noisy)
    }
}

fn check(sigma: f64) -> error::Result<()> {
    if sigma.is_finite() && sigma >= 0.0 {
        return Ok(());
    }
    query_err!("pose_noise: sigma must be a number of at least 0 (was {sigma})")
}

#[cfg(test)]
mod tests {
    use crate::augment::sql::{column, message, printed, session, windows};

    #[tokio::test]
    async fn noise_belongs_to_its_key_whatever_the_batches() {
        let sql = "SELECT pose_noise(features, 0.5, 7, window_id) FROM windows ORDER BY n";
        let whole = column(&session(1, 8192, windows()), sql).await;
        for (partitions, batch) in [(1, 1), (3, 2), (16, 1)] {
            assert_eq!(&column(&session(partitions, batch, windows()), sql).await, &whole);
        }
        let reseeded = column(&session(1, 8192, windows()), &sql.replace("7,", "8,")).await;
        assert_ne!(&reseeded, &whole);
    }

    #[tokio::test]
    async fn sigma_may_be_a_column_and_0_changes_nothing() {
        let sql =
            "SELECT pose_noise(features, n - n, 7, window_id) = features AS same, count(*) FROM windows GROUP BY 1";
        assert_eq!(printed(sql).await, "true | 12");
    }

    #[tokio::test]
    async fn null_in_null_out() {
        let sql = "SELECT pose_noise([1.0, NULL], 0.0, 7, 'k'), pose_noise(NULL, 0.1, 7, 'k'), pose_noise([1.0], NULL, 7, 'k'),
                   pose_noise([1.0], 0.1, 7, NULL), pose_noise(make_array(), 0.1, 7, 'k')";
        assert_eq!(printed(sql).await, "[1.0, ] |  |  |  | []");
        assert_eq!(printed("SELECT pose_noise(features, 1, 7, n) FROM windows WHERE n < 0").await, "");
    }

    #[tokio::test]
    async fn a_wrong_argument_is_named() {
        for (arguments, expected) in [
            ("[1.0], -0.5, 7, 'k'", "sigma must be a number of at least 0 (was -0.5)"),
            ("[1.0], 'much', 7, 'k'", "sigma must be a number (was of type Utf8)"),
            ("1.0, 0.1, 7, 'k'", "features must be a list of numbers (was of type Float64)"),
            ("[1.0], 0.1, 7", "pose_noise takes (features, sigma, seed, key); got 3 arguments"),
            ("[1.0], 0.1, seeds => 7, key => 'k'", "Unknown parameter name 'seeds'"),
        ] {
            let message = message(&format!("SELECT pose_noise({arguments})")).await;
            assert!(message.contains(expected), "{arguments}: {message}");
        }
    }
}
