//! Seconds from a net in memory to its version on disk: its weights as bytes, the table of its parameters, and the publication.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use posequel::interrupt::Interrupt;
use posequel::nn::config::ModelConfig;
use posequel::nn::init::initial;
use posequel::options::training::TrainingOptions;
use posequel::store::layout::{MODEL, table_blob};
use posequel::store::location::Location;
use posequel::store::manifest::Summary;
use posequel::store::publish::publish;
use posequel::store::table::{file, parameters};
use posequel::train::checkpoint;
use serde_json::{Value, json};

/// Publications of which the quickest counts: a disk is busy with other things now and then.
const TIMES: usize = 5;

/// Of a net with layers of so many units, into a folder of its own below the current one.
pub fn publications(units: &[usize]) -> Option<Value> {
    let options = TrainingOptions { units: units.to_vec(), ..TrainingOptions::default() };
    let config = ModelConfig::new(30, 7, 7, &options).ok()?;
    let net = initial(&config, 7);
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let root = Location::folder(folder.path(), Arc::new(LocalFileSystem::new())).expect("a location");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut best = [f64::INFINITY; 3];
    for _ in 0..TIMES {
        let began = Instant::now();
        let weights = Bytes::from(checkpoint::encode(&net).expect("weights"));
        let encoded = began.elapsed().as_secs_f64();
        let table = file::to_parquet(&parameters::batch(&net).expect("a table")).expect("a file");
        let tabled = began.elapsed().as_secs_f64() - encoded;
        let began = Instant::now();
        let blobs = vec![(MODEL.to_owned(), weights), (table_blob("parameters"), table.into())];
        let (model, never) = (root.child("net"), Interrupt::default());
        runtime.block_on(publish(&model, blobs, Summary::default(), &never)).expect("a version");
        let took = [encoded, tabled, began.elapsed().as_secs_f64()];
        best.iter_mut().zip(took).for_each(|(best, took)| *best = best.min(took));
    }
    let [encode_s, table_s, publish_s] = best.map(|seconds| (seconds * 1e4).round() / 1e4);
    let parameters = config.parameter_count();
    Some(
        json!({"what": "publish", "units": units, "parameters": parameters, "encode_s": encode_s, "table_s": table_s, "publish_s": publish_s}),
    )
}
