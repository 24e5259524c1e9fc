"""Training of the same cells in PyTorch: its fused RNN, GRU and LSTM; the minimal cell as a loop over positions."""
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
CELL, WIDTH, BATCH, UPDATES = options["cell"], options["width"], options["batch"], options["updates"]
STEPS = options["steps"]
EXAMPLES = 64 if STEPS > 35 else 256
index = torch.arange(EXAMPLES * STEPS * WIDTH) % 65537
images = (math.sqrt(2) * torch.sin(1 + 12.9898 * index.double())).float().reshape(EXAMPLES, STEPS, WIDTH)
labels = (7 * torch.arange(EXAMPLES)) % 10


class Minimal(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.input = torch.nn.Linear(width, width)
        self.recurrent = torch.nn.Linear(width, width, bias=False)

    def forward(self, x):
        gates, h = self.input(x), torch.zeros(x.shape[0], x.shape[2])
        for step in range(x.shape[1]):
            u = torch.sigmoid(gates[:, step] + self.recurrent(h))
            h = u * h + (1 - u) * x[:, step]
        return h


def run(seed):
    torch.manual_seed(seed)
    kinds = {"vanilla": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    cell = Minimal(WIDTH) if CELL == "minimal" else kinds[CELL](WIDTH, WIDTH, batch_first=True)
    output = torch.nn.Linear(WIDTH, 10)
    # As `train` starts: variances 1/fan-in, no biases.
    for parameter in [*cell.parameters(), *output.parameters()]:
        torch.nn.init.zeros_(parameter) if parameter.dim() == 1 else torch.nn.init.normal_(parameter, 0, WIDTH**-0.5)
    optimizer = torch.optim.SGD([*cell.parameters(), *output.parameters()], lr=0.1)
    losses = []
    for update in range(UPDATES):
        first = update * BATCH % (EXAMPLES // BATCH * BATCH)
        rows = slice(first, first + BATCH)
        states = cell(images[rows])
        last = states if CELL == "minimal" else states[0][:, -1]
        loss = torch.nn.functional.cross_entropy(output(last), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"networks": 1, "observables": {"loss": [sum(losses) / len(losses)]}}


serve(run)
