"""TensorBoard's own reader, without TensorFlow, reads what a COPY with the option 'tensorboard' writes.

Run by run.sh, which makes the virtual environment. Every scalar is compared with models.<name>.history.
"""

import json
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
from interchange import BINARY, FRAMES, ROOT, main, posequel
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EPOCHS = 3

# The scalars of each run, and the column of history that each of them is.
RUNS = {
    "train": {"epoch_loss": "loss", "epoch_accuracy": "accuracy", "epoch_learning_rate": "learning_rate"},
    "validation": {
        "epoch_loss": "val_loss",
        "epoch_accuracy": "val_accuracy",
        "epoch_loss_weighted": "val_loss_weighted",
    },
}


def copy(folder, epochs):
    """SQL that trains the model tiny, and writes its scalars to logs/, both in the folder."""
    windows = f"SELECT * FROM pose_windows(({FRAMES}), width => 30, stride => 90)"
    split = f"SELECT * FROM pose_split(({windows}), by => 'subject', seed => 7)"
    options = f"'units' '4', 'epochs' '{epochs}', 'early_stopping_patience' '0', 'tensorboard' '{folder}/logs'"
    return f"COPY (SELECT * FROM pose_weigh(({split}))) TO '{folder}/models/tiny' STORED AS LSTM OPTIONS ({options})"


def read(folder, run):
    """The scalars of a run by their tags."""
    events = EventAccumulator(f"{folder}/logs/{run}", size_guidance={"scalars": 0}).Reload()
    return {tag: events.Scalars(tag) for tag in events.Tags()["scalars"]}


class Trained(unittest.TestCase):
    """The event files of a training that is done."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="posequel-")
        cls.addClassCleanup(cls.folder.cleanup)
        settings = [f"posequel.models.location={cls.folder.name}/models"]
        cls.began = time.time()
        posequel(copy(cls.folder.name, EPOCHS), *settings)
        cls.ended = time.time()
        sql = "SELECT * FROM models.tiny.history ORDER BY epoch"
        command = [str(BINARY), "sql", "--set", *settings, "--format", "json", "-c", sql]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
        cls.history = json.loads(done.stdout)

    def test_there_are_two_runs_of_one_file(self):
        files = [p.relative_to(f"{self.folder.name}/logs") for p in Path(self.folder.name, "logs").rglob("*") if p.is_file()]
        self.assertEqual(sorted(p.parent.as_posix() for p in files), sorted(RUNS))
        for file in files:
            self.assertRegex(file.name, r"^events\.out\.tfevents\.\d{10}\.posequel$")

    def test_every_scalar_is_that_of_history(self):
        self.assertEqual(len(self.history), EPOCHS)
        for run, columns in RUNS.items():
            scalars = read(self.folder.name, run)
            self.assertEqual(sorted(scalars), sorted(columns), run)
            for tag, column in columns.items():
                said = [(e.step, e.value) for e in scalars[tag]]
                expected = [(row["epoch"] - 1, float(np.float32(row[column]))) for row in self.history]
                self.assertEqual(said, expected, f"{run}: {tag}")

    def test_wall_times_are_those_of_the_epochs(self):
        for run in RUNS:
            times = [e.wall_time for e in read(self.folder.name, run)["epoch_loss"]]
            self.assertEqual(times, sorted(times), run)
            self.assertTrue(self.began <= times[0] and times[-1] <= self.ended, run)


class Running(unittest.TestCase):
    """The event files of a training that is not done, and is killed then."""

    def test_epochs_are_seen_while_more_are_trained(self):
        with tempfile.TemporaryDirectory(prefix="posequel-") as folder:
            command = [str(BINARY), "sql", "-c", copy(folder, 1_000_000)]
            log = Path(folder, "log")
            with log.open("w") as out:
                training = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                seen = {run: [] for run in RUNS}
                until = time.monotonic() + 300
                while min(map(len, seen.values())) < 3 and training.poll() is None and time.monotonic() < until:
                    time.sleep(0.2)
                    seen = {run: self.steps(folder, run) for run in RUNS}
                self.assertIsNone(training.poll(), f"training ended: {log.read_text()}")
            finally:
                training.kill()
                training.wait()
            for run, steps in seen.items():
                self.assertGreaterEqual(len(steps), 3, run)
                steps = self.steps(folder, run)
                self.assertEqual(steps, list(range(len(steps))), run)

    @staticmethod
    def steps(folder, run):
        if not list(Path(folder, "logs", run).glob("*tfevents*")):
            return []
        return [e.step for e in read(folder, run).get("epoch_loss", [])]


if __name__ == "__main__":
    main()
