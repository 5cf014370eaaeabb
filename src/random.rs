//! Repeatable randomness: one ChaCha8 stream for each (seed, key), and nothing else.
//!
//! There is no global generator and no clock. Whoever draws names what the draw is for, so that the same
//! row gets the same bits for any partitioning, batch size, thread count or order of files.

use rand_chacha::rand_core::block::Generator;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_chacha::{ChaCha8Core, ChaCha8Rng};

/// A stream of random bits that belongs to one key.
///
/// ```
/// use posequel::random::Stream;
/// let draw = |key: &[&str]| Stream::new(7, key).uniform();
/// assert_eq!(draw(&["noise", "video1:0"]), draw(&["noise", "video1:0"]));
/// assert_ne!(draw(&["noise", "video1:0"]), draw(&["noise", "video1:15"]));
/// ```
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `seed` and `key`. Parts of the key are length-prefixed: `["ab", "c"]` is not `["a", "bc"]`.
    pub fn new(seed: u64, key: &[&str]) -> Self {
        Self(ChaCha8Rng::from_seed(state(seed, key)))
    }

    /// The first words of a stream, two for each of [`Self::bits`] with the lower half first, without a copy between.
    pub fn words(seed: u64, key: &[&str], blocks: &mut [[u32; 64]]) {
        let mut core = ChaCha8Core::from_seed(state(seed, key));
        blocks.iter_mut().for_each(|block| core.generate(block));
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Leaves out `n` times [`Self::bits`], in no time.
    pub fn skip(&mut self, n: u64) {
        self.0.set_word_pos(self.0.get_word_pos() + 2 * u128::from(n));
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n without bias (Lemire 2019, by rejection). `n` must be at least 1.
    pub fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            // What is rejected is below 2^64 modulo n, so below n: the division is hardly ever needed.
            if product as u64 >= n || product as u64 >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// Two independent standard normal numbers (Box and Muller 1958), with libm's functions: the same bits everywhere.
    pub fn normal_pair(&mut self) -> (f64, f64) {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = std::f64::consts::TAU * self.uniform();
        (radius * libm::cos(angle), radius * libm::sin(angle))
    }

    /// A uniformly drawn order of the items (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// What a generator starts from.
fn state(seed: u64, key: &[&str]) -> [u8; 32] {
    let mut hash = blake3::Hasher::new_derive_key("posequel random stream v1");
    hash.update(&seed.to_le_bytes());
    for part in key {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    *hash.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_never_drawn() {
        for n in [0, 1, 31, 32, 33, 1000] {
            let [mut all, mut some] = [0; 2].map(|_| Stream::new(7, &["skip"]));
            assert_eq!(all.bits(), some.bits());
            (0..n).for_each(|_| assert_ne!(all.bits(), 0));
            some.skip(n);
            assert_eq!(all.bits(), some.bits(), "{n}");
        }
    }

    #[test]
    fn numbers_below_are_rejected_by_their_definition() {
        for n in [1, 3, 7, 1 << 20, (1 << 63) + 1, u64::MAX] {
            let [mut ours, mut plain] = [0; 2].map(|_| Stream::new(7, &["below"]));
            for _ in 0..200 {
                let expected = loop {
                    let product = u128::from(plain.bits()) * u128::from(n);
                    if product as u64 >= n.wrapping_neg() % n {
                        break (product >> 64) as u64;
                    }
                };
                assert_eq!(ours.below(n), expected, "{n}");
            }
        }
    }

    #[test]
    fn words_are_the_halves_of_bits() {
        let mut blocks = [[0; 64]; 2];
        Stream::words(3, &["test"], &mut blocks);
        let mut stream = Stream::new(3, &["test"]);
        for pair in blocks.as_flattened().chunks(2) {
            assert_eq!(stream.bits(), u64::from(pair[1]) << 32 | u64::from(pair[0]));
        }
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(1, &["test"]);
        let draws: Vec<f64> = (0..50_000).flat_map(|_| <[f64; 2]>::from(stream.normal_pair())).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "variance {variance}");
    }

    #[test]
    fn below_is_uniform() {
        let mut stream = Stream::new(2, &["test"]);
        let mut counts = [0f64; 7];
        (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1.0);
        let chi2: f64 = counts.iter().map(|c| (c - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 22.46, "chi2 {chi2} passes the 0.1 % point of 6 degrees of freedom");
    }

    #[test]
    fn parts_of_a_key_do_not_run_together() {
        assert_ne!(Stream::new(0, &["ab", "c"]).bits(), Stream::new(0, &["a", "bc"]).bits());
    }
}
