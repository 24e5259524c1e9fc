"""The same layer in PyTorch: a loop of updates, and automatic differentiation through all of them."""
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
WIDTH, BATCH, UPDATES, STEPS = options["width"], options["batch"], options["updates"], options["steps"]
DIMENSION, EXAMPLES = 784, 256
index = torch.arange(EXAMPLES * DIMENSION) % 65537
images = (math.sqrt(2) * torch.sin(1 + 12.9898 * index.double())).float().reshape(EXAMPLES, DIMENSION)
labels = (7 * torch.arange(EXAMPLES)) % 10


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.input = torch.nn.Linear(DIMENSION, WIDTH)
        self.recurrent = torch.nn.Linear(WIDTH, WIDTH, bias=False)
        self.output = torch.nn.Linear(WIDTH, 10)
        torch.nn.init.normal_(self.input.weight, 0, DIMENSION**-0.5)
        torch.nn.init.normal_(self.recurrent.weight, 0, (options["weightVariance"] / WIDTH) ** 0.5)
        torch.nn.init.normal_(self.output.weight, 0, WIDTH**-0.5)
        for part in (self.input, self.output):
            torch.nn.init.zeros_(part.bias)

    def forward(self, x, steps=STEPS):
        drive = self.input(x)
        h = torch.tanh(drive)
        for _ in range(steps - 1):
            h = torch.tanh(drive + self.recurrent(h))
        return self.output(h)


def gradient_error():
    """|gradient - exact|/|exact| of W, the exact one in float64 through 400 updates."""
    torch.manual_seed(5)
    layer = Layer()

    def gradient(layer, x, steps):
        layer.zero_grad()
        torch.nn.functional.cross_entropy(layer(x, steps), labels[:BATCH]).backward()
        return layer.recurrent.weight.grad.double()

    found = gradient(layer, images[:BATCH], STEPS).clone()
    exact = gradient(layer.double(), images[:BATCH].double(), 400)
    return ((found - exact).norm() / exact.norm()).item()


def run(seed):
    torch.manual_seed(seed)
    layer = Layer()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    losses = []
    for update in range(UPDATES):
        first = update * BATCH % (EXAMPLES // BATCH * BATCH)
        rows = slice(first, first + BATCH)
        loss = torch.nn.functional.cross_entropy(layer(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"networks": 1, "observables": {"loss": [sum(losses) / len(losses)]}}


def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name + ":"):
            return 1024 * int(line.split()[1])


def growth():
    """Growth of the peak in one training step, in bytes; a short one went before."""
    torch.manual_seed(1)
    layer = Layer()
    torch.nn.functional.cross_entropy(layer(images[:1], 2), labels[:1]).backward()
    layer.zero_grad(set_to_none=True)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    torch.nn.functional.cross_entropy(layer(images[:BATCH]), labels[:BATCH]).backward()
    return status("VmHWM") - before


if options.get("report") == "error":
    print(gradient_error())
elif options.get("report") == "memory":
    print(growth())
else:
    serve(run)
