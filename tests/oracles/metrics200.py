"""Writes tests/oracles/metrics200.json: every metric of 200 random sets, by scikit-learn or by definition.

`python tests/oracles/metrics200.py > tests/oracles/metrics200.json`; needs numpy and scikit-learn 1.9. A set is

    k              classes, 2 to 8
    truth          true class of each row
    predicted      predicted class of each row: mostly the most probable one, in every seventh set any
    probabilities  [rows, k], float32 in as few digits as give it back; none in every ninth set
    metrics        name: value, null where undefined
    classes        precision, recall, F1 and rows of each class
"""

import json
import warnings
from fractions import Fraction
from math import ceil

import numpy as np
from sklearn import metrics as m

# Undefined numbers are meant.
warnings.filterwarnings("ignore")
SETS = 200
rng = np.random.default_rng(20261)


def texts(values):
    """Each float32 in the fewest digits, and the same number again when read as float64 and rounded."""
    kinds = (np.format_float_positional, np.format_float_scientific)
    digits = [min((of(v, unique=True, trim="-") for of in kinds), key=len) for v in values.ravel()]
    assert all(np.float32(float(d)) == v for d, v in zip(digits, values.ravel()))
    return "[" + ",".join(digits) + "]"


def draw(number):
    k = int(rng.integers(2, 9))
    n = int(np.exp(rng.uniform(0, np.log(300))))
    if number < 4:
        k, n = [(2, 1), (2, 300), (8, 300), (8, 1)][number]
    # Two fifths of the sets lack classes, and some have a single one.
    classes = rng.permutation(k)[: k if number % 5 > 1 else int(rng.integers(1, k + 1))]
    truth = rng.choice(classes, n)
    # Dirichlet of small parameters: probabilities of 0 and of 1 are among them.
    p = rng.dirichlet(np.full(k, rng.choice([0.02, 0.3, 1.0])), n)
    right = rng.random(n) < rng.random()
    for row in np.flatnonzero(right):
        top = p[row].argmax()
        p[row, [truth[row], top]] = p[row, [top, truth[row]]]
    if number % 4 == 1:  # Eighths that sum to 1: ties for the first three places, borders of bins.
        p = np.stack([np.bincount(rng.choice(k, 8, p=row), minlength=k) / 8 for row in p])
    p = p.astype(np.float32)
    predicted = rng.integers(0, k, n) if number % 7 == 6 else p.argmax(axis=1)
    return k, truth, predicted, p if number % 9 != 8 else p[:0]


def null(value):
    return None if np.isnan(value) else float(value)


def prf(truth, predicted, present):
    """Averages over the classes that occur; an undefined number of one of them counts as 0."""
    for average in ("macro", "weighted"):
        of = m.precision_recall_fscore_support(truth, predicted, labels=present, average=average, zero_division=0)
        yield from [(f"{name}_{average}", of[i]) for i, name in enumerate(["precision", "recall", "f1"])]


def top_3(truth, p):
    """Ties in the order of the labels; scikit-learn's top_k_accuracy_score reverses them."""
    order = np.argsort(-p, axis=1, kind="stable")[:, :3]
    return np.mean([t in o for t, o in zip(truth, order)])


def ece(truth, predicted, p):
    """10 bins (lo, hi] on the largest probability, borders in exact arithmetic; scikit-learn has none."""
    top = p.max(axis=1)
    bins = np.array([ceil(Fraction(float(t)) * 10) for t in top])
    right = truth == predicted
    return sum(np.mean(bins == b) * abs(right[bins == b].mean() - top[bins == b].mean()) for b in np.unique(bins))


def one_against_rest(metric, truth, p):
    """The mean over classes that have rows and leave rows to others."""
    signs = [(truth == c, p[:, c]) for c in range(p.shape[1])]
    values = [metric(sign, score) for sign, score in signs if sign.any() and not sign.all()]
    return np.mean(values) if values else np.nan


def scored(truth, predicted, p):
    """Metrics of probabilities."""
    labels = np.arange(p.shape[1])
    yield "log_loss", m.log_loss(truth, p, labels=labels)
    yield "brier", m.brier_score_loss(truth, p, labels=labels, scale_by_half=False)
    yield "top_3_accuracy", top_3(truth, p)
    yield "ece", ece(truth, predicted, p)
    yield "roc_auc", one_against_rest(m.roc_auc_score, truth, p)
    yield "average_precision", one_against_rest(m.average_precision_score, truth, p)


lines = []
for number in range(SETS):
    k, truth, predicted, p32 = draw(number)
    present = np.union1d(truth, predicted)
    metrics = dict(
        accuracy=m.accuracy_score(truth, predicted),
        balanced_accuracy=m.balanced_accuracy_score(truth, predicted),
        **dict(prf(truth, predicted, present)),
        kappa=m.cohen_kappa_score(truth, predicted),
        mcc=m.matthews_corrcoef(truth, predicted),
    )
    if len(p32):
        # scikit-learn warns that float32 does not sum to 1 in float64; it takes the numbers as they are.
        metrics.update(scored(truth, predicted, p32.astype(np.float64)))
    else:
        names = ["log_loss", "brier", "top_3_accuracy", "ece", "roc_auc", "average_precision"]
        metrics.update(dict.fromkeys(names, np.nan))
    of = m.precision_recall_fscore_support(truth, predicted, labels=np.arange(k), zero_division=np.nan)
    names = ["precision", "recall", "f1", "support"]
    made = {
        "k": k,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "metrics": {name: null(value) for name, value in metrics.items()},
        "classes": {name: [null(v) for v in values] for name, values in zip(names, of)},
    }
    lines.append(json.dumps(made, separators=(",", ":"))[:-1] + f',"probabilities":{texts(p32)}}}')
print("[" + ",\n".join(lines) + "]")
