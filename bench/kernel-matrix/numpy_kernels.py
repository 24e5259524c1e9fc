"""The same formulas in numpy: whole matrices, one array operation after another."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "competitor"))
from serve import absent, read_options, serve  # noqa: E402

options = read_options()
try:
    import numpy as np
except ImportError:
    absent("numpy is not installed (apt-get install python3-numpy)")

m, d = options["count"], options["dimension"]
weight, bias = options["weightVariance"], options["biasVariance"]


def numbers(count):
    """As numberAt of native.mjs."""
    word = (np.arange(1, count + 1, dtype=np.uint64) * 0x9E3779B1 & 0xFFFFFFFF).astype(np.uint32)
    for _ in range(2):
        word = (word ^ (word >> np.uint32(16))) * np.uint32(0x45D9F3B)
    return (word ^ (word >> np.uint32(16))) / 2.0**32 - 0.5


X = numbers(m * d).reshape(m, d)


def run(_):
    kernel = weight * (X @ X.T) / d + bias
    tangent = kernel.copy()
    for _layer in range(options["depth"]):
        root = np.sqrt(np.diag(kernel))
        whole = np.outer(root, root)
        sine = np.sqrt(np.maximum(0, (whole - kernel) * (whole + kernel)))
        theta = np.arctan2(sine, kernel)
        np.fill_diagonal(theta, 0)
        np.fill_diagonal(sine, 0)
        value = (sine - theta * kernel) / (2 * np.pi) + kernel / 2
        slope = 0.5 - theta / (2 * np.pi)
        kernel = weight * value + bias
        tangent = kernel + weight * slope * tangent
    return {"networks": 1, "observables": {"nngp": kernel[0].tolist(), "ntk": tangent[0].tolist()}}


serve(run)
