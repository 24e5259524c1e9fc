"""Depth scales of tanh with dropout in NumPy and SciPy: Gauss-Legendre panels, brentq for both fixed points, point by point."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
own = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != own]  # this file is named like the package

from serve import absent, read_options, serve  # noqa: E402

try:
    import numpy as np
    from scipy.optimize import brentq
except ImportError as error:
    absent(f"{error}; apt-get install python3-scipy")

options = read_options()
size, keep = options["size"], options["keepProbability"]


def panels(low, high, count):
    """Nodes and weights of `count` panels with 16 Gauss-Legendre nodes, with the normal density."""
    x, w = np.polynomial.legendre.leggauss(16)
    edges = np.linspace(low, high, count + 1)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    nodes = (middle[:, None] + half[:, None] * x).ravel()
    return nodes, (half[:, None] * w).ravel() * np.exp(-nodes * nodes / 2) / math.sqrt(2 * math.pi)


Z, WEIGHT = panels(-9, 9, 18)
T, WEIGHT_T = panels(0, 9, 9)  # even in t
WEIGHT_2 = np.outer(WEIGHT, 2 * WEIGHT_T)


def second_moment(q):
    return WEIGHT @ np.tanh(math.sqrt(q) * Z) ** 2


def slopes(q):
    value = np.tanh(math.sqrt(q) * Z)
    slope = 1 - value * value
    return WEIGHT @ (slope * slope), WEIGHT @ (slope * slope - 2 * value * value * slope)


def pair(q, delta):
    """tanh at both inputs; symmetric variables, so that small delta loses nothing."""
    a, b = math.sqrt(q * (2 - delta) / 2) * Z[:, None], math.sqrt(q * delta / 2) * T[None, :]
    return np.tanh(a + b), np.tanh(a - b)


def multipliers(weight_variance, bias_variance):
    scaled = weight_variance / keep
    q = brentq(lambda q: scaled * second_moment(q) + bias_variance - q, 1e-9, scaled + bias_variance + 1, xtol=1e-14, rtol=1e-14)
    m2 = second_moment(q)
    s2, v2 = slopes(q)

    def change(delta):
        first, second = pair(q, delta)
        deficit = 0.5 * np.sum(WEIGHT_2 * (first - second) ** 2)
        return weight_variance / q * ((1 / keep - 1) * m2 + deficit) - delta

    delta = brentq(change, 1e-9, 1.0, xtol=1e-14, rtol=1e-14)
    first, second = pair(q, delta)
    chi_c = weight_variance * np.sum(WEIGHT_2 * (1 - first * first) * (1 - second * second))
    return scaled * v2, chi_c, scaled * s2


def sampled_points():
    weight, bias = np.linspace(1, 4, size), np.linspace(0.01, 0.3, size)
    at = [((2 * i + 1) * size) // 16 for i in range(8)]
    return [(weight[column], bias[row]) for row in at for column in at]


def run(_):
    found = [multipliers(w, b) for w, b in sampled_points()]
    names = ["depthScaleVariance", "depthScaleCorrelation", "depthScaleGradient"]
    return {"networks": 1, "observables": {name: [float(chi[i]) for chi in found] for i, name in enumerate(names)}}


serve(run)
