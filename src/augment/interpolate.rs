//! Interpolation: frames read between frames.

/// Reads a window of [frames, D] values at a fractional place, in frames from 0, into a frame of D values.
///
/// With k the whole part of `place` and s the rest, the result is x_k + s · (x_(k+1) - x_k). A whole place gives every
/// bit of its frame, a place outside the window the first or last frame. Next to a missing value (NaN) the result is
/// missing and has its bits, those of the earlier one of two; an infinite value stays infinite. A window without
/// frames leaves `result` as it is.
pub fn frame_at(window: &[f32], dim: usize, place: f64, result: &mut [f32]) {
    let Some(last) = window.len().checked_div(dim).and_then(|frames| frames.checked_sub(1)) else {
        return;
    };
    let place = place.clamp(0.0, last as f64);
    let before = place as usize;
    let share = place - before as f64;
    let frame = |t: usize| &window[t * dim..][..dim];
    if share == 0.0 {
        result.copy_from_slice(frame(before));
    } else {
        for ((value, &a), &b) in result.iter_mut().zip(frame(before)).zip(frame(before + 1)) {
            *value = between(a, b, share);
        }
    }
}

/// a + share · (b - a), which no two finite values take out of the range of f32.
fn between(a: f32, b: f32, share: f64) -> f32 {
    if a.is_finite() && b.is_finite() {
        (f64::from(a) + share * (f64::from(b) - f64::from(a))) as f32
    } else if a.is_nan() || b.is_finite() {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(window: &[f32], dim: usize, place: f64) -> Vec<f32> {
        let mut frame = vec![7.0; dim];
        frame_at(window, dim, place, &mut frame);
        frame
    }

    #[test]
    fn frames_are_read_between_their_neighbours() {
        // [numpy.interp([-1, 0, 0.25, 1.5, 2, 9], [0, 1, 2], x) for x in ([1, 3, 4], [10, 20, 0])]:
        // [1., 1., 1.5, 3.5, 4., 4.] and [10., 10., 12.5, 10., 0., 0.]
        let window = [1.0, 10.0, 3.0, 20.0, 4.0, 0.0];
        let expected = [[1.0, 10.0], [1.0, 10.0], [1.5, 12.5], [3.5, 10.0], [4.0, 0.0], [4.0, 0.0]];
        for (place, expected) in [-1.0, 0.0, 0.25, 1.5, 2.0, 9.0].into_iter().zip(expected) {
            assert_eq!(at(&window, 2, place), expected, "at {place}");
        }
    }

    #[test]
    fn a_result_has_the_bits_of_the_missing_value_that_it_depends_on() {
        let (one, other) = (f32::from_bits(0x7fa0_0001), f32::from_bits(0xffc0_0002));
        let cases = [(one, 1.0, one), (1.0, one, one), (one, other, one), (f32::INFINITY, other, other)];
        for (a, b, expected) in cases {
            assert_eq!(at(&[a, b], 1, 0.5)[0].to_bits(), expected.to_bits());
        }
        assert_eq!(at(&[1.0, one], 1, 0.0), [1.0], "a whole place does not depend on the next frame");
    }

    #[test]
    fn infinite_and_largest_values_make_no_missing_one() {
        assert_eq!(at(&[f32::INFINITY; 2], 1, 0.5), [f32::INFINITY]);
        assert_eq!(at(&[f32::INFINITY, 1.0], 1, 0.5), [f32::INFINITY]);
        assert_eq!(at(&[-f32::MAX, f32::MAX], 1, 0.5), [0.0]);
        assert_eq!(at(&[f32::MAX, f32::MAX], 1, 0.3), [f32::MAX]);
    }

    #[test]
    fn a_window_without_frames_is_not_read() {
        assert_eq!(at(&[], 1, 0.5), [7.0]);
        assert!(at(&[], 0, 0.5).is_empty());
    }
}
