"""Prints the constants of src/evaluate/temperature.rs: `python tests/oracles/temperature.py`.

Needs numpy and scipy. The rows are made by arithmetic that Rust repeats exactly, so that none is stored.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax


def case(rows, k, right, least):
    """Rows of K probabilities in whole 1024ths, exact in float32; `right` of 16 rows have the truth on top.

    Each probability is at least `least` 1024ths; if that is none, every ninth row is sure of the first class.
    """
    truth, probabilities = [], []
    state = rows * 1000 + k
    def draw(n):
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 12) % n
    for i in range(rows):
        left, row = 1024 - k * least, []
        for _ in range(k - 1):
            row.append(draw(left + 1))
            left -= row[-1]
        row.append(left)
        row = [part + least for part in row]
        if least == 0 and i % 9 == 0:
            row = [1024] + [0] * (k - 1)
        probabilities.append(row)
        other = draw(k)
        truth.append(int(np.argmax(row)) if draw(16) < right else other)
    return np.array(truth), np.array(probabilities) / 1024


for rows, k, right, least in [(60, 3, 8, 0), (200, 7, 8, 8), (40, 4, 15, 32)]:
    truth, p = case(rows, k, right, least)
    logs = np.log(np.maximum(p, 2.0**-149))
    nll = lambda t: -log_softmax(logs / t, axis=1)[np.arange(rows), truth].mean()
    # The mean is flat to 1e-16 within 1e-8 of its least, so scipy's T has about 7 digits.
    best = minimize_scalar(lambda b: nll(1 / b), bounds=(0.05, 20), method="bounded", options={"xatol": 1e-12})
    print(f"({rows}, {k}, {right}, {least})", 1 / best.x, nll(1), best.fun)
