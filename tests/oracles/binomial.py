"""Prints the constants of src/evaluate/binomial.rs: `python tests/oracles/binomial.py`. Needs scipy.

The tails are summed in decimals of 60 digits. scipy is compared with them: it loses some digits where n is large and
p small.
"""

from decimal import Decimal, getcontext
from math import factorial

from scipy.stats import binom, binomtest

getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def log_factorial(n):
    """ln n!, by Stirling's series from 1000 on: the next term is below 1e-40."""
    if n < 1000:
        return Decimal(factorial(n)).ln()
    n = Decimal(n)
    series = [Decimal(1) / d / n**e for d, e in [(12, 1), (-360, 3), (1260, 5), (-1680, 7), (1188, 9)]]
    return (n + Decimal("0.5")) * n.ln() - n + (2 * PI).ln() / 2 + sum(series) - Decimal(691) / 360360 / n**11


def term(i, n, p):
    log = log_factorial(n) - log_factorial(i) - log_factorial(n - i)
    return (log + i * p.ln() + (n - i) * (1 - p).ln()).exp()


def most(k, n, p):
    """P(X >= k), p the number that the float is."""
    p = Decimal(p)
    last, total = term(k, n, p), Decimal(0)
    for i in range(k, n + 1):
        total += last
        last *= Decimal(n - i) / (i + 1) * p / (1 - p)
        if i > n * p and last < total * Decimal("1e-40"):
            break
    return total


def least(k, n, p):
    """P(X <= k): at most k hits are at least n - k misses, with a chance that is exactly 1 - p."""
    return most(n - k, n, 1 - Decimal(p))


cases = [(0, 34, 1 / 7), (10, 34, 1 / 7), (34, 34, 1 / 7), (3, 15, 0.9), (15, 40, 0.5), (20, 40, 0.5), (1, 1000, 0.02),
         (70, 1000, 0.02), (490_000, 1_000_000, 0.5), (1_428_000, 10_000_000, 1 / 7), (1_440_000, 10_000_000, 1 / 7),
         (5, 10_000_000, 1e-6), (9_999_999, 10_000_000, 0.9999999), (2, 300, 0.6)]
for k, n, p in cases:
    low, high = float(least(k, n, p)), float(most(k, n, p))
    off = max(abs(binom.cdf(k, n, p) / low - 1), abs(binom.sf(k - 1, n, p) / high - 1))
    both = float(binomtest(k, n, p).pvalue)
    print(f"({k}, {n}, {p!r}, [{low!r}, {high!r}, {both!r}]),  # scipy's tails are off by {off:.0e}")
