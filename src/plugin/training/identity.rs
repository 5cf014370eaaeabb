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

/// Everything that the bytes of a trained net depend on, as JSON.
pub fn about(config: &ModelConfig, options: &TrainingOptions, digests: &Digests) -> Result<String> {
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
        for (name, value) in &here {
            let other = there.get(name).cloned().unwrap_or_default();
            if other != *value && !found.iter().any(|line: &String| line.starts_with(&format!("{name} "))) {
                found.push(format!("{name} {other} there, {value} here"));
            }
        }
    }
    for (key, what) in [("rows", "other rows"), ("splits", "another split"), ("posequel", "another posequel")] {
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
        let ours = about(&config, &options, &digests).unwrap();
        let further = TrainingOptions { epochs: 99, threads: 7, resume: true, ..options.clone() };
        assert_eq!(about(&config, &further, &digests).unwrap(), ours);
        let faster = TrainingOptions { learning_rate: 0.01, ..options };
        let theirs = about(&config, &faster, &Digests { rows: "c".into(), ..digests }).unwrap();
        assert_eq!(differences(&theirs, &ours), "learning_rate 0.01 there, 0.001 here; other rows");
    }
}
