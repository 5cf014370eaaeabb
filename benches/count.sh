#!/usr/bin/env bash
# Instructions, counted by callgrind: of a training step and a prediction on AVX2, of windows by frame, of noise by value and of the
# normal numbers that it needs. The same on any day, however busy the machine is. Fails if a count grew by more than 2 % over
# counts.txt under the same rustc; --update writes that file.
# Exit 77: no valgrind, or no AVX2. About two minutes; POSEQUEL_BENCH names a bench binary `train` that is built already,
# POSEQUEL_BENCH_WINDOWS one of `windows`.
set -euo pipefail
cd "$(dirname "$0")/.."
tolerance=2 counts=benches/counts.txt

command -v valgrind >/dev/null || { echo "valgrind is not installed: nothing counted" >&2; exit 77; }
built() {
    cargo bench --bench "$1" --no-run --message-format=json | sed -n "s/.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*/\1/p"
}
train="${POSEQUEL_BENCH:-$(built train)}"
windows="${POSEQUEL_BENCH_WINDOWS:-$(built windows)}"
output="$(mktemp -d)"
trap 'rm -rf "$output"' EXIT

# Instructions of one step. The functions counted_* of the benches switch the counting on and off.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect='*counted_*' \
        "$@" >"$output/line" 2>"$output/log" || { cat "$output/log" >&2; return 1; }
    if grep -q '"arch"' "$output/line" && ! grep -q '"arch":"V3"' "$output/line"; then
        echo "not on AVX2: $(cat "$output/line")" >&2
        return 77
    fi
    local steps total
    steps="$(sed -n 's/.*"steps":\([0-9]*\).*/\1/p' "$output/line")"
    total="$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$output/log")"
    [ "${total:-0}" -gt 0 ] || { echo "callgrind counted nothing: is the bench stripped of its symbols?" >&2; return 1; }
    echo $(((total + steps / 2) / steps))
}

rustc="$(rustc --version)"
new="$output/counts.txt"
{
    echo "# Instructions of a step on AVX2 by batch size, of a frame, of a value; benches/count.sh --update writes this."
    echo "$rustc"
} >"$new"
grew=0
while read -r what of bench; do
    argument=("$of")
    [ "$bench" = "$train" ] || argument=()
    now="$(count "$bench" count "$what" "${argument[@]}" </dev/null)"
    echo "$what $of $now" >>"$new"
    line="$what $of: $now instructions"
    before="$(sed -n "s/^$what $of //p" "$counts" 2>/dev/null || true)"
    if [ -n "$before" ] && grep -qxF "$rustc" "$counts"; then
        line+=", $before in $counts: $(awk "BEGIN { printf \"%+.1f %%\", 100 * ($now / $before - 1) }")"
        if ((now * 100 > before * (100 + tolerance))); then
            grew=1 line+=", more than $tolerance %"
        fi
    else
        line+=" (not compared: $counts has none of $rustc)"
    fi
    echo "$line"
done <<END
train 16 $train
predict 16 $train
windows frame $windows
noise value $windows
normal value $windows
END

if [ "${1:-}" = --update ]; then
    cp "$new" "$counts"
    exit 0
fi
exit "$grew"
