//! Acceleration: how fast the velocity changes.

use super::runs::runs;

/// The second derivative of `values` by time, in their unit per unit of `times` squared.
///
/// `times` rises strictly and need not be even. Inside a run of values it is that of the parabola through a value and
/// its two neighbours, s₋ and s₊ being the slopes to them and d₋, d₊ how long these take (twice Newton's second divided
/// difference):
///
/// ```text
/// a = 2 (s₊ - s₋) / (d₋ + d₊)
/// ```
///
/// The first and the last of a run lie on the same parabola as their neighbour and have its acceleration. A run of
/// fewer than three values has none: missing (NaN), as what is missing itself. Nothing is reckoned across a missing
/// value.
///
/// The package movement takes the gradient of the gradient (`kinematics.py`), which looks at every other frame only and
/// so is deaf to jitter from frame to frame.
pub fn acceleration(values: &[f64], times: &[f64], acceleration: &mut [f64]) {
    acceleration.fill(f64::NAN);
    for run in runs(values).filter(|run| run.len() > 2) {
        let last = run.end - 1;
        let slope = |t: usize| (values[t + 1] - values[t]) / (times[t + 1] - times[t]);
        for t in run.start + 1..last {
            acceleration[t] = (slope(t) - slope(t - 1)) / (0.5 * (times[t + 1] - times[t - 1]));
        }
        acceleration[run.start] = acceleration[run.start + 1];
        acceleration[last] = acceleration[last - 1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn accelerations(values: &[f64], times: &[f64]) -> Vec<f64> {
        let mut result = vec![7.0; values.len()];
        acceleration(values, times, &mut result);
        result
    }

    fn close(ours: &[f64], expected: &[f64]) -> bool {
        let close = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-13 * b.abs().max(1.0);
        ours.len() == expected.len() && ours.iter().zip(expected).all(close)
    }

    #[test]
    fn it_is_that_of_the_parabola_through_three_frames() {
        // t = np.array([0, 1, 2.5, 3, 5, 5.25]); x = np.array([1, 4, -2, .5, 3, 10])
        // [2 * np.polyfit(t[i-1:i+2] - t[i], x[i-1:i+2], 2)[0] for i in range(1, 5)]
        let ours = accelerations(&[1.0, 4.0, -2.0, 0.5, 3.0, 10.0], &[0.0, 1.0, 2.5, 3.0, 5.0, 5.25]);
        assert!(close(&ours, &[-5.6, -5.6, 9.0, -3.0, 23.77777777777778, 23.77777777777778]), "{ours:?}");
    }

    #[test]
    fn free_fall_has_one_acceleration() {
        let times = [0.0, 0.5, 2.0, 2.25, 7.0];
        let ours = accelerations(&times.map(|t| 100.0 + 3.0 * t - 0.5 * 9.81 * t * t), &times);
        assert!(close(&ours, &[-9.81; 5]), "{ours:?}");
    }

    #[test]
    fn jitter_is_heard() {
        assert_eq!(accelerations(&[1.0, -1.0, 1.0, -1.0], &[0.0, 1.0, 2.0, 3.0]), [4.0, 4.0, -4.0, -4.0]);
    }

    #[test]
    fn three_frames_in_a_row_are_needed() {
        let times: Vec<f64> = (0..8).map(f64::from).collect();
        let ours = accelerations(&[1.0, 3.0, GAP, 100.0, 104.0, 110.0, GAP, 9.0], &times);
        assert!(close(&ours, &[GAP, GAP, GAP, 2.0, 2.0, 2.0, GAP, GAP]), "{ours:?}");
        assert!(accelerations(&[5.0, 6.0], &[0.0, 1.0]).iter().all(|x| x.is_nan()));
        assert!(accelerations(&[], &[]).is_empty());
    }

    #[test]
    fn huge_and_tiny_values() {
        assert!(close(&accelerations(&[0.0, 3e38, -3e38], &[0.0, 1.0, 2.0]), &[-9e38; 3]));
        assert_eq!(accelerations(&[0.0, 1e-45, 4e-45], &[0.0, 1.0, 2.0])[1], (4e-45 - 1e-45) - 1e-45);
    }
}
