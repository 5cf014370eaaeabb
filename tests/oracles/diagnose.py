"""Prints the numbers that the tests of src/evaluate/diagnose quote.

`python tests/oracles/diagnose.py`; needs numpy, scipy 1.17.
"""

import numpy as np
from scipy.stats import binom, binomtest

# newcombe.rs: the train and validation accuracy of the seed.
interval = lambda k, n: binomtest(k, n).proportion_ci(method="wilson")
one, other = interval(27, 48), interval(1, 9)
d = 27 / 48 - 1 / 9
low = d - np.hypot(27 / 48 - one.low, other.high - 1 / 9)
high = d + np.hypot(one.high - 27 / 48, 1 / 9 - other.low)
print("gap", repr(float(low)), repr(float(high)))

# effective.rs: Rao and Scott's design effect.
x, n = np.array([3, 14, 7, 20, 0]), np.array([9, 15, 12, 21, 5])
p, m = x.sum() / n.sum(), len(n)
between = m / (m - 1) * ((x - p * n) ** 2).sum() / n.sum() ** 2
print("effective rows", repr(float(n.sum() / (between / (p * (1 - p) / n.sum())))))

# chance.rs: none right of 34 where guessing among 7 is right one time in 7, or 16 times in 34.
print("chance", repr(float(binom.cdf(0, 34, 1 / 7))), repr(float(binom.cdf(0, 34, 16 / 34))))
