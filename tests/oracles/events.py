"""Prints tests/oracles/events.json: segment F1, edit score and delays of random recordings, frame by frame.

`python tests/oracles/events.py > tests/oracles/events.json`; needs numpy. A recording is two strings, a letter for each
frame, a dot for background. Everything is counted on arrays of frames, and overlaps are whole numbers:

* An event is a maximal run of one letter. Predicted events come in the order of time. One is a hit at t % if, of the
  true events of its letter that are not taken, the one with the largest share of shared frames (the first of several)
  has t % or more; it then takes it.
* edit is 100 (1 - d / m), d from the whole Levenshtein table over the letters of the events, m the longer length.
* Delays are first (last) predicted frame minus first (last) true frame of the hits at 10 %, in frames and over hz.

Pools are sums over several recordings; the edit score of a pool is the mean over those that have an event. `differs`
counts recordings in which MS-TCN's public code, which looks at events that are taken too, says something else: some
must.
"""

import json
from fractions import Fraction

import numpy as np

rng = np.random.default_rng(20)
LETTERS = np.array(list(".abcd"))


def moved():
    """Events of several lengths; the prediction moves their ends, breaks some up and confuses others."""
    lengths = rng.integers(1, 14, size=rng.integers(0, 9))
    truth = np.repeat(rng.integers(0, rng.integers(2, 6), size=len(lengths)), lengths)
    frames = len(truth)
    source = np.arange(frames) + np.repeat(rng.integers(-4, 5, size=frames // 9 + 1), 9)[:frames]
    predicted = truth[np.clip(source, 0, max(frames - 1, 0))]
    wrong = rng.random(frames) < rng.choice([0, 0.05, 0.2])
    return truth, np.where(wrong, rng.integers(0, 5, size=frames), predicted)


def repeated():
    """One letter with short pauses, and a prediction that has its pauses elsewhere: every event meets several."""
    def one():
        return np.concatenate([[1] * n + [0] for n in rng.integers(1, 9, size=16)])[:48]
    return one(), one()


def events(letters):
    """(letter, mask of frames) of each run that is not background."""
    edges = np.flatnonzero(np.diff(np.concatenate([[-1], letters, [-1]])))
    masks = []
    for a, b in zip(edges[:-1], edges[1:]):
        mask = np.zeros(len(letters), dtype=bool)
        mask[a:b] = True
        masks.append((letters[a], mask))
    return [(letter, mask) for letter, mask in masks if letter != 0]


def hits(truth, predicted, percent, look_at_taken=False):
    taken, pairs = np.zeros(len(truth), dtype=bool), []
    for p, (letter, mask) in enumerate(predicted):
        shares = [Fraction(int((mask & m).sum()), int((mask | m).sum())) * int(l == letter) for l, m in truth]
        if not look_at_taken:
            shares = [share * int(not t) for share, t in zip(shares, taken)]
        best = int(np.argmax(shares)) if shares else None
        if best is not None and shares[best] >= Fraction(percent, 100) and not taken[best]:
            taken[best] = True
            pairs.append((p, best))
    return pairs


def edit(truth, predicted):
    a, b = [l for l, _ in truth], [l for l, _ in predicted]
    if not a and not b:
        return None
    table = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            change = table[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            table[i, j] = min(change, table[i - 1, j] + 1, table[i, j - 1] + 1)
    return 100 * (1 - float(table[-1, -1]) / max(len(a), len(b)))


def one(truth, predicted, hz):
    t, p = events(truth), events(predicted)
    pairs = hits(t, p, 10)
    first, last = (lambda mask: np.flatnonzero(mask)[0]), (lambda mask: np.flatnonzero(mask)[-1])
    delays = [[int(end(p[i][1]) - end(t[j][1])) for end in (first, last)] for i, j in pairs]
    counts = [[n, len(p) - n, len(t) - n] for n in (len(hits(t, p, percent)) for percent in (10, 25, 50))]
    differs = any(len(hits(t, p, percent, True)) != len(hits(t, p, percent)) for percent in (10, 25, 50))
    return {"counts": counts, "edit": edit(t, p), "delays": delays, "hz": hz}, differs


def pool(measured):
    """The values of the metrics, in the order of EVENT_METRICS."""
    counts = np.sum([m["counts"] for m in measured], axis=0)
    f1 = [float(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else None for tp, fp, fn in counts.tolist()]
    edits = [m["edit"] for m in measured if m["edit"] is not None]
    values = [*f1, float(np.mean(edits)) if edits else None]
    for seconds in (False, True):
        for end in (0, 1):
            late = np.array([d[end] / (m["hz"] if seconds else 1) for m in measured for d in m["delays"]])
            values += [float(np.median(late)), float(np.abs(late).mean())] if len(late) else [None, None]
    return values


recordings, measured, differing = [], [], 0
for number in range(80):
    truth, predicted = moved() if number % 4 else repeated()
    hz = [25, 30, 50][rng.integers(3)]
    numbers, differs = one(truth, predicted, hz)
    recordings.append(["".join(LETTERS[truth]), "".join(LETTERS[predicted]), hz, pool([numbers])])
    measured.append(numbers)
    differing += differs
pools = [[first, first + 8, pool(measured[first : first + 8])] for first in range(0, 80, 8)]
assert differing >= 3, differing
recordings, pools = (",\n".join(json.dumps(row) for row in rows) for rows in (recordings, pools))
print(f'{{"differs":{differing},"recordings":[\n{recordings}\n],"pools":[\n{pools}\n]}}')
