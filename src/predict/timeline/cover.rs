//! Mean probabilities where windows overlap, without a trace of the windows that ended.

use std::ops::Range;

/// Probabilities are added as whole numbers of 2^-80: all above 2^-56 exactly, in room for 2^46 windows.
///
/// Sums of floats would depend on the order of the windows, and keep a residue of each that has left: enough to
/// decide a tie of two classes. Whole numbers do neither, so that one running sum serves however much windows
/// overlap.
const SCALE: f64 = (1_u128 << 80) as f64;

/// Visits the stretches of frames that the same windows cover, in the order of time, each with its mean
/// probabilities, `[classes]`.
///
/// `windows` are places of frames, `probabilities` are [windows, classes]. Frames that no window covers are not
/// visited.
pub(super) fn stretches(
    windows: &[Range<usize>],
    probabilities: &[f32],
    classes: usize,
    mut visit: impl FnMut(Range<usize>, &[f64]),
) {
    let mut starts: Vec<usize> = (0..windows.len()).filter(|w| !windows[*w].is_empty()).collect();
    let mut ends = starts.clone();
    starts.sort_unstable_by_key(|w| windows[*w].start);
    ends.sort_unstable_by_key(|w| windows[*w].end);
    let (mut starts, mut ends) = (starts.as_slice(), ends.as_slice());
    let of = |w: usize| &probabilities[w * classes..][..classes];
    let (mut sums, mut mean) = (vec![0_i128; classes], vec![0.0; classes]);
    while let Some(at) = next(windows, starts, ends) {
        while let Some((w, rest)) = starts.split_first().filter(|(w, _)| windows[**w].start == at) {
            sums.iter_mut().zip(of(*w)).for_each(|(sum, p)| *sum += whole(*p));
            starts = rest;
        }
        while let Some((w, rest)) = ends.split_first().filter(|(w, _)| windows[**w].end == at) {
            sums.iter_mut().zip(of(*w)).for_each(|(sum, p)| *sum -= whole(*p));
            ends = rest;
        }
        // Windows that started and have not ended.
        let covering = ends.len() - starts.len();
        if let Some(end) = next(windows, starts, ends).filter(|_| covering > 0) {
            mean.iter_mut().zip(&sums).for_each(|(mean, sum)| *mean = *sum as f64 / SCALE / covering as f64);
            visit(at..end, &mean);
        }
    }
}

/// The next place where a window starts or ends.
fn next(windows: &[Range<usize>], starts: &[usize], ends: &[usize]) -> Option<usize> {
    // A window ends after it starts, so that where none is left to end, none is left to start.
    let end = windows[*ends.first()?].end;
    Some(starts.first().map_or(end, |w| windows[*w].start.min(end)))
}

fn whole(probability: f32) -> i128 {
    (f64::from(probability) * SCALE) as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(windows: &[Range<usize>], probabilities: &[f32]) -> Vec<(Range<usize>, f64)> {
        let mut met = vec![];
        stretches(windows, probabilities, 1, |stretch, mean| met.push((stretch, mean[0])));
        met
    }

    #[test]
    fn a_mean_is_over_the_windows_that_cover() {
        let met = means(&[4..8, 0..6, 0..0, 10..11], &[0.25, 0.75, 1.0, 0.5]);
        assert_eq!(met, [(0..4, 0.75), (4..6, 0.5), (6..8, 0.25), (10..11, 0.5)]);
    }

    #[test]
    fn a_window_that_ended_leaves_no_trace() {
        // In float64, 1e-20 + 1 - 1 is 0.
        let met = means(&[0..3, 1..2], &[1e-20, 1.0]);
        assert!(met[2] == (2..3, met[0].1) && (met[0].1 / 1e-20 - 1.0).abs() < 1e-3, "{met:?}");
    }
}
