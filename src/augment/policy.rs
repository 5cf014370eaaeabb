//! Policies: which operations make a copy, with which parameters and how often.

use std::fmt::{self, Write};

use super::frame::Frame;
use super::operation::{Call, Limits, Operation, Recorded};
use super::{
    joint_drop, magnitude_warp, mirror, noise, permutation, rotate, scale, speed, time_mask, time_warp, window_slice,
};
use crate::error::{Result, query_err, suggest};
use crate::random::Stream;

/// Operations that make a copy of a window, in the order in which they are done.
///
/// Written as `noise(0.02) | speed(0.8, 1.25) | mirror@0.5`, with `|` or `,` between the operations. Of one number or two,
/// two are the lowest and the highest of a uniform draw, in steps of 0.0001 so that the text of the operation tells it exactly:
///
/// * `noise(sigma)`: x + N(0, (sigma · std_d)²), with the standard deviation of each feature over the train rows;
/// * `speed(low, high)`: played at another speed; `speed(low, high, vx, vy)` names features that are velocities and grow
///   with it, as those of a skeleton do anyway;
/// * `mirror`: left becomes right, by the spec of [`Mirror`](super::mirror::Mirror);
/// * `rotate(low, high)`: turned in the plane, in degrees, about the body's centroid; `rotate(low, high, ax, ay)` turns
///   pairs of features about 0;
/// * `scale(low, high)`: a larger or smaller body, in its place; without a skeleton, larger or smaller values;
/// * `time_warp(sigma, knots)`: faster here and slower there; `magnitude_warp(sigma, knots)`: larger here, smaller there;
/// * `window_slice(share)`: a part of the window, stretched to all of it;
/// * `time_mask(share)`: a run of frames that holds nothing but means; `joint_drop(probability)`: the same for joints;
/// * `permutation(segments)`: parts of the window in another order.
///
/// `@p` after an operation does it with probability p, else never.
#[derive(Debug)]
pub struct Policy {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    operation: Box<dyn Operation>,
    probability: f64,
}

type Parse = fn(&Call) -> Result<Box<dyn Operation>>;

/// All operations: one file each.
const OPERATIONS: [(&str, Parse); 11] = [
    ("noise", noise::parse),
    ("speed", speed::parse),
    ("mirror", mirror::parse),
    ("rotate", rotate::parse),
    ("scale", scale::parse),
    ("time_warp", time_warp::parse),
    ("magnitude_warp", magnitude_warp::parse),
    ("window_slice", window_slice::parse),
    ("time_mask", time_mask::parse),
    ("joint_drop", joint_drop::parse),
    ("permutation", permutation::parse),
];

/// A window that is made into a copy, and what its random numbers belong to.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Values, [width, D] row-major.
    pub window: &'a [f32],
    /// Frames that were recorded; those after them are padding: the last one again and again, or all from the first on.
    pub valid_len: usize,
    /// Name of the window.
    pub window_id: &'a str,
    /// Number of the copy, from 1.
    pub copy: i64,
    /// Seed of all copies.
    pub seed: u64,
}

impl Source<'_> {
    /// Whether padding begins with the first frame again, and not with the last one.
    fn loops(&self, dim: usize) -> bool {
        let frame = |k: usize| self.window.get(k * dim..(k + 1) * dim);
        let same = |a: Option<&[f32]>, b: Option<&[f32]>| match (a, b) {
            (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits()),
            _ => false,
        };
        let (last, padded) = (frame(self.valid_len.saturating_sub(1)), frame(self.valid_len));
        same(padded, frame(0)) && !same(padded, last)
    }
}

impl Policy {
    /// Reads a policy over frames of this kind.
    ///
    /// # Errors
    /// An operation that is unknown or has wrong arguments, with its place in the text.
    pub fn parse(text: &str, frame: &Frame) -> Result<Self> {
        Ok(Self { steps: each(text, |written| Step::new(written, frame))? })
    }

    /// Makes a copy of a window in `copied`, and writes what was done, with its parameters, to `operations`.
    ///
    /// `units` is the unit of the noise, one for each feature or one for all. Random numbers come from the seed, the
    /// window's name, the number of the copy, and the name and place of the operation: from nothing else. `spare` is
    /// memory that may be used again.
    pub fn apply(
        &self,
        source: &Source,
        dim: usize,
        units: &[f64],
        copied: &mut [f32],
        spare: &mut Vec<f32>,
        operations: &mut dyn Write,
    ) -> fmt::Result {
        let (recorded, padding) = copied.split_at_mut((source.valid_len * dim).min(source.window.len()));
        recorded.copy_from_slice(&source.window[..recorded.len()]);
        spare.resize(recorded.len(), 0.0);
        let copy = source.copy.to_string();
        let mut separator = "";
        for (place, Step { name, operation, probability }) in self.steps.iter().enumerate() {
            let mut stream = Stream::new(source.seed, &[source.window_id, &copy, name, &place.to_string()]);
            // Drawn even where it is certain, so that a new probability leaves the parameters as they were.
            if stream.uniform() >= *probability {
                continue;
            }
            write!(operations, "{separator}{name}")?;
            separator = " | ";
            let mut drawn = Brackets { to: operations, open: false };
            operation.apply(Recorded { values: recorded, dim, units }, &mut stream, spare, &mut drawn)?;
            drawn.close()?;
            recorded.copy_from_slice(spare);
        }
        let old = &source.window[recorded.len()..];
        let frames = recorded.len() / dim;
        for (k, (frame, old)) in padding.chunks_exact_mut(dim).zip(old.chunks_exact(dim)).enumerate() {
            match frames {
                0 => frame.copy_from_slice(old),
                _ if source.loops(dim) => frame.copy_from_slice(&recorded[k % frames * dim..][..dim]),
                _ => frame.copy_from_slice(&recorded[(frames - 1) * dim..]),
            }
        }
        Ok(())
    }
}

/// Puts what is written in brackets, and nothing in none.
struct Brackets<'a> {
    to: &'a mut dyn Write,
    open: bool,
}

impl Write for Brackets<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !std::mem::replace(&mut self.open, true) {
            self.to.write_str("(")?;
        }
        self.to.write_str(text)
    }
}

impl Brackets<'_> {
    fn close(self) -> fmt::Result {
        if self.open { self.to.write_str(")") } else { Ok(()) }
    }
}

/// An operation as it is written.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// `speed`
    pub name: &'static str,
    /// `["0.8", "1.25"]`
    pub arguments: Vec<&'a str>,
    /// 1 if nothing is said.
    pub probability: f64,
    parse: Parse,
}

impl<'a> Written<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        // A name in the brackets may have one, too.
        let behind = text.rfind(')').map_or(0, |bracket| bracket + 1);
        let (call, probability) = match text[behind..].rfind('@').map(|at| text.split_at(behind + at)) {
            Some((call, p)) => (call.trim(), Limits::Share.read("the probability after '@'", p[1..].trim())?),
            None => (text, 1.0),
        };
        let (name, arguments) = match call.split_once('(') {
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(arguments) => (name.trim(), arguments.split(',').map(str::trim).collect()),
                None => return query_err!("expected '@' and a probability, or nothing, after the ')'"),
            },
            None => (call, vec![]),
        };
        match OPERATIONS.iter().find(|(known, _)| *known == name) {
            Some(&(name, parse)) => Ok(Self { name, arguments, probability, parse }),
            None => {
                let known = OPERATIONS.iter().map(|(known, _)| *known);
                query_err!("unknown operation '{name}'{}", suggest(name, known))
            }
        }
    }
}

impl Step {
    fn new(Written { name, arguments, probability, parse }: Written, frame: &Frame) -> Result<Self> {
        Ok(Self { name, operation: parse(&Call { name, arguments: &arguments, frame })?, probability })
    }
}

/// The operations of a policy as they are written, in their order.
///
/// # Errors
/// Text that is no policy, with the place in it.
pub fn written(text: &str) -> Result<Vec<Written<'_>>> {
    each(text, Ok)
}

/// What is made of each operation; an error says at which one.
fn each<'a, T>(text: &'a str, make: impl Fn(Written<'a>) -> Result<T>) -> Result<Vec<T>> {
    let make = |(start, part): (usize, &'a str)| match Written::parse(part).and_then(&make) {
        Ok(made) => Ok(made),
        Err(e) => query_err!("policy, character {}, '{part}': {e}", character(text, start)),
    };
    split(text)?.into_iter().map(make).collect()
}

/// The operations of a policy, each with the byte where it starts.
fn split(text: &str) -> Result<Vec<(usize, &str)>> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (i, c) in text.char_indices().chain([(text.len(), ',')]) {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return query_err!("policy, character {}: ')' without '('", character(text, i)),
            ')' => depth -= 1,
            ',' | '|' if depth == 0 => {
                let part = text[start..i].trim_start();
                let first = i - part.len();
                if part.is_empty() {
                    return query_err!(
                        "policy, character {}: expected an operation, as in 'noise(0.02), speed(0.8, 1.25), mirror@0.5'",
                        character(text, first)
                    );
                }
                parts.push((first, part.trim_end()));
                start = i + 1;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return query_err!("policy '{text}': a '(' is never closed");
    }
    Ok(parts)
}

/// The number of the character at a byte, counted from 1.
fn character(text: &str, byte: usize) -> usize {
    text[..byte].chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::columns::Columns;
    use crate::frames::skeletons::Skeletons;

    fn parse(text: &str) -> Result<Policy> {
        let names: Vec<String> = ["ax", "ay"].map(str::to_owned).into();
        Policy::parse(text, &Frame::new(Columns::new(2, &names)?, Some("ax:-1"), &Skeletons::default())?)
    }

    const WINDOW: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 4.0, 5.0];

    fn copy(policy: &str, window_id: &str, copy: i64) -> (Vec<f32>, String) {
        let (mut copied, mut operations) = (vec![0.0; 8], String::new());
        let source = Source { window: &WINDOW, valid_len: 3, window_id, copy, seed: 7 };
        parse(policy).unwrap().apply(&source, 2, &[1.0, 0.0], &mut copied, &mut Vec::new(), &mut operations).unwrap();
        (copied, operations)
    }

    #[test]
    fn operations_are_done_in_the_written_order() {
        let expected = (vec![0.0, 1.0, -4.0, 5.0, -4.0, 5.0, -4.0, 5.0], "speed(2) | mirror".to_owned());
        assert_eq!(copy("speed(2), mirror", "w", 1), expected);
        assert_eq!(copy("mirror|speed(2.0)", "w", 1).1, "mirror | speed(2)");
    }

    #[test]
    fn the_text_of_a_copy_makes_it_again() {
        for number in 1..50 {
            let (values, operations) = copy("speed(0.8, 1.25, ay), mirror", "w", number);
            let factor: f64 =
                operations.trim_matches(|c: char| c.is_alphabetic() || "() |".contains(c)).parse().unwrap();
            assert!((0.8..=1.25).contains(&factor), "{factor}");
            assert_eq!(copy(&format!("speed({factor}, ay), mirror"), "w", 1).0, values);
        }
    }

    #[test]
    fn a_draw_belongs_to_its_window_and_copy() {
        let noise = |window, number| copy("noise(0.1)", window, number).0;
        assert_eq!(noise("w", 1), noise("w", 1));
        assert_ne!(noise("w", 1), noise("w", 2));
        assert_ne!(noise("w", 1), noise("v", 1));
    }

    #[test]
    fn noise_is_scaled_by_feature_and_padding_repeats_the_last_frame() {
        let (noisy, _) = copy("noise(0.1)", "w", 1);
        assert!(noisy.iter().zip(WINDOW).step_by(2).all(|(x, was)| *x != was));
        assert!(noisy.iter().zip(WINDOW).skip(1).step_by(2).all(|(x, was)| *x == was), "ay has scale 0");
        assert_eq!(noisy[4..6], noisy[6..8]);
    }

    #[test]
    fn a_probability_is_the_share_of_the_copies() {
        let done = (0..2000).filter(|&n| copy("mirror@0.3", "w", n).1 == "mirror").count() as f64;
        // Binomial(2000, 0.3): mean 600, 4 standard deviations are 82.
        assert!((done - 600.0).abs() < 82.0, "{done}");
        assert_eq!(copy("mirror@0", "w", 1), (WINDOW.to_vec(), String::new()));
        assert_eq!(copy("noise(0.1)@1", "w", 1), copy("noise(0.1)", "w", 1));
    }

    #[test]
    fn a_wrong_policy_is_named_with_its_place() {
        for (policy, expected) in [
            ("noise(0.02), sped(2)", "character 14, 'sped(2)': unknown operation 'sped'; did you mean 'speed'?"),
            (
                "noise(-1)",
                "character 1, 'noise(-1)': sigma in standard deviations must be a number of at least 0 (was '-1')",
            ),
            ("noise(0.1, 0.2)", "noise expects one number"),
            ("noise", "as in noise(0.02)"),
            ("speed(0)", "above 0 (was '0')"),
            ("speed(1.25, 0.8)", "lowest speed must come first (was 1.25, 0.8)"),
            ("speed(0.8, 1.25, az)", "unknown feature 'az'"),
            ("mirror@1.5", "the probability after '@' must be a number in 0 to 1 (was '1.5')"),
            ("mirror(0.5)", "no arguments"),
            ("rotate(10, -10, ax, ay)", "lowest rotate must come first (was 10, -10)"),
            ("rotate(10, ax)", "'ax' is left over"),
            ("scale(-1)", "scale must be a number above 0 (was '-1')"),
            ("time_warp(0.2, 0)", "knots must be a whole number in 1 to 1000 (was '0')"),
            ("time_warp", "as in time_warp(0.2)"),
            ("magnitude_warp(x)", "sigma must be a number of at least 0 (was 'x')"),
            ("window_slice(1.5)", "must be a number in 0 to 1 (was '1.5')"),
            ("time_mask()", "largest share of the window must be"),
            ("joint_drop(2)", "probability of each joint must be a number in 0 to 1 (was '2')"),
            ("permutation(0)", "at least 1, as in permutation(4)"),
            ("noise(0.1) mirror", "after the ')'"),
            ("noise(0.1", "never closed"),
            ("noise(0.1)),", "character 11: ')' without '('"),
            ("mirror,,mirror", "character 8: expected an operation"),
            ("", "character 1: expected an operation"),
        ] {
            let message = parse(policy).unwrap_err().to_string();
            assert!(message.contains(expected), "{policy}: {message}");
        }
        let frame = Frame::new(Columns::new(2, &[]).unwrap(), None, &Skeletons::default()).unwrap();
        for operation in ["mirror", "rotate(20)"] {
            let message = Policy::parse(operation, &frame).unwrap_err().to_string();
            assert!(message.contains("give a skeleton"), "{message}");
        }
    }
}
