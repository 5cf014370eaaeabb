//! How windows were cut from frames: what a model needs to be asked about frames themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The arguments of the `pose_windows` below a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The columns that name a recording.
    pub by: Vec<String>,
    /// The column of frame numbers.
    pub order_by: String,
    /// The columns of the values of a frame: one a feature, or a single one of lists.
    pub features: Vec<String>,
    /// Whether `features` is one column of lists.
    pub is_list: bool,
    /// The units of those columns of which they were told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, String>,
    /// Largest difference of frame numbers inside a window.
    pub max_gap: i64,
    /// Frames in a window.
    pub width: usize,
    /// Frames from one window's start to the next.
    pub stride: usize,
    /// `drop`, `pad` or `loop`.
    pub short: String,
    /// `refuse`, `keep`, `zero`, `carry` or `interpolate`.
    pub nulls: String,
    /// The longest run of frames that is filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fill: Option<usize>,
    /// Frames a second that recordings were read at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hz: Option<f64>,
    /// The column that told when a frame was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The unit of its numbers, where that was said: `ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_unit: Option<String>,
    /// Frames a second that the frames came at, where no column told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

impl Replay {
    /// The unit of a feature of a frame, by its place, if it was told; of a list that of the list.
    pub fn unit(&self, place: usize) -> Option<&str> {
        let column = self.features.get(if self.is_list { 0 } else { place })?;
        self.units.get(column).map(String::as_str)
    }
}
