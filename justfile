# `just` lists the recipes. CI runs .ci/run, which is `just lint test` without just.

default:
    @just --list

# The quickstart: from frames to a trained model and its test results
run *ARGS:
    cargo run --release -- run pipelines/quickstart.toml {{ARGS}}

# A prompt for SQL
sql *ARGS:
    cargo run --release -- sql {{ARGS}}

# All tests; `just test windows` runs those with windows in their name
test *ARGS:
    cargo test --release {{ARGS}}

# Faults, kills and mutants at length, some twenty minutes: docs/faults.md says what a failure is. `just faults 100000` tries so many mutants of each kind
faults MUTANTS="10000" KILLS="100":
    POSEQUEL_FAULTS=all cargo test --release --lib -- faults store::
    POSEQUEL_MUTANTS={{MUTANTS}} cargo test --release --test it -- mutants
    POSEQUEL_MUTANTS=1000 cargo test --release --test it -- damaged
    POSEQUEL_KILLS={{KILLS}} cargo test --release --test it -- kill
    PROPTEST_CASES=20000 cargo test --release --test it -- parsers properties

# Formatting and lints, as CI wants them
lint:
    cargo fmt --check
    cargo clippy --release --all-targets -- -D warnings

# What pyarrow and DuckDB read of our files, in an environment of its own
test-python:
    bash tests/python/run.sh

# Training and prediction against PyTorch and Keras, in turn; `just peers --what train --threads 2` does some of it
peers *ARGS:
    python3 benches/peers.py {{ARGS}}

# Frames to windows against NumPy, Polars, DuckDB and seglearn, in turn: `just peers-windows frames.parquet`
peers-windows *ARGS:
    python3 benches/windows/peers.py {{ARGS}}

# Instructions of a training step, a prediction, windows and noise, against benches/counts.txt
count *ARGS:
    bash benches/count.sh {{ARGS}}

# What mirroring and copies are worth in the quickstart, over ten split seeds
ablation:
    bash benches/quickstart_ablation.sh

# All that CI checks
ci:
    .ci/run
