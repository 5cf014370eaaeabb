//! `pose_velocity(x, t [, max_gap]) OVER (...)`: how fast a value changes.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::series::{Kernel, SeriesFunction};
use super::velocity::velocity;
use crate::error::Result;
use crate::scalar::arguments::{Kind, Parameters};

/// The window function `pose_velocity`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The velocity of each row: the derivative of x by t over the rows of the partition, which t must order. \
                   Inside it is that of the parabola through a row and its two neighbours (numpy.gradient), at the ends \
                   the slope to the only neighbour. A list has a velocity for each of its values. Missing values and \
                   gaps are ends, and NULL is what has no neighbour. A NaN counts as missing.",
    syntax_example = "pose_velocity(x, t [, max_gap]) OVER (PARTITION BY video ORDER BY frame)",
    sql_example = r#"```sql
> SELECT frame, pose_velocity(x, frame) OVER (ORDER BY frame) AS per_frame,
         pose_velocity(x, frame / 4.0, max_gap => 0.25) OVER (ORDER BY frame) AS per_second
  FROM (VALUES (0, 1.0), (1, 1.5), (2, 3.0), (7, 3.0)) AS t(frame, x);
+-------+-----------+------------+
| frame | per_frame | per_second |
+-------+-----------+------------+
| 0     | 0.5       | 2.0        |
| 1     | 1.0       | 4.0        |
| 2     | 1.5       | 6.0        |
| 7     |           |            |
+-------+-----------+------------+
```"#,
    argument(name = "x", description = "A number, or a list of numbers such as features."),
    argument(name = "t", description = "The number of the frame or its time; the velocity is that per 1 of t."),
    argument(
        name = "max_gap",
        description = "The largest step of t that is no gap; 1 if not given and t is a whole number, else any."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseVelocity;

impl SeriesFunction for PoseVelocity {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_velocity",
        required: 2,
        kinds: &[("x", Kind::Series), ("t", Kind::Time), ("max_gap", Kind::Number)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn kernel(&self, _: &[i64]) -> Result<Kernel> {
        Ok(Box::new(velocity))
    }
}
