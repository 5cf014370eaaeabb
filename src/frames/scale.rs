//! Values that the 32 bits of a window cannot hold, and values that are unlike all others. Pure.

/// A mean so many times the deviation leaves an f32, of 24 bits, no digit for what changes.
pub const OFFSET: f64 = 1e6;
/// From here on an f32 is 1/32 or more away from the next: of metres, three centimetres.
pub const FAR: f64 = (1u32 << 18) as f64;
/// A value so many times the largest of the others is no value of the same thing.
const WILD: f64 = 1e6;
/// No sensor and no camera tells a value of this size.
const NOTHING_MEASURED: f64 = 1e12;
/// The largest values that may be wild: one of so many, and two at least.
const FEW: u64 = 100;

/// What was seen of a feature: enough to tell how large its values are and how far they spread; `T` tells where.
#[derive(Debug, Clone)]
pub struct Scale<T> {
    count: u64,
    /// The first value, which is subtracted from all: sums of what is left keep their digits.
    first: f64,
    sum: f64,
    squares: f64,
    /// The value of the largest magnitude, and where it is: the first of several.
    largest: Option<(f64, T)>,
    /// How many values there are of each power of two, sorted; zeros, which have none, are what is left of `count`.
    powers: Vec<(i32, u64)>,
    /// The place in `powers` that was counted last.
    last: usize,
}

/// What is doubtful about the values of a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt<T> {
    /// They lie so far from 0 that an f32 holds too little of what changes.
    Offset {
        /// Their mean.
        mean: f64,
        /// Their standard deviation (of the population); 0 where none is left.
        spread: f64,
    },
    /// One of them, or a few, are larger than all others by orders of magnitude.
    Wild {
        /// The largest.
        value: f64,
        /// Where it is.
        at: T,
        /// The magnitude that the others stay below, a power of two.
        others: f64,
    },
}

impl<T> Default for Scale<T> {
    fn default() -> Self {
        Self { count: 0, first: 0.0, sum: 0.0, squares: 0.0, largest: None, powers: vec![], last: 0 }
    }
}

impl<T> Scale<T> {
    /// Takes a finite value; `at` tells where it is.
    pub fn add(&mut self, value: f64, at: impl FnOnce() -> T) {
        if self.count == 0 {
            self.first = value;
        }
        self.count += 1;
        let since = value - self.first;
        self.sum += since;
        self.squares += since * since;
        if value == 0.0 {
            return;
        }
        if self.largest.as_ref().is_none_or(|(largest, _)| value.abs() > largest.abs()) {
            self.largest = Some((value, at()));
        }
        let power = exponent(value);
        match self.powers.get_mut(self.last) {
            Some((last, count)) if *last == power => *count += 1,
            _ => {
                self.last = match self.powers.binary_search_by_key(&power, |(power, _)| *power) {
                    Ok(place) => place,
                    Err(place) => {
                        self.powers.insert(place, (power, 0));
                        place
                    }
                };
                self.powers[self.last].1 += 1;
            }
        }
    }

    /// Mean and standard deviation; none of no values.
    fn moments(&self) -> Option<(f64, f64)> {
        if self.count == 0 {
            return None;
        }
        let n = self.count as f64;
        let mean = self.sum / n;
        Some((self.first + mean, (self.squares / n - mean * mean).max(0.0).sqrt()))
    }

    /// What is doubtful about them; a wild value before an offset, which it may feign.
    pub fn doubt(&self) -> Option<Doubt<T>>
    where
        T: Clone,
    {
        if let Some((value, at)) = &self.largest
            && let Some(others) = self.others()
            && value.abs() >= WILD * others
        {
            return Some(Doubt::Wild { value: *value, at: at.clone(), others });
        }
        let (mean, spread) = self.moments()?;
        (spread > 0.0 && mean.abs() > OFFSET * spread).then_some(Doubt::Offset { mean, spread })
    }

    /// The one value that they all have, if it is so large that an f32 beside it is 1 away or more: what changes may be lost.
    pub fn far_constant(&self) -> Option<f64> {
        let (mean, spread) = self.moments()?;
        (self.count > 1 && spread == 0.0 && mean.abs() >= FAR).then_some(mean)
    }

    /// The power of two above the values that are left without the largest few; none where too few are left.
    fn others(&self) -> Option<f64> {
        let count: u64 = self.powers.iter().map(|(_, count)| count).sum();
        let mut left = few(count);
        for (power, of_power) in self.powers.iter().rev() {
            if *of_power > left {
                return (2 * few(count) <= count).then(|| 2f64.powi(power + 1)).or_else(|| self.beside_zeros(count));
            }
            left -= of_power;
        }
        self.beside_zeros(count)
    }

    /// The same where no more values than a few are not 0: zeros stay below 1, and so may some of these.
    fn beside_zeros(&self, others_than_zero: u64) -> Option<f64> {
        let few = few(self.count);
        let (largest, _) = self.largest.as_ref().filter(|_| others_than_zero <= few && 2 * few <= self.count)?;
        // Forces of feet are 0 for long and large in between: of several values only a size that nothing measured has is wild.
        if others_than_zero > 2 && largest.abs() < NOTHING_MEASURED {
            return None;
        }
        let bounds = self.powers.iter().map(|(power, _)| 2f64.powi(power + 1));
        Some(bounds.filter(|bound| WILD * bound <= largest.abs()).fold(1.0, f64::max))
    }
}

/// So many of these values may be wild.
fn few(count: u64) -> u64 {
    (count / FEW).max(2)
}

/// The power of two that a number which is not 0 begins with.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// How far an f32 of this size is from the next.
pub fn step(value: f64) -> f64 {
    let value = value.abs() as f32;
    f64::from(value.next_up() - value)
}

/// A number to subtract: rounded to a few digits it would leave too much of a large one.
pub fn whole(x: f64) -> String {
    if x.abs() < 1e15 { short(x) } else { format!("{x:.0}") }
}

/// A number in few digits, for messages.
pub fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_owned(),
        1e-3..1e15 => {
            let digits = (5 - libm::log10(x.abs()).floor() as i32).max(0) as usize;
            let text = format!("{x:.digits$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        }
        _ => {
            let text = format!("{x:.3e}");
            match text.split_once('e') {
                Some((digits, power)) => format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.')),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(values: impl IntoIterator<Item = f64>) -> Option<Doubt<usize>> {
        let mut scale = Scale::default();
        values.into_iter().enumerate().for_each(|(at, value)| scale.add(value, || at));
        scale.doubt()
    }

    #[test]
    fn an_offset_that_leaves_no_digits_is_told() {
        let Some(Doubt::Offset { mean, spread }) = doubt((0..100).map(|n| 4.5e8 + 0.01 * f64::from(n))) else {
            panic!("no offset");
        };
        // numpy: x = 0.01 * np.arange(100); x.mean(), x.std()
        assert!((mean - 4.5e8 - 0.495).abs() < 1e-6 && (spread - 0.288_660_700_477_22).abs() < 1e-6, "{mean} {spread}");
        assert_eq!(doubt((0..100).map(|n| -640.0 - f64::from(n))), None);
        assert_eq!(doubt([4.5e8; 50]), None);
        assert_eq!(doubt([]), None);
    }

    #[test]
    fn a_single_wild_value_is_told_with_its_place() {
        let among = |wild: f64, count: usize| {
            doubt((0..count).map(move |n| if n == 7 { wild } else { 640.0 + (n % 5) as f64 }))
        };
        assert_eq!(among(1e20, 1000), Some(Doubt::Wild { value: 1e20, at: 7, others: 1024.0 }));
        assert_eq!(among(-1e20, 12), Some(Doubt::Wild { value: -1e20, at: 7, others: 1024.0 }));
        assert_eq!((among(1e6, 1000), among(0.0, 1000)), (None, None));
        // Where a thousandth of all values is large, that is how they are.
        assert_eq!(doubt((0..1000).map(|n| if n % 20 == 0 { 1e20 } else { 1.0 + f64::from(n) })), None);
        // Of few values nobody knows which one is wild.
        assert_eq!(doubt([1.0, 1e20, 2.0]), None);
    }

    #[test]
    fn zeros_are_no_magnitude() {
        assert_eq!(doubt((0..1000).map(|n| if n % 3 == 0 { 0.5 } else { 0.0 })), None);
    }

    #[test]
    fn a_wild_value_among_zeros_is_told() {
        let among = |wild: f64, second: f64| {
            doubt((0..640).map(move |n| match n {
                7 => wild,
                9 => second,
                _ => 0.0,
            }))
        };
        assert_eq!(among(1e20, 0.0), Some(Doubt::Wild { value: 1e20, at: 7, others: 1.0 }));
        assert_eq!(among(-1e6, 0.0), Some(Doubt::Wild { value: -1e6, at: 7, others: 1.0 }));
        assert_eq!((among(999_999.0, 0.0), among(3.0, 0.0), among(0.0, 0.0)), (None, None, None));
        // 3 is below 4; what is as large as the wild one is another of the few.
        assert_eq!(among(1e20, 3.0), Some(Doubt::Wild { value: 1e20, at: 7, others: 4.0 }));
        assert_eq!(among(1e20, 2e19), Some(Doubt::Wild { value: 1e20, at: 7, others: 1.0 }));
        // Three steps on a plate that is 0 else, in pascal, are the size of steps; what nothing measures is wild as often.
        let steps = |size: f64| doubt((0..640).map(move |n| if n % 213 == 7 { size } else { 0.0 }));
        assert_eq!((steps(2e6), steps(1e13)), (None, Some(Doubt::Wild { value: 1e13, at: 7, others: 1.0 })));
        // Of few values nobody knows which one is wild.
        assert_eq!(doubt([0.0, 1e20, 0.0]), None);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 450_000_000.495, 0.288_660_7, 1e20, -1.5, 25.0, 1e-9, 29.97].map(short);
        assert_eq!(shown, ["0", "450000000", "0.288661", "1e20", "-1.5", "25", "1e-9", "29.97"]);
    }
}
