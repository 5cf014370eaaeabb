//! Angle: how far a joint is bent.

use super::distance::length;
use super::middle::rounded;

/// The angle at `b` between the sides to `a` and to `c`, in radians, of points in the plane or in space.
///
/// atan2(|u × v|, u · v) with u = a - b, v = c - b. Unlike acos(u · v / |u||v|) it keeps its digits near 0 and π, where
/// the cosine is flat (Kahan, "How Futile are Mindless Assessments of Roundoff in Floating-Point Computation?", 2006,
/// on angles between vectors). The result is in [0, π], with [`std::f32::consts::PI`] for π.
///
/// Missing (NaN) if a coordinate is, with the bits of the first that is missing in `a`, `b`, `c`. A side of length 0
/// or infinite length has no direction: [`f32::NAN`].
pub fn angle(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    match sides(a, b, c) {
        Ok([u, v]) => rounded(libm::atan2(length(cross(u, v)), dot(u, v))),
        Err(missing) => missing,
    }
}

/// The angle at `b` from the side to `a` round to the side to `c`, in radians in (-π, π], of points in the plane.
///
/// atan2(uₓvᵧ - uᵧvₓ, u · v): above 0 where the way from `a` to `c` is counter-clockwise with y pointing up, so
/// clockwise on a screen, where y points down. As in `compute_signed_angle_2d` of the package movement
/// (`utils/vector.py`), what comes out as -π is π. A mirrored pose has the opposite angle. Missing as [`angle`] is.
pub fn signed_angle(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    match sides(a, b, c) {
        Ok([u, v]) => match rounded(libm::atan2(cross(u, v)[2], dot(u, v))) {
            turn if turn == -std::f32::consts::PI => std::f32::consts::PI,
            turn => turn,
        },
        Err(missing) => missing,
    }
}

/// The sides a - b and c - b, with 0 for coordinates that there are not, or what an angle without them is.
fn sides(a: &[f32], b: &[f32], c: &[f32]) -> Result<[[f64; 3]; 2], f32> {
    if let Some(&missing) = a.iter().chain(b).chain(c).find(|x| x.is_nan()) {
        return Err(missing);
    }
    let side = |end: &[f32]| {
        let mut side = [0.0; 3];
        side.iter_mut().zip(end.iter().zip(b)).for_each(|(d, (&end, &b))| *d = f64::from(end) - f64::from(b));
        side
    };
    let sides = [side(a), side(c)];
    let directed = |side: &[f64; 3]| side.iter().all(|d| d.is_finite()) && side.iter().any(|&d| d != 0.0);
    if sides.iter().all(directed) { Ok(sides) } else { Err(f32::NAN) }
}

fn dot(u: [f64; 3], v: [f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn cross(u: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

    const O: [f32; 2] = [0.0, 0.0];

    #[test]
    fn angles_in_the_plane_and_in_space() {
        // mpmath, 50 digits, of the f32 coordinates: acos(dot(u, v) / (norm(u) * norm(v))), then np.float32
        assert_eq!(angle(&[1.0, 2.0, 3.0], &[0.5, -1.0, 2.0], &[4.0, 0.0, -1.0]), 1.4546547);
        assert_eq!(angle(&[310.0, 95.0], &[340.0, 150.0], &[280.0, 158.0]), 1.2040012);
        let huge = [[3e38, 3e38, -3e38], [-3e38, 1e38, 2e38], [1e38, -2e38, 3e38]];
        assert_eq!(angle(&huge[0], &huge[1], &huge[2]), 1.2490457);
    }

    #[test]
    fn digits_are_kept_near_0_and_pi() {
        // As above: 9.999999974749094e-07 and 3.1415916535897956
        assert_eq!(angle(&[1.0, 0.0], &O, &[1.0, 1e-6]), 1e-6);
        assert_eq!(angle(&[1.0, 0.0], &O, &[-1.0, 1e-6]), 3.1415915);
        assert_eq!((angle(&[2.0, 6.0], &O, &[1.0, 3.0]), angle(&[2.0, 6.0], &O, &[-1.0, -3.0])), (0.0, PI));
    }

    #[test]
    fn turning_counter_clockwise_is_positive() {
        let turn = |c: [f32; 2]| signed_angle(&[1.0, 0.0], &O, &c);
        assert_eq!(
            (turn([0.0, 2.0]), turn([0.0, -2.0]), turn([-3.0, -3.0])),
            (FRAC_PI_2, -FRAC_PI_2, -3.0 * FRAC_PI_4)
        );
        assert_eq!((turn([5.0, 0.0]), turn([-5.0, 0.0]), turn([-5.0, -0.0])), (0.0, PI, PI));
        assert_eq!(turn([-1.0, -1e-30]), PI, "-π and a bit is no f32 in (-π, π]");
    }

    #[test]
    fn the_way_back_is_the_opposite_and_the_size_is_the_plain_angle() {
        let points = [[310.0, 95.0], [340.0, 150.0], [280.0, 158.0], [-7.5, 0.25], [f32::MAX, -1.0], [1e-45, 0.0]];
        for (a, b, c) in (0..216).map(|i| (points[i % 6], points[i / 6 % 6], points[i / 36])) {
            if a != b && b != c && signed_angle(&a, &b, &c) != PI {
                assert_eq!(signed_angle(&a, &b, &c), -signed_angle(&c, &b, &a), "{a:?} {b:?} {c:?}");
                assert_eq!(signed_angle(&a, &b, &c).abs(), angle(&a, &b, &c), "{a:?} {b:?} {c:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_stays_missing_and_no_side_has_no_angle() {
        let (null, nan) = (f32::from_bits(0x7fc0_6e75), f32::NAN);
        for kernel in [angle, signed_angle] {
            let bits = |a: [f32; 2], b: [f32; 2], c: [f32; 2]| kernel(&a, &b, &c).to_bits();
            assert_eq!(bits([1.0, 1.0], [2.0, null], [nan, 1.0]), null.to_bits());
            assert_eq!(bits([nan, 1.0], [2.0, null], [null, 1.0]), nan.to_bits());
            assert_eq!(bits([1.0, 1.0], [1.0, 1.0], [3.0, 1.0]), nan.to_bits());
            assert_eq!(bits([1.0, 1.0], [2.0, 2.0], [2.0, 2.0]), nan.to_bits());
            assert_eq!(bits([f32::INFINITY, 1.0], [2.0, 2.0], [3.0, 3.0]), nan.to_bits());
        }
    }

    #[test]
    fn tiny_sides_have_angles() {
        let tiny = f32::from_bits(1);
        assert_eq!(angle(&[tiny, 0.0, 0.0], &[0.0; 3], &[tiny, tiny, 0.0]), FRAC_PI_4);
    }
}
