//! From values to pixels, and the round values that an axis names.

/// A linear map of values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The values at both ends.
    pub values: (f64, f64),
    /// The pixels at both ends.
    pub pixels: (f64, f64),
}

impl Scale {
    /// The pixel of a value; the middle where the scale has no length.
    pub fn at(&self, value: f64) -> f64 {
        let ((low, high), (from, to)) = (self.values, self.pixels);
        let place = if high > low { (value - low) / (high - low) } else { 0.5 };
        from + (to - from) * place
    }
}

/// Round values inside [low, high], about `about` of them: multiples of 1, 2 or 5 times a power of ten.
pub fn ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let step = step((high - low) / about.max(1) as f64);
    if !step.is_finite() || step <= 0.0 {
        return vec![low];
    }
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    // Multiples, not sums: 0.1 added ten times is not 1.
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Round values as [`ticks`], whole numbers only.
pub fn whole_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    ticks(low, high, about.min((high - low).max(1.0) as usize)).into_iter().filter(|tick| tick.fract() == 0.0).collect()
}

/// The least round step that is not below `rough`.
fn step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_maps_its_ends_to_the_ends() {
        let scale = Scale { values: (0.0, 2.0), pixels: (100.0, 0.0) };
        assert_eq!([0.0, 1.0, 2.0].map(|x| scale.at(x)), [100.0, 50.0, 0.0]);
        assert_eq!(Scale { values: (1.0, 1.0), ..scale }.at(1.0), 50.0);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(0.3, 2.2, 4), [0.5, 1.0, 1.5, 2.0]);
        assert_eq!(ticks(1.0, 1.0, 4), [1.0]);
    }

    #[test]
    fn ticks_of_epochs_are_whole() {
        assert_eq!(whole_ticks(1.0, 2.0, 6), [1.0, 2.0]);
        assert_eq!(whole_ticks(1.0, 11.0, 6), [2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(whole_ticks(1.0, 1.0, 6), [1.0]);
    }
}
