//! Policies: which operations make a copy, with which parameters and how often.

use std::fmt::Write;

use super::columns::Columns;
use super::mirror::Mirror;
use super::noise::add_noise;
use super::speed::resample;
use crate::error::{Result, query_err, suggest};
use crate::frames::skeletons::Skeletons;
use crate::random::Stream;

/// Operations that make a copy of a window, in the order in which they are done.
///
/// Written as `noise(0.02), speed(0.8, 1.25), mirror@0.5`, with `,` or `|` between the operations:
///
/// * `noise(sigma)`: x + N(0, (sigma · std_d)²), with the standard deviation of each feature over the train rows;
/// * `speed(low, high)`: played at a speed drawn uniformly from [low, high], in steps of 0.0001 so that the text of the
///   operation tells it exactly; `speed(factor)` for one speed; `speed(low, high, vx, vy)` names the features that are
///   velocities and grow with the speed;
/// * `mirror`: left becomes right, by the spec of [`Mirror`].
///
/// `@p` after an operation does it with probability p, else never.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    operation: Operation,
    probability: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Operation {
    Noise { sigma: f64 },
    Speed { low: f64, high: f64, velocities: Vec<usize> },
    Mirror(Mirror),
}

const NAMES: [&str; 3] = ["noise", "speed", "mirror"];

/// A window that is made into a copy, and what its random numbers belong to.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Values, [width, D] row-major.
    pub window: &'a [f32],
    /// Frames that were recorded; those after them are padding and repeat the last one.
    pub valid_len: usize,
    /// Name of the window.
    pub window_id: &'a str,
    /// Number of the copy, from 1.
    pub copy: i64,
    /// Seed of all copies.
    pub seed: u64,
}

impl Policy {
    /// Reads a policy over frames of these features; `mirror` is the spec of its `mirror` operations.
    pub fn parse(text: &str, mirror: Option<&str>, features: &Columns, skeletons: &Skeletons) -> Result<Self> {
        let mut steps = Vec::new();
        for (start, part) in split(text)? {
            match Step::parse(part, mirror, features, skeletons) {
                Ok(step) => steps.push(step),
                Err(e) => return query_err!("policy, character {}, '{part}': {e}", character(text, start)),
            }
        }
        Ok(Self { steps })
    }

    /// Makes a copy of a window in `copied`, and writes what was done, with its parameters, to `operations`.
    ///
    /// `scale` is the unit of the noise, one for each feature or one for all. Random numbers come from the seed, the
    /// window's name, the number of the copy, and the name and place of the operation: from nothing else. `spare` is
    /// memory that may be used again.
    pub fn apply(
        &self,
        source: &Source,
        dim: usize,
        scale: &[f64],
        copied: &mut [f32],
        spare: &mut Vec<f32>,
        operations: &mut impl Write,
    ) -> std::fmt::Result {
        copied.copy_from_slice(source.window);
        spare.resize(copied.len(), 0.0);
        let copy = source.copy.to_string();
        let mut separator = "";
        for (place, Step { operation, probability }) in self.steps.iter().enumerate() {
            let key = [source.window_id, &copy, operation.name(), &place.to_string()];
            let mut stream = Stream::new(source.seed, &key);
            // Drawn even where it is certain, so that a new probability leaves the parameters as they were.
            if stream.uniform() >= *probability {
                continue;
            }
            write!(operations, "{separator}{}", operation.name())?;
            separator = " | ";
            match operation {
                Operation::Noise { sigma } => {
                    write!(operations, "({sigma})")?;
                    let (valid, padding) = copied.split_at_mut((source.valid_len * dim).min(source.window.len()));
                    add_noise(valid, *sigma, scale, &mut stream);
                    let edge = valid.len().saturating_sub(dim);
                    padding.chunks_exact_mut(dim).filter(|_| !valid.is_empty()).for_each(|frame| {
                        frame.copy_from_slice(&valid[edge..]);
                    });
                }
                Operation::Speed { low, high, velocities } => {
                    let factor = ((stream.between(*low, *high) * 1e4).round() / 1e4).clamp(*low, *high);
                    write!(operations, "({factor})")?;
                    resample(copied, dim, source.valid_len, factor, velocities, spare);
                    copied.copy_from_slice(spare);
                }
                Operation::Mirror(mirror) => {
                    mirror.apply(copied, spare);
                    copied.copy_from_slice(spare);
                }
            }
        }
        Ok(())
    }
}

impl Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::Noise { .. } => "noise",
            Self::Speed { .. } => "speed",
            Self::Mirror(_) => "mirror",
        }
    }

    fn parse(
        name: &str,
        arguments: &[&str],
        mirror: Option<&str>,
        features: &Columns,
        skeletons: &Skeletons,
    ) -> Result<Self> {
        match name {
            "noise" => match arguments {
                &[sigma] => Ok(Self::Noise { sigma: number("sigma", sigma, 0.0)? }),
                _ => query_err!("noise expects one number, its sigma in standard deviations, as in noise(0.02)"),
            },
            "speed" => {
                let Some((&low, more)) = arguments.split_first() else {
                    return query_err!("speed expects a factor or a lowest and a highest one, as in speed(0.8, 1.25)");
                };
                let low = number("speed", low, f64::MIN_POSITIVE)?;
                let (high, velocities) = match more.split_first() {
                    Some((high, velocities)) if high.parse::<f64>().is_ok() => {
                        (number("speed", high, f64::MIN_POSITIVE)?, velocities)
                    }
                    _ => (low, more),
                };
                if low > high {
                    return query_err!("the lowest speed must come first (was {low}, {high})");
                }
                let velocities = velocities.iter().map(|v| features.find(v)).collect::<Result<_>>()?;
                Ok(Self::Speed { low, high, velocities })
            }
            "mirror" => match (arguments, mirror) {
                ([], Some(spec)) => Ok(Self::Mirror(Mirror::parse(spec, features, skeletons)?)),
                ([], None) => query_err!(
                    "mirror needs to know left from right: give a skeleton, as in skeleton => 'body25', or the \
                     features that change, as in skeleton => 'ax:-1, wy:-1'"
                ),
                _ => query_err!("mirror takes no arguments"),
            },
            _ => query_err!("unknown operation '{name}'{}", suggest(name, NAMES)),
        }
    }
}

impl Step {
    fn parse(text: &str, mirror: Option<&str>, features: &Columns, skeletons: &Skeletons) -> Result<Self> {
        let (call, probability) = match text.rsplit_once('@') {
            Some((call, p)) => (call.trim(), number("the probability after '@'", p, 0.0)?),
            None => (text, 1.0),
        };
        if probability > 1.0 {
            return query_err!("the probability after '@' must be at most 1 (was {probability})");
        }
        let (name, arguments) = match call.split_once('(') {
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(arguments) => (name.trim(), arguments.split(',').map(str::trim).collect()),
                None => return query_err!("expected '@' and a probability, or nothing, after the ')'"),
            },
            None => (call, vec![]),
        };
        Ok(Self { operation: Operation::parse(name, &arguments, mirror, features, skeletons)?, probability })
    }
}

fn number(what: &str, text: &str, least: f64) -> Result<f64> {
    match text.trim().parse() {
        Ok(x) if f64::is_finite(x) && x >= least => Ok(x),
        _ if least > 0.0 => query_err!("{what} must be a number above 0 (was '{text}')"),
        _ => query_err!("{what} must be a number of at least 0 (was '{text}')"),
    }
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

    fn parse(text: &str) -> Result<Policy> {
        let names: Vec<String> = ["ax", "ay"].map(str::to_owned).into();
        Policy::parse(text, Some("ax:-1"), &Columns::new(2, &names)?, &Skeletons::default())
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
            ("noise(-1)", "character 1, 'noise(-1)': sigma must be a number of at least 0 (was '-1')"),
            ("noise(0.1, 0.2)", "noise expects one number"),
            ("noise", "as in noise(0.02)"),
            ("speed(0)", "above 0 (was '0')"),
            ("speed(1.25, 0.8)", "lowest speed must come first (was 1.25, 0.8)"),
            ("speed(0.8, 1.25, az)", "unknown feature 'az'"),
            ("mirror@1.5", "at most 1 (was 1.5)"),
            ("mirror(0.5)", "no arguments"),
            ("noise(0.1) mirror", "after the ')'"),
            ("noise(0.1", "never closed"),
            ("noise(0.1)),", "character 11: ')' without '('"),
            ("mirror,,mirror", "character 8: expected an operation"),
            ("", "character 1: expected an operation"),
        ] {
            let message = parse(policy).unwrap_err().to_string();
            assert!(message.contains(expected), "{policy}: {message}");
        }
        let parsed = Policy::parse("mirror", None, &Columns::new(2, &[]).unwrap(), &Skeletons::default());
        let message = parsed.unwrap_err().to_string();
        assert!(message.contains("give a skeleton"), "{message}");
    }
}
