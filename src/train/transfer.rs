//! A net that begins with what another has learned: by the names of features and labels, not by their places.

use super::normalize::Normalization;
use crate::account::classes::is_same;
use crate::error::{Result, data_err, query_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;

/// The net that gives.
#[derive(Debug, Clone)]
pub struct Donor {
    /// Its name and version, `gait@3`.
    pub name: String,
    /// Its architecture.
    pub config: ModelConfig,
    /// Names of its features; none if they are not known.
    pub features: Vec<String>,
    /// Its classes.
    pub labels: Vec<String>,
    /// The scale that its weights expect.
    pub normalization: Normalization,
    /// What its probabilities are divided by in log space, if it was calibrated.
    pub temperature: Option<f64>,
    /// Its weights.
    pub weights: Vec<NamedTensor>,
}

/// The net that takes.
#[derive(Debug, Clone, Copy)]
pub struct Heir<'a> {
    /// Its architecture.
    pub config: &'a ModelConfig,
    /// Names of its features; none if they are not known.
    pub features: &'a [String],
    /// Its classes.
    pub labels: &'a [String],
    /// Layers of it that are not trained.
    pub freeze: &'a [String],
}

impl Donor {
    /// Replaces the initial values `weights` of the heir by those of the donor.
    ///
    /// Recurrent layers and attention are taken over whole; of the first, the weights of a feature go to the feature of
    /// the same name, and a feature that the donor does not know keeps its initial weights. Dense layers are taken over
    /// where they have the same shape. Of the output layer the rows of a class go to the class of the same name, and a new
    /// class keeps its initial ones; after a dense layer of another shape the whole output is new.
    ///
    /// # Errors
    /// Recurrent layers that are not the donor's; features that have no name, or none in common with the donor's; a frozen
    /// layer that is not taken over whole.
    pub fn give(&self, heir: Heir<'_>, weights: &mut [NamedTensor]) -> Result<()> {
        self.check(heir)?;
        let inputs = matches(&self.features, heir.features);
        if !inputs.iter().any(Option::is_some) {
            return query_err!(
                "option init_from: {} has no feature in common with the query ({} there, {} here); features go by name",
                self.name,
                self.features.join(", "),
                heir.features.join(", ")
            );
        }
        self.check_truths(heir.labels)?;
        let classes = matches(&self.labels, heir.labels);
        let new = |layer: &str| {
            query_err!(
                "option freeze: layer {layer} is not taken over whole from {}, so it would stay as it was drawn; leave it out",
                self.name
            )
        };
        // A dense layer that is new leaves nothing to read for those above it.
        let same_dense = heir.config.dense.iter().zip(&self.config.dense).take_while(|(a, b)| a == b).count();
        let same_head = same_dense == heir.config.dense.len() && heir.config.dense == self.config.dense;
        let first = format!("{}1.weight_ih", heir.config.cell.name());
        let is_frozen = |layer: &str| heir.freeze.iter().any(|frozen| frozen == layer);
        if inputs.contains(&None) && is_frozen(&first[..first.len() - ".weight_ih".len()]) {
            return new(&first[..first.len() - ".weight_ih".len()]);
        }
        for layer in same_dense..heir.config.dense.len() {
            let name = format!("dense{}", layer + 1);
            if is_frozen(&name) {
                return new(&name);
            }
        }
        if (!same_head || classes.contains(&None)) && is_frozen("output") {
            return new("output");
        }
        for tensor in weights {
            let Some(given) = self.weights.iter().find(|given| given.name == tensor.name) else { continue };
            let layer =
                tensor.name.strip_prefix("dense").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
            if tensor.name.starts_with(&first) {
                take_columns(tensor, given, &inputs);
            } else if tensor.name.starts_with("output.") {
                if same_head {
                    take_rows(tensor, given, &classes);
                }
            } else if layer.is_none_or(|layer| layer <= same_dense) {
                tensor.data.clone_from(&given.data);
            }
        }
        Ok(())
    }

    /// Refuses truth values on one side and numbers on the other, which go by no name in common.
    fn check_truths(&self, labels: &[String]) -> Result<()> {
        let of = |labels: &[String], known: [&str; 2]| labels.iter().all(|label| known.contains(&label.as_str()));
        let crossed = |one: &[String], other: &[String]| of(one, ["true", "false"]) && of(other, ["0", "1"]);
        if crossed(&self.labels, labels) || crossed(labels, &self.labels) {
            return data_err!(
                "option init_from: {} knows the classes {}, and the rows have {}: whether true is 1 is not for us to say; give \
                 the rows labels of the same kind",
                self.name,
                self.labels.join(", "),
                labels.join(", ")
            );
        }
        Ok(())
    }

    /// The scale of the heir: that of the donor for features which it knows, since its weights expect it; `own`, which is
    /// that of the heir's training rows, for the others.
    pub fn scale(&self, features: &[String], own: &Normalization) -> Normalization {
        let of = |scale: &Normalization, place: usize| match scale.mean.get(place) {
            Some(mean) => (*mean, scale.std[place]),
            None => (0.0, 1.0),
        };
        let places = matches(&self.features, features).into_iter().enumerate();
        let (mean, std) = places
            .map(|(place, from)| from.map_or_else(|| of(own, place), |from| of(&self.normalization, from)))
            .unzip();
        Normalization { mean, std }
    }

    fn check(&self, heir: Heir<'_>) -> Result<()> {
        let (theirs, ours) = (&self.config, heir.config);
        let body = |c: &ModelConfig| {
            let ways = if c.bidirectional { "bidirectional " } else { "" };
            format!("{ways}{} {:?}, pooling {:?}", c.cell.name(), c.units, c.pooling).to_lowercase()
        };
        if body(theirs) != body(ours) {
            return query_err!(
                "option init_from: {} is {}, the net to be trained {}; set the options of the layers to those of {0}",
                self.name,
                body(theirs),
                body(ours)
            );
        }
        for (whose, names, dim) in [
            (self.name.as_str(), self.features.as_slice(), theirs.features),
            ("the query", heir.features, ours.features),
        ] {
            if names.len() != dim {
                return query_err!(
                    "option init_from: the features of {whose} have no names, and weights go by them; let pose_windows make \
                     the windows from columns, or from a list whose names it is told"
                );
            }
        }
        Ok(())
    }
}

/// For each name of `to`, its place in `from`; a number may be written otherwise there.
fn matches(from: &[String], to: &[String]) -> Vec<Option<usize>> {
    let place = |name: &String| {
        let exact = from.iter().position(|other| other == name);
        exact.or_else(|| from.iter().position(|other| is_same(other, name)))
    };
    to.iter().map(place).collect()
}

/// Columns of [rows, columns] by their places in the other tensor.
fn take_columns(tensor: &mut NamedTensor, given: &NamedTensor, places: &[Option<usize>]) {
    let (columns, theirs) = (tensor.shape[1], given.shape[1]);
    for (row, from) in tensor.data.chunks_exact_mut(columns).zip(given.data.chunks_exact(theirs)) {
        for (value, place) in row.iter_mut().zip(places) {
            if let Some(place) = place {
                *value = from[*place];
            }
        }
    }
}

/// Rows of [rows, ...] by their places in the other tensor.
fn take_rows(tensor: &mut NamedTensor, given: &NamedTensor, places: &[Option<usize>]) {
    let size = tensor.shape[1..].iter().product();
    for (row, place) in tensor.data.chunks_exact_mut(size).zip(places) {
        if let Some(place) = place {
            row.copy_from_slice(&given.data[place * size..(place + 1) * size]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::init::initial;
    use crate::options::training::TrainingOptions;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    fn options() -> TrainingOptions {
        TrainingOptions { bidirectional: true, ..TrainingOptions::preset("tiny").unwrap() }
    }

    fn donor() -> Donor {
        let config = ModelConfig::new(5, 3, 2, &options()).unwrap();
        Donor {
            name: "gait@3".into(),
            weights: initial(&config, 1),
            config,
            features: texts(&["ax", "ay", "az"]),
            labels: texts(&["run", "walk"]),
            normalization: Normalization { mean: vec![1.0, 2.0, 3.0], std: vec![0.1, 0.2, 0.3] },
            temperature: None,
        }
    }

    fn find<'a>(weights: &'a [NamedTensor], name: &str) -> &'a NamedTensor {
        weights.iter().find(|tensor| tensor.name == name).unwrap()
    }

    #[test]
    fn weights_go_to_features_and_classes_of_the_same_name() {
        let donor = donor();
        // Other places, a feature and a class that the donor lacks, another width.
        let config = ModelConfig { width: 9, features: 4, classes: 3, ..donor.config.clone() };
        let (features, labels) = (texts(&["az", "heart", "ay", "ax"]), texts(&["jump", "run", "walk"]));
        let fresh = initial(&config, 2);
        let mut weights = fresh.clone();
        donor.give(Heir { config: &config, features: &features, labels: &labels, freeze: &[] }, &mut weights).unwrap();
        for name in ["lstm1.weight_ih_l0", "lstm1.weight_ih_l0_reverse"] {
            let [new, old, initial] = [&weights, &donor.weights, &fresh].map(|w| find(w, name));
            for (row, new) in new.data.chunks(4).enumerate() {
                let old = &old.data[row * 3..row * 3 + 3];
                assert_eq!(new, [old[2], initial.data[row * 4 + 1], old[1], old[0]]);
            }
        }
        for name in
            ["lstm1.weight_hh_l0", "lstm2.weight_ih_l0_reverse", "lstm2.bias_ih_l0", "dense1.weight", "dense1.bias"]
        {
            assert_eq!(find(&weights, name), find(&donor.weights, name));
        }
        let [new, old, initial] = [&weights, &donor.weights, &fresh].map(|w| find(w, "output.weight"));
        let size = new.shape[1];
        assert_eq!((&new.data[..size], &new.data[size..]), (&initial.data[..size], &old.data[..]));
        let scale = donor.scale(&features, &Normalization { mean: vec![9.0; 4], std: vec![8.0; 4] });
        assert_eq!((scale.mean, scale.std), (vec![3.0, 9.0, 2.0, 1.0], vec![0.3, 8.0, 0.2, 0.1]));
        // Where one of the two is not normalised.
        let scale = donor.scale(&features, &Normalization::default());
        assert_eq!((scale.mean, scale.std), (vec![3.0, 0.0, 2.0, 1.0], vec![0.3, 1.0, 0.2, 0.1]));
        let raw = Donor { normalization: Normalization::default(), ..donor };
        let scale = raw.scale(&features, &Normalization { mean: vec![9.0; 4], std: vec![8.0; 4] });
        assert_eq!((scale.mean, scale.std), (vec![0.0, 9.0, 0.0, 0.0], vec![1.0, 8.0, 1.0, 1.0]));
    }

    #[test]
    fn classes_that_are_numbers_are_known_however_they_are_written() {
        let donor = Donor { labels: texts(&["0.0", "1.0"]), ..donor() };
        let fresh = initial(&donor.config, 2);
        let mut weights = fresh.clone();
        let labels = texts(&["0", "1"]);
        let heir = Heir { config: &donor.config, features: &donor.features, labels: &labels, freeze: &[] };
        donor.give(heir, &mut weights).unwrap();
        assert_eq!(find(&weights, "output.weight"), find(&donor.weights, "output.weight"));
        let truths = Donor { labels: texts(&["false", "true"]), ..donor.clone() };
        let error = truths.give(heir, &mut weights).unwrap_err();
        assert!(error.exit_code() == 3 && error.to_string().contains("false, true, and the rows have 0, 1"), "{error}");
    }

    #[test]
    fn a_new_head_keeps_its_initial_values() {
        let donor = donor();
        let config = ModelConfig { dense: vec![12], ..donor.config.clone() };
        let fresh = initial(&config, 2);
        let mut weights = fresh.clone();
        let heir = Heir { config: &config, features: &donor.features, labels: &donor.labels, freeze: &[] };
        donor.give(heir, &mut weights).unwrap();
        for name in ["dense1.weight", "output.weight", "output.bias"] {
            assert_eq!(find(&weights, name), find(&fresh, name));
        }
        assert_eq!(find(&weights, "lstm2.weight_hh_l0"), find(&donor.weights, "lstm2.weight_hh_l0"));
        for layer in ["dense1", "output"] {
            let freeze = [layer.to_owned()];
            let error = donor.give(Heir { freeze: &freeze, ..heir }, &mut weights).unwrap_err().to_string();
            assert!(error.contains(&format!("layer {layer} is not taken over whole from gait@3")), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let donor = donor();
        let refused = |config: &ModelConfig, features: &[&str]| {
            let features = texts(features);
            let heir = Heir { config, features: &features, labels: &donor.labels, freeze: &[] };
            donor.give(heir, &mut initial(config, 2)).unwrap_err().to_string()
        };
        let wider = ModelConfig { units: vec![64, 16], ..donor.config.clone() };
        let error = refused(&wider, &["ax", "ay", "az"]);
        assert!(
            error.contains("gait@3 is bidirectional lstm [32, 16], pooling last, the net to be trained"),
            "{error}"
        );
        let error = refused(&donor.config, &["wx", "wy", "wz"]);
        assert!(error.contains("no feature in common with the query (ax, ay, az there, wx, wy, wz here)"), "{error}");
        let error = refused(&donor.config, &[]);
        assert!(error.contains("the features of the query have no names"), "{error}");
    }
}
