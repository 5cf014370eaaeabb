#!/usr/bin/env bash
# The quickstart over split seeds 1 to 10: as it is, in bf16, without mirrored arms, without copies, with neither. One CSV line each:
# seed, variant, test accuracy, low, high, recordings. About 6 seconds a line on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."
posequel="${CARGO_TARGET_DIR:-target}/release/posequel"
models="$(mktemp -d)"
trap 'rm -rf "$models"' EXIT
for seed in 1 2 3 4 5 6 7 8 9 10; do
    for variant in full bf16 nomirror nocopies neither; do
        script="$models/$variant.sql"
        sed "s/seed => 7/seed => $seed/g; s/TO 'gait'/TO '$variant'/; s/models\.gait/models.$variant/g" sql/quickstart.sql >"$script"
        case $variant in nomirror | neither) sed -i "s/WHEN 'L' THEN -1/WHEN 'L' THEN 1/" "$script" ;; esac
        case $variant in nocopies | neither) sed -i "s/copies => 2/copies => 0/" "$script" ;; esac
        case $variant in bf16) sed -i "s/'seed' '7')/'seed' '7', 'precision' 'bf16')/" "$script" ;; esac
        accuracy=$("$posequel" sql --set "posequel.models.location=$models" --format csv -f "$script" | grep '^accuracy,')
        echo "$seed,$variant,${accuracy#accuracy,}"
    done
done
