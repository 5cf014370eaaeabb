//! `STORED AS ENSEMBLE`: the mean of nets that are there already.

use super::outcome::{About, Asked, Outcome};
use super::survey::Survey;
use crate::account::classes::is_same;
use crate::error::{Error, Result, query_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;
use crate::store::recipe::{Member, member_prefix};
use crate::train::fit::{Fitted, StoppedBecause};
use crate::train::normalize::Normalization;
use crate::train::predictor::Predictor;
use crate::train::table::Table;
use crate::train::transfer::Donor;

impl Outcome {
    /// Averages nets, and judges that on every side of the table.
    ///
    /// # Errors
    /// Nets whose windows, features or classes are not those of the table.
    pub fn ensemble(asked: Asked<'_>, table: &Table, donors: &[Donor]) -> Result<Self> {
        let Asked { names, options, .. } = asked;
        let (mut best, mut members, mut predictors) = (vec![], vec![], vec![]);
        for (index, donor) in donors.iter().enumerate() {
            let Donor { name: model, config, normalization, weights, temperature, .. } = donor;
            fits(donor, table, names)?;
            if let Some(other) = donors.iter().find(|other| other.features != donor.features) {
                let (ours, theirs) = (donor.features.join(", "), other.features.join(", "));
                return query_err!("option members: {model} reads the features {ours}; {} reads {theirs}", other.name);
            }
            let predictor = Predictor::new(config, normalization, weights, options.threads)?;
            predictors.push(predictor.with_temperature(*temperature));
            let prefix = member_prefix(index);
            let prefixed = |tensor: &NamedTensor| NamedTensor { name: prefix.clone() + &tensor.name, ..tensor.clone() };
            best.extend(weights.iter().map(prefixed));
            let (architecture, normalization) = (config.clone(), normalization.clone());
            members.push(Member { model: model.clone(), architecture, normalization, temperature: *temperature });
        }
        let Some(first) = donors.first() else { return Err(Error::Internal("an ensemble of nothing".into())) };
        let fitted = Fitted {
            best,
            last: vec![],
            normalization: Normalization::default(),
            history: vec![],
            best_epoch: 0,
            stopped_because: StoppedBecause::Epochs,
            monitored: "",
        };
        let names = if names.is_empty() { &first.features } else { names };
        let asked = Asked { names, ..asked };
        let about = About { asked, config: first.config.clone(), survey: Survey::of(table, asked.interrupt)?, members };
        Self::judge(table, fitted, Predictor::ensemble(predictors)?, about)
    }
}

/// Refuses a net that cannot judge the rows of the table.
fn fits(donor: &Donor, table: &Table, names: &[String]) -> Result<()> {
    let Donor { name, config, features, labels, .. } = donor;
    let is_same = |(theirs, ours): (&String, &String)| is_same(theirs, ours);
    if labels.len() != table.classes.len() || !labels.iter().zip(&table.classes).all(is_same) {
        let (there, here) = (labels.join(", "), table.classes.join(", "));
        return query_err!("option members: {name} knows the classes {there}; the rows have {here}");
    }
    if (config.width, config.features) != (table.width, table.dim) {
        let ModelConfig { width, features, .. } = config;
        let (w, d) = (table.width, table.dim);
        return query_err!("option members: {name} reads windows [{width}, {features}]; the rows have [{w}, {d}]");
    }
    if !features.is_empty() && !names.is_empty() && features != names {
        let (there, here) = (features.join(", "), names.join(", "));
        return query_err!("option members: {name} reads the features {there}; the rows have {here}");
    }
    Ok(())
}
