#!/usr/bin/env python3
"""Frames to windows against what users write by hand, in turn: A B A B.

    PEERS_PYTHON=venv/bin/python benches/windows/peers.py frames.parquet            # each peer 5 times: about 5 minutes
    benches/windows/peers.py frames.parquet --peers numpy scan --pairs 9            # some of them

`scan` is DataFusion reading the same columns and throwing them away. README.md of the benches tells how to make the file.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches"))
import peers  # noqa: E402

# How often the peer's frames a second we want to reach; of the bare scan 1 / 1.6.
GOALS = {"scan": 1 / 1.6, "numpy": 1.5, "polars": 5.0, "duckdb": 1.0, "seglearn": 1.0, "one": 1.7}
VERSIONS = {"numpy": ["numpy", "pyarrow"], "polars": ["polars"], "duckdb": ["duckdb"], "seglearn": ["seglearn"]}


def main():
    arguments = parse()
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    bench = find_bench()
    peers.VERSIONS |= VERSIONS | {"scan": [], "one": []}
    here = peers.machine(python, arguments.peers)
    window = [str(arguments.width), str(arguments.stride)]
    ours = [bench, arguments.frames, *window, str(arguments.partitions)]
    rows = []
    for name in arguments.peers:
        theirs = {
            "scan": [bench, "scan", arguments.frames, str(arguments.partitions)],
            "one": [bench, arguments.frames, *window, "1"],
        }.get(name, [python, Path(arguments.scripts) / "windows.py", arguments.frames, name, *window])
        pairs = [pair(ours, theirs, name, number, arguments.pairs) for number in range(arguments.pairs)]
        rows.append(row(name, pairs))
    versions = ", ".join(f"{name} {here[name]}" for name in here if name not in ("cpu", "cores"))
    print(f"{here['cpu']}, {here['cores']} cores; {versions}. {arguments.partitions} partitions.\n")
    heads = ["peer", "posequel", "peer", "ratio (lowest to highest)", "goal", "reached", "others took"]
    print("\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *rows]))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", help="a Parquet file that frames.py made")
    parser.add_argument("scripts", nargs="?", default=os.environ.get("PEERS", ROOT.parent / "shared" / "peers"),
                        help="folder of the peers' scripts; PEERS, or ../shared/peers")
    parser.add_argument("--width", type=int, default=30)
    parser.add_argument("--stride", type=int, default=15)
    parser.add_argument("--partitions", type=int, default=os.cpu_count())
    parser.add_argument("--peers", nargs="+", choices=GOALS, default=list(GOALS),
                        help="scan is the bare scan, one is posequel in one partition")
    parser.add_argument("--pairs", type=int, default=5)
    return parser.parse_args()


def find_bench():
    if given := os.environ.get("POSEQUEL_BENCH"):
        return given
    command = ["cargo", "bench", "--bench", "windows", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for message in map(peers.json.loads, lines):
        if message.get("executable") and message["target"]["name"] == "windows":
            return message["executable"]
    sys.exit("cargo built no bench 'windows'")


def pair(ours, theirs, name, number, count):
    measured, others = [], []
    for command in (ours, theirs):
        peers.wait_until_idle(60)
        result, share = peers.measure(command)
        measured.append(result)
        others.append(share)
    if len({result["windows"] for result in measured if result["windows"]}) > 1:
        sys.exit(f"{name} has other windows: {measured}")
    ratio = measured[0]["per_s"] / measured[1]["per_s"]
    print(f"{name}, pair {number + 1} of {count}: {ratio:.2f}", file=sys.stderr)
    return measured[0]["seconds"], measured[1]["seconds"], ratio, max(others)


def row(name, pairs):
    ours, theirs, ratios, others = zip(*pairs)
    ratio = median(ratios)
    columns = [
        name, f"{median(ours):.2f} s", f"{median(theirs):.2f} s",
        f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})", f"{GOALS[name]:.3g}",
        "yes" if ratio >= GOALS[name] else "**no**", f"{median(others):.1f} %",
    ]
    return f"| {' | '.join(columns)} |"


if __name__ == "__main__":
    main()
