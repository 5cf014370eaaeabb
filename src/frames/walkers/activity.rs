//! What people do, as angles of joints over one cycle. Pure.

use std::f64::consts::TAU;

/// Angles in radians; `[left, right]` of limbs. 0 everywhere is a person who stands upright with hanging arms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Angles {
    /// Thighs forward.
    pub hip: [f64; 2],
    /// Thighs sideways.
    pub spread: [f64; 2],
    /// Knees bent.
    pub knee: [f64; 2],
    /// Toes up.
    pub ankle: [f64; 2],
    /// Arms forward.
    pub swing: [f64; 2],
    /// Arms sideways and up.
    pub raise: [f64; 2],
    /// Elbows bent.
    pub elbow: [f64; 2],
    /// Trunk forward.
    pub lean: f64,
}

/// Something that people do over and over.
#[derive(Debug)]
pub struct Activity {
    /// The label.
    pub name: &'static str,
    /// Cycles a second.
    pub cadence: f64,
    /// Angles at a phase in [0, 1), for a person who moves by `size` (about 1) as far as others.
    pub angles: fn(phase: f64, size: f64) -> Angles,
}

/// All activities, by name.
pub const ACTIVITIES: [Activity; 7] = [
    Activity { name: "jumping_jack", cadence: 0.9, angles: jumping_jack },
    Activity { name: "run", cadence: 1.4, angles: |phase, size| stride(phase, size, 0.62, 1.0, 1.45, 0.22) },
    Activity { name: "squat", cadence: 0.4, angles: squat },
    Activity { name: "stand", cadence: 0.2, angles: stand },
    Activity { name: "walk", cadence: 0.95, angles: |phase, size| stride(phase, size, 0.36, 0.55, 0.25, 0.05) },
    Activity { name: "wave_left", cadence: 1.1, angles: |phase, size| wave(phase, size, 0) },
    Activity { name: "wave_right", cadence: 1.1, angles: |phase, size| wave(phase, size, 1) },
];

/// 0 to 1 and back to 0 in a cycle, smoothly.
fn there_and_back(phase: f64) -> f64 {
    0.5 - 0.5 * libm::cos(TAU * phase)
}

/// Legs and arms against each other: thighs by ± `thigh`, the knee bent most while the leg swings.
fn stride(phase: f64, size: f64, thigh: f64, knee: f64, elbow: f64, lean: f64) -> Angles {
    let mut angles = Angles { elbow: [elbow; 2], lean, ..Angles::default() };
    for side in 0..2 {
        let turn = TAU * (phase + 0.5 * side as f64);
        let forward = libm::cos(turn);
        // Bent most a quarter of a cycle before the foot comes down in front.
        let bent = 0.5 + 0.5 * libm::cos(turn + TAU * 0.27);
        angles.hip[side] = size * (0.2 * thigh + thigh * forward);
        angles.knee[side] = size * (0.1 + knee * bent * bent * 2.0);
        angles.ankle[side] = size * 0.25 * libm::sin(turn + 0.6);
        angles.swing[side] = -size * thigh * 0.9 * forward;
    }
    angles
}

fn squat(phase: f64, size: f64) -> Angles {
    let depth = size * there_and_back(phase);
    Angles {
        hip: [1.5 * depth; 2],
        spread: [0.15; 2],
        knee: [1.9 * depth; 2],
        ankle: [0.4 * depth; 2],
        swing: [1.3 * depth; 2],
        lean: 0.45 * depth,
        ..Angles::default()
    }
}

fn stand(phase: f64, size: f64) -> Angles {
    let sway = 0.015 * size * libm::sin(TAU * phase);
    Angles { hip: [sway; 2], swing: [sway; 2], elbow: [0.15; 2], lean: sway, ..Angles::default() }
}

fn jumping_jack(phase: f64, size: f64) -> Angles {
    let open = there_and_back(phase);
    Angles {
        spread: [0.45 * size * open; 2],
        raise: [0.1 + 2.7 * size.min(1.1) * open; 2],
        elbow: [0.2; 2],
        knee: [0.25 * libm::sin(TAU * phase).abs(); 2],
        ..Angles::default()
    }
}

/// One arm up, its forearm from side to side.
fn wave(phase: f64, size: f64, side: usize) -> Angles {
    let mut angles = stand(phase, size);
    angles.raise[side] = 2.1 + 0.15 * size * libm::sin(TAU * phase);
    angles.elbow[side] = 0.7 + 0.6 * size * libm::sin(TAU * phase);
    angles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activities_lie_by_name() {
        assert!(ACTIVITIES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn a_cycle_ends_where_it_begins_and_is_smooth() {
        for activity in &ACTIVITIES {
            for step in 0..64 {
                let (a, b) =
                    ((activity.angles)(step as f64 / 64.0, 1.0), (activity.angles)((step + 1) as f64 / 64.0, 1.0));
                let jumps = [(a.hip, b.hip), (a.knee, b.knee), (a.raise, b.raise), (a.elbow, b.elbow)];
                let largest = jumps.iter().flat_map(|(a, b)| [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()]);
                assert!(largest.fold(0.0, f64::max) < 0.25, "{} at {step}", activity.name);
            }
        }
    }

    #[test]
    fn waving_with_the_other_arm_is_the_mirror_image() {
        let (left, right) = (wave(0.3, 1.0, 0), wave(0.3, 1.0, 1));
        assert_eq!((left.raise, left.elbow), ([right.raise[1], right.raise[0]], [right.elbow[1], right.elbow[0]]));
    }
}
