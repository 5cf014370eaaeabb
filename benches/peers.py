#!/usr/bin/env python3
"""Training and prediction against PyTorch and Keras, in turn: A B A B.

    PEERS_PYTHON=venv/bin/python benches/peers.py                       # all 24 cells, 5 pairs each: about 20 minutes
    benches/peers.py --what train --threads 2 --batch 64 --peers torch  # some of them
    benches/peers.py --peers f32                                        # 'precision' 'bf16' against our own f32
    benches/peers.py --resume                                           # takes up what was interrupted
    benches/peers.py --table target/peers.jsonl                         # the table again, without measuring

Every pair is a line of JSON in --out as soon as it is measured, and the table is made of that file alone. README.md
beside this file tells how to read it.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
BATCHES = {"train": [16, 64, 256], "predict": [1, 64, 1024]}
THREADS = [1, 2]
SCRIPTS = {"torch": "lstm_torch.py", "keras": "lstm_keras.py"}
VERSIONS = {"torch": ["torch"], "keras": ["keras", "tensorflow"], "f32": []}
# Run by the peers' Python; tensorflow-cpu is tensorflow, too.
FIND_VERSIONS = """
import importlib.metadata as metadata, sys
names = {d.name.replace("_", "-"): d.version for d in metadata.distributions()}
print(*(names.get(name) or names.get(name + "-cpu", "unknown") for name in sys.argv[1:]))
"""
# How often the peer's samples a second we want to reach, for "train", "train:torch" ...; --goal replaces them.
# By work, or by work and peer, or by work, peer and batch; --goal says others.
GOALS = {
    "train": 1.0, "train:torch": 2.5, "train:torch:64": 2.0, "train:keras": 2.3,
    "predict": 1.0, "predict:torch": 1.5, "predict:torch:1": 3.0,
    "train:f32": 1.4, "predict:f32": 1.4,
}
# Percent of the processors' time that others may have on an idle machine.
BUSY = 5.0
PEAK_SECONDS = 0.5


def flops(width=30, dim=7, units=(128, 64), dense=((64, 32), (32, 7))):
    """FLOP per sample of the seed's model: (forward, training). A multiply-add is two; gates' arithmetic is left out.

    Per frame a layer multiplies its input and its state by the weights of four gates. The gradient of the weights costs
    as much again, and so would the gradient of input and state; but nobody asks for that of the frames themselves, nor
    for that of the state before the first frame. 7.1 MFLOP forward, 7.1 + 7.1 + 6.7 = 20.9 MFLOP in training.
    """
    forward = backward = 0
    inputs = dim
    for number, hidden in enumerate(units):
        of_input, of_state = 2 * 4 * hidden * inputs, 2 * 4 * hidden * hidden
        forward += width * (of_input + of_state)
        backward += (width - 1) * of_state + (width * of_input if number else 0)
        inputs = hidden
    heads = sum(2 * rows * columns for rows, columns in dense)
    forward, backward = forward + heads, backward + heads
    return forward, 2 * forward + backward


def main():
    arguments = parse()
    if arguments.table:
        print(table(read(arguments.table), arguments.goal))
        return
    cells = [
        {"what": what, "threads": threads, "batch": batch, "peer": peer}
        for what in arguments.what
        for threads in arguments.threads
        for batch in arguments.batch or BATCHES[what]
        for peer in arguments.peers
    ]
    out = Path(arguments.out)
    if out.exists() and not arguments.resume:
        sys.exit(f"{out} exists: --resume takes it up, --table {out} shows it, --out names another")
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    bench, here = find_bench(), machine(python, arguments.peers)
    records = read(out) if out.exists() else []
    for record in records:
        if differences := [key for key, value in record.get("machine", {}).items() if here.get(key, value) != value]:
            sys.exit(f"{out} was measured with other {', '.join(differences)}: --out names another file")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a") as file:
        write(file, records, {"machine": here})
        for number, cell in enumerate(cells, 1):
            done = sum((cell | {"busy": False}).items() <= record.items() for record in records)
            for pair in range(done, arguments.pairs):
                record = cell | measure_pair(cell, arguments, bench, python)
                write(file, records, record)
                note = f"{record['ours'] / record['theirs']:.2f}" + (" (busy)" if record["busy"] else "")
                name = " ".join(map(str, cell.values()))
                place = f"cell {number} of {len(cells)}, pair {pair + 1} of {arguments.pairs}"
                print(f"{place}: {name}: {note}", file=sys.stderr)
    print(table(records, arguments.goal))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("scripts", nargs="?", default=os.environ.get("PEERS", ROOT.parent / "shared" / "peers"),
                        help="folder of the peers' scripts; PEERS, or ../shared/peers")
    parser.add_argument("--what", nargs="+", choices=BATCHES, default=list(BATCHES))
    parser.add_argument("--threads", nargs="+", type=int, default=THREADS)
    parser.add_argument("--batch", nargs="+", type=int, help="16 64 256 in training, 1 64 1024 in prediction")
    parser.add_argument("--peers", nargs="+", choices=VERSIONS, default=list(SCRIPTS),
                        help="f32 is posequel itself: then ours is bf16")
    parser.add_argument("--pairs", type=int, default=5, help="of each cell")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for an idle machine")
    parser.add_argument("--goal", nargs="+", type=goal, default=[], metavar="train[:torch]=RATIO")
    parser.add_argument("--out", default=target / "peers.jsonl")
    parser.add_argument("--resume", action="store_true", help="measure only what --out lacks, and what was busy")
    parser.add_argument("--table", metavar="FILE", help="measure nothing, print the table of this file")
    return parser.parse_args()


def goal(argument):
    name, _, ratio = argument.partition("=")
    return name, float(ratio)


def read(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def write(file, records, record):
    records.append(record)
    file.write(json.dumps(record) + "\n")
    file.flush()


def find_bench():
    """The bench `train`, built if need be."""
    if given := os.environ.get("POSEQUEL_BENCH"):
        return given
    command = ["cargo", "bench", "--bench", "train", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for message in map(json.loads, lines):
        if message.get("executable") and message["target"]["name"] == "train":
            return message["executable"]
    sys.exit("cargo built no bench 'train'")


def machine(python, peers):
    """What the numbers depend on, apart from the load."""
    cpu = [line.split(":")[1].strip() for line in lines("/proc/cpuinfo") if line.startswith("model name")]
    packages = [package for peer in peers for package in VERSIONS[peer]]
    versions = first_line([python, "-c", FIND_VERSIONS, *packages]).split()
    return {
        "cpu": cpu[0] if cpu else "unknown",
        "cores": os.cpu_count(),
        "posequel": first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "rustc": first_line(["rustc", "--version"]).split()[1],
        **dict(zip(packages, versions)),
    }


def first_line(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}:\n{run.stderr}")
    return run.stdout.splitlines()[0]


def measure_pair(cell, arguments, bench, python):
    """Ours and theirs, one right after the other; in training the processor's peak before them."""
    called = [cell["what"], cell["threads"], cell["batch"], arguments.seconds]
    if cell["peer"] == "f32":
        commands = {"ours": [bench, *called, "bf16"], "theirs": [bench, *called]}
    else:
        script = Path(arguments.scripts) / SCRIPTS[cell["peer"]]
        commands = {"ours": [bench, *called], "theirs": [python, script, *called]}
    if cell["what"] == "train":
        commands = {"peak": [bench, "peak", cell["threads"], PEAK_SECONDS], **commands}
    record, waited, others = {"seconds": arguments.seconds}, True, []
    for name, command in commands.items():
        waited &= wait_until_idle(arguments.patience)
        result, share = measure(command)
        record[name] = result["gflops" if name == "peak" else "per_s"]
        others.append(share)
    return record | {"others": round(max(others), 1), "busy": not waited or max(others) > BUSY}


def wait_until_idle(patience):
    """Whether the machine came to rest before we lost patience."""
    until = time.monotonic() + patience
    while pressure() > BUSY:
        if time.monotonic() > until:
            return False
        time.sleep(1)
    return True


def pressure():
    """Percent of the last ten seconds in which somebody waited for a processor; or a guess at it.

    Without /proc/pressure it is the tasks that want to run just now, from /proc/loadavg, not the averages beside them:
    those hold our own last measurement for minutes.
    """
    for line in lines("/proc/pressure/cpu"):
        if line.startswith("some"):
            return float(line.split("avg10=")[1].split()[0])
    samples = []
    for _ in range(10):
        # One of them reads this.
        samples += [int(line.split()[3].split("/")[0]) - 1 for line in lines("/proc/loadavg")]
        time.sleep(0.1)
    return 100 * sum(samples) / max(len(samples), 1) / os.cpu_count()


def measure(command):
    """What the command printed, and the percent of the processors' time that others took meanwhile."""
    command = list(map(str, command))
    busy, started = busy_seconds(), time.monotonic()
    errors = tempfile.TemporaryFile("w+")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    elapsed, own = time.monotonic() - started, usage.ru_utime + usage.ru_stime
    if child.returncode:
        errors.seek(0)
        sys.exit(f"{' '.join(command)}:\n{errors.read()}")
    others = 100 * (busy_seconds() - busy - own) / (elapsed * os.cpu_count())
    return json.loads(output.splitlines()[-1]), max(others, 0.0)


def busy_seconds():
    """Of all processors since the start, with what other machines on the same host took."""
    for line in lines("/proc/stat"):
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, line.split()[1:9])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return 0.0


def lines(path):
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def table(records, goals):
    goals = GOALS | dict(goals)
    cells, here = {}, {}
    for record in records:
        here |= record.get("machine", {})
        if "peer" in record:
            key = record["what"], record["peer"], record["threads"], record["batch"]
            cells.setdefault(key, []).append(record)
    pairs = [pair for of_cell in cells.values() for pair in of_cell]
    if not pairs:
        return "no pair is measured yet"
    others = [pair["others"] for pair in pairs]
    versions = ", ".join(f"{name} {here[name]}" for name in here if name not in ("cpu", "cores"))
    seconds = " or ".join(f"{seconds:g}" for seconds in sorted({pair["seconds"] for pair in pairs}))
    heads = ["what", "peer", "threads", "batch", "posequel/s", "peer/s", "ratio (lowest to highest)", "goal", "reached"]
    heads += ["of FMA peak", "pairs"]
    return "\n".join([
        f"{here['cpu']}, {here['cores']} cores; {versions}. {seconds} s a measurement, in turn. Others took "
        f"{median(others):.1f} % of the processors' time in the median pair, {max(others):.1f} % in the worst.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
        *(row(key, of_cell, goal_of(key, goals)) for key, of_cell in cells.items()),
    ])


def goal_of(key, goals):
    what, peer, _threads, batch = key
    names = (f"{what}:{peer}:{batch}", f"{what}:{peer}", what)
    return next(goals[name] for name in names if name in goals)


def row(key, pairs, goal):
    """Busy pairs count only where there is no other, and the last column says so."""
    calm = [pair for pair in pairs if not pair["busy"]]
    busy, pairs = len(pairs) - len(calm), calm or pairs
    ratios = sorted(pair["ours"] / pair["theirs"] for pair in pairs)
    ratio, peak = median(ratios), "-"
    if key[0] == "train":
        per_sample = flops()[1] / 1e9
        peak = f"{100 * median(pair['ours'] * per_sample / pair['peak'] for pair in pairs):.0f} %"
    columns = [
        *key,
        f"{median(pair['ours'] for pair in pairs):,.0f}",
        f"{median(pair['theirs'] for pair in pairs):,.0f}",
        f"{ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        f"{goal:g}",
        "yes" if ratio >= goal else "**no**",
        peak,
        f"{len(calm)}" + (f", {busy} busy" if busy else ""),
    ]
    return "| " + " | ".join(map(str, columns)) + " |"


if __name__ == "__main__":
    main()
