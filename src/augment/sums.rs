//! Exact sums: the same mean and deviation for any order and any partitioning of the values.

/// 2^32: a digit of the exact sums.
const DIGIT: u32 = 32;
/// Every finite f32 is a mantissa of 24 bits times 2^(place - 149), for one of 254 places.
const SUM_DIGITS: usize = 254usize.div_ceil(DIGIT as usize);
/// Its square is a whole number of 48 bits times 2^(2 place - 298).
const SQUARE_DIGITS: usize = (2 * 254usize).div_ceil(DIGIT as usize);

/// The number, sum and sum of squares of f32 values, without any rounding.
///
/// A superaccumulator (Kulisch 2013): the mantissa of a value is added, shifted within a digit, to the integer of its
/// exponent's digit. Integers add up exactly, in any order, so that partial sums merge to the same bits. Each integer
/// has room for 2^48 values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExactSums {
    count: u64,
    sum: [i128; SUM_DIGITS],
    squares: [i128; SQUARE_DIGITS],
}

impl ExactSums {
    /// Bytes of [`ExactSums::to_bytes`].
    pub const BYTES: usize = 8 + 16 * (SUM_DIGITS + SQUARE_DIGITS);

    /// Adds a finite value.
    pub fn add(&mut self, x: f32) {
        let bits = x.to_bits();
        let exponent = (bits >> 23) & 0xff;
        let mantissa = u64::from(bits & 0x7f_ffff) | if exponent > 0 { 1 << 23 } else { 0 };
        // x = ± mantissa · 2^(place - 149); subnormals share the place of the smallest normal numbers.
        let place = exponent.saturating_sub(1);
        let shifted = i128::from(mantissa) << (place % DIGIT);
        self.sum[(place / DIGIT) as usize] += if x.is_sign_negative() { -shifted } else { shifted };
        self.squares[(2 * place / DIGIT) as usize] += i128::from(mantissa * mantissa) << (2 * place % DIGIT);
        self.count += 1;
    }

    /// Adds all that another one has added.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.iter_mut().zip(other.sum).for_each(|(mine, theirs)| *mine += theirs);
        self.squares.iter_mut().zip(other.squares).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// The population standard deviation sqrt(Σx²/n - (Σx/n)²); None of no value.
    ///
    /// n Σx² - (Σx)² is computed in whole numbers, so that nothing cancels: a constant has exactly 0.
    pub fn deviation(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let n = [self.count as u32, (self.count >> DIGIT) as u32];
        let sum = magnitude(&self.sum);
        let scatter = difference(&product(&n, &magnitude(&self.squares)), &product(&sum, &sum));
        let unit = 2f64.powi(-298);
        let n = self.count as f64;
        Some((to_f64(&scatter) * unit / n / n).sqrt())
    }

    /// All of it, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend(self.count.to_le_bytes());
        bytes.extend(self.sum.iter().chain(&self.squares).flat_map(|digit| digit.to_le_bytes()));
        bytes
    }

    /// What [`ExactSums::to_bytes`] wrote; None of any other number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (count, digits) = bytes.split_first_chunk().filter(|_| bytes.len() == Self::BYTES)?;
        let mut digits = digits.chunks_exact(16).filter_map(|d| Some(i128::from_le_bytes(d.try_into().ok()?)));
        let mut sums = Self { count: u64::from_le_bytes(*count), ..Self::default() };
        for digit in sums.sum.iter_mut().chain(&mut sums.squares) {
            *digit = digits.next()?;
        }
        Some(sums)
    }
}

/// The absolute value of Σ digit_i · 2^(32 i), in digits below 2^32.
fn magnitude(digits: &[i128]) -> Vec<u32> {
    let carried = |sign: i128| {
        let mut carry = 0;
        let mut carried: Vec<u32> = Vec::with_capacity(digits.len() + 4);
        for digit in digits.iter().chain(&[0; 4]) {
            carry += sign * digit;
            carried.push(carry as u32);
            carry >>= DIGIT;
        }
        (carry >= 0).then_some(carried)
    };
    // A negative number leaves a carry of -1 above its digits.
    carried(1).or_else(|| carried(-1)).unwrap_or_default()
}

fn product(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut product = vec![0u32; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0;
        for (digit, &y) in product[i..].iter_mut().zip(b.iter().chain(&[0])) {
            carry += u64::from(*digit) + u64::from(x) * u64::from(y);
            *digit = carry as u32;
            carry >>= DIGIT;
        }
    }
    product
}

/// a - b, for b of at most a.
fn difference(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut borrow = 0i64;
    let digit = |i: usize| {
        borrow += i64::from(*a.get(i).unwrap_or(&0)) - i64::from(*b.get(i).unwrap_or(&0));
        let digit = borrow as u32;
        borrow >>= DIGIT;
        digit
    };
    (0..a.len().max(b.len())).map(digit).collect()
}

/// The nearest f64, but for one last bit.
fn to_f64(digits: &[u32]) -> f64 {
    digits.iter().rev().fold(0.0, |above, &digit| above * 2f64.powi(DIGIT as i32) + f64::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(values: &[f32]) -> ExactSums {
        let mut sums = ExactSums::default();
        values.iter().for_each(|&x| sums.add(x));
        sums
    }

    #[test]
    fn deviations_are_those_of_numpy() {
        // numpy.std(numpy.array(values, dtype=numpy.float32).astype(numpy.longdouble))
        for (values, expected) in [
            (&[1.5, -2.25, 1000.125, 1e-3, 7.0][..], 399.43655252136875),
            (&[1e8, 1e8, 1e8 + 8.0], 3.7712361663282534),
            (&[1e-40, 3e-40], 1.0000016166037976e-40),
            (&[3e38, -3e38, 0.0], 2.449489747272077e38),
        ] {
            let std = sums(values).deviation().unwrap();
            assert!((std - expected).abs() < 1e-15 * expected, "{std} instead of {expected}");
        }
    }

    #[test]
    fn a_constant_has_no_deviation_and_no_value_has_none() {
        assert_eq!(sums(&[0.1; 1000]).deviation(), Some(0.0));
        assert_eq!(sums(&[-0.1; 7]).deviation(), Some(0.0));
        assert_eq!(sums(&[]).deviation(), None);
    }

    #[test]
    fn any_order_and_any_partition_gives_the_same_bits() {
        let mut stream = crate::random::Stream::new(5, &["values"]);
        let draw = |_| (stream.normal_pair().0 * libm::exp(stream.between(-60.0, 60.0))) as f32;
        let mut values: Vec<f32> = (0..1000).map(draw).collect();
        let whole = sums(&values);
        stream.shuffle(&mut values);
        let mut merged = ExactSums::default();
        values.chunks(7).for_each(|part| merged.merge(&sums(part)));
        assert_eq!(merged, whole);
        assert_eq!(ExactSums::from_bytes(&merged.to_bytes()), Some(whole));
    }
}
