#!/usr/bin/env bash
# pipelines/watch_folds.toml twice, its nets in f32 and in bf16: the accuracy of each seed's net, and of the six averaged.
# About 3 minutes each on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."
posequel="${CARGO_TARGET_DIR:-target}/release/posequel"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for precision in f32 bf16; do
    sed "s#'bidirectional'#'precision' '$precision', 'bidirectional'#" sql/watch_fold.sql >"$work/fold.sql"
    sed "s#sql/watch_fold.sql#$work/fold.sql#" pipelines/watch_folds.toml >"$work/$precision.toml"
    rm -rf "$work/models"
    echo "$precision"
    "$posequel" run --set "posequel.models.location=$work/models" "$work/$precision.toml"
done
