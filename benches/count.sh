#!/usr/bin/env bash
# Instructions of one training step and of one prediction on AVX2, counted by callgrind: the same on any day, however busy the
# machine is. Fails if a count grew by more than 2 % over counts.txt under the same rustc; --update writes that file.
# Exit 77: no valgrind, or no AVX2. About a minute; POSEQUEL_BENCH names a bench binary that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
batch=16 tolerance=2 counts=benches/counts.txt

command -v valgrind >/dev/null || { echo "valgrind is not installed: nothing counted" >&2; exit 77; }
bench="${POSEQUEL_BENCH:-$(cargo bench --bench train --no-run --message-format=json |
    sed -n 's/.*"name":"train".*"executable":"\([^"]*\)".*/\1/p')}"
output="$(mktemp -d)"
trap 'rm -rf "$output"' EXIT

# Instructions of one step. The functions counted_train and counted_predict switch the counting on and off.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect='*counted_*' \
        "$bench" count "$1" "$batch" >"$output/line" 2>"$output/log" || { cat "$output/log" >&2; return 1; }
    grep -q '"arch":"V3"' "$output/line" || { echo "not on AVX2: $(cat "$output/line")" >&2; return 77; }
    local steps total
    steps="$(sed -n 's/.*"steps":\([0-9]*\).*/\1/p' "$output/line")"
    total="$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$output/log")"
    [ "${total:-0}" -gt 0 ] || { echo "callgrind counted nothing: is the bench stripped of its symbols?" >&2; return 1; }
    echo $((total / steps))
}

rustc="$(rustc --version)"
new="$output/counts.txt"
{
    echo "# Instructions of one step on AVX2 by batch size; benches/count.sh --update writes this."
    echo "$rustc"
} >"$new"
grew=0
for what in train predict; do
    now="$(count "$what")"
    echo "$what $batch $now" >>"$new"
    line="$what, batch $batch: $now instructions"
    before="$(sed -n "s/^$what $batch //p" "$counts" 2>/dev/null || true)"
    if [ -n "$before" ] && grep -qxF "$rustc" "$counts"; then
        line+=", $before in $counts: $(awk "BEGIN { printf \"%+.1f %%\", 100 * ($now / $before - 1) }")"
        if ((now * 100 > before * (100 + tolerance))); then
            grew=1 line+=", more than $tolerance %"
        fi
    else
        line+=" (not compared: $counts has none of $rustc)"
    fi
    echo "$line"
done

if [ "${1:-}" = --update ]; then
    cp "$new" "$counts"
    exit 0
fi
exit "$grew"
