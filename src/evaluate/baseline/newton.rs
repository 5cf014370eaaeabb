//! The least value of a smooth convex function: Newton's method, its steps found by conjugate gradients.

use crate::error::Result;

/// Newton steps; some 10 are taken.
const STEPS: usize = 100;
/// Products with the Hessian for one step.
const PRODUCTS: usize = 500;

/// A convex function of [n] numbers. What takes long looks for an interrupt, and ends with it.
pub(super) trait Convex {
    /// The value at a point, and its gradient there, [n].
    fn at(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<f64>;
    /// The Hessian at the point that was last asked for times a direction, both [n].
    fn curvature(&mut self, direction: &[f64], out: &mut [f64]) -> Result<()>;
    /// Gets ready to precondition at that point.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }
    /// Divides by a positive definite matrix that is like the Hessian: the more alike, the fewer products are needed.
    fn precondition(&self, vector: &mut [f64]);
}

/// Moves `point` until no part of the gradient is above `tolerance`, and says whether that was reached.
///
/// Nocedal and Wright 2006, Numerical Optimization, algorithm 7.1, with a preconditioner.
///
/// # Errors
/// What the function returns.
pub(super) fn minimise(function: &mut impl Convex, point: &mut [f64], tolerance: f64) -> Result<bool> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = function.at(point, &mut gradient)?;
    let first = dot(&gradient, &gradient).sqrt();
    for _ in 0..STEPS {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            return Ok(true);
        }
        // The nearer the least value, the more exact the step: the digits that are right then double with each.
        let size = dot(&gradient, &gradient).sqrt();
        let exactness = (size / first).max(0.1 * tolerance / size).min(0.1);
        function.prepare()?;
        let step = newton_step(function, &gradient, exactness)?;
        match walk(function, point, &step, value, &mut gradient)? {
            Some(next) => value = next,
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// The step with `Hessian step = -gradient`, up to `exactness` times the gradient.
fn newton_step(function: &mut impl Convex, gradient: &[f64], exactness: f64) -> Result<Vec<f64>> {
    let mut step = vec![0.0; gradient.len()];
    let mut rest: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let enough = exactness * dot(&rest, &rest).sqrt();
    let mut pull = rest.clone();
    function.precondition(&mut pull);
    let mut direction = pull.clone();
    let mut product = vec![0.0; gradient.len()];
    let mut size = dot(&rest, &pull);
    for _ in 0..PRODUCTS {
        function.curvature(&direction, &mut product)?;
        let along = dot(&direction, &product);
        // Flat to rounding: no further.
        if along <= 0.0 {
            break;
        }
        add(&mut step, size / along, &direction);
        add(&mut rest, -size / along, &product);
        if dot(&rest, &rest).sqrt() <= enough {
            break;
        }
        pull.copy_from_slice(&rest);
        function.precondition(&mut pull);
        let last = std::mem::replace(&mut size, dot(&rest, &pull));
        direction.iter_mut().zip(&pull).for_each(|(d, pull)| *d = pull + size / last * *d);
    }
    Ok(step)
}

/// Goes along `step`, half as far each time the value does not fall enough; NULL when it never does.
fn walk(
    function: &mut impl Convex,
    point: &mut [f64],
    step: &[f64],
    value: f64,
    gradient: &mut [f64],
) -> Result<Option<f64>> {
    let slope = dot(gradient, step);
    // What the last digits of the value cannot tell is no rise.
    let rounding = 1e-12 * value.abs();
    for halvings in 0..40 {
        let length = 0.5f64.powi(halvings);
        let mut trial = point.to_vec();
        add(&mut trial, length, step);
        let next = function.at(&trial, gradient)?;
        if next <= value + 1e-4 * length * slope + rounding {
            point.copy_from_slice(&trial);
            return Ok(Some(next));
        }
    }
    Ok(None)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], times: f64, vector: &[f64]) {
    sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += times * x);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of cosh(x - i) + x - i over the places i: convex, steep far out, least where sinh(x - i) = -1.
    struct Valley(Vec<f64>);

    impl Convex for Valley {
        fn at(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<f64> {
            self.0 = point.iter().enumerate().map(|(i, x)| x - i as f64).collect();
            gradient.iter_mut().zip(&self.0).for_each(|(g, x)| *g = x.sinh() + 1.0);
            Ok(self.0.iter().map(|x| x.cosh() + x).sum())
        }
        fn curvature(&mut self, direction: &[f64], out: &mut [f64]) -> Result<()> {
            out.iter_mut().zip(direction).zip(&self.0).for_each(|((out, d), x)| *out = d * x.cosh());
            Ok(())
        }
        fn precondition(&self, _: &mut [f64]) {}
    }

    #[test]
    fn the_least_value_is_found_from_afar() {
        let mut point = vec![0.0, 20.0, -5.0];
        assert!(minimise(&mut Valley(vec![]), &mut point, 1e-10).unwrap());
        // asinh(-1) = -ln(1 + sqrt 2).
        let least = -(1.0 + std::f64::consts::SQRT_2).ln();
        assert!(point.iter().enumerate().all(|(i, x)| (x - i as f64 - least).abs() < 1e-9), "{point:?}");
    }

    #[test]
    fn a_function_without_a_least_value_is_not_said_to_have_converged() {
        /// -x, which falls for ever; the curvature is none.
        struct Slope;
        impl Convex for Slope {
            fn at(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<f64> {
                gradient.fill(-1.0);
                Ok(-point[0])
            }
            fn curvature(&mut self, _: &[f64], out: &mut [f64]) -> Result<()> {
                out.fill(0.0);
                Ok(())
            }
            fn precondition(&self, _: &mut [f64]) {}
        }
        assert!(!minimise(&mut Slope, &mut [0.0], 1e-10).unwrap());
    }
}
