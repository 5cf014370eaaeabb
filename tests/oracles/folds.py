"""Prints tests/oracles/folds.json: where scikit-learn's StratifiedGroupKFold puts the recordings and people of the watch set.

`python tests/oracles/folds.py > tests/oracles/folds.json`; needs numpy, scikit-learn 1.9, pyarrow. The order into which numpy shuffles
the groups is part of it, so that our assignment can be compared, not our generator.
"""

import json
import warnings

import numpy as np
import pyarrow.parquet as pq
from sklearn.model_selection import StratifiedGroupKFold

warnings.filterwarnings("ignore")
frames = pq.read_table("tests/data/watch.parquet", columns=["video", "subject", "label"]).to_pandas()
cases = []
for by in ["video", "subject"]:
    names, group = np.unique(frames[by], return_inverse=True)
    classes, label = np.unique(frames["label"], return_inverse=True)
    counts = np.zeros((len(names), len(classes)), dtype=int)
    np.add.at(counts, (group, label), 1)
    table = [[int(n) for n in row] for row in counts]
    # From eight folds or classes on numpy adds up in another order.
    for number_of_folds, seed in [(k, seed) for k in (5, 10) for seed in range(5)]:
        order = np.arange(len(names))
        np.random.RandomState(seed).shuffle(order)
        fold = np.zeros(len(names), dtype=int)
        folds = StratifiedGroupKFold(number_of_folds, shuffle=True, random_state=seed).split(label, label, group)
        for number, (_, test) in enumerate(folds):
            fold[np.unique(group[test])] = number
        cases.append({"by": by, "folds": number_of_folds, "seed": seed, "order": order.tolist(), "fold": fold.tolist()})
    cases.append({"by": by, "counts": table})
print(json.dumps(cases))
