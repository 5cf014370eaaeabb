//! `pose_savgol(x, width, order [, t [, max_gap]]) OVER (...)`: a series without its jitter.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::savgol::SavitzkyGolay;
use super::series::{Kernel, SeriesFunction, odd};
use crate::error::{Result, query_err};
use crate::scalar::arguments::{Kind, Parameters};

/// The widest window: the filter holds a weight for each pair of its places.
const WIDEST: usize = 1001;

/// The window function `pose_savgol`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The filter of Savitzky and Golay: each row of the partition has the value of the polynomial that fits \
                   the rows around it best, near the ends and gaps that of the first or last full window \
                   (scipy.signal.savgol_filter). Rows count as evenly spaced. Missing values are ends, too, and stay \
                   missing: NULL; between ends that are closer than a window nothing changes. A list is smoothed for \
                   each of its values. A NaN counts as missing.",
    syntax_example = "pose_savgol(x, width, order [, t [, max_gap]]) OVER (PARTITION BY video ORDER BY frame)",
    sql_example = r#"```sql
> SELECT frame, round(pose_savgol(x, 3, 1, frame) OVER (ORDER BY frame), 3) AS smooth
  FROM (VALUES (0, 1.0), (1, 4.0), (2, 1.0), (3, 1.0), (7, 9.0)) AS t(frame, x);
+-------+--------+
| frame | smooth |
+-------+--------+
| 0     | 2.0    |
| 1     | 2.0    |
| 2     | 2.0    |
| 3     | 0.5    |
| 7     | 9.0    |
+-------+--------+
```"#,
    argument(name = "x", description = "A number, or a list of numbers such as features."),
    argument(
        name = "width",
        description = "How many rows, an odd number up to 1001: as many before a row as behind it."
    ),
    argument(name = "order", description = "The order of the polynomial, at least 0 and less than width."),
    argument(
        name = "t",
        description = "The number of the frame or its time, which tells gaps; without it there are none."
    ),
    argument(
        name = "max_gap",
        description = "The largest step of t that is no gap; 1 if not given and t is a whole number, else any."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseSavgol;

impl SeriesFunction for PoseSavgol {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_savgol",
        required: 3,
        kinds: &[
            ("x", Kind::Series),
            ("width", Kind::Whole),
            ("order", Kind::Whole),
            ("t", Kind::Time),
            ("max_gap", Kind::Number),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn kernel(&self, numbers: &[i64]) -> Result<Kernel> {
        let function = Self::PARAMETERS.function;
        let width = odd(function, numbers[0])?;
        if width > WIDEST {
            return query_err!("{function}: width must be at most {WIDEST} (was {width})");
        }
        let filter = match usize::try_from(numbers[1]) {
            Ok(order) if order < width => SavitzkyGolay::new(width, order),
            _ => {
                return query_err!(
                    "{function}: order must be at least 0 and less than the width of {width} (was {})",
                    numbers[1]
                );
            }
        };
        Ok(Box::new(move |values, _, smoothed| filter.smooth(values, smoothed)))
    }
}
