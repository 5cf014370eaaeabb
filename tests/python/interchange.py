"""Other programs read what posequel writes: pyarrow, DuckDB, safetensors and NumPy, each without posequel's help.

Run by run.sh, which makes the virtual environment. The windows are compared with tests/oracles/windows.py,
the metrics with what DuckDB recomputes from the predictions, and the predictions with a forward pass in NumPy.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracles"))
import windows as oracle  # noqa: E402

BINARY = Path(os.environ.get("POSEQUEL", ROOT / "target" / "release" / "posequel")).resolve()
FRAMES = "SELECT source, video, subject, frame, label, ax, ay, az, wx, wy, wz FROM 'tests/data/watch.parquet'"
UNITS = 8

TABLES = {
    "history": ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds", "best"],
    "metrics": ["split", "metric", "value", "low", "high", "interval", "n", "groups"],
    "class_metrics": ["split", "label", "precision", "recall", "f1", "support"],
    "confusion": ["split", "label", "predicted", "count"],
    "predictions": ["split", "window_id", "video", "subject", "label", "predicted", "probability", "probabilities"],
    "labels": ["index", "label"],
    "features": ["index", "name", "mean", "std"],
    "parameters": ["name", "shape", "count"],
}


def posequel(sql, *settings):
    """Runs SQL and returns what was printed on standard output; a failure shows standard error."""
    arguments = [str(BINARY), "sql", *[a for s in settings for a in ("--set", s)], "-c", sql]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}\nexit status {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(weights, x):
    """Probabilities of x [rows, time, features]: one torch.nn.LSTM, its last state, dense layers with relu, softmax.

    The equations and the order of the gates (i, f, g, o) are those in the documentation of torch.nn.LSTM.
    """
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    units = w["lstm1.weight_hh_l0"].shape[1]
    h = c = np.zeros((len(x), units))
    bias = w["lstm1.bias_ih_l0"] + w.get("lstm1.bias_hh_l0", 0)
    for t in range(x.shape[1]):
        z = x[:, t] @ w["lstm1.weight_ih_l0"].T + h @ w["lstm1.weight_hh_l0"].T + bias
        i, f, g, o = np.split(z, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    for layer in sorted({name.split(".")[0] for name in w if name.startswith("dense")}):
        h = np.maximum(h @ w[f"{layer}.weight"].T + w[f"{layer}.bias"], 0)
    z = h @ w["output.weight"].T + w["output.bias"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Windows(unittest.TestCase):
    """A Parquet file of windows, written by COPY."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="posequel-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.file = f"{cls.folder.name}/w.parquet"
        posequel(f"COPY (SELECT * FROM pose_windows(({FRAMES}), width => 100, stride => 50)) TO '{cls.file}' STORED AS PARQUET")

    def test_pyarrow_sees_a_tensor_of_time_by_feature(self):
        kind = pq.read_schema(self.file).field("features").type
        self.assertIsInstance(kind, pa.FixedShapeTensorType)
        self.assertEqual(list(kind.shape), [100, 6])
        self.assertEqual(list(kind.dim_names), ["time", "feature"])
        self.assertEqual(kind.value_type, pa.float32())

    def test_every_window_equals_the_oracle(self):
        table = pq.read_table(self.file)
        values = table["features"].combine_chunks().to_numpy_ndarray()
        ids = table["window_id"].to_pylist()
        rest = zip(table["label"].to_pylist(), table["frame_start"].to_pylist(), table["frame_end"].to_pylist())
        ours = {i: (*r, v) for i, r, v in zip(ids, rest, values, strict=True)}
        theirs = {i: (*r, v) for s in oracle.segments("tests/data/watch.parquet") for i, *r, v in oracle.windows(s, 100, 50)}
        self.assertEqual(values.shape, (4677, 100, 6))
        self.assertEqual(set(ours), set(theirs))
        for name, window in theirs.items():
            self.assertEqual(ours[name][:3], window[:3], name)
            np.testing.assert_array_equal(ours[name][3], window[3], name)

    def test_duckdb_reads_the_same_rows(self):
        sql = f"SELECT count(*), count(DISTINCT window_id), min(len(features)), max(len(features)) FROM '{self.file}'"
        self.assertEqual(duckdb.sql(sql).fetchall(), [(4677, 4677, 600, 600)])


class Model(unittest.TestCase):
    """The files of a small model, trained through SQL."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="posequel-")
        cls.addClassCleanup(cls.folder.cleanup)
        models = f"{cls.folder.name}/models"
        split = f"pose_split((SELECT * FROM pose_windows(({FRAMES}), width => 30, stride => 90)), by => 'subject', seed => 7)"
        posequel(
            f"COPY (SELECT * FROM pose_weigh((SELECT * FROM {split}))) TO '{models}/tiny' STORED AS LSTM "
            f"OPTIONS ('units' '{UNITS}', 'epochs' '1')",
            f"posequel.models.location={models}",
        )
        runs = list(Path(models, "tiny", "runs").iterdir())
        assert len(runs) == 1, f"expected one run in {models}/tiny/runs, found {runs}"
        cls.run_folder = runs[0]

    def sql(self, text):
        """Asks DuckDB; {history} and so on stand for the files of the run."""
        files = {name: f"'{self.run_folder}/{name}.parquet'" for name in TABLES}
        return duckdb.sql(text.format(**files)).fetchall()

    def test_duckdb_reads_every_table(self):
        for name, expected in TABLES.items():
            with self.subTest(table=name):
                columns = [row[0] for row in self.sql(f"DESCRIBE SELECT * FROM {{{name}}}")]
                self.assertEqual([c for c in columns if c in expected], expected)
                self.assertGreater(self.sql(f"SELECT count(*) FROM {{{name}}}")[0][0], 0)

    def test_one_epoch_leaves_one_row_of_history(self):
        rows = self.sql("SELECT epoch, isfinite(loss), isfinite(val_loss), learning_rate FROM {history}")
        self.assertEqual([(e, a, b) for e, a, b, _ in rows], [(1, True, True)])
        self.assertAlmostEqual(rows[0][3], 1e-3)

    def test_accuracy_is_the_share_of_right_predictions(self):
        said = self.sql("SELECT split, value FROM {metrics} WHERE metric = 'accuracy' ORDER BY split")
        counted = self.sql("SELECT split, avg((predicted = label)::INT) FROM {predictions} GROUP BY split ORDER BY split")
        self.assertIn("test", [split for split, _ in said])
        counted = dict(counted)
        for split, value in said:
            self.assertAlmostEqual(value, counted[split], places=12, msg=split)

    def test_the_confusion_matrix_counts_the_predictions(self):
        said = 'SELECT split, label, predicted, "count" AS n FROM {confusion} WHERE n > 0'
        counted = "SELECT split, label, predicted, count(*) AS n FROM {predictions} GROUP BY ALL"
        splits = {row[0] for row in self.sql(said)}
        self.assertEqual(set(self.sql(said)), {row for row in self.sql(counted) if row[0] in splits})

    def test_precision_and_recall_follow_from_the_predictions(self):
        said = "SELECT split, label, round(precision, 12), round(recall, 12), support FROM {class_metrics} ORDER BY ALL"
        counted = """
            WITH s AS (SELECT DISTINCT split FROM {class_metrics}), p AS (FROM {predictions} SEMI JOIN s USING (split)),
                 c AS (SELECT split, label FROM p UNION SELECT split, predicted FROM p)
            SELECT c.split, c.label,
                   round(count(*) FILTER (p.label = c.label AND p.predicted = c.label) / nullif(count(*) FILTER (p.predicted = c.label), 0), 12),
                   round(count(*) FILTER (p.label = c.label AND p.predicted = c.label) / nullif(count(*) FILTER (p.label = c.label), 0), 12),
                   count(*) FILTER (p.label = c.label)
            FROM c JOIN p USING (split) GROUP BY ALL ORDER BY ALL"""
        self.assertEqual(self.sql(said), self.sql(counted))

    def test_the_weights_have_the_names_and_shapes_of_torch_lstm(self):
        """torch.nn.LSTM(6, 8).load_state_dict takes exactly these four."""
        weights = load_file(self.run_folder / "model.safetensors")
        lstm = {name.removeprefix("lstm1."): list(w.shape) for name, w in weights.items() if name.startswith("lstm")}
        gates = 4 * UNITS
        self.assertEqual(
            lstm,
            {"weight_ih_l0": [gates, 6], "weight_hh_l0": [gates, UNITS], "bias_ih_l0": [gates], "bias_hh_l0": [gates]},
        )
        self.assertEqual((weights["output.weight"].shape[0], weights["output.bias"].shape), (7, (7,)))

    def test_numpy_computes_the_same_probabilities_from_the_weights(self):
        mean, std = np.array(self.sql("SELECT mean, std FROM {features} ORDER BY index")).T
        known = {i: v for s in oracle.segments("tests/data/watch.parquet") for i, *_, v in oracle.windows(s, 30, 90)}
        rows = self.sql("SELECT window_id, probabilities FROM {predictions} WHERE split = 'test'")
        x = (np.stack([known[i] for i, _ in rows]) - mean) / std
        ours = np.array([p for _, p in rows])
        theirs = forward(load_file(self.run_folder / "model.safetensors"), x)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)

    def test_the_recipe_is_json(self):
        self.assertIsInstance(json.loads((self.run_folder / "config.json").read_text()), dict)


def main():
    if not BINARY.is_file():
        sys.exit(f"tests/python: there is no {BINARY}: run `cargo build --release`, or set POSEQUEL")
    result = unittest.main(exit=False, verbosity=2).result
    wrong = len(result.failures) + len(result.errors)
    print(f"{max(result.testsRun - wrong, 0)} passed, {wrong} failed")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
