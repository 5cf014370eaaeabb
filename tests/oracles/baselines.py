"""Prints tests/oracles/baselines.json: what scikit-learn's baselines say about windows with missing values.

`python tests/oracles/baselines.py > tests/oracles/baselines.json`; needs numpy and scikit-learn 1.9.
"""

import json
import warnings

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")


def statistics(window):
    """[frames, D] to [D * 5]: mean, std, min, max, mean absolute step; NaN where there is nothing."""
    kinds = [f(window, axis=0) for f in (np.nanmean, np.nanstd, np.nanmin, np.nanmax)]
    return np.stack([*kinds, np.nanmean(np.abs(np.diff(window, axis=0)), axis=0)], axis=1).ravel()


def case(seed, rows, width, dims, classes, absent):
    """Windows in whole 64ths, exact in float32, mean and spread by class; those of `absent` are test rows only."""
    rng = np.random.default_rng(seed)
    train = rows * 2 // 3
    labels = rng.integers(classes, size=rows)
    labels[:train][labels[:train] == absent] = 0
    shift, spread = rng.normal(size=(classes, 1, dims)), rng.uniform(0.5, 1.5, size=(classes, 1, dims))
    x = shift[labels] + spread[labels] * rng.normal(size=(rows, width, dims)) + 0.7 * rng.normal(size=(rows, 1, dims))
    x[..., -1] = 0.3125  # A joint that never moves, but for one test row.
    x[-1, ..., -1] += 1
    x = np.round(x * 64) / 64
    x[rng.random(x.shape) < 0.1] = np.nan
    gone = rng.random((rows, 1, dims)) < 0.1  # Joints that a window lacks throughout.
    gone[-1] = False
    x = np.where(gone, np.nan, x)
    return x, rng.integers(2, width + 1, size=rows), labels, train


cases = []
for seed, rows, width, dims, classes, absent in [(1, 60, 6, 3, 4, 2), (2, 45, 5, 2, 2, None), (3, 30, 3, 4, 3, None)]:
    x, valid, labels, train = case(seed, rows, width, dims, classes, absent)
    raw = np.array([statistics(window[:n]) for window, n in zip(x, valid)])
    # NaN passes through the scaler; then it is the mean of train, 0. What is constant in train counts for nothing.
    scaler = StandardScaler().fit(raw[:train])
    z = np.nan_to_num(scaler.transform(raw))
    z[:, ~(scaler.var_ > 0)] = 0
    models = {
        "majority": DummyClassifier(strategy="prior"),
        "nearest_centroid": NearestCentroid(),
        "logistic_regression": LogisticRegression(tol=1e-10, max_iter=10000),
    }
    expected = {}
    for name, model in models.items():
        model.fit(z[:train], labels[:train])
        if name == "nearest_centroid":
            expected[name] = model.predict(z[train:]).tolist()
        else:
            full = np.zeros((rows - train, classes))
            full[:, model.classes_] = model.predict_proba(z[train:])
            expected[name] = full.tolist()
    sixty_fourths = [[None if np.isnan(v) else int(v * 64) for v in window.ravel()] for window in x]
    last = [None if np.isnan(v) else float(v) for v in raw[-1]]
    shape = {"width": width, "dims": dims, "classes": classes, "train": train}
    cases.append({**shape, "labels": labels.tolist(), "valid_len": valid.tolist(), "sixty_fourths": sixty_fourths,
                  "statistics_of_last": last, **expected})
print(json.dumps(cases))
