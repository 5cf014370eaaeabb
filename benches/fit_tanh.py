"""The numbers of src/nn/fused/activation.rs: tanh x = x P(x^2) / Q(x^2) on [0, 9], P and Q of degree 4.

    pip install numpy mpmath && python benches/fit_tanh.py

Least squares on Chebyshev nodes, made linear by the last denominator (Sanathanan and Koerner 1963), with weights that grow
where the relative error is largest (Lawson 1961), until that error is even.
"""
import mpmath
import numpy as np

LIMIT, DEGREE, NODES, ROUNDS = 9.0, 4, 2000, 60
mpmath.mp.dps = 40

x = LIMIT / 2 * (1 - np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES))
f = np.array([np.longdouble(mpmath.nstr(mpmath.tanh(v) / v, 25)) for v in map(mpmath.mpf, map(float, x))])
u = (x * x / LIMIT**2).astype(np.longdouble)
powers = np.stack([u**j for j in range(DEGREE + 1)], axis=1)

denominator, weight, best = np.ones_like(f), np.ones_like(f), None
for _ in range(ROUNDS):
    rows = np.concatenate([powers / (f * denominator)[:, None], -powers[:, 1:] / denominator[:, None]], axis=1)
    target, root = 1 / denominator, np.sqrt(weight)
    solve = lambda b: np.linalg.lstsq((rows * root[:, None]).astype(float), (b * root).astype(float), rcond=None)[0]
    c = solve(target).astype(np.longdouble)
    for _ in range(3):  # iterative refinement
        c = c + solve(target - rows @ c)
    denominator = 1 + powers[:, 1:] @ c[DEGREE + 1 :]
    error = np.abs(powers @ c[: DEGREE + 1] / denominator / f - 1)
    if best is None or error.max() < best[0]:
        best = error.max(), c
    weight = weight * (error / error.max() + 1e-3) ** 0.5
    weight = weight / weight.mean()

error, c = best
scale = LIMIT ** (2 * np.arange(DEGREE + 1))
print("relative error", float(error))
print("P", [float(np.float32(v)) for v in c[: DEGREE + 1] / scale])
print("Q", [float(np.float32(v)) for v in np.concatenate([[1], c[DEGREE + 1 :]]) / scale])
