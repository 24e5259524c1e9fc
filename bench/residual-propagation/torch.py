"""Residual networks in PyTorch: the same formulas by hand, stored weights."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import Mean, absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError:
    absent("python3-torch is not installed")

options = read_options()
width, depth, networks = options["width"], options["depth"], options["networks"]
torch.set_num_threads(options["threads"])


def network():
    x = torch.zeros(2, width)
    x[0, 0::2] = 2**0.5
    x[1, 1::2] = 2**0.5
    blocks = []
    for _ in range(depth):
        w, v = (torch.randn(width, width) / width**0.5 for _ in range(2))
        phi = torch.tanh(x @ w.T + torch.randn(width))
        x = x + phi @ v.T + torch.randn(width)
        blocks.append((w, v, 1 - phi * phi))
    error = torch.randn(2, width)
    start = (error[0] ** 2).sum()
    for w, v, slope in reversed(blocks):
        error = error + ((error @ v) * slope) @ w
    return {"secondMoment": [(x[0] ** 2).mean().item()], "gradient": [((error[0] ** 2).sum() / start).item()]}


def run(seed):
    torch.manual_seed(seed)
    mean = Mean()
    with torch.no_grad():
        for _ in range(networks):
            mean.add(network())
    return mean.answer()


serve(run)
