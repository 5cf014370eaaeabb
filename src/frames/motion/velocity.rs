//! Velocity: how fast a value changes.

use super::runs::runs;

/// The first derivative of `values` by time, in their unit per unit of `times` (frame or second).
///
/// `times` rises strictly and need not be even. Inside a run of values it is that of the parabola through a value and
/// its two neighbours, s₋ and s₊ being the slopes to them and d₋, d₊ how long these take:
///
/// ```text
/// v = (d₊ s₋ + d₋ s₊) / (d₋ + d₊)
/// ```
///
/// At both ends it is the slope to the only neighbour. This is numpy.gradient(values, times) with edge_order=1, written
/// in slopes so that nothing cancels.
///
/// Next to a missing value (NaN) a run ends, so the slope is that to the neighbour on the other side. (numpy would make
/// that missing, and give a velocity for the missing value itself where times are even.) Missing is also what has no
/// neighbour, such as a single frame: 0 would say that it stands still.
pub fn velocity(values: &[f64], times: &[f64], velocity: &mut [f64]) {
    velocity.fill(f64::NAN);
    for run in runs(values).filter(|run| run.len() > 1) {
        let last = run.end - 1;
        let slope = |t: usize| (values[t + 1] - values[t]) / (times[t + 1] - times[t]);
        velocity[run.start] = slope(run.start);
        velocity[last] = slope(last - 1);
        for t in run.start + 1..last {
            let before = (times[t + 1] - times[t]) / (times[t + 1] - times[t - 1]);
            velocity[t] = before * slope(t - 1) + (1.0 - before) * slope(t);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn velocities(values: &[f64], times: &[f64]) -> Vec<f64> {
        let mut result = vec![7.0; values.len()];
        velocity(values, times, &mut result);
        result
    }

    fn close(ours: &[f64], expected: &[f64]) -> bool {
        let close = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-14 * b.abs().max(1.0);
        ours.len() == expected.len() && ours.iter().zip(expected).all(close)
    }

    #[test]
    fn uneven_times_are_weighed() {
        // np.gradient([1, 4, -2, .5, 3, 10], [0, 1, 2.5, 3, 5, 5.25])
        let ours = velocities(&[1.0, 4.0, -2.0, 0.5, 3.0, 10.0], &[0.0, 1.0, 2.5, 3.0, 5.0, 5.25]);
        assert!(close(&ours, &[3.0, 0.2, 2.75, 4.25, 25.02777777777778, 28.0]), "{ours:?}");
    }

    #[test]
    fn a_parabola_has_its_exact_slope_inside() {
        // x = 3t² - 2t + 1, x' = 6t - 2; the ends have the slope of the chord.
        let times = [0.0, 0.5, 2.0, 2.25, 7.0];
        let ours = velocities(&times.map(|t| 3.0 * t * t - 2.0 * t + 1.0), &times);
        assert!(close(&ours, &[-0.5, 1.0, 10.0, 11.5, 25.75]), "{ours:?}");
    }

    #[test]
    fn nothing_is_reckoned_across_what_is_missing() {
        let ours =
            velocities(&[1.0, 3.0, GAP, 100.0, 104.0, 110.0, GAP, 9.0], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert!(close(&ours, &[2.0, 2.0, GAP, 4.0, 5.0, 6.0, GAP, GAP]), "{ours:?}");
    }

    #[test]
    fn what_has_no_neighbour_has_no_velocity() {
        assert!(velocities(&[5.0], &[0.0])[0].is_nan());
        assert!(velocities(&[GAP, GAP], &[0.0, 1.0]).iter().all(|x| x.is_nan()));
        assert!(velocities(&[], &[]).is_empty());
    }

    #[test]
    fn huge_tiny_and_infinite_values() {
        assert_eq!(velocities(&[0.0, 3e38, -3e38], &[0.0, 1.0, 2.0]), [3e38, -1.5e38, -6e38]);
        assert_eq!(velocities(&[0.0, 1e-45, 2e-45], &[0.0, 1.0, 2.0]), [1e-45; 3]);
        let ours = velocities(&[0.0, 1.0, f64::INFINITY, 3.0, 4.0], &[0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!((ours[0], ours[1], ours[3], ours[4]), (1.0, f64::INFINITY, f64::NEG_INFINITY, 1.0));
    }
}
