//! The only defaults.

pub mod choices;
pub mod models;
pub mod training;

/// Frames in a window.
pub const WIDTH: usize = 30;
/// Frames from one window's start to the next.
pub const STRIDE: usize = 15;
/// Largest difference of frame numbers inside a segment.
pub const MAX_GAP: i64 = 1;
/// The columns that name a recording, those of them that are there.
pub const SEQUENCE_KEYS: [&str; 2] = [crate::schema::SOURCE, crate::schema::VIDEO];
/// Seed of splits and augmentation.
pub const SEED: u64 = 42;
/// Shares of train, validation and test.
pub const SHARES: [f64; 3] = [0.7, 0.15, 0.15];
/// Folds of a cross-validation.
pub const FOLDS: u64 = 5;
/// Augmented copies of a train window.
pub const COPIES: u64 = 1;
/// Most copies of one window that `balance` makes.
pub const MAX_COPIES: u64 = 20;
/// Most copies of one window that can be asked for: the numbers of the copies of a batch of windows are held together.
pub const MOST_COPIES: u64 = 1000;
/// Most values of one window, a quarter of a gigabyte.
pub const MOST_VALUES: usize = 1 << 26;
/// Exponent of balanced class weights.
pub const POWER: f64 = 1.0;
/// Beta of effective-number class weights.
pub const BETA: f64 = 0.999;
/// Bytes of windows that one record batch holds at the most; a wide window makes a short batch.
pub const BATCH_BYTES: usize = 8 << 20;
