//! What the steps of cells train, and the versions that are there of it.

use std::collections::BTreeMap;

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{CopyToStatement, Statement};

use super::Job;
use crate::pipeline::provenance;
use crate::pipeline::script::Script;
use crate::plugin::config::PosequelOptions;
use crate::plugin::training::KINDS;
use crate::store::location::Location;
use crate::store::{read, resolve};

/// A version that a cell trained: model and number.
pub(super) type Trained = (String, u64);

/// What one step of a cell trains: how many versions of which models, by where they are.
pub(super) struct Trainings {
    /// The digest of everything that the versions follow from.
    pub digest: String,
    models: BTreeMap<String, (Location, usize)>,
}

impl Trainings {
    /// Those of step `place` of a cell, of which `before` is what the pipeline ran before.
    ///
    /// A step follows from the steps of its cell that are run for the same values, or for fewer.
    pub fn of(ctx: &SessionContext, job: &Job, place: usize, before: &[String]) -> Result<Self> {
        let (own, values) = &job.cell.steps[place];
        let for_the_same = job.cell.steps.iter().filter(|(_, of)| of.keys().all(|axis| values.contains_key(axis)));
        let values = values.iter().flat_map(|(axis, value)| [axis.to_string(), value.to_string()]);
        let which: Vec<String> =
            [own.step.to_string(), env!("CARGO_PKG_VERSION").to_owned()].into_iter().chain(values).collect();
        let mut hasher = blake3::Hasher::new();
        // Each with its length, so that no two lists are one text. The text as it was written: a statement that is printed again has lost columns and options.
        let texts = before.iter().chain(for_the_same.map(|(resolved, _)| &resolved.sql)).chain(&which);
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        let mut models = BTreeMap::new();
        let options = ctx.copied_config().options().extensions.get::<PosequelOptions>().cloned().unwrap_or_default();
        let registry = options.models_location.get();
        for target in targets(&job.scripts[place]) {
            let location = resolve::target(target, &registry, ctx.runtime_env().as_ref())?;
            models.entry(location.to_string()).or_insert((location, 0)).1 += 1;
        }
        Ok(Self { digest: hasher.finalize().to_hex().to_string(), models })
    }

    /// Whether the step trains nothing.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }
}

/// The targets of a step's COPYs that train.
fn targets(script: &Script) -> impl Iterator<Item = &String> {
    script.statements.iter().filter_map(|of| model(&of.statement)).map(|copy| &copy.target)
}

/// A COPY that trains.
pub(super) fn model(statement: &Statement) -> Option<&CopyToStatement> {
    let Statement::CopyTo(copy) = provenance::copy(statement)? else { return None };
    let kind = copy.stored_as.as_ref()?;
    KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)).then_some(copy)
}

/// The versions of models that cells trained, by where the model is: each with the digest of its step.
pub(super) struct Known(BTreeMap<String, Vec<(u64, String)>>);

impl Known {
    /// Reads the manifests of every model that these steps train, each once.
    pub async fn read(all: impl Iterator<Item = &Trainings>) -> Result<Self> {
        let mut known = BTreeMap::new();
        for (name, (location, _)) in all.flat_map(|of| &of.models) {
            if known.contains_key(name) {
                continue;
            }
            let is_there = !read::numbers(location).await?.is_empty();
            let versions = if is_there { read::versions(location).await? } else { vec![] };
            let digests = versions.into_iter().filter_map(|of| Some((of.number, of.manifest.summary.cell?.job)));
            known.insert(name.clone(), digests.collect());
        }
        Ok(Self(known))
    }

    /// The versions of a step, if all of them are there; of a step that was run again the newest are those that count.
    pub fn versions(&self, of: &Trainings) -> Option<Vec<Trained>> {
        let mut trained = vec![];
        for (name, (location, count)) in &of.models {
            let all = self.0.get(name).into_iter().flatten();
            let own: Vec<u64> = all.filter(|(_, digest)| *digest == of.digest).map(|(number, _)| *number).collect();
            let newest = own.len().checked_sub(*count)?;
            trained.extend(own[newest..].iter().map(|number| (location.name().to_owned(), *number)));
        }
        Some(trained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Manifest;
    use crate::pipeline::matrix::Stage;
    use crate::pipeline::variables::Quotes;

    const CELLS: &str = "name = 'c'\n[matrix]\nwidth = [1, 2]\nfold = [1, 2]\n\
        [[steps]]\nname = 'base'\neach = ['width']\nsql = \"COPY t${width} TO 'm/base' STORED AS LSTM\"\n\
        [[steps]]\nname = 'frames'\neach = ['fold']\nsql = \"CREATE EXTERNAL TABLE f${fold} (a INT) STORED AS CSV LOCATION 'a'\"\n\
        [[steps]]\nname = 'net'\neach = ['width', 'fold']\nsql = \"COPY t${width}_${fold} TO 'm/net' STORED AS LSTM\"\n";

    /// The digests of base, frames and net in each of the four cells.
    fn digests(text: &str, before: &[&str]) -> Vec<Vec<String>> {
        let (ctx, mut manifest) = (SessionContext::new(), Manifest::parse(text).unwrap());
        let before: Vec<String> = before.iter().map(|text| (*text).to_owned()).collect();
        let stages = manifest.resolve(Quotes::default()).unwrap();
        let [Stage::Cells(cells)] = &stages[..] else { panic!("{stages:?}") };
        let of = |cell: &crate::pipeline::matrix::Cell| {
            let parse = |sql: &str| Script::parse(&ctx, "", sql).unwrap();
            let scripts = cell.steps.iter().map(|(resolved, _)| parse(&resolved.sql)).collect();
            let job = Job { cell: cell.clone(), scripts };
            (0..3).map(|place| Trainings::of(&ctx, &job, place, &before).unwrap().digest).collect()
        };
        cells.iter().map(of).collect()
    }

    #[test]
    fn a_digest_is_of_what_is_run_for_the_same_values() {
        let plain = digests(CELLS, &[]);
        // Cells of one width share their base; each has a net of its own.
        assert_eq!(plain[0][0], plain[1][0]);
        assert_ne!(plain[0][0], plain[2][0]);
        assert_ne!(plain[0][2], plain[1][2]);
        // What was run before changes all; a table of each fold the nets, and not the bases, that never see it.
        let later = digests(CELLS, &["CREATE VIEW t AS SELECT 1"]);
        assert!((0..4).all(|cell| later[cell][0] != plain[cell][0] && later[cell][2] != plain[cell][2]));
        let other = digests(&CELLS.replace("LOCATION 'a'", "LOCATION 'a' OPTIONS ('format.delimiter' ';')"), &[]);
        assert!((0..4).all(|cell| other[cell][0] == plain[cell][0] && other[cell][2] != plain[cell][2]));
    }
}
