//! Where the joints of a body are: angles in, points of an image out. Pure.

use super::activity::Angles;

/// Joints of OpenPose's BODY_25.
pub const JOINTS: usize = 25;

/// Someone in front of a camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    /// Height in metres.
    pub height: f64,
    /// Radians from which the camera looks: 0 from the person's right, a quarter turn from the front.
    pub view: f64,
}

type Point = [f64; 3];

/// Segments as shares of the height, after Drillis and Contini 1966, as in Winter, Biomechanics and Motor Control of Human
/// Movement, figure 4.1; those of the face are rough.
mod share {
    pub const THIGH: f64 = 0.245;
    pub const SHANK: f64 = 0.246;
    pub const FOOT: f64 = 0.152;
    pub const TRUNK: f64 = 0.288;
    pub const UPPER_ARM: f64 = 0.186;
    pub const FOREARM: f64 = 0.146;
    pub const HALF_SHOULDERS: f64 = 0.129;
    pub const HALF_HIPS: f64 = 0.0955;
    pub const NOSE: f64 = 0.105;
}

impl Body {
    /// The image of every joint, [x, y] for each, in metres, y up, with the middle of the hips at 0.
    pub fn joints(&self, angles: &Angles) -> [[f64; 2]; JOINTS] {
        let mut points = [[0.0; 3]; JOINTS];
        let lengths = |share: f64| share * self.height;
        // x forward, y up, z to the person's left.
        let trunk = direction(angles.lean, 0.0, 1.0);
        points[1] = along([0.0; 3], trunk, lengths(share::TRUNK));
        self.head(&mut points, trunk);
        // [shoulder, elbow, wrist, hip, knee, ankle, big toe, small toe, heel] of the left and the right.
        let numbers = [[5, 6, 7, 12, 13, 14, 19, 20, 21], [2, 3, 4, 9, 10, 11, 22, 23, 24]];
        for (side, [shoulder, elbow, wrist, hip, knee, ankle, big_toe, small_toe, heel]) in
            numbers.into_iter().enumerate()
        {
            let out = if side == 0 { 1.0 } else { -1.0 };
            points[shoulder] = along(points[1], [0.0, 0.0, out], lengths(share::HALF_SHOULDERS));
            let (swing, raise, bent) = (angles.swing[side], angles.raise[side], angles.elbow[side]);
            points[elbow] = along(points[shoulder], direction(swing, out * raise, -1.0), lengths(share::UPPER_ARM));
            // An arm that hangs is bent forward, one that is raised is bent upward.
            let forearm = direction(swing + bent * libm::cos(raise), out * (raise + bent * libm::sin(raise)), -1.0);
            points[wrist] = along(points[elbow], forearm, lengths(share::FOREARM));
            points[hip] = along([0.0; 3], [0.0, 0.0, out], lengths(share::HALF_HIPS));
            let (flexed, spread) = (angles.hip[side], out * angles.spread[side]);
            points[knee] = along(points[hip], direction(flexed, spread, -1.0), lengths(share::THIGH));
            let shank = flexed - angles.knee[side];
            points[ankle] = along(points[knee], direction(shank, spread, -1.0), lengths(share::SHANK));
            let foot = direction(std::f64::consts::FRAC_PI_2 + shank + angles.ankle[side], 0.0, -1.0);
            points[big_toe] = along(points[ankle], foot, lengths(0.7 * share::FOOT));
            points[small_toe] = along(points[big_toe], [0.0, 0.0, out], lengths(0.02));
            points[heel] = along(points[ankle], foot, lengths(-0.3 * share::FOOT));
        }
        let (sine, cosine) = (libm::sin(self.view), libm::cos(self.view));
        points.map(|[x, y, z]| [x * cosine + z * sine, y])
    }

    fn head(&self, points: &mut [Point; JOINTS], trunk: Point) {
        let neck = points[1];
        let place = |up: f64, forward: f64, left: f64| {
            let point = along(neck, trunk, up * self.height);
            [point[0] + forward * self.height, point[1], point[2] + left * self.height]
        };
        points[0] = place(share::NOSE, 0.06, 0.0);
        for (number, up, forward, left) in
            [(15, 0.125, 0.05, -0.02), (16, 0.125, 0.05, 0.02), (17, 0.115, 0.0, -0.045), (18, 0.115, 0.0, 0.045)]
        {
            points[number] = place(up, forward, left);
        }
    }
}

/// A unit vector, up (1) or down (-1), turned forward by one angle and sideways by another.
fn direction(forward: f64, sideways: f64, up: f64) -> Point {
    let reach = libm::cos(forward);
    [libm::sin(forward), up * reach * libm::cos(sideways), reach * libm::sin(sideways)]
}

fn along(from: Point, direction: Point, length: f64) -> Point {
    [from[0] + length * direction[0], from[1] + length * direction[1], from[2] + length * direction[2]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::skeletons::Skeletons;

    const FRONT: Body = Body { height: 2.0, view: std::f64::consts::FRAC_PI_2 };

    #[test]
    fn a_person_who_stands_is_upright_and_the_same_on_both_sides() {
        let joints = FRONT.joints(&Angles::default());
        let body25 = Skeletons::default().find("body25").unwrap();
        for (number, joint) in body25.joints.iter().enumerate() {
            let ([x, y], [twin_x, twin_y]) = (joints[number], joints[joint.twin]);
            assert!((x + twin_x).abs() < 1e-12 && (y - twin_y).abs() < 1e-12, "{}", joint.name);
        }
        let y = |name: &str| joints[body25.joint(name).unwrap()][1];
        assert!(y("nose") > y("neck") && y("neck") > y("mid_hip") && y("left_knee") > y("left_ankle"));
        assert!((y("left_ankle") + 2.0 * (share::THIGH + share::SHANK)).abs() < 1e-12);
        assert!(joints[body25.joint("left_wrist").unwrap()][0] > 0.0, "from the front, their left is on the right");
    }

    #[test]
    fn a_raised_arm_is_above_the_shoulder_and_keeps_its_length() {
        let angles = Angles { raise: [3.0, 0.0], ..Angles::default() };
        let joints = FRONT.joints(&angles);
        assert!(joints[7][1] > joints[5][1] && joints[4][1] < joints[2][1]);
        let length = (joints[6][0] - joints[5][0]).hypot(joints[6][1] - joints[5][1]);
        assert!((length - 2.0 * share::UPPER_ARM).abs() < 1e-12);
    }

    #[test]
    fn a_bent_knee_takes_the_foot_back() {
        let side = Body { height: 2.0, view: 0.0 };
        let joints = side.joints(&Angles { knee: [1.0, 0.0], ..Angles::default() });
        assert!(joints[14][0] < joints[13][0] && joints[14][1] > joints[11][1]);
    }
}
