//! Which training this is: two runs with the same identity end in the same bytes.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result, data_err};
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::store::location::Location;
use crate::store::recipe::Digests;
use crate::train::state::State;

/// Options that say how far or how fast to go, not where.
const FREE: [&str; 2] = ["epochs", "threads"];

/// What is trained: net, options and rows.
pub struct Identity<'a> {
    /// The net.
    pub config: &'a ModelConfig,
    /// How.
    pub options: &'a TrainingOptions,
    /// Names, labels, values and sides of the rows.
    pub digests: &'a Digests,
    /// Digest of their recorded frames and weights.
    pub treatment: &'a str,
    /// Names of the features, by which weights are taken over.
    pub names: &'a [String],
    /// Digests of the models that are begun with.
    pub donors: &'a [String],
}

/// Everything that the bytes of a trained net depend on, as JSON.
pub fn about(identity: &Identity<'_>) -> Result<String> {
    let Identity { config, options, digests, treatment, names, donors } = identity;
    let internal = |e: serde_json::Error| Error::Internal(format!("the identity of a training: {e}"));
    let mut options = serde_json::to_value(options).map_err(internal)?;
    if let Some(map) = options.as_object_mut() {
        map.retain(|name, _| !FREE.contains(&name.as_str()));
    }
    let about = json!({
        "rows": digests.rows,
        "splits": digests.splits,
        "net": config,
        "options": options,
        "treatment": treatment,
        "names": names,
        "donors": donors,
        "posequel": env!("CARGO_PKG_VERSION"),
    });
    serde_json::to_string(&about).map_err(internal)
}

/// Refuses to begin anew where the states of other trainings lie: whoever wants to go on must not lose them unawares.
///
/// # Errors
/// [`Error::Data`] that names what is different.
pub fn refuse_others(ours: &str, others: &[(Location, Bytes)]) -> Result<()> {
    let Some((place, bytes)) = others.last() else { return Ok(()) };
    let differences = match State::about(bytes) {
        Ok(theirs) => differences(&theirs, ours),
        Err(e) => e.to_string(),
    };
    data_err!(
        "option resume: the state at {place} is of another training ({differences}). Run the query that it is of, with the \
         same options; or remove the file to begin anew; or leave out 'resume'"
    )
}

/// `learning_rate 0.001 there, 0.01 here; other rows`
fn differences(theirs: &str, ours: &str) -> String {
    let parse = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (theirs, ours) = (parse(theirs), parse(ours));
    let mut found = vec![];
    for part in ["options", "net"] {
        let of = |map: &Map<String, Value>| map.get(part).and_then(Value::as_object).cloned().unwrap_or_default();
        let (there, here) = (of(&theirs), of(&ours));
        for name in here.keys().chain(there.keys().filter(|name| !here.contains_key(*name))) {
            let [other, value] = [&there, &here].map(|map| map.get(name).cloned().unwrap_or_default());
            if other != value && !found.iter().any(|line: &String| line.starts_with(&format!("{name} "))) {
                found.push(format!("{name} {other} there, {value} here"));
            }
        }
    }
    for (key, what) in [
        ("rows", "other rows"),
        ("splits", "another split"),
        ("treatment", "other weights or valid_len"),
        ("names", "other names of features"),
        ("donors", "another model to begin with"),
        ("posequel", "another posequel"),
    ] {
        if theirs.get(key) != ours.get(key) {
            found.push(what.to_owned());
        }
    }
    found.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_and_free_options_make_none() {
        let options = TrainingOptions::default();
        let config = ModelConfig::new(30, 7, 7, &options).unwrap();
        let digests = Digests { rows: "a".into(), splits: "b".into() };
        let about = |options: &TrainingOptions, digests: &Digests, treatment: &str| {
            about(&Identity { config: &config, options, digests, treatment, names: &[], donors: &[] }).unwrap()
        };
        let ours = about(&options, &digests, "w");
        let further = TrainingOptions { epochs: 99, threads: 7, resume: true, ..options.clone() };
        assert_eq!(about(&further, &digests, "w"), ours);
        let freeze = vec!["lstm1".to_owned()];
        let faster = TrainingOptions { learning_rate: 0.01, freeze, ..options };
        let theirs = about(&faster, &Digests { rows: "c".into(), ..digests }, "v");
        assert_eq!(
            differences(&theirs, &ours),
            "learning_rate 0.01 there, 0.001 here; freeze [\"lstm1\"] there, null here; other rows; other weights or valid_len"
        );
    }
}
