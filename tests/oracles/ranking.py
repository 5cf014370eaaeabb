"""Writes tests/oracles/ranking.json: ROC AUC, average precision and curves of 200 random sets, by scikit-learn.

`python tests/oracles/ranking.py > tests/oracles/ranking.json`; needs numpy and scikit-learn 1.9. A set is

    k              classes, 2 to 8
    truth          true class of each row
    scores         [rows, k], float32 in as few digits as give it back
    groups         row r is of recording r % groups
    weights        how often each recording counts
    roc_auc        of each class against the rest, null for a class without both signs
    average_precision
    mean           [ROC AUC, average precision], the plain mean over classes that have them
    drawn          the same two with the rows of each recording repeated as often as its weight says
    curves         of small sets, each class with both signs: [class, roc, precision and recall], each as thresholds,
                   x and y, from roc_curve(drop_intermediate=False) and precision_recall_curve
"""

import json

import numpy as np
from sklearn import metrics as m

SETS = 200
rng = np.random.default_rng(20260)


def texts(scores):
    """Each float32 in the fewest digits, and the same number again when read as float64 and rounded."""
    digits = [np.format_float_positional(s, unique=True, trim="-") for s in scores.ravel()]
    assert all(np.float32(float(d)) == s for d, s in zip(digits, scores.ravel()))
    return "[" + ",".join(digits) + "]"


def draw(number):
    """k, truth and scores of a set. In every fifth they sum to 1 by row, as scikit-learn's macro mean asks."""
    k = int(rng.integers(2, 9))
    n = int(np.exp(rng.uniform(0, np.log(300))))
    if number < 4:
        k, n = [(2, 1), (2, 300), (8, 300), (8, 1)][number]
    # A third of the sets lack classes, and some have a single one.
    classes = rng.permutation(k)[: k if number % 3 else int(rng.integers(1, k + 1))]
    truth = rng.choice(classes, n)
    logits = rng.normal(size=(n, k)) + rng.uniform(0, 3) * np.eye(k)[truth]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # Hardly a tie; ties of two digits, of one digit, of quarters; certain answers.
    p = [p, np.round(p, 2), np.round(p, 1), np.round(p * 4) / 4, p == p.max(axis=1, keepdims=True)][number % 5]
    return k, truth, p.astype(np.float32)


def per_class(metric, truth, p):
    signs = [truth == c for c in range(p.shape[1])]
    return [float(metric(s, p[:, c])) if s.any() and not s.all() else None for c, s in enumerate(signs)]


def mean(values):
    values = [v for v in values if v is not None]
    return float(np.mean(values)) if values else None


def both(truth, p):
    return [per_class(m.roc_auc_score, truth, p), per_class(m.average_precision_score, truth, p)]


def curves(truth, p):
    for c in range(p.shape[1]):
        sign = truth == c
        if sign.any() and not sign.all():
            fpr, tpr, at = m.roc_curve(sign, p[:, c], drop_intermediate=False)
            precision, recall, from_ = m.precision_recall_curve(sign, p[:, c])
            assert at[0] == np.inf and len(from_) + 1 == len(recall)
            roc = [[None, *at[1:].tolist()], fpr.tolist(), tpr.tolist()]
            yield [c, roc, [[*from_.tolist(), None], precision.tolist(), recall.tolist()]]


def compare_with_macro(number, truth, p, auc, ap):
    """Where scikit-learn has a macro mean itself, it is ours: all classes there, rows that sum to 1."""
    k = p.shape[1]
    if len(np.unique(truth)) < k or k == 2 or number % 5:
        return 0
    assert abs(m.roc_auc_score(truth, p, multi_class="ovr", average="macro") - mean(auc)) < 1e-14
    assert abs(m.average_precision_score(truth, p, average="macro") - mean(ap)) < 1e-14
    return 1


compared, lines = 0, []
for number in range(SETS):
    k, truth, p32 = draw(number)
    p = p32.astype(np.float64)
    auc, ap = both(truth, p)
    compared += compare_with_macro(number, truth, p, auc, ap)
    groups = int(rng.integers(1, 13))
    weights = rng.integers(0, 4, groups)
    times = weights[np.arange(len(truth)) % groups]
    drawn = [mean(values) for values in both(np.repeat(truth, times), np.repeat(p, times, axis=0))]
    made = {
        "k": k,
        "truth": truth.tolist(),
        "groups": groups,
        "weights": weights.tolist(),
        "roc_auc": auc,
        "average_precision": ap,
        "mean": [mean(auc), mean(ap)],
        "drawn": drawn,
        "curves": list(curves(truth, p)) if len(truth) <= 16 else [],
    }
    lines.append(json.dumps(made, separators=(",", ":"))[:-1] + f',"scores":{texts(p32)}}}')
assert compared > 10
print("[" + ",\n".join(lines) + "]")
