//! Numbers for frames that have times alone. Pure: steps in, numbers out.

/// How many steps of a recording tell how long its usual step is: the first ones, so that no recording is held.
pub const STEPS: usize = 101;

/// The usual step between two frames: the lower median, at least 1; 1 where there is no step.
pub fn usual(steps: &[i64]) -> i64 {
    let mut steps = steps.to_vec();
    steps.sort_unstable();
    steps.get(steps.len().saturating_sub(1) / 2).map_or(1, |step| (*step).max(1))
}

/// How many frames later one comes that is a step later: 1, or more where frames are missing in between.
pub fn frames(step: i64, usual: i64) -> i64 {
    let rounded = (2 * i128::from(step) + i128::from(usual)) / (2 * i128::from(usual));
    i64::try_from(rounded).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_step_is_not_moved_by_pauses() {
        assert_eq!(usual(&[40, 40, 41, 9000, 39]), 40);
        assert_eq!((usual(&[40, 50]), usual(&[]), usual(&[0])), (40, 1, 1));
    }

    #[test]
    fn a_step_that_is_twice_as_long_lacks_a_frame() {
        assert_eq!([1, 20, 40, 59, 60, 80, 120, 9000].map(|step| frames(step, 40)), [1, 1, 1, 1, 2, 2, 3, 225]);
        assert_eq!(frames(i64::MAX, 1), i64::MAX);
    }
}
