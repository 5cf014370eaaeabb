//! The step of the optimizer over flat buffers: Adam in Keras' form, see [`crate::nn::adam`].

use pulp::{Simd, WithSimd};

use crate::nn::adam::Step;

/// Moves some parameters.
pub struct Adam<'a> {
    /// The numbers.
    pub step: Step,
    /// Parameters.
    pub parameters: &'a mut [f32],
    /// Their gradients.
    pub gradients: &'a [f32],
    /// First moments.
    pub first: &'a mut [f32],
    /// Second moments.
    pub second: &'a mut [f32],
}

impl WithSimd for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.step.apply(self.parameters, self.gradients, self.first, self.second);
    }
}

/// Adds the gradients of the later parts of a minibatch to those of the first, in their order.
pub struct Sum<'a, 'b> {
    /// Of the first part; the sum at last.
    pub sum: &'a mut [f32],
    /// Of the others.
    pub others: &'b [&'b [f32]],
}

impl WithSimd for Sum<'_, '_> {
    /// The sum of the squares of the result, in an order of its own.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { sum, others } = self;
        for other in others {
            sum.iter_mut().zip(*other).for_each(|(s, x)| *s += x);
        }
        let mut lanes = [0.0f64; 16];
        let (chunks, rest) = sum.as_chunks::<16>();
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane += f64::from(x) * f64::from(x);
            }
        }
        for (lane, &x) in lanes.iter_mut().zip(rest) {
            *lane += f64::from(x) * f64::from(x);
        }
        lanes.iter().sum()
    }
}
