"""Descent of a linear autoencoder in moment form, in NumPy: the formulas by hand."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import read_options, serve  # noqa: E402

options = read_options()
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = str(options["threads"])

import numpy as np  # noqa: E402

D, H, STEPS = options["dimension"], options["width"], options["steps"]
RATE, NOISE, VARIANCE = 0.01, 0.5, 1e-4
nu = 6.05 / (1 + (np.arange(D) - 1) / 3) ** 1.2
nu[0] = 39.6


def run(seed):
    random = np.random.default_rng(seed)
    w1, u = (random.standard_normal((H, D)) * VARIANCE**0.5 for _ in range(2))
    for _ in range(STEPS):
        q = w1 * (nu + NOISE)
        a, b = u @ u.T, q @ w1.T
        w1, u = w1 - RATE * (a @ q - u * nu), u - RATE * (b @ u - w1 * nu)
    q = w1 * (nu + NOISE)
    loss = 0.5 * (nu.sum() - 2 * np.sum(w1 * u * nu) + np.sum((u @ u.T) * (q @ w1.T)))
    return {"networks": 1, "observables": {"loss": [float(loss)]}}


serve(run)
