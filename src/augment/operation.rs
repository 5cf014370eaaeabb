//! What an operation of a policy is: parameters as they are written, and a window changed by what is drawn.

use std::fmt::{Debug, Result as Written, Write};

use super::frame::Frame;
use crate::error::{Result, query_err};
use crate::random::Stream;

/// One way to change a window, with its parameters read.
pub trait Operation: Debug + Send + Sync {
    /// Draws what is random, writes the changed frames to `changed`, and what was drawn to `drawn`.
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> Written;
}

/// The recorded frames of a window, without padding.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// [frames, D], row-major.
    pub values: &'a [f32],
    /// D.
    pub dim: usize,
    /// The unit of noise, one for each feature or one for all.
    pub units: &'a [f64],
}

impl Recorded<'_> {
    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.values.len() / self.dim.max(1)
    }
}

/// The arguments of an operation as they are written, and what they are about.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `noise`
    pub name: &'a str,
    /// Texts between the commas.
    pub arguments: &'a [&'a str],
    /// The frames of the windows.
    pub frame: &'a Frame<'a>,
}

/// Which numbers a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Any.
    Any,
    /// 0 and above.
    AtLeast0,
    /// Above 0.
    Above0,
    /// 0 to 1.
    Share,
}

impl Limits {
    /// The number that is written, if it may be.
    ///
    /// # Errors
    /// Another number or no number; `what` names the parameter.
    pub fn read(self, what: &str, text: &str) -> Result<f64> {
        match text.trim().parse() {
            Ok(x) => self.check(what, x),
            Err(_) => self.refuse(what, text),
        }
    }

    /// The number, if it may be.
    ///
    /// # Errors
    /// Another number; `what` names the parameter.
    pub fn check(self, what: &str, x: f64) -> Result<f64> {
        let is = match self {
            Self::Any => true,
            Self::AtLeast0 => x >= 0.0,
            Self::Above0 => x > 0.0,
            Self::Share => (0.0..=1.0).contains(&x),
        };
        if is && x.is_finite() { Ok(x) } else { self.refuse(what, x) }
    }

    fn refuse<T>(self, what: &str, was: impl std::fmt::Display) -> Result<T> {
        let expected = match self {
            Self::Any => "a number",
            Self::AtLeast0 => "a number of at least 0",
            Self::Above0 => "a number above 0",
            Self::Share => "a number in 0 to 1",
        };
        query_err!("{what} must be {expected} (was '{was}')")
    }
}

impl<'a> Call<'a> {
    /// The one number that the operation takes, as in `noise(0.02)`.
    pub fn number(&self, what: &str, limits: Limits, example: &str) -> Result<f64> {
        match self.arguments {
            &[number] => limits.read(what, number),
            _ => query_err!("{} expects one number, its {what}, as in {example}", self.name),
        }
    }

    /// A number and a whole one after it, which has a default: `time_warp(0.2)`, `time_warp(0.2, 3)`.
    pub fn number_and_count(&self, what: &str, count: &str, default: usize, example: &str) -> Result<(f64, usize)> {
        let (number, written) = match *self.arguments {
            [number] => (number, None),
            [number, count] => (number, Some(count)),
            _ => return query_err!("{} expects a {what} and perhaps {count}, as in {example}", self.name),
        };
        let number = Limits::AtLeast0.read(what, number)?;
        match written.map(str::parse) {
            None => Ok((number, default)),
            Some(Ok(written)) if (1..=1000).contains(&written) => Ok((number, written)),
            Some(_) => query_err!("{count} must be a whole number in 1 to 1000 (was '{}')", self.arguments[1]),
        }
    }

    /// A number, or the lowest and the highest one, and the names after them: `speed(1.2)`, `speed(0.8, 1.25, vx)`.
    pub fn range(&self, limits: Limits, example: &str) -> Result<((f64, f64), &'a [&'a str])> {
        let name = self.name;
        let Some((&low, more)) = self.arguments.split_first() else {
            return query_err!("{name} expects a number, or a lowest and a highest one, as in {example}");
        };
        let low = limits.read(name, low)?;
        let (high, names) = match more.split_first() {
            Some((high, names)) if high.parse::<f64>().is_ok() => (limits.read(name, high)?, names),
            _ => (low, more),
        };
        if low > high {
            return query_err!("the lowest {name} must come first (was {low}, {high})");
        }
        Ok(((low, high), names))
    }
}
