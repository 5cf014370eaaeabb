//! What people write: pipelines, policies, scripts, options. An error names its file or argument; what is taken means what it says.

use std::collections::BTreeMap;
use std::fs::{read_dir, read_to_string};
use std::path::PathBuf;

use posequel::augment::columns::Columns;
use posequel::augment::frame::Frame;
use posequel::augment::policy::{Policy, Source, written};
use posequel::frames::skeletons::Skeletons;
use posequel::nn::config::ModelConfig;
use posequel::options::training::TrainingOptions;
use posequel::pipeline::{Assignment, Manifest, Script, is_complete, message};
use posequel::train::size;

use super::{hold, of_text, told, tries};
use crate::support::session;

/// The files of a folder of the repository that end so, in the order of their names.
fn texts(folder: &str, ending: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == ending));
    files.sort();
    files.iter().map(|file| read_to_string(file).unwrap()).collect()
}

/// Mutants of several texts, by turns.
fn of_any(texts: Vec<String>) -> impl Fn(u64) -> String + Send {
    move |seed| of_text(&texts[seed as usize % texts.len()], seed)
}

#[test]
fn pipelines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mutant.toml");
    hold("pipelines", tries(400), of_any(texts("pipelines", "toml")), move |mutant| {
        std::fs::write(&file, mutant).unwrap();
        let Some(mut pipeline) = told(Manifest::read(&file), &["mutant.toml: "])? else { return Ok(()) };
        // As the command line does, which knows the name of the file.
        for (name, value) in [("seed", "7"), ("width", "15,20"), ("units", mutant.get(..9).unwrap_or(""))] {
            told(pipeline.set_variable(name, value), &[name])?;
        }
        pipeline.settings().map_err(|e| e.to_string())?;
        if pipeline.steps.is_empty() { Err("it has no steps".to_owned()) } else { Ok(()) }
    });
}

/// Every operation, and what may be written with it.
const POLICIES: [&str; 6] = [
    "noise(0.02) | speed(0.8, 1.25) | mirror@0.5",
    "noise(0.02), speed(0.8, 1.25, vx, vy), rotate(-10, 10, ax, ay)@0.25",
    "rotate(-15, 15, ax, ay) | scale(0.9, 1.1) | time_warp(0.2, 4)",
    "magnitude_warp(0.2, 4) | window_slice(0.9)@0.5 | permutation(4)",
    "time_mask(0.2) | joint_drop(0.1) | noise(0.1)@1",
    "mirror",
];

#[test]
fn policies() {
    let names: Vec<String> = ["ax", "ay", "vx", "vy"].map(str::to_owned).into();
    hold("policies", tries(2000), of_any(POLICIES.map(str::to_owned).into()), move |mutant| {
        let frame =
            Columns::new(4, &names).and_then(|columns| Frame::new(columns, Some("ax:-1"), &Skeletons::default()));
        let frame = frame.map_err(|e| e.to_string())?;
        let Some(policy) = told(Policy::parse(mutant, &frame), &["policy"])? else { return Ok(()) };
        if written(mutant).map_err(|e| e.to_string())?.is_empty() {
            return Err("a policy without operations".to_owned());
        }
        // And it can be done.
        let window: Vec<f32> = (0..40).map(|n| n as f32).collect();
        let (mut copied, mut spare, mut operations) = (vec![0.0; 40], vec![], String::new());
        for valid_len in [0, 1, 7, 10] {
            let source = Source { window: &window, valid_len, window_id: "w", copy: 1, seed: 7 };
            let done = policy.apply(&source, 4, &[1.0; 4], &mut copied, &mut spare, &mut operations);
            done.map_err(|e| e.to_string())?;
        }
        Ok(())
    });
}

#[test]
fn scripts() {
    let (session, texts) = (session(1, 64), texts("sql", "sql"));
    // The parser is slow where it is not optimised: of each script, some statements in a row.
    let parts = move |seed: u64| {
        let statements: Vec<&str> = texts[seed as usize % texts.len()].split_inclusive(";\n").collect();
        let from = seed as usize / texts.len() % statements.len();
        of_text(&statements[from..(from + 2).min(statements.len())].concat(), seed)
    };
    hold("scripts", tries(400), parts, move |mutant| {
        is_complete(mutant);
        let parsed = Script::parse(&session, "mutant.sql", mutant);
        let Some(script) = told(parsed.map_err(|e| message(&e)), &["mutant.sql"])? else { return Ok(()) };
        // Statements are pieces of the text, in their order, and each is one by itself.
        let mut rest = mutant.as_str();
        for located in &script.statements {
            let at = rest.find(&located.text).ok_or_else(|| format!("{:?} is not in the text", located.text))?;
            rest = &rest[at + located.text.len()..];
            match Script::parse(&session, "", &located.text) {
                Ok(alone) if alone.statements.len() == 1 && alone.statements[0].statement == located.statement => {}
                alone => return Err(format!("{:?} by itself is {alone:?}", located.text)),
            }
        }
        Ok(())
    });
}

#[test]
fn assignments() {
    let some = ["posequel.models.location=/tmp/models/", "width=15,20", "seed = 7", "a=b=c"].map(str::to_owned);
    hold("assignments", tries(2000), of_any(some.into()), |mutant| {
        let Some(set) = told(mutant.parse::<Assignment>(), &[mutant])? else { return Ok(()) };
        let (key, value) = mutant.split_once('=').ok_or("it has no '='")?;
        let is_right = set.key == key.trim() && set.value == value.trim() && !set.key.is_empty();
        if is_right { Ok(()) } else { Err(format!("it became {set:?}")) }
    });
}

/// What is written behind the names of options.
const VALUES: [&str; 12] =
    ["128,64", "0.3,0.3", "32", "none", "true", "0.001", "val_accuracy", "gait@1", "7", "focal", "bf16", "300"];

#[test]
fn options_of_training() {
    let some = |seed: u64| {
        let names = TrainingOptions::NAMES;
        let name = |seed: u64| names[seed as usize % names.len()];
        let value = |seed: u64| of_text(VALUES[seed as usize % VALUES.len()], seed);
        let given = [
            (if seed.is_multiple_of(7) { of_text(name(seed), seed) } else { name(seed).to_owned() }, value(seed / 3)),
            (name(seed / 5 + 3).to_owned(), VALUES[(seed / 11) as usize % VALUES.len()].to_owned()),
        ];
        given.map(|(name, value)| format!("{name}\u{1}{value}")).join("\u{1}")
    };
    hold("options", tries(3000), some, |mutant| {
        let parts: Vec<&str> = mutant.split('\u{1}').collect();
        let given: BTreeMap<String, String> =
            parts.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
        let Some(options) = told(TrainingOptions::parse(&given), &["option", "preset"])? else { return Ok(()) };
        // What a COPY does with them before it reads rows.
        let Some(net) = told(ModelConfig::new(30, 6, 7, &options), &["option", "units", "net"])? else { return Ok(()) };
        let Some(()) = told(size::check(&net, &options, 1000, Some(1 << 30)), &["memory", "option"])? else {
            return Ok(());
        };
        told(net.frozen(&options.freeze), &["freeze"]).map(drop)
    });
}
