//! An operation of a policy by itself, as a scalar function.

use std::fmt::Write;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::columns::Columns;
use super::frame::Frame;
use super::operation::{Call, Operation, Recorded};
use crate::error::{self, Error, query_err};
use crate::frames::skeletons::Skeletons;
use crate::random::Stream;
use crate::scalar::arguments::{Argument, STATE_SHAPE, first_column};
use crate::scalar::features::Features;
use crate::scalar::frames::Frames;

/// An operation by itself. Its arguments are features and a number; where it draws, seed and key; then, where it has one, a
/// spec; and last what tells the frames: a width, or names of features.
pub struct Single<'a> {
    function: &'static str,
    parse: Parse,
    /// The place of the seed, which the key follows.
    seed: Option<usize>,
    spec: Option<Spec<'a>>,
}

/// The skeleton or the features that change.
#[derive(Clone, Copy)]
pub struct Spec<'a> {
    /// The place of the argument.
    pub place: usize,
    /// Whether there must be one; else the literal NULL stands for none.
    pub required: bool,
    /// Those of the session.
    pub skeletons: &'a Skeletons,
}

/// An operation as a policy reads it.
type Parse = fn(&Call) -> error::Result<Box<dyn Operation>>;

impl<'a> Single<'a> {
    /// An operation without anything random.
    pub fn of(function: &'static str, parse: Parse) -> Self {
        Self { function, parse, seed: None, spec: None }
    }

    /// An operation that draws.
    pub fn drawn(function: &'static str, parse: Parse) -> Self {
        Self { seed: Some(2), ..Self::of(function, parse) }
    }

    /// The same with a spec. Its rows may be single frames, and are where nothing tells how many they hold.
    pub fn with_spec(self, spec: Spec<'a>) -> Self {
        Self { spec: Some(spec), ..self }
    }

    /// The column of changed windows; a row is NULL where an argument is.
    pub fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let numbers = Argument::<Float64Array>::new(&args.args[1])?;
        let drawn = self.seed.map(|seed| {
            Ok::<_, datafusion::common::DataFusionError>((
                Argument::<Int64Array>::new(&args.args[seed])?,
                Argument::<StringArray>::new(&args.args[seed + 1])?,
            ))
        });
        let drawn = drawn.transpose()?;
        let given = |spec: Spec| args.args.get(spec.place).filter(|value| spec.required || !is_null(value));
        let spec = self.spec.and_then(given).map(Argument::<StringArray>::new).transpose()?;
        let last = self.spec.map_or(self.seed.map_or(2, |seed| seed + 2), |spec| spec.place + 1);
        let frames = Frames::new(self.function, args, last)?;
        if self.spec.is_none() && !frames.are_known() {
            return Ok(query_err!(
                "{}: the type of features does not tell its frames; give their number as width, or say below {STATE_SHAPE}",
                self.function
            )?);
        }
        let features = Features::new(&first_column(&args.args, args.number_rows)?)?;
        let mut latest: Option<Latest> = None;
        let changed = features.map(|row, old, new| {
            let Some(number) = numbers.at(row) else { return Ok(false) };
            let mut stream = match &drawn {
                None => Stream::new(0, &[]),
                Some((seed, key)) => match (seed.at(row), key.at(row)) {
                    (Some(seed), Some(key)) => Stream::new(seed as u64, &[self.function, key]),
                    _ => return Ok(false),
                },
            };
            let spec = match &spec {
                None => None,
                Some(spec) => match spec.at(row) {
                    Some(spec) => Some(spec),
                    None => return Ok(false),
                },
            };
            let Some(dim) = frames.dim(row, old.len())? else { return Ok(false) };
            if old.is_empty() {
                return Ok(true);
            }
            // One plan serves all rows of the same arguments, which is mostly all.
            let asked = (number.to_bits(), spec, dim);
            if latest.as_ref().is_none_or(|(of, _)| *of != asked) {
                latest = Some((asked, self.operation(number, spec, dim, &frames.names)?));
            }
            if let Some((_, operation)) = &latest {
                let window = Recorded { values: old, dim, units: &[1.0] };
                let written = operation.apply(window, &mut stream, new, &mut Unread);
                written.map_err(|e| Error::Internal(e.to_string()))?;
            }
            Ok(true)
        })?;
        Ok(changed)
    }

    fn operation(
        &self,
        number: f64,
        spec: Option<&str>,
        dim: usize,
        names: &[String],
    ) -> error::Result<Box<dyn Operation>> {
        let number = number.to_string();
        let mut arguments = vec![number.as_str()];
        let columns = Columns::new(dim, names)?;
        let frame = match (self.spec, spec) {
            (Some(Spec { skeletons, .. }), Some(spec)) => {
                let name = spec.split(':').next().unwrap_or_default().trim();
                let names_features = spec.contains(',') || columns.find(spec).is_ok();
                if names_features && skeletons.find(name).is_err() {
                    arguments.extend(spec.split(',').map(str::trim));
                    Frame::plain(columns)
                } else {
                    Frame::new(columns, Some(spec), skeletons)?
                }
            }
            _ => Frame::plain(columns),
        };
        let call = Call { name: self.function.trim_start_matches("pose_"), arguments: &arguments, frame: &frame };
        (self.parse)(&call).map_err(|e| Error::Query(format!("{}: {e}", self.function)))
    }
}

fn is_null(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(scalar) if scalar.is_null())
}

/// The bits of the number, the spec and the features of a frame, and the operation that they ask for.
type Latest<'a> = ((u64, Option<&'a str>, usize), Box<dyn Operation>);

/// A function returns the window alone.
struct Unread;

impl Write for Unread {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Ok(())
    }
}
