//! Mirroring: left becomes right. A plan of which value goes where, and what becomes of it.

use super::columns::Columns;
use super::operation::{Call, Operation, Recorded};
use crate::error::{Result, query_err};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::{Body, Image, Value};
use crate::random::Stream;
use std::fmt::{Result as Written, Write};

/// What becomes of a value in the mirror. A missing value (NaN) stays as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    /// Heights, depths, scores.
    Keep,
    /// Centred x, velocities along x, signed angles: x' = -x.
    Negate,
    /// Image coordinates of an image of this width: x' = width - x.
    Reflect(f32),
}

impl Change {
    fn of(self, x: f32) -> f32 {
        match self {
            _ if x.is_nan() => x,
            Self::Keep => x,
            Self::Negate => -x,
            Self::Reflect(width) => width - x,
        }
    }
}

/// How a frame of D values is mirrored: for each value, where it comes from and what becomes of it.
///
/// A spec is either a skeleton ([`Body`]), which swaps left and right joints with all their values (scores too) and turns
/// x round, velocities along x and signed angles too:
///
/// * `body25`, the same as `body25:centred`: x' = -x, for coordinates with 0 on the body's midline;
/// * `body25:fraction`: x' = 1 - x, for fractions of the image's width;
/// * `body25:1920`: x' = 1920 - x, for pixels of an image 1920 wide;
///
/// or a list of features, by name or by number from 0, for any other sensor; features not named stay:
///
/// * `ax:-1, wy:-1`: these change their sign;
/// * `left_x<->right_x`: these change places, and with `left_x<->right_x:-1` their signs too;
/// * `left_x<->right_x:1920-x`: these change places, and x' = 1920 - x.
///
/// Mirroring twice gives every bit back where values change signs or places (0.0 becomes -0.0, and 0.0 again).
/// No f32 function can do that for `width - x`: there are 126 times as many f32 in [0, 1/2) as in [1/2, 1). It gives
/// every bit back for x in [0, width] that is a multiple of 2^-24 of the width's next power of two (whole pixels, their
/// 1/4096, multiples of 2^-24 where x is a fraction) and for x of at least half the width. Any other x comes back off
/// by at most half such a step, once: from then on mirroring is exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    columns: Vec<(usize, Change)>,
}

impl Mirror {
    /// The plan that `spec` asks for, over frames of these features.
    pub fn parse(spec: &str, features: &Columns, skeletons: &Skeletons) -> Result<Self> {
        if Self::is_list(spec, skeletons) {
            return Self::of_list(spec, features);
        }
        Ok(Self::of_body(&Body::parse(spec, features.dim, skeletons)?))
    }

    /// Whether a spec lists features, and is no skeleton.
    pub fn is_list(spec: &str, skeletons: &Skeletons) -> bool {
        let name = spec.split(':').next().unwrap_or_default().trim();
        spec.contains("<->") || (name != spec.trim() && skeletons.find(name).is_err())
    }

    fn of_body(body: &Body) -> Self {
        let turn = match body.image {
            Image::Centred => Change::Negate,
            Image::Width(width) => Change::Reflect(width),
        };
        let change = |value: Value| match value {
            Value::Position(0) => turn,
            Value::Velocity(0) | Value::Angle => Change::Negate,
            Value::Position(_) | Value::Velocity(_) | Value::Confidence => Change::Keep,
        };
        let values = body.values.len();
        let joints = body.skeleton.joints.iter();
        let columns = joints.flat_map(|joint| {
            body.values.iter().enumerate().map(move |(place, &value)| (joint.twin * values + place, change(value)))
        });
        Self { columns: columns.collect() }
    }

    fn of_list(spec: &str, features: &Columns) -> Result<Self> {
        let mut columns: Vec<_> = (0..features.dim).map(|d| (d, Change::Keep)).collect();
        let mut named = vec![false; features.dim];
        for item in spec.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (who, what) = item.split_once(':').unwrap_or((item, ""));
            let (a, b) = who.split_once("<->").unwrap_or((who, who));
            let (a, b) = (features.find(a.trim())?, features.find(b.trim())?);
            let change = match what.trim() {
                "" if a != b => Change::Keep,
                "1" => Change::Keep,
                "-1" => Change::Negate,
                what => match what.strip_suffix('x').and_then(|w| positive(w.trim().strip_suffix('-')?)) {
                    Some(width) => Change::Reflect(width),
                    None => return query_err!("mirror '{item}': expected -1, 1 or a width as in 1920-x after the ':'"),
                },
            };
            let members = if a == b { &[a][..] } else { &[a, b] };
            if members.iter().any(|&member| std::mem::replace(&mut named[member], true)) {
                return query_err!("mirror '{item}': a feature is named twice in '{spec}'");
            }
            columns[a] = (b, change);
            columns[b] = (a, change);
        }
        Ok(Self { columns })
    }

    /// Mirrors a window of [width, D] values, frame by frame, into `mirrored`.
    pub fn apply(&self, window: &[f32], mirrored: &mut [f32]) {
        let dim = self.columns.len();
        for (frame, mirrored) in window.chunks_exact(dim).zip(mirrored.chunks_exact_mut(dim)) {
            for (value, &(source, change)) in mirrored.iter_mut().zip(&self.columns) {
                *value = change.of(frame[source]);
            }
        }
    }
}

/// A finite number above 0.
fn positive(text: &str) -> Option<f32> {
    text.trim().parse().ok().filter(|w: &f32| w.is_finite() && *w > 0.0)
}

/// Reads `mirror`; how, the skeleton of the call tells.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    match (call.arguments, &call.frame.mirror) {
        ([], Some(mirror)) => Ok(Box::new(mirror.clone())),
        ([], None) => query_err!(
            "mirror needs to know left from right: give a skeleton, as in skeleton => 'body25', or the features that \
             change, as in skeleton => 'ax:-1, wy:-1'"
        ),
        _ => query_err!("mirror takes no arguments"),
    }
}

impl Operation for Mirror {
    fn apply(&self, window: Recorded, _: &mut Stream, changed: &mut [f32], _: &mut dyn Write) -> Written {
        Mirror::apply(self, window.values, changed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrored(spec: &str, names: &[&str], window: &[f32]) -> Vec<f32> {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let dim = if names.is_empty() { window.len() } else { names.len() };
        let mut mirrored = vec![0.0; window.len()];
        Mirror::parse(spec, &Columns::new(dim, &names).unwrap(), &Skeletons::default())
            .unwrap()
            .apply(window, &mut mirrored);
        mirrored
    }

    fn bits(window: &[f32]) -> Vec<u32> {
        window.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn mirrored_twice_is_the_same_pose_for_every_skeleton() {
        let mut stream = crate::random::Stream::new(3, &["poses"]);
        for (skeleton, values) in Skeletons::default().all().iter().flat_map(|s| [(s, 2), (s, 3), (s, 4)]) {
            let mut pose: Vec<f32> =
                (0..skeleton.joints.len() * values).map(|_| stream.normal_pair().0 as f32).collect();
            (pose[0], pose[1], pose[values]) = (0.0, -0.0, f32::NAN);
            let once = mirrored(&skeleton.name, &[], &pose);
            assert_ne!(bits(&once), bits(&pose));
            assert_eq!(bits(&mirrored(&skeleton.name, &[], &once)), bits(&pose), "{}", skeleton.name);
        }
    }

    #[test]
    fn a_raised_left_wrist_becomes_a_raised_right_wrist_with_its_score() {
        let mut pose = vec![0.0; 75];
        pose[7 * 3..][..3].copy_from_slice(&[0.25, 0.5, 0.875]);
        for (spec, x) in [("body25", -0.25), ("body25:fraction", 0.75), ("body25:1920", 1919.75)] {
            assert_eq!(mirrored(spec, &[], &pose)[4 * 3..][..3], [x, 0.5, 0.875]);
        }
    }

    #[test]
    fn an_arm_mirrored_has_three_signs_changed() {
        let names = ["ax", "ay", "az", "wx", "wy", "wz"];
        let window = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, f32::NAN];
        let once = mirrored("ax:-1, wy:-1, wz:-1", &names, &window);
        assert_eq!(once[..11], [-1.0, 2.0, 3.0, 4.0, -5.0, -6.0, -7.0, 8.0, 9.0, 10.0, -11.0]);
        assert_eq!(once[11].to_bits(), f32::NAN.to_bits(), "a missing value keeps its bits");
    }

    #[test]
    fn features_change_places() {
        assert_eq!(mirrored("0<->2, 1:-1", &[], &[1.0, 2.0, 3.0]), [3.0, -2.0, 1.0]);
        assert_eq!(mirrored("l<->r:640-x", &["l", "r"], &[100.0, 600.0]), [40.0, 540.0]);
    }

    #[test]
    fn fractions_come_back_to_half_a_step_of_their_grid() {
        let mut stream = crate::random::Stream::new(4, &["fractions"]);
        let pose: Vec<f32> = (0..50).map(|_| stream.uniform() as f32 * 0.01).collect();
        let mirror = |pose: &[f32]| mirrored("body25:fraction", &[], pose);
        let (once, twice) = (mirror(&pose), mirror(&mirror(&pose)));
        for (x, back) in pose.iter().zip(&twice) {
            assert!((x - back).abs() <= (0.5f32).powi(25), "{x} came back as {back}");
        }
        assert_eq!(bits(&mirror(&twice)), bits(&once), "from then on it is exact");
        let pixels: Vec<f32> = (0..50).map(|_| stream.below(1920 * 4096) as f32 / 4096.0).collect();
        assert_eq!(bits(&mirrored("body25:1920", &[], &mirrored("body25:1920", &[], &pixels))), bits(&pixels));
    }

    #[test]
    fn a_wrong_spec_is_named() {
        let names: Vec<String> = ["ax", "ay"].map(str::to_owned).into();
        for (spec, expected) in [
            ("bodi25", "did you mean 'body25'"),
            ("body25", "25 joints"),
            ("ac:-1", "unknown feature 'ac'"),
            ("ax:-2", "expected -1, 1 or a width"),
            ("ax:-1, ax:-1", "named twice"),
            ("ax<->ay, ay:-1", "named twice"),
            ("body25:fractoin", "did you mean 'fraction'"),
            ("", "unknown skeleton ''"),
        ] {
            let message =
                Mirror::parse(spec, &Columns::new(2, &names).unwrap(), &Skeletons::default()).unwrap_err().to_string();
            assert!(message.contains(expected), "{spec}: {message}");
        }
    }
}
