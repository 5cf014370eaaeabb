#!/usr/bin/env bash
# Do pyarrow, DuckDB, safetensors, NumPy and TensorBoard read what posequel writes? Run after `cargo build --release`.
#
#   tests/python/run.sh
#
# Environment: POSEQUEL, the binary (default target/release/posequel); POSEQUEL_PYTHON_VENV, the folder of the virtual
# environment (default posequel-python in the user's cache folder); PYTHON, the interpreter that makes it (default python3).
# Exit status: 0 all passed, 1 something is wrong, 77 could not run here (no Python, or the packages cannot be installed).
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
requirements=$tree/tests/python/requirements.txt
python=${PYTHON:-python3}
venv=${POSEQUEL_PYTHON_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/posequel-python}

cannot_run() {
    echo "tests/python: could not run: $1" >&2
    exit 77
}

command -v "$python" >/dev/null || cannot_run "there is no $python on the PATH"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || cannot_run "$python is older than Python 3.10"

# The stamp is the list that was installed: an unchanged list needs no network.
if ! cmp -s "$requirements" "$venv/installed.txt"; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    "$python" -m venv "$venv" >"$log" 2>&1 || cannot_run "$python -m venv $venv: $(tail -n 1 "$log")"
    "$venv/bin/python" -m pip install --quiet --requirement "$requirements" >"$log" 2>&1 ||
        cannot_run "pip install of $requirements (is there a network?): $(tail -n 1 "$log")"
    cp "$requirements" "$venv/installed.txt"
fi

cd "$tree"
status=0
for test in interchange tensorboard_reader; do
    "$venv/bin/python" -B "tests/python/$test.py" || status=1
done
exit $status
