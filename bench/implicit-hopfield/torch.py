"""The same gradient by automatic differentiation through the last updates."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError:
    absent("python3-torch is not installed")

options = read_options()
torch.set_num_threads(options.get("threads", 1))
INPUTS, OUTPUTS, UPDATES, BACK = options["inputs"], options["outputs"], options["updates"], options["back"]
SIZE = INPUTS + options["hidden"] + OUTPUTS
torch.set_default_dtype(torch.float64)


def drawn(count):
    """The generator of ours: 2 s/(2^31 - 1) - 1 of s <- 16807 s mod 2^31 - 1, the first 16 left out."""
    state, modulus = 1, 2147483647
    for _ in range(16):
        state = 16807 * state % modulus
    for _ in range(count):
        state = 16807 * state % modulus
        yield 2 * state / modulus - 1


couplings = (1e-3 * torch.tensor(list(drawn(SIZE * SIZE)))).reshape(SIZE, SIZE).requires_grad_(True)
pattern = (torch.arange(INPUTS) % 3 == 0).double()
start = torch.zeros(SIZE)
start[:INPUTS] = pattern
free = torch.ones(SIZE)
free[:INPUTS] = 0
off_diagonal = 1 - torch.eye(SIZE)


def run(_seed):
    couplings.grad = None
    weights = (couplings + couplings.t()) * off_diagonal
    h = start.clone()
    for update in range(UPDATES):
        if update == UPDATES - BACK:
            h = h.detach()
        h = free * (weights @ torch.sigmoid(0.5 * h)) + (1 - free) * start
    loss = ((h[-OUTPUTS:] - pattern[:OUTPUTS]) ** 2).sum() / 2
    loss.backward()
    return {"networks": 1, "observables": {"loss": [loss.item()], "norm": [couplings.grad.norm().item()]}}


serve(run)
