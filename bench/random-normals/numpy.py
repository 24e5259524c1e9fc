"""Standard normals of NumPy (PCG64, ziggurat) into a block of 4 MB."""
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
block = numpy.empty(1 << 20, dtype=numpy.float32)


def run(seed):
    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    samples = []
    for _ in range(-(-options["draws"] // block.size)):
        generator.standard_normal(out=block, dtype=numpy.float32)
        samples.append(block[::256].astype(numpy.float64))
    sample = numpy.concatenate(samples)
    return {"networks": 1, "observables": {"sample": [sample.size, float(sample.mean()), float((sample * sample).mean())]}}


serve(run)
