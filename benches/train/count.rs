//! A few steps whose instructions callgrind counts: the same number on any day, however busy the machine is.

use posequel::nn::engine::Engine;
use posequel::nn::fused::FusedEngine;
use pulp::Arch;
use serde_json::{Value, json};

use crate::data::{Data, model};

/// Counted steps, after one that allocates the buffers.
const STEPS: usize = 2;

/// The engine on one thread and on AVX2, since valgrind knows no AVX-512; or on plain code where there is none.
pub fn count(what: &str, batch: usize) -> Option<Value> {
    let (mut engine, data, arch) = (on_avx2(1), Data::new(batch, batch * (1 + STEPS)), avx2());
    match what {
        "train" => {
            data.train(&mut engine, 0);
            counted_train(&mut engine, &data);
        }
        "predict" => {
            data.predict(&engine, 0);
            counted_predict(&engine, &data);
        }
        _ => return None,
    }
    Some(json!({"who": "count", "what": what, "batch": batch, "arch": crate::name(arch), "steps": STEPS}))
}

/// An engine that takes AVX2 where there is more.
pub fn on_avx2(threads: usize) -> FusedEngine {
    let (config, options) = model(threads);
    FusedEngine::on(avx2(), &config, &options).expect("an engine")
}

fn avx2() -> Arch {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return Arch::V3(v3);
    }
    Arch::Scalar
}

// callgrind counts what happens below these two, by their names: no closure here, whose name would begin with theirs.

#[inline(never)]
fn counted_train(engine: &mut dyn Engine, data: &Data) {
    for step in 1..=STEPS {
        data.train(engine, step);
    }
}

#[inline(never)]
fn counted_predict(engine: &dyn Engine, data: &Data) {
    for step in 1..=STEPS {
        data.predict(engine, step);
    }
}
