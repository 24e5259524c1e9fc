"""Descent of a linear autoencoder in PyTorch: in moment form, or full batch on examples with the expected noise's penalty."""
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
torch.set_num_threads(options["threads"])
D, H, STEPS = options["dimension"], options["width"], options["steps"]
RATE, NOISE, VARIANCE = 0.01, 0.5, 1e-4
IS_MOMENTS = options["form"] == "moments"
kind = torch.float64 if IS_MOMENTS else torch.float32
nu = 6.05 / (1 + (torch.arange(D, dtype=kind) - 1) / 3) ** 1.2
nu[0] = 39.6
torch.manual_seed(0)
data = None if IS_MOMENTS else torch.randn(options["examples"], D) * nu.sqrt()


def gradients(w1, u):
    if IS_MOMENTS:
        q = w1 * (nu + NOISE)
        return (u @ u.T) @ q - u * nu, (q @ w1.T) @ u - w1 * nu
    h = data @ w1.T
    residual = h @ u - data
    count = len(data)
    gram_u, gram_w = u @ u.T, w1 @ w1.T
    first = (residual @ u.T).T @ data / count + NOISE * gram_u @ w1
    return first, h.T @ residual / count + NOISE * gram_w @ u


def run(seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        w1, u = (torch.randn(H, D, dtype=kind) * VARIANCE**0.5 for _ in range(2))
        for _ in range(STEPS):
            a, b = gradients(w1, u)
            w1, u = w1 - RATE * a, u - RATE * b
        q = w1 * (nu + NOISE)
        loss = 0.5 * (nu.sum() - 2 * (w1 * u * nu).sum() + ((u @ u.T) * (q @ w1.T)).sum())
    return {"networks": 1, "observables": {"loss": [loss.item()]}}


serve(run)
