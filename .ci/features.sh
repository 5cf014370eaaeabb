#!/usr/bin/env bash
# The binary and the tests build every crate that they share with the same features. Else `cargo test` after `cargo run` compiles DataFusion again:
# dev-dependencies switch features on for the tests alone.
set -euo pipefail
cd "$(dirname "$0")/.."

crates() { cargo tree --locked --edges "$1" --prefix none --format '{p} {f}' | sed 's/ (\*)$//' | sort -u; }
crates normal,build > "${TMPDIR:-/tmp}/crates.$$"
trap 'rm -f "${TMPDIR:-/tmp}/crates.$$"' EXIT
# Crates of the binary that the tests have with other features; their own crates are no matter.
differ=$(crates normal,build,dev | comm -23 "${TMPDIR:-/tmp}/crates.$$" -)
if [ -n "$differ" ]; then
    printf 'features that dev-dependencies change; name them in [dependencies], with the reason:\n%s\n' "$differ" >&2
    exit 1
fi
