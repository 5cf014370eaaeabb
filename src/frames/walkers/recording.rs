//! One recording of one person: its frames by their numbers, in pieces that need nothing but the seed. Pure.

use std::ops::Range;

use super::activity::Activity;
use super::body::{Body, JOINTS};
use crate::random::Stream;

/// Values in a frame: x, y and confidence of each joint.
pub const DIM: usize = 3 * JOINTS;
/// Frames whose random numbers are drawn together.
pub const PIECE: usize = 1024;
/// Frames for which a joint is missing at a time.
const HIDDEN: usize = 16;
/// Poses in a cycle; those between are on the line between two.
const PHASES: usize = 256;
/// The deviation of the sum of four uniform bytes: sqrt(4 (256² - 1) / 12).
const BYTES_STD: f32 = 147.800_55;

/// What someone does, how, and how badly it is seen.
#[derive(Debug, Clone)]
pub struct Recording {
    seed: u64,
    name: String,
    /// Poses of a cycle and the first one again, x and y of each joint.
    cycle: Vec<[f32; 2 * JOINTS]>,
    /// Cycles in a frame, and where the first frame is in its cycle.
    step: f64,
    begin: f64,
    /// Deviation of a coordinate, in metres.
    noise: f32,
    /// The share of joints that are missing.
    missing: f64,
}

impl Recording {
    /// A recording called `name`, of person number `subject`, at `hz` frames a second.
    ///
    /// The person's build and ways come from the seed and the number, so that they are the same in all recordings.
    pub fn new(seed: u64, name: &str, subject: u64, activity: &Activity, hz: f64, noise: f64, missing: f64) -> Self {
        let mut person = Stream::new(seed, &["walker", &subject.to_string()]);
        let height = person.between(1.52, 1.94);
        let (view, hurry) = (person.between(0.35, 1.25), person.between(0.85, 1.15));
        let mut way = Stream::new(seed, &["walker", &subject.to_string(), activity.name]);
        let (size, tempo) = (way.between(0.8, 1.15), way.between(0.95, 1.05));
        let body = Body { height, view };
        let pose = |phase: usize| {
            let mut pose = [0.0; 2 * JOINTS];
            let joints = body.joints(&(activity.angles)((phase % PHASES) as f64 / PHASES as f64, size));
            pose.iter_mut().zip(joints.as_flattened()).for_each(|(to, from)| *to = *from as f32);
            pose
        };
        Self {
            seed,
            name: name.to_owned(),
            cycle: (0..=PHASES).map(pose).collect(),
            step: activity.cadence * hurry * tempo / hz,
            begin: Stream::new(seed, &["walker", "begin", name]).uniform(),
            noise: noise as f32,
            missing,
        }
    }

    /// Writes the frames of piece number `piece`, as many as `values` has room for, at most [`PIECE`].
    ///
    /// `values` is [frames, [`DIM`]], with a number where [`Recording::hidden`] says that a joint is missing, too. Noise is the sum of four uniform bytes, which is nearly normal and within 3.5 deviations.
    pub fn write(&self, piece: u64, values: &mut [f32]) {
        let key = ["walker", "noise", &self.name, &piece.to_string()];
        // 50 coordinates and 25 confidences of a byte each make 57 words; 64 are a block.
        let mut blocks = vec![[0u32; 64]; values.len() / DIM];
        Stream::words(self.seed, &key, &mut blocks);
        let scale = self.noise / BYTES_STD;
        for (frame, (values, words)) in values.chunks_exact_mut(DIM).zip(&blocks).enumerate() {
            let number = piece * PIECE as u64 + frame as u64;
            let turn = self.begin + number as f64 * self.step;
            let place = (turn - turn.floor()) * PHASES as f64;
            let phase = (place as usize).min(PHASES - 1);
            let share = (place - phase as f64) as f32;
            let (before, after) = (&self.cycle[phase], &self.cycle[phase + 1]);
            let mut pose = [0.0f32; 2 * JOINTS];
            for (i, x) in pose.iter_mut().enumerate() {
                let word = words[i];
                let sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
                *x = before[i] + share * (after[i] - before[i]) + scale * (sum as f32 - 510.0);
            }
            for (joint, value) in values.chunks_exact_mut(3).enumerate() {
                let byte = words[2 * JOINTS + joint / 4] >> (8 * (joint % 4)) & 255;
                value.copy_from_slice(&[pose[2 * joint], pose[2 * joint + 1], 0.6 + byte as f32 * (0.4 / 255.0)]);
            }
        }
    }

    /// Which joints are missing in which of the first `frames` frames of a piece: with all their values, for a while.
    pub fn hidden(&self, piece: u64, frames: usize) -> Vec<(Range<usize>, usize)> {
        if self.missing == 0.0 {
            return vec![];
        }
        let mut draws = Stream::new(self.seed, &["walker", "missing", &self.name, &piece.to_string()]);
        let whiles = (0..frames).step_by(HIDDEN).map(|begin| begin..(begin + HIDDEN).min(frames));
        let joints = whiles.flat_map(|frames| (0..JOINTS).map(move |joint| (frames.clone(), joint)));
        joints.filter(|_| draws.uniform() < self.missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::walkers::activity::ACTIVITIES;

    fn recording(noise: f64, missing: f64) -> Recording {
        let walk = ACTIVITIES.iter().find(|activity| activity.name == "walk").unwrap();
        Recording::new(7, "v", 1, walk, 25.0, noise, missing)
    }

    fn frames(noise: f64, piece: u64, frames: usize) -> Vec<f32> {
        let mut values = vec![0.0; frames * DIM];
        recording(noise, 0.0).write(piece, &mut values);
        values
    }

    #[test]
    fn a_part_of_a_piece_is_its_beginning() {
        let (all, few) = (frames(0.01, 3, PIECE), frames(0.01, 3, 10));
        assert_eq!(all[..10 * DIM], few[..]);
        let hidden = recording(0.0, 0.3).hidden(3, PIECE).into_iter().filter(|(frames, _)| frames.start < 32);
        assert_eq!(hidden.collect::<Vec<_>>(), recording(0.0, 0.3).hidden(3, 32));
    }

    #[test]
    fn a_movement_without_noise_goes_on_smoothly_from_piece_to_piece() {
        let (first, second) = (frames(0.0, 0, PIECE), frames(0.0, 1, PIECE));
        let all = [first, second].concat();
        for (a, b) in all.chunks(DIM).zip(all.chunks(DIM).skip(1)) {
            let jump = (0..JOINTS).map(|joint| (a[3 * joint] - b[3 * joint]).abs()).fold(0.0, f32::max);
            assert!(jump < 0.2, "{jump} m in a frame");
        }
    }

    #[test]
    fn noise_has_its_deviation() {
        let (still, noisy) = (frames(0.0, 0, PIECE), frames(0.02, 0, PIECE));
        let coordinates = || (0..PIECE * DIM).filter(|i| i % 3 < 2);
        let squares: f64 = coordinates().map(|i| f64::from(noisy[i] - still[i]).powi(2)).sum();
        let variance = squares / (PIECE * 2 * JOINTS) as f64;
        // 51,200 values; the variance of a nearly normal one is 2 σ⁴ / n: 4 standard errors are 2.5 %.
        assert!((variance / 0.0004 - 1.0).abs() < 0.025, "variance {variance}");
    }

    #[test]
    fn joints_are_missing_for_a_while() {
        let hidden = recording(0.0, 0.25).hidden(0, PIECE);
        let missing = hidden.len() as f64 / (PIECE / HIDDEN * JOINTS) as f64;
        // 1,600 draws: 4 standard errors of a share of 0.25 are 0.043.
        assert!((missing - 0.25).abs() < 0.043, "{missing}");
        assert!(hidden.iter().all(|(frames, joint)| frames.len() == HIDDEN && *joint < JOINTS));
        assert_eq!(recording(0.0, 0.0).hidden(0, PIECE), []);
    }
}
