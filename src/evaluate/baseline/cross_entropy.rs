//! What logistic regression makes least: cross-entropy over the train rows and a penalty on large weights.

use super::cholesky::Cholesky;
use super::newton::Convex;
use super::panels::{LANES, Lanes, Panels, add_multiples, add_squares, products};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::nn::softmax_exact::softmax;

/// `sum over rows of cross-entropy + half the sum of squared weights`, the intercepts left out of the penalty.
///
/// A point is [free, columns + 1]: for each free class its weights and then its intercept. With three classes or more
/// all are free; with two the logit of the first is held at 0, which scikit-learn does too and which makes the penalty
/// another one.
pub(super) struct CrossEntropy {
    panels: Panels,
    /// [rows], below `classes`.
    labels: Vec<usize>,
    classes: usize,
    held: usize,
    /// Probabilities at the last point, [panels, classes].
    shares: Vec<Lanes>,
    /// The part of the Hessian that is of one class, for each free class, as it was at some earlier point.
    parts: Vec<Cholesky>,
    /// Products with the Hessian since then.
    used: usize,
    interrupt: Interrupt,
}

impl CrossEntropy {
    /// The function of standardised rows [rows, columns] and their classes [rows], all of which occur.
    pub fn new(rows: &[f64], columns: usize, labels: Vec<usize>, classes: usize, interrupt: &Interrupt) -> Self {
        let panels = Panels::new(rows, columns, labels.len());
        let shares = vec![[0.0; LANES]; panels.iter().len() * classes];
        let (held, interrupt) = (usize::from(classes == 2), interrupt.clone());
        Self { panels, labels, classes, held, shares, parts: vec![], used: 0, interrupt }
    }

    /// Numbers in a point.
    pub fn size(&self) -> usize {
        (self.classes - self.held) * self.panels.width
    }

    /// Adds up the strands of a derivative, [free, columns + 1], with the penalty's part, which is the point itself.
    fn finish(&self, sums: &[Lanes], point: &[f64], out: &mut [f64]) {
        for (i, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            let is_intercept = (i + 1).is_multiple_of(self.panels.width);
            *out = sum.iter().sum::<f64>() + if is_intercept { 0.0 } else { point[i] };
        }
    }

    fn penalty(&self, point: &[f64]) -> f64 {
        let width = self.panels.width;
        let weights = point.chunks_exact(width).flat_map(|class| &class[..width - 1]);
        0.5 * weights.map(|w| w * w).sum::<f64>()
    }

    /// The lower triangle of one class's part of the Hessian, [columns + 1, columns + 1]: `X^T diag(q (1 - q)) X` and
    /// the penalty's ones. The intercept has no penalty; a little keeps it positive where every q is 0 or 1.
    fn part(&self, class: usize) -> Result<Cholesky> {
        let width = self.panels.width;
        let mut sums = vec![[0.0; LANES]; width * width];
        for (panel, shares) in self.panels.iter().zip(self.shares.chunks_exact(self.classes)) {
            self.interrupt.check()?;
            add_squares(panel, &shares[class].map(|q| q * (1.0 - q)), &mut sums);
        }
        let mut part: Vec<f64> = sums.iter().map(|sum| sum.iter().sum()).collect();
        (0..width).for_each(|i| part[i * width + i] += if i + 1 < width { 1.0 } else { 1e-6 });
        Ok(Cholesky::new(part, width))
    }
}

impl Convex for CrossEntropy {
    fn at(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let mut value = self.penalty(point);
        let mut sums = vec![[0.0; LANES]; point.len()];
        let mut residuals = vec![[0.0; LANES]; self.classes];
        let mut logits = vec![0.0; self.classes];
        let panels = self.panels.iter().zip(self.shares.chunks_exact_mut(self.classes));
        for ((panel, shares), labels) in panels.zip(self.labels.chunks(LANES)) {
            self.interrupt.check()?;
            shares[..self.held].fill([0.0; LANES]);
            products(panel, point, &mut shares[self.held..]);
            for (lane, label) in labels.iter().enumerate() {
                logits.iter_mut().zip(&*shares).for_each(|(z, scores)| *z = scores[lane]);
                let own = logits[*label];
                value += softmax(&mut logits) - own;
                shares.iter_mut().zip(&logits).for_each(|(share, q)| share[lane] = *q);
            }
            residuals.copy_from_slice(shares);
            labels.iter().enumerate().for_each(|(lane, label)| residuals[*label][lane] -= 1.0);
            add_multiples(panel, &residuals[self.held..], &mut sums);
        }
        self.finish(&sums, point, gradient);
        Ok(value)
    }

    fn curvature(&mut self, direction: &[f64], out: &mut [f64]) -> Result<()> {
        self.used += 1;
        let mut sums = vec![[0.0; LANES]; direction.len()];
        let mut change = vec![[0.0; LANES]; self.classes];
        for (panel, shares) in self.panels.iter().zip(self.shares.chunks_exact(self.classes)) {
            self.interrupt.check()?;
            change[..self.held].fill([0.0; LANES]);
            products(panel, direction, &mut change[self.held..]);
            let mut mean = [0.0; LANES];
            for (share, change) in shares.iter().zip(&change) {
                (0..LANES).for_each(|lane| mean[lane] += share[lane] * change[lane]);
            }
            for (share, change) in shares.iter().zip(&mut change) {
                (0..LANES).for_each(|lane| change[lane] = share[lane] * (change[lane] - mean[lane]));
            }
            add_multiples(panel, &change[self.held..], &mut sums);
        }
        self.finish(&sums, direction, out);
        Ok(())
    }

    fn prepare(&mut self) -> Result<()> {
        // New parts take as long as width / 4 products, and save more than that once rows are certain and weigh next to
        // nothing.
        if self.parts.is_empty() || self.used > self.panels.width / 4 {
            self.parts = (self.held..self.classes).map(|class| self.part(class)).collect::<Result<_>>()?;
            self.used = 0;
        }
        Ok(())
    }

    /// Solves each class's part by itself, among the points where the classes add up to 0: there the least value is,
    /// the gradients are, and the Hessian has no flat direction.
    fn precondition(&self, vector: &mut [f64]) {
        let width = self.panels.width;
        vector.chunks_exact_mut(width).zip(&self.parts).for_each(|(class, part)| part.solve(class));
        for i in 0..if self.held == 0 { width } else { 0 } {
            let mean = vector[i..].iter().step_by(width).sum::<f64>() / self.classes as f64;
            vector[i..].iter_mut().step_by(width).for_each(|x| *x -= mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of two columns, and a point, for two and for three classes.
    fn cases() -> [(CrossEntropy, Vec<f64>); 2] {
        let rows = [0.5, -1.0, 2.0, 0.25, -1.5, 1.0];
        let two = CrossEntropy::new(&rows, 2, vec![0, 1, 1], 2, &Interrupt::default());
        let three = CrossEntropy::new(&rows, 2, vec![2, 0, 1], 3, &Interrupt::default());
        [(two, vec![0.3, -0.2, 0.1]), (three, vec![0.3, -0.2, 0.1, 0.5, 0.4, -0.3, -0.6, 0.2, 0.7])]
    }

    #[test]
    fn the_value_at_0_is_the_surprise_of_guessing() {
        for (mut loss, point) in cases() {
            let value = loss.at(&vec![0.0; point.len()], &mut vec![0.0; point.len()]).unwrap();
            assert!((value - 3.0 * (loss.classes as f64).ln()).abs() < 1e-14, "{value}");
        }
    }

    #[test]
    fn derivatives_are_those_of_small_differences() {
        for (mut loss, point) in cases() {
            let n = point.len();
            let (mut gradient, mut ahead, mut behind, mut product) =
                (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            for i in 0..n {
                let moved = |by: f64| (0..n).map(|j| point[j] + if i == j { by } else { 0.0 }).collect::<Vec<_>>();
                let rise = loss.at(&moved(1e-5), &mut ahead).unwrap() - loss.at(&moved(-1e-5), &mut behind).unwrap();
                loss.at(&point, &mut gradient).unwrap();
                assert!((gradient[i] - rise / 2e-5).abs() < 1e-9, "{i}: {} {}", gradient[i], rise / 2e-5);
                let unit: Vec<f64> = (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect();
                loss.curvature(&unit, &mut product).unwrap();
                for j in 0..n {
                    let bend = (ahead[j] - behind[j]) / 2e-5;
                    assert!((product[j] - bend).abs() < 1e-9, "{i} {j}: {} {bend}", product[j]);
                }
            }
        }
    }

    #[test]
    fn every_pass_hears_an_interrupt() {
        for (mut loss, point) in cases() {
            let mut out = vec![0.0; point.len()];
            loss.interrupt.request();
            assert!(loss.at(&point, &mut out).is_err() && loss.curvature(&point, &mut out).is_err());
            assert!(loss.prepare().is_err());
        }
    }
}
