//! Files of a store: every change is an error that names the file, since manifests, states and digests say what was written.
//!
//! What reads the bytes of a file is tried without its digest, too: a file may be written by somebody else, with a digest of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use posequel::nn::config::ModelConfig;
use posequel::nn::init::initial;
use posequel::options::training::TrainingOptions;
use posequel::store::layout::{CONFIG, MODEL, TABLES, VERSIONS, table_blob, version_file};
use posequel::store::location::Location;
use posequel::store::manifest::Manifest;
use posequel::store::read::{self, Version};
use posequel::store::recipe::Recipe;
use posequel::store::table::file::from_parquet;
use posequel::train::callbacks::Callbacks;
use posequel::train::checkpoint;
use posequel::train::fit::Epoch;
use posequel::train::state::{State, Sums};
use posequel::train::tensorboard::{RunLogs, kept};
use tokio::runtime::{Builder, Runtime};

use super::{hold, of_bytes, of_text, told, tries};
use crate::support::{rows, session};

const DATASET: &str = "
    SELECT *, CASE WHEN video >= 'v10' THEN 'test' WHEN video >= 'v08' THEN 'validation' ELSE 'train' END AS split
    FROM pose_windows((
        SELECT 'v' || lpad((value / 20)::TEXT, 2, '0') AS video, value % 20 AS frame, CASE (value / 20) % 2 WHEN 0 THEN 'sit' ELSE 'walk' END AS label,
               (CASE (value / 20) % 2 WHEN 0 THEN 1 ELSE -1 END * (value % 20) + sin(value * 1.7) * 9)::FLOAT AS a
        FROM range(0, 240)), width => 5, stride => 5)";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A store with one version of gait.
fn stored() -> (tempfile::TempDir, Version) {
    let folder = tempfile::tempdir().unwrap();
    let copy = format!(
        "COPY ({DATASET}) TO '{}/gait' STORED AS LSTM OPTIONS ('units' '3', 'dense' 'none', 'epochs' '2')",
        folder.path().display()
    );
    let version = Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        rows(&session(1, 64), &copy).await;
        read::version(&model(folder.path()), None).await.unwrap()
    });
    (folder, version)
}

fn model(root: &Path) -> Location {
    Location::folder(root, Arc::new(LocalFileSystem::new())).unwrap().child("gait")
}

/// The file of a blob, and its bytes.
fn blob(version: &Version, name: &str) -> (PathBuf, Vec<u8>) {
    let file = version.folder().child(name).local.unwrap();
    let bytes = std::fs::read(&file).unwrap();
    (file, bytes)
}

/// A change that changed nothing is none.
fn is_same(mutant: &[u8], whole: &[u8]) -> bool {
    mutant == whole
}

#[test]
fn a_changed_file_of_a_version_is_refused_by_name() {
    let (_folder, version) = stored();
    for name in version.manifest.blobs.keys().cloned().collect::<Vec<_>>() {
        let (file, whole) = blob(&version, &name);
        let (version, bytes, runtime) = (version.clone(), whole.clone(), runtime());
        hold(
            "changed files",
            tries(40),
            move |seed| of_bytes(&bytes, seed),
            move |mutant| {
                std::fs::write(&file, mutant).unwrap();
                let fetched = told(runtime.block_on(version.fetch(&name)), &[&file.display().to_string()])?;
                match fetched {
                    Some(_) if !is_same(mutant, &whole) => Err(format!("{name} was read")),
                    _ => Ok(()),
                }
            },
        );
    }
}

#[test]
fn a_changed_manifest_is_refused_by_name_or_says_the_same() {
    let (folder, version) = stored();
    let file = version.model.child(VERSIONS).child(&version_file(1)).local.unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let (whole, name, runtime, root) =
        (version.manifest, file.display().to_string(), runtime(), folder.path().to_owned());
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mutant = move |seed| if seed % 2 == 0 { of_bytes(&bytes, seed) } else { of_text(&text, seed).into_bytes() };
    hold("changed manifests", tries(400), mutant, move |mutant| {
        // By itself, and in its place, where an empty one is a number that was taken.
        let read = told(Manifest::from_json(mutant, &name), &[&name])?;
        std::fs::write(&file, mutant).unwrap();
        let found = told(runtime.block_on(read::version(&model(&root), None)), &[&name, "there is no model 'gait'"])?;
        match read.into_iter().chain(found.map(|found| found.manifest)).all(|manifest| manifest == whole) {
            true => Ok(()),
            false => Err("another manifest was read".to_owned()),
        }
    });
}

#[test]
fn recipes_and_weights_without_a_digest_are_refused_or_hold_together() {
    let (_folder, version) = stored();
    let (_, bytes) = blob(&version, CONFIG);
    let recipe = Recipe::from_json(&bytes, CONFIG).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mutant =
        move |seed| if seed % 2 == 0 { of_bytes(text.as_bytes(), seed) } else { of_text(&text, seed).into_bytes() };
    hold("recipes", tries(400), mutant, |mutant| match told(Recipe::from_json(mutant, CONFIG), &[CONFIG])? {
        Some(recipe) => {
            // What is read is written and read the same.
            let again = Recipe::from_json(&recipe.to_json().map_err(|e| e.to_string())?, CONFIG);
            if again.as_ref() == Ok(&recipe) { Ok(()) } else { Err(format!("read again it is {again:?}")) }
        }
        None => Ok(()),
    });
    let (_, weights) = blob(&version, MODEL);
    let config = recipe.architecture;
    hold(
        "weights",
        tries(400),
        move |seed| of_bytes(&weights, seed),
        move |mutant| {
            let read = told(checkpoint::decode(mutant, &config), &["weights", "tensor"])?;
            let fits = |tensors: &Vec<_>| shapes(tensors) == config.parameters();
            if read.as_ref().is_none_or(fits) { Ok(()) } else { Err("the tensors are of another net".to_owned()) }
        },
    );
}

fn shapes(tensors: &[posequel::nn::engine::NamedTensor]) -> Vec<(String, Vec<usize>)> {
    tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect()
}

#[test]
fn tables_without_a_digest_are_refused_by_name_or_read() {
    let (_folder, version) = stored();
    for name in TABLES {
        let (_, bytes) = blob(&version, &table_blob(name));
        hold(
            "tables",
            tries(60),
            move |seed| of_bytes(&bytes, seed),
            move |mutant| told(from_parquet(mutant.clone().into(), name), &[name]).map(drop),
        );
    }
}

fn epochs(count: usize) -> Vec<Epoch> {
    let epoch = |epoch| Epoch {
        epoch,
        loss: 1.0 / epoch as f64,
        accuracy: 0.5,
        val_loss: Some(2.0 / epoch as f64),
        val_accuracy: Some(0.25),
        val_loss_weighted: Some(0.0),
        learning_rate: 1e-3,
        seconds: 1.0,
        best: true,
    };
    (1..=count).map(epoch).collect()
}

#[test]
fn a_changed_state_is_refused() {
    let options = TrainingOptions { units: vec![2], dropout: vec![0.0], dense: vec![], ..TrainingOptions::default() };
    let config = ModelConfig::new(4, 2, 2, &options).unwrap();
    let parameters = initial(&config, 1);
    let state = State {
        epoch: 2,
        sums: Sums { steps: 3, rows: 48, ..Sums::default() },
        callbacks: Callbacks::new(&options),
        history: epochs(2),
        ended: None,
        optimizer_steps: 9,
        best: Some(parameters.clone()),
        moments: [parameters.clone(), initial(&config, 2)],
        parameters,
    };
    let whole = state.encode(r#"{"rows": "a digest"}"#).unwrap();
    let bytes = whole.clone();
    hold(
        "states",
        tries(1000),
        move |seed| of_bytes(&bytes, seed),
        move |mutant| match told(State::decode(mutant, &config), &["the state of a training"])? {
            Some(_) if !is_same(mutant, &whole) => Err("it was read".to_owned()),
            _ => Ok(()),
        },
    );
}

#[test]
fn changed_event_files_are_gone_on_with_as_if_they_were_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (root, history) = (folder.path().to_owned(), epochs(6));
    let mut logs = RunLogs::create(&root, 1.7e9).unwrap();
    history.iter().for_each(|epoch| logs.epoch(epoch, 1.7e9).unwrap());
    let file = std::fs::read_dir(root.join("train")).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    let bytes = whole.clone();
    hold(
        "event files",
        tries(300),
        move |seed| of_bytes(&bytes, seed),
        move |mutant| {
            std::fs::write(&file, mutant).unwrap();
            // The state is of the third epoch; all of them were written at one time, so what is written anew has the same bytes.
            let resumed = told(RunLogs::resume(&root, &history[..3], 1.7e9), &["tensorboard"])?;
            let mut logs = resumed.ok_or("they were refused")?;
            history[3..].iter().try_for_each(|epoch| logs.epoch(epoch, 1.7e9)).map_err(|e| e.to_string())?;
            let found = std::fs::read(&file).unwrap();
            let steps = kept(&found, 6);
            if found == whole {
                Ok(())
            } else {
                Err(format!("{} bytes became {}, {steps:?}", whole.len(), found.len()))
            }
        },
    );
}
