"""The products of one convolution layer in PyTorch: 3 x 3 kernels, zeros outside."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError as error:
    absent(f"{error}; apt-get install python3-torch")

options = read_options()
channels, units, side, batch = (options[name] for name in ("channels", "units", "side", "batch"))
forward, errors, weights = (options["pass"] == name for name in ("forward", "errors", "weights"))
torch.set_num_threads(options["threads"])
torch.set_grad_enabled(False)
torch.manual_seed(1)
x, w = torch.randn(batch, channels, side, side), torch.randn(units, channels, 3, 3)
bias, deltas = torch.zeros(units), torch.randn(batch, units, side, side)


def product(x, w, bias, deltas):
    if forward:
        return torch.conv2d(x, w, bias, padding=1)
    wanted = [errors, weights, weights]
    both = torch.ops.aten.convolution_backward(
        deltas, x, w, [units], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, wanted
    )
    return both[0] if errors else both[1]


last = slice(batch - 1, None)
if weights:
    exact, terms = product(x.double(), w.double(), bias.double(), deltas.double()), batch * side**2
else:
    exact = product(x[last].double(), w.double(), bias.double(), deltas[last].double())
    terms = 9 * (channels if forward else units)


def run(_):
    for _ in range(options["repeats"]):
        found = product(x, w, bias, deltas)
    at = (-1, 1, 1, 0)
    return {"networks": 1, "observables": {"error": [(found[at].item() - exact[at].item()) / math.sqrt(terms)]}}


serve(run)
