//! One recording of one person: its frames by their numbers, in pieces that need nothing but the seed. Pure.

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
    /// `values` is [frames, [`DIM`]]; `there` tells for each value whether it is, and is left alone where nothing is missing.
    /// Noise is the sum of four uniform bytes, which is nearly normal and within 3.5 deviations.
    pub fn write(&self, piece: u64, values: &mut [f32], there: &mut [bool]) {
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
        if self.missing > 0.0 {
            self.hide(piece, there);
        }
    }

    fn hide(&self, piece: u64, there: &mut [bool]) {
        let mut hidden = Stream::new(self.seed, &["walker", "missing", &self.name, &piece.to_string()]);
        for frames in there.chunks_mut(HIDDEN * DIM) {
            for joint in 0..JOINTS {
                let is_there = hidden.uniform() >= self.missing;
                frames.chunks_exact_mut(DIM).for_each(|frame| frame[3 * joint..][..3].fill(is_there));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::walkers::activity::ACTIVITIES;

    fn frames(noise: f64, missing: f64, piece: u64, frames: usize) -> (Vec<f32>, Vec<bool>) {
        let walk = ACTIVITIES.iter().find(|activity| activity.name == "walk").unwrap();
        let recording = Recording::new(7, "v", 1, walk, 25.0, noise, missing);
        let (mut values, mut there) = (vec![0.0; frames * DIM], vec![true; frames * DIM]);
        recording.write(piece, &mut values, &mut there);
        (values, there)
    }

    #[test]
    fn a_part_of_a_piece_is_its_beginning() {
        let ((all, _), (few, _)) = (frames(0.01, 0.0, 3, PIECE), frames(0.01, 0.0, 3, 10));
        assert_eq!(all[..10 * DIM], few[..]);
    }

    #[test]
    fn a_movement_without_noise_goes_on_smoothly_from_piece_to_piece() {
        let ((first, _), (second, _)) = (frames(0.0, 0.0, 0, PIECE), frames(0.0, 0.0, 1, PIECE));
        let all = [first, second].concat();
        for (a, b) in all.chunks(DIM).zip(all.chunks(DIM).skip(1)) {
            let jump = (0..JOINTS).map(|joint| (a[3 * joint] - b[3 * joint]).abs()).fold(0.0, f32::max);
            assert!(jump < 0.2, "{jump} m in a frame");
        }
    }

    #[test]
    fn noise_has_its_deviation() {
        let ((still, _), (noisy, _)) = (frames(0.0, 0.0, 0, PIECE), frames(0.02, 0.0, 0, PIECE));
        let coordinates = || (0..PIECE * DIM).filter(|i| i % 3 < 2);
        let squares: f64 = coordinates().map(|i| f64::from(noisy[i] - still[i]).powi(2)).sum();
        let variance = squares / (PIECE * 2 * JOINTS) as f64;
        // 51,200 values; the variance of a nearly normal one is 2 σ⁴ / n: 4 standard errors are 2.5 %.
        assert!((variance / 0.0004 - 1.0).abs() < 0.025, "variance {variance}");
    }

    #[test]
    fn joints_are_missing_for_a_while_with_all_their_values() {
        let (_, there) = frames(0.0, 0.25, 0, PIECE);
        assert!(there.chunks(3).all(|joint| joint.iter().all(|x| *x == joint[0])));
        let missing = there.iter().filter(|there| !**there).count() as f64 / there.len() as f64;
        // 1,600 draws: 4 standard errors of a share of 0.25 are 0.043.
        assert!((missing - 0.25).abs() < 0.043, "{missing}");
        assert!(there.chunks(HIDDEN * DIM).all(|block| block.chunks(DIM).all(|frame| frame == &block[..DIM])));
    }
}
