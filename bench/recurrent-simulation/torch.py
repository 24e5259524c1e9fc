"""The same networks in PyTorch: fresh weights, a loop over the steps, the perturbation by the derivative written down."""
import math
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
torch.set_num_threads(options.get("threads", 1))
torch.set_default_dtype(getattr(torch, options["precision"]))
CELL, WIDTH, STEPS, NETWORKS = options["cell"], options["width"], options["steps"], options["networks"]
GATES = {"vanilla": 1, "minimal": 1, "gru": 3, "lstm": 4}[CELL]


def network():
    # All gates in one matrix, as PyTorch's own cells keep them; rows 0 and 1 are the sequences, row 2 the perturbation.
    w = torch.randn(GATES * WIDTH, WIDTH).div_(math.sqrt(WIDTH)).T
    u = torch.randn(GATES * WIDTH, WIDTH).div_(math.sqrt(WIDTH)).T
    x = torch.randn(STEPS, 2, WIDTH)
    x[:, 1] = 0.5 * x[:, 0] + math.sqrt(0.75) * x[:, 1]
    driven = (x.reshape(2 * STEPS, WIDTH) @ u).reshape(STEPS, 2, GATES * WIDTH)
    h, dh = torch.zeros(2, WIDTH), torch.randn(1, WIDTH)
    c, dc = torch.zeros(2, WIDTH), torch.zeros(1, WIDTH)
    start = dh.square().sum()
    for t in range(STEPS):
        product = torch.cat([h, dh]) @ w
        if CELL == "gru":
            kept, moved = product[:2], product[2:]
            gates = torch.sigmoid(kept[:, : 2 * WIDTH] + driven[t, :, : 2 * WIDTH])
            z, r = gates.chunk(2, 1)
            slopes = gates[:1] * (1 - gates[:1]) * moved[:, : 2 * WIDTH]
            s = kept[:, 2 * WIDTH :]
            g = torch.tanh(r * s + driven[t, :, 2 * WIDTH :])
            dg = (1 - g[:1] ** 2) * (r[:1] * moved[:, 2 * WIDTH :] + slopes[:, WIDTH:] * s[:1])
            dh = z[:1] * dh + slopes[:, :WIDTH] * (h[:1] - g[:1]) + (1 - z[:1]) * dg
            h = z * h + (1 - z) * g
            continue
        e, de = product[:2] + driven[t], product[2:]
        if CELL == "vanilla":
            h = torch.tanh(e)
            dh = (1 - h[:1] ** 2) * de
        elif CELL == "minimal":
            gate = torch.sigmoid(e)
            dh = gate[:1] * dh + gate[:1] * (1 - gate[:1]) * (h[:1] - x[t, :1]) * de
            h = gate * h + (1 - gate) * x[t]
        else:
            i, f, o = (torch.sigmoid(part) for part in e[:, : 3 * WIDTH].chunk(3, 1))
            di, df, do = (p[:1] * (1 - p[:1]) * d for p, d in zip((i, f, o), de[:, : 3 * WIDTH].chunk(3, 1)))
            g = torch.tanh(e[:, 3 * WIDTH :])
            dc = f[:1] * dc + df * c[:1] + di * g[:1] + i[:1] * (1 - g[:1] ** 2) * de[:, 3 * WIDTH :]
            c = f * c + i * g
            out = torch.tanh(c)
            h = o * out
            dh = do * out[:1] + o[:1] * (1 - out[:1] ** 2) * dc
    return {
        "stateVariance": [h.square().mean().item()],
        "stateCovariance": [(h[0] * h[1]).mean().item()],
        "growth": [(dh.square().sum() / start).item()],
    }


def run(seed):
    torch.manual_seed(seed)
    mean = Mean()
    with torch.no_grad():
        for _ in range(NETWORKS):
            mean.add(network())
    return mean.answer()


serve(run)
