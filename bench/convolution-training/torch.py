"""Training of the same networks in PyTorch, whose convolutions are oneDNN's."""
import math
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
BATCH, UPDATES, EXAMPLES = options["batch"], options["updates"], 256
CHANNELS, SIDE, WIDTHS, KERNEL, POOLS = {
    "LeNet": (1, 28, [6, 16], 5, [2, 2]),
    "3 × 3": (3, 32, [32, 32, 64, 64], 3, [1, 2, 1, 2]),
}[options["network"]]
index = torch.arange(EXAMPLES * CHANNELS * SIDE**2) % 65537
images = (0.1 * math.sqrt(2) * torch.sin(1 + 12.9898 * index.double())).float().reshape(EXAMPLES, CHANNELS, SIDE, SIDE)
labels = (7 * torch.arange(EXAMPLES)) % 10


def network():
    layers, before, side = [], CHANNELS, SIDE
    for width, pool in zip(WIDTHS, POOLS):
        layers += [torch.nn.Conv2d(before, width, KERNEL, padding=KERNEL // 2), torch.nn.ReLU()]
        if pool > 1:
            layers.append(torch.nn.MaxPool2d(pool))
        before, side = width, side // pool
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(before * side**2, 10))


def run(seed):
    torch.manual_seed(seed)
    model = network()
    # As `train` starts: variances 2/fan-in, of the output 1/fan-in, no biases.
    for module in model:
        if not hasattr(module, "weight"):
            continue
        gain = 1 if isinstance(module, torch.nn.Linear) else 2
        torch.nn.init.normal_(module.weight, 0, math.sqrt(gain / module.weight[0].numel()))
        torch.nn.init.zeros_(module.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for update in range(UPDATES):
        first = update * BATCH % (EXAMPLES // BATCH * BATCH)
        rows = slice(first, first + BATCH)
        loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"networks": 1, "observables": {"loss": [sum(losses) / len(losses)]}}


serve(run)
