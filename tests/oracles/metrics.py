"""Prints the constants of src/evaluate/tests.rs and src/evaluate/interval.rs: `python tests/oracles/metrics.py`.

Needs numpy, scikit-learn 1.9 and scipy. The rows are made by arithmetic that Rust repeats exactly, so that none is stored.
"""

import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics as m

warnings.filterwarnings("ignore")


def case(rows, k, missing=()):
    """Rows of K probabilities; classes in `missing` are never true. Probabilities are whole 1024ths, exact in float32."""
    truth, probabilities = [], []
    state = rows * 1000 + k
    def draw(n):
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 12) % n
    classes = [c for c in range(k) if c not in missing]
    for _ in range(rows):
        truth.append(classes[draw(len(classes))])
        left, row = 1024, []
        for _ in range(k - 1):
            row.append(draw(left + 1))
            left -= row[-1]
        row.append(left)
        turn = draw(k)
        probabilities.append(np.roll(row, turn) / 1024)
        if draw(2) == 0:  # Half of the rows are made right, so that metrics are away from 0.
            p = probabilities[-1]
            top = int(np.argmax(p))
            p[[truth[-1], top]] = p[[top, truth[-1]]]
    p = np.array(probabilities, dtype=np.float32).astype(np.float64)
    return np.array(truth), p


def ece(truth, predicted, p):
    """10 bins (lo, hi] on the largest probability; scikit-learn has none."""
    top = p.max(axis=1)
    bins = np.clip(np.digitize(top, np.arange(11) / 10, right=True) - 1, 0, 9)
    gaps = [abs((truth == predicted)[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return sum(gaps)


def top_3(truth, p):
    """Ties in the order of the labels; scikit-learn's top_k_accuracy_score reverses them."""
    order = np.argsort(-p, axis=1, kind="stable")[:, :3]
    return np.mean([t in o for t, o in zip(truth, order)])


for rows, k, missing in [(50, 3, ()), (200, 7, (4,)), (31, 5, (0, 3))]:
    t, p = case(rows, k, missing)
    y, labels = p.argmax(axis=1), np.arange(k)
    present = sorted(set(t) | set(y))
    prf = {a: m.precision_recall_fscore_support(t, y, labels=present, average=a)[:3] for a in ("macro", "weighted")}
    values = [
        m.accuracy_score(t, y),
        m.balanced_accuracy_score(t, y),
        prf["macro"][0], prf["weighted"][0], prf["macro"][1], prf["weighted"][1], prf["macro"][2], prf["weighted"][2],
        m.cohen_kappa_score(t, y),
        m.matthews_corrcoef(t, y),
        m.log_loss(t, p, labels=labels),
        m.brier_score_loss(t, p, labels=labels, scale_by_half=False),
        top_3(t, p),
        ece(t, y, p),
    ]
    print(f"({rows}, {k}, {list(missing)})", [float(v) for v in values])
    per_class = m.precision_recall_fscore_support(t, y, labels=labels, zero_division=np.nan)
    print("  per class", [[float(v) for v in column] for column in per_class])

ci = binomtest(41, 57).proportion_ci(method="wilson")
print("wilson 41 of 57", ci.low, ci.high)
