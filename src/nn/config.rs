//! The architecture: what has to be known to rebuild a net from its weights.

use serde::{Deserialize, Serialize};

use crate::error::{Result, query_err, suggest};
use crate::options::training::{CellKind, Pooling, Precision, TrainingOptions};

/// A stack: windows [batch, width, features] -> recurrent layers -> pooling -> dense layers (relu) -> logits
/// [batch, classes].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// What the recurrent layers are made of.
    #[serde(default)]
    pub cell: CellKind,
    /// Whether each recurrent layer reads the window in both directions; its outputs stand side by side.
    #[serde(default)]
    pub bidirectional: bool,
    /// How the last recurrent layer becomes one vector.
    #[serde(default)]
    pub pooling: Pooling,
    /// What the recurrent layers multiply, in training and in prediction.
    #[serde(default)]
    pub precision: Precision,
    /// Frames of a window.
    pub width: usize,
    /// Features of a frame.
    pub features: usize,
    /// Classes.
    pub classes: usize,
    /// Units of each recurrent layer, in each direction.
    pub units: Vec<usize>,
    /// Dropout after each recurrent layer, in [0, 1).
    pub dropout: Vec<f64>,
    /// Dropout of what each recurrent layer reads, in [0, 1): one mask for all frames of a window.
    #[serde(default)]
    pub input_dropout: f64,
    /// Units of each dense layer between the recurrent layers and the logits; may be empty.
    pub dense: Vec<usize>,
    /// Dropout after each dense layer, in [0, 1).
    pub dense_dropout: f64,
}

impl ModelConfig {
    /// The architecture that `options` ask for, over windows of `width` frames with `features` values each.
    pub fn new(width: usize, features: usize, classes: usize, options: &TrainingOptions) -> Result<Self> {
        let config = Self {
            cell: options.cell,
            bidirectional: options.bidirectional,
            pooling: options.pooling,
            precision: options.precision,
            width,
            features,
            classes,
            units: options.units.clone(),
            dropout: options.dropout.clone(),
            input_dropout: options.input_dropout,
            dense: options.dense.clone(),
            dense_dropout: options.dense_dropout,
        };
        config.check()?;
        Ok(config)
    }

    /// Refuses what cannot be built, naming it.
    pub fn check(&self) -> Result<()> {
        for (name, value, least) in
            [("width", self.width, 1), ("features", self.features, 1), ("classes", self.classes, 2)]
        {
            if value < least {
                return query_err!("a model needs {name} >= {least} (was {value})");
            }
        }
        if self.units.is_empty() || self.units.contains(&0) || self.dense.contains(&0) {
            return query_err!(
                "a model needs at least one recurrent layer, and units >= 1 in each layer (units {:?}, dense {:?})",
                self.units,
                self.dense
            );
        }
        if self.dropout.len() != self.units.len() {
            return query_err!(
                "dropout needs one value for each recurrent layer: {} layers, {} values",
                self.units.len(),
                self.dropout.len()
            );
        }
        match self.dropout.iter().chain([&self.input_dropout, &self.dense_dropout]).find(|p| !(0.0..1.0).contains(*p)) {
            Some(p) => query_err!("dropout must be in [0, 1) (was {p})"),
            None => Ok(()),
        }
    }

    /// 1, or 2 where layers read both ways.
    pub fn directions(&self) -> usize {
        1 + usize::from(self.bidirectional)
    }

    /// Name and shape of each parameter, in the order in which every engine and file keeps them.
    ///
    /// Names and layouts are PyTorch's: `lstm1.weight_ih_l0` [4 * units, inputs], `lstm1.weight_hh_l0`
    /// [4 * units, units], `lstm1.bias_ih_l0` [4 * units] (gates i, f, g, o; one bias); `gru1...` of [3 * units, ...]
    /// (gates r, z, n) with `bias_hh_l0` beside `bias_ih_l0`; the same again with `_reverse` for the other direction;
    /// `attention.hidden.weight` [outputs, outputs], `attention.hidden.bias`, `attention.score.weight` [1, outputs];
    /// `dense1.weight` [out, in], `dense1.bias` \[out\], ..., `output.weight`, `output.bias`.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let mut parameters = Vec::new();
        let mut inputs = self.features;
        for (layer, &units) in (1..).zip(&self.units) {
            for direction in ["", "_reverse"].into_iter().take(self.directions()) {
                let mut add = |name, shape| {
                    parameters.push((format!("{}{layer}.{name}_l0{direction}", self.cell.name()), shape));
                };
                let rows = units * if self.cell == CellKind::Lstm { 4 } else { 3 };
                add("weight_ih", vec![rows, inputs]);
                add("weight_hh", vec![rows, units]);
                add("bias_ih", vec![rows]);
                if self.cell == CellKind::Gru {
                    add("bias_hh", vec![rows]);
                }
            }
            inputs = units * self.directions();
        }
        if self.pooling == Pooling::Attention {
            parameters.push(("attention.hidden.weight".to_owned(), vec![inputs, inputs]));
            parameters.push(("attention.hidden.bias".to_owned(), vec![inputs]));
            parameters.push(("attention.score.weight".to_owned(), vec![1, inputs]));
        }
        let dense = (1..).zip(&self.dense).map(|(layer, &units)| (format!("dense{layer}"), units));
        for (name, units) in dense.chain([("output".to_owned(), self.classes)]) {
            parameters.push((format!("{name}.weight"), vec![units, inputs]));
            parameters.push((format!("{name}.bias"), vec![units]));
            inputs = units;
        }
        parameters
    }

    /// The names of the layers, as `freeze` knows them: `lstm1`, `lstm2`, `attention`, `dense1`, `output`.
    pub fn layers(&self) -> Vec<String> {
        let mut layers: Vec<String> = self.parameters().iter().map(|(name, _)| layer(name).to_owned()).collect();
        layers.dedup();
        layers
    }

    /// Whether each parameter stays as it is, when the layers named in `freeze` do.
    ///
    /// # Errors
    /// A name that is no layer's, or the names of all layers.
    pub fn frozen(&self, freeze: &[String]) -> Result<Vec<bool>> {
        let layers = self.layers();
        if let Some(unknown) = freeze.iter().find(|name| !layers.contains(name)) {
            let near = suggest(unknown, layers.iter().map(String::as_str));
            return query_err!("option freeze: there is no layer '{unknown}' ({}){near}", layers.join(", "));
        }
        if layers.iter().all(|layer| freeze.contains(layer)) {
            return query_err!("option freeze: every layer is named, so nothing could be learned");
        }
        Ok(self.parameters().iter().map(|(name, _)| freeze.iter().any(|frozen| frozen == layer(name))).collect())
    }

    /// The number of trainable values.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }
}

/// The layer that a parameter belongs to.
fn layer(parameter: &str) -> &str {
    parameter.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_has_121351_parameters() {
        let config = ModelConfig::new(30, 7, 7, &TrainingOptions::default()).unwrap();
        // Keras: 69,632 + 49,408 + 2,080 + 231.
        assert_eq!(config.parameter_count(), 121_351);
    }

    #[test]
    fn impossible_stacks_are_refused_by_name() {
        let seed = ModelConfig::new(30, 7, 7, &TrainingOptions::default()).unwrap();
        let message = |config: ModelConfig| config.check().unwrap_err().to_string();
        assert_eq!(message(ModelConfig { classes: 1, ..seed.clone() }), "a model needs classes >= 2 (was 1)");
        assert_eq!(
            message(ModelConfig { dropout: vec![0.3], ..seed.clone() }),
            "dropout needs one value for each recurrent layer: 2 layers, 1 values"
        );
        assert_eq!(message(ModelConfig { dense_dropout: 1.0, ..seed.clone() }), "dropout must be in [0, 1) (was 1)");
        assert_eq!(message(ModelConfig { input_dropout: -0.5, ..seed }), "dropout must be in [0, 1) (was -0.5)");
    }

    #[test]
    fn layers_are_frozen_by_name() {
        let options =
            TrainingOptions { pooling: Pooling::Attention, bidirectional: true, ..TrainingOptions::default() };
        let config = ModelConfig::new(30, 7, 7, &options).unwrap();
        assert_eq!(config.layers(), ["lstm1", "lstm2", "attention", "dense1", "output"]);
        let frozen = config.frozen(&["lstm1".to_owned(), "dense1".to_owned()]).unwrap();
        let names: Vec<_> =
            config.parameters().into_iter().zip(frozen).filter(|(_, f)| *f).map(|((n, _), _)| n).collect();
        assert_eq!((names.len(), names[5].as_str(), names[7].as_str()), (8, "lstm1.bias_ih_l0_reverse", "dense1.bias"));
        let message = |names: &[String]| config.frozen(names).unwrap_err().to_string();
        assert_eq!(
            message(&["lstm3".to_owned()]),
            "option freeze: there is no layer 'lstm3' (lstm1, lstm2, attention, dense1, output); did you mean 'lstm1'?"
        );
        assert!(message(&config.layers()).contains("nothing could be learned"));
    }

    #[test]
    fn a_config_survives_json() {
        let config = ModelConfig::new(30, 7, 7, &TrainingOptions::default()).unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
        // One from before there was input dropout.
        let old = json.replace("\"input_dropout\":0.0,", "");
        assert!(old != json && serde_json::from_str::<ModelConfig>(&old).unwrap() == config);
    }
}
