//! The column names and Arrow types of every relation: nowhere else is a name spelled out.

mod known;
mod sql_name;
mod tensor;

pub use known::{DOUBTFUL_ENDINGS, LABELS, OWN, is_identity, is_label, is_number, is_time, label_hint, label_like};
pub use sql_name::{sql_name, sql_names};
pub use tensor::{
    FEATURE_NAMES, ROLE, SHAPE, check_axes, feature_names, features_field, features_type, tensor_shape, with_nulls,
};

/// Where the frames come from: a camera, a data set, a laboratory.
pub const SOURCE: &str = "source";
/// The recording.
pub const VIDEO: &str = "video";
/// The recording by one name, `source/video`; in tables of models.
pub const RECORDING: &str = "recording";
/// The person or animal; NULL when unknown.
pub const SUBJECT: &str = "subject";
/// The number of the frame, rising within a recording.
pub const FRAME: &str = "frame";
/// Seconds since the recording began; NULL when unknown.
pub const TIME: &str = "t";
/// The class.
pub const LABEL: &str = "label";

/// Name of a window, unique over a dataset: its keys and first frame, `source/video:frame`.
pub const WINDOW_ID: &str = "window_id";
/// First frame of a window or segment.
pub const FRAME_START: &str = "frame_start";
/// Last frame of a window or segment, inclusive.
pub const FRAME_END: &str = "frame_end";
/// Frames in a segment.
pub const FRAMES: &str = "frames";
/// Share of a window's frames that carry its label, in (0, 1].
pub const PURITY: &str = "purity";
/// Frames of a window that were recorded; the rest is padding.
pub const VALID_LEN: &str = "valid_len";
/// The values of a window, [width, D] in row-major order.
pub const FEATURES: &str = "features";

/// The key under which the metadata of a column of values says their unit: `with_metadata(ax, 'unit', 'm/s^2')`.
pub const UNIT: &str = "unit";

/// How many values of each feature of a window were missing and were filled, \[D\]; only where `nulls` fills.
pub const FILLED: &str = "filled";

/// The side of a split: [`TRAIN`], [`VALIDATION`] or [`TEST`].
pub const SPLIT: &str = "split";
/// What the net learns from.
pub const TRAIN: &str = "train";
/// What early stopping watches.
pub const VALIDATION: &str = "validation";
/// What nobody looks at before the end.
pub const TEST: &str = "test";

/// How the sides were made, where that limits what the result means: `time`.
pub const SPLIT_MODE: &str = "split_mode";

/// The version of a model that a row is of.
pub const VERSION: &str = "version";

/// The fold of a cross-validation, from 1.
pub const FOLD: &str = "fold";
/// Which draw of folds a row is in, from 1.
pub const REPEAT: &str = "repeat";

/// The window an augmented copy was made from; its own id for an original.
pub const SOURCE_WINDOW_ID: &str = "source_window_id";
/// 0 for an original, 1.. for its copies.
pub const COPY: &str = "copy";
/// What was done to a copy, with the drawn parameters; empty for an original.
pub const OPERATIONS: &str = "operations";
/// Class weight of a row in the loss.
pub const WEIGHT: &str = "weight";
