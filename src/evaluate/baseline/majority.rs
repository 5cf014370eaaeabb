//! The baseline that looks at nothing: the class that train saw most.

/// The share of each class among the train rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Majority {
    shares: Vec<f64>,
}

impl Majority {
    /// Counts `labels`, [rows] with classes below K and at least one row.
    pub fn fit(labels: &[u32], classes: usize) -> Self {
        let mut shares = vec![0.0; classes];
        labels.iter().for_each(|class| shares[*class as usize] += 1.0);
        shares.iter_mut().for_each(|share| *share /= labels.len() as f64);
        Self { shares }
    }

    /// The shares, [K], whatever the window is. The largest is the prediction.
    pub fn probabilities(&self, out: &mut [f64]) {
        out.copy_from_slice(&self.shares);
    }
}
