"""The same curves with NumPy: the logistic curve, and the Riccati form of any two weights."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
own = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != own]  # files here are named like the packages

from serve import absent, read_options, serve  # noqa: E402

try:
    import numpy
except ImportError as error:
    absent(f"{error}; apt-get install python3-numpy")

options = read_options()
points = options["points"]
time = options["learningRate"] * (20_000 * numpy.arange(points) / points)
k = 1 + options["noiseVariance"]


def balanced(w0):
    decay = numpy.exp(-2 * time)
    return (1 / k) / (1 + (1 / k / w0 - 1) * decay)


def riccati(w1, w2):
    p, q = (w1 + w2) ** 2, (w1 - w2) ** 2
    c = numpy.sqrt(p * q)
    root = numpy.hypot(1 / k, c / 2)
    a = 2 * (1 / k + root)
    b = c * c / a
    e = numpy.exp(-2 * k * root * time)
    d = 1 - e
    square = (p * (a + b * e) + c * c * d) / (p * d + b + a * e)
    return (square - c * c / square) / 4


def run(seed):
    curve = balanced(options["initialMapping"]) if "initialMapping" in options else riccati(options["w1"], options["w2"])
    looked = [float(curve[((i + 1) * (points - 1)) // 64]) for i in range(64)]
    return {"networks": 1, "observables": {"mapping": looked}}


serve(run)
