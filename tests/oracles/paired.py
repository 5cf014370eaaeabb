"""Prints the constants of src/evaluate/paired.rs: `python tests/oracles/paired.py`. Needs numpy and scipy."""

import numpy as np
from scipy.stats import permutation_test


def difference(a, b, axis=-1):
    """Pooled number of a less that of b; a number of a recording is numerator + i denominator."""
    a, b = a.sum(axis=axis), b.sum(axis=axis)
    return a.real / a.imag - b.real / b.imag


rows = np.array([30, 12, 25, 40, 8, 19, 33, 21])
tens = np.full(12, 10)
cases = {
    "same rows": (rows, [25, 9, 20, 31, 8, 12, 30, 15], rows, [20, 9, 22, 25, 5, 10, 21, 14]),
    "other rows": (rows, [25, 9, 20, 31, 8, 12, 30, 15], rows[::-1], [15, 21, 12, 4, 28, 17, 7, 21]),
    "twelve": (tens, [9, 8, 7, 9, 6, 8, 9, 10, 7, 8, 9, 5], tens, [7, 8, 5, 9, 5, 6, 9, 7, 8, 6, 7, 4]),
    "equal": (rows, [3] * 8, rows, [3] * 8),
}
for name, (rows_a, a, rows_b, b) in cases.items():
    a, b = np.array(a) + 1j * np.array(rows_a), np.array(b) + 1j * np.array(rows_b)
    test = permutation_test((a, b), difference, permutation_type="samples", n_resamples=np.inf, vectorized=True)
    print(name, float(test.statistic), float(test.pvalue.real))
# More recordings than are enumerated: the exact p of 20, which 9,999 draws come near to.
turn = np.arange(20)
a, b = 10 + turn * 7 % 11 + 20j, 8 + turn * 5 % 13 + 20j
exact = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": True, "batch": 2**14}
test = permutation_test((a, b), difference, **exact)
print("twenty", float(test.statistic), float(test.pvalue.real))
