//! Rotate: the same movement, seen by a camera or worn on a sensor that is turned.

use super::drawn;
use super::operation::{Call, Limits, Operation, Recorded};
use super::present::mean;
use crate::error::{Result, query_err};
use crate::random::Stream;
use std::fmt::{Result as Written, Write};

/// Turns a window of [frames, D] values in the plane by an angle in degrees: x towards y, which is against the clock
/// where y points up and with it where y points down, as in images.
///
/// Pairs of features (x, y) in `points` are positions and turn about their centroid (cx, cy), the mean of all points of
/// the window whose x and y are both there:
///
/// ```text
/// x' = cx + cos · (x - cx) - sin · (y - cy)
/// y' = cy + sin · (x - cx) + cos · (y - cy)
/// ```
///
/// so the centroid stays and the opposite angle turns back. Pairs in `vectors` (velocities, the axes of a sensor) turn
/// about 0. No feature may be in two pairs; those in none are copied. Where one of a pair is missing (NaN) both results
/// are missing and have its bits; a pair with an infinite value stays. A multiple of 360 changes no bit, and multiples
/// of 90 have an exact sine and cosine. A result past the range of f32 is infinite.
pub fn rotate(
    window: &[f32],
    dim: usize,
    points: &[(usize, usize)],
    vectors: &[(usize, usize)],
    degrees: f64,
    rotated: &mut [f32],
) {
    rotated.copy_from_slice(window);
    let (sine, cosine) = sine_cosine(degrees);
    if (sine, cosine) == (0.0, 1.0) {
        return;
    }
    let there = || {
        let pairs = window.chunks_exact(dim.max(1)).flat_map(|frame| points.iter().map(|&(x, y)| (frame[x], frame[y])));
        pairs.filter(|(x, y)| x.is_finite() && y.is_finite())
    };
    // Without a centroid there is nothing to turn, only half points to make missing.
    let centre = mean(there().map(|p| p.0)).zip(mean(there().map(|p| p.1))).unwrap_or_default();
    let pairs = || points.iter().map(|p| (p, centre)).chain(vectors.iter().map(|v| (v, (0.0, 0.0))));
    for frame in rotated.chunks_exact_mut(dim.max(1)) {
        for (&(x, y), centre) in pairs() {
            (frame[x], frame[y]) = turned(frame[x], frame[y], centre, sine, cosine);
        }
    }
}

fn turned(x: f32, y: f32, (cx, cy): (f64, f64), sine: f64, cosine: f64) -> (f32, f32) {
    if x.is_finite() && y.is_finite() {
        let (dx, dy) = (f64::from(x) - cx, f64::from(y) - cy);
        return ((cx + (cosine * dx - sine * dy)) as f32, (cy + (sine * dx + cosine * dy)) as f32);
    }
    match (x.is_nan(), y.is_nan()) {
        (true, false) => (x, x),
        (false, true) => (y, y),
        _ => (x, y),
    }
}

/// The sine and cosine of an angle in degrees, by libm from the nearest multiple of 90.
fn sine_cosine(degrees: f64) -> (f64, f64) {
    let degrees = degrees % 360.0;
    let quarters = (degrees / 90.0).round();
    let rest = (degrees - 90.0 * quarters) * (std::f64::consts::PI / 180.0);
    let (sine, cosine) = (libm::sin(rest), libm::cos(rest));
    match (quarters as i32).rem_euclid(4) {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

#[derive(Debug)]
struct Rotate {
    range: (f64, f64),
    points: Vec<(usize, usize)>,
    vectors: Vec<(usize, usize)>,
}

/// Reads `rotate(degrees)` or `rotate(low, high)`: the joints of the skeleton; or, named after that in pairs, features
/// that turn about 0, such as two axes of a sensor.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let (range, names) = call.range(Limits::Any, "rotate(-20, 20)")?;
    let [points, vectors] = match names {
        [] => call.frame.pairs(),
        names => [vec![], call.frame.named_pairs(names)?],
    };
    if points.is_empty() && vectors.is_empty() {
        return query_err!(
            "rotate needs to know x from y: give a skeleton, as in skeleton => 'body25', or name the features that turn \
             in pairs, as in rotate(-20, 20, ax, ay)"
        );
    }
    Ok(Box::new(Rotate { range, points, vectors }))
}

impl Operation for Rotate {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> Written {
        let degrees = drawn::between(self.range.0, self.range.1, stream);
        rotate(window.values, window.dim, &self.points, &self.vectors, degrees, changed);
        write!(drawn, "{degrees}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(window: &[f32], dim: usize, points: &[(usize, usize)], vectors: &[(usize, usize)], by: f64) -> Vec<f32> {
        let mut rotated = vec![9.0; window.len()];
        rotate(window, dim, points, vectors, by, &mut rotated);
        rotated
    }

    fn close(values: &[f32], expected: &[f64]) {
        assert_eq!(values.len(), expected.len());
        for (&x, e) in values.iter().zip(expected) {
            assert!((f64::from(x) - e).abs() < 1e-6, "{values:?} {expected:?}");
        }
    }

    #[test]
    fn points_turn_about_their_centroid_and_vectors_about_0() {
        // xy = numpy.array([[0, 0], [2, 0], [0, 1], [4, 3.]]); c = xy.mean(0)
        // r = scipy.spatial.transform.Rotation.from_euler('z', 30, degrees=True)
        // c + r.apply(numpy.pad(xy - c, ((0, 0), (0, 1))))[:, :2] and r.apply([3, -1, 0])
        let points = [0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 4.0, 3.0];
        let expected = [
            [0.700961894323342, -0.616025403784439, 2.433012701892219, 0.383974596215561],
            [0.200961894323342, 0.250000000000000, 2.665063509461097, 3.982050807568877],
        ];
        close(&turn(&points, 4, &[(0, 1), (2, 3)], &[], 30.0), expected.as_flattened());
        close(&turn(&[3.0, 0.5, -1.0], 3, &[], &[(0, 2)], 30.0), &[3.098076211353316, 0.5, 0.633974596215561]);
    }

    #[test]
    fn quarters_are_exact() {
        for (degrees, expected) in
            [(90.0, [-2.0, 1.0]), (-270.0, [-2.0, 1.0]), (180.0, [-1.0, -2.0]), (630.0, [2.0, -1.0])]
        {
            assert_eq!(turn(&[1.0, 2.0], 2, &[], &[(0, 1)], degrees), expected, "{degrees}");
        }
        assert_eq!(sine_cosine(3.6e9 + 90.0), (1.0, 0.0));
    }

    #[test]
    fn sines_and_cosines_are_those_of_the_whole_angle() {
        for degrees in (-720..=720).map(f64::from) {
            let (sine, cosine) = sine_cosine(degrees);
            let radians = degrees.to_radians();
            assert!(
                (sine - libm::sin(radians)).abs() < 1e-14 && (cosine - libm::cos(radians)).abs() < 1e-14,
                "{degrees}"
            );
        }
    }

    #[test]
    fn half_a_point_is_missing_and_not_in_the_centroid() {
        // The centroid of the others, (1, 0) and (3, 0), is (2, 0).
        let (missing, other) = (f32::from_bits(0x7fa0_0001), f32::from_bits(0xffc0_0002));
        let window = [1.0, 0.0, missing, 5.0, 3.0, 0.0, 5.0, other, missing, other];
        let rotated = turn(&window, 2, &[(0, 1)], &[], 90.0);
        assert_eq!([&rotated[..2], &rotated[4..6]], [[2.0, -1.0], [2.0, 1.0]]);
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&rotated[2..4]), bits(&[missing; 2]));
        assert_eq!(bits(&rotated[6..]), bits(&[other, other, missing, other]));
    }
}
