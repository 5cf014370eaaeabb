//! The options of training that are one of a few words.

use serde::{Deserialize, Serialize};

/// What a recurrent layer is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// Long short-term memory, with forget gates.
    #[default]
    Lstm,
    /// Gated recurrent unit that resets after the product.
    Gru,
}

impl CellKind {
    /// The first word of its parameters' names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }
}

/// How the last recurrent layer becomes one vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Its last state; of both directions, each in its own order of time.
    #[default]
    Last,
    /// A mean over time, weighted by additive attention (Bahdanau 2015): the softmax over recorded frames of
    /// `score . tanh(W h + b)`.
    Attention,
}

/// What is minimised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// -ln p of the label.
    #[default]
    CrossEntropy,
    /// (1 - p)^gamma times that (Lin 2017): what is right with confidence counts less. A row's weight is its alpha.
    Focal,
}

/// What the weighted sum of a minibatch's losses is divided by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// Its rows, as in Keras.
    #[default]
    Batch,
    /// The sum of its weights, as in PyTorch.
    Weights,
}

/// What is done to features before the net sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalize {
    /// Mean 0 and standard deviation 1 for each feature, over the training rows.
    Zscore,
    /// Nothing.
    None,
}

/// What multiplies the matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Forward and backward written out over slices, in register tiles.
    Fused,
    /// candle's tensors and autograd: slower, the reference.
    Candle,
}

/// What the recurrent layers' products are made of; sums, states, biases, gradients' sums and what Adam moves are f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// f32.
    #[default]
    F32,
    /// bfloat16, 8 bits of precision: faster where the processor multiplies pairs of them.
    Bf16,
}

/// What is watched from epoch to epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Unweighted cross-entropy over the validation rows; lower is better.
    ValLoss,
    /// Share of validation rows predicted right; higher is better. Few people in validation make the loss rise on one
    /// confident error while the accuracy still rises: then this is the better guide.
    ValAccuracy,
}

/// What a split may not tear apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A recording: people may lie on several sides.
    Video,
    /// A person.
    Subject,
}
