//! Joint drop: some joints lose their movement.

use super::operation::{Call, Limits, Operation, Recorded};
use crate::error::Result;
use std::fmt::{self, Display, Formatter, Write};

use super::drawn;
use super::present::mean;
use crate::random::Stream;

/// Joints that lose their movement, as when something hides them: a model shall not rely on a single one.
///
/// Their values become the mean over the window. Not NULL, because the tensors that are trained on hold none; and not 0,
/// because 0 is a place like any other (a corner of the image, the middle of the body), and a joint that stands there
/// would be a new pose instead of a joint that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointDrop {
    /// Numbers of the joints that are dropped, rising, from 0.
    pub dropped: Vec<usize>,
}

impl JointDrop {
    /// Drops each of so many joints with a probability of its own. One draw for each joint, whatever the probability.
    pub fn draw(joints: usize, probability: f64, stream: &mut Stream) -> Self {
        Self { dropped: (0..joints).filter(|_| stream.uniform() < probability).collect() }
    }

    /// Sets the features of each dropped joint, in a window of [frames, D] values, to their mean over the window.
    ///
    /// `joints` are the features of each joint. A missing value (NaN) and an infinite one stay, to the bit, and are in
    /// no mean. No dropped joint changes no bit.
    pub fn apply(&self, window: &[f32], dim: usize, joints: &[Vec<usize>], still: &mut [f32]) {
        still.copy_from_slice(window);
        for &d in self.dropped.iter().flat_map(|&joint| &joints[joint]) {
            if let Some(mean) = mean(window.iter().skip(d).step_by(dim).copied()) {
                still.iter_mut().skip(d).step_by(dim).filter(|x| x.is_finite()).for_each(|x| *x = mean as f32);
            }
        }
    }
}

/// The numbers of the dropped joints, as in `0, 7`; nothing where none is dropped.
impl Display for JointDrop {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        drawn::list(&self.dropped, text)
    }
}

#[derive(Debug)]
struct Drop {
    probability: f64,
    joints: Vec<Vec<usize>>,
}

/// Reads `joint_drop(probability)`: of each joint of the skeleton, or of each feature where there is none.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let probability = call.number("probability of each joint", Limits::Share, "joint_drop(0.05)")?;
    Ok(Box::new(Drop { probability, joints: call.frame.joints() }))
}

impl Operation for Drop {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        let drop = JointDrop::draw(self.joints.len(), self.probability, stream);
        drop.apply(window.values, window.dim, &self.joints, changed);
        write!(drawn, "{drop}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_joint_stands_at_its_mean() {
        // numpy.nanmean([[1, 5], [2, 6], [6, numpy.nan]], axis=0): [3., 5.5]
        let window = [1.0, 0.0, 5.0, 2.0, 1.0, 6.0, 6.0, 2.0, f32::NAN];
        let mut still = [9.0; 9];
        JointDrop { dropped: vec![1] }.apply(&window, 3, &[vec![1], vec![0, 2]], &mut still);
        assert!(still[8].is_nan());
        assert_eq!(still[..8], [3.0, 0.0, 5.5, 3.0, 1.0, 5.5, 3.0, 2.0]);
    }

    #[test]
    fn a_probability_is_the_share_of_the_joints() {
        let mut stream = Stream::new(1, &["joints"]);
        let dropped = JointDrop::draw(20_000, 0.05, &mut stream).dropped.len() as f64;
        // Binomial(20000, 0.05): mean 1000, 4 standard deviations are 123.3.
        assert!((dropped - 1000.0).abs() < 123.3, "{dropped}");
        assert_eq!(JointDrop::draw(100, 0.0, &mut stream).to_string(), "");
        assert_eq!(JointDrop::draw(3, 1.0, &mut stream).to_string(), "0, 1, 2");
    }

    #[test]
    fn a_larger_probability_drops_the_same_joints_and_more() {
        let drop = |p| JointDrop::draw(50, p, &mut Stream::new(2, &["joints"])).dropped;
        assert!(drop(0.2).iter().all(|joint| drop(0.6).contains(joint)));
        assert!(drop(0.2).len() < drop(0.6).len());
    }
}
