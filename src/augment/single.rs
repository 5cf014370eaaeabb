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
use crate::scalar::arguments::{Argument, first_column};
use crate::scalar::features::Features;
use crate::scalar::frames::Frames;

/// Where the arguments of a function lie: features and a number come first.
pub struct Single<'a> {
    /// The SQL name.
    pub function: &'static str,
    /// The operation as a policy reads it.
    pub parse: fn(&Call) -> error::Result<Box<dyn Operation>>,
    /// The place of the seed, which the key follows, where anything is drawn.
    pub seed: Option<usize>,
    /// The place of the skeleton or the features that change, where there may be one, and the skeletons of the session.
    pub spec: Option<(usize, &'a Skeletons)>,
    /// Whether there must be one; else the literal NULL stands for none.
    pub needs_spec: bool,
    /// The place of the names of the features, or of the number of frames.
    pub frames: usize,
    /// Whether rows without a known number of frames are one frame.
    pub one_frame: bool,
}

impl Single<'_> {
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
        let spec = self.spec.and_then(|(place, _)| args.args.get(place));
        let spec =
            spec.filter(|spec| self.needs_spec || !is_null(spec)).map(Argument::<StringArray>::new).transpose()?;
        let frames = Frames::new(self.function, args, self.frames)?;
        if !self.one_frame && !frames.are_known() {
            return Ok(query_err!(
                "{}: the type of features does not tell its frames; give their number as width",
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
        let default = Skeletons::default();
        let skeletons = self.spec.map_or(&default, |(_, skeletons)| skeletons);
        let columns = Columns::new(dim, names)?;
        let is_skeleton = |spec: &&str| {
            let name = spec.split(':').next().unwrap_or_default().trim();
            skeletons.find(name).is_ok() || (!spec.contains(',') && columns.find(spec).is_err())
        };
        let by_name = spec.filter(|spec| !is_skeleton(spec));
        arguments.extend(by_name.iter().flat_map(|names| names.split(',').map(str::trim)));
        let frame = Frame::new(columns, spec.filter(is_skeleton), skeletons)?;
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
