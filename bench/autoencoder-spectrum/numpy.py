"""The second moment in NumPy from numbers that are doubles already: one call of dsyrk, with or without the eigenvectors."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
own = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != own]  # files here are named like the packages

from serve import absent, read_options, serve  # noqa: E402

options = read_options()
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = str(options["threads"])
try:
    import numpy
except ImportError as error:
    absent(f"{error}; apt-get install python3-numpy")

count, dimension = options["count"], options["dimension"]


def images():
    # Of x <- a x + c the k-th term is a^k x + c (a^k - 1)/(a - 1): powers by doubling, all modulo 2^32.
    total = count * dimension
    factor, offset = numpy.ones(1, numpy.uint32), numpy.zeros(1, numpy.uint32)
    a, c = numpy.uint32(1664525), numpy.uint32(1013904223)
    with numpy.errstate(over="ignore"):
        while len(factor) < total + 1:
            factor, offset = (
                numpy.concatenate([factor, factor * a]),
                numpy.concatenate([offset, offset * a + c]),
            )
            a, c = a * a, c * a + c
        values = factor + offset
    return (values[1 : total + 1] >> 24).astype(float).reshape(count, dimension) / 255


data = images()


def run(seed):
    moment = data.T @ data / count
    values = numpy.linalg.eigh(moment)[0][::-1] if options["eigenvectors"] else None
    observables = {"trace": [float(numpy.trace(moment))]}
    if values is not None:
        observables["spectrum"] = values[:16].tolist()
    return {"networks": 1, "observables": observables}


serve(run)
