"""Training in PyTorch: autograd, torch.optim.SGD, fresh dropout masks."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
own = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != own]  # this file is named like the package

from serve import absent, read_options, serve  # noqa: E402

try:
    import numpy
    import torch
except ImportError as error:
    absent(f"{error}; apt-get install python3-torch python3-numpy")


def hashed(values):
    x = values.astype(numpy.uint32)
    x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    return x ^ (x >> numpy.uint32(16))


options = read_options()
width, depth, batch, steps, keep = (options[name] for name in ("width", "depth", "batch", "steps", "keepProbability"))
torch.set_num_threads(options["threads"])
pixels = (hashed(numpy.arange(batch * steps * 784)) >> numpy.uint32(24)).reshape(-1, 784)
labels = torch.from_numpy((pixels[:, :3].astype(numpy.int64).sum(1) * 10) // 768)
images = torch.from_numpy(pixels.astype(numpy.float32) / 255.0)
widths = [784] + [width] * (depth - 1) + [10]
layers, drawn = [], 0x40000000
for inputs, outputs in zip(widths[:-1], widths[1:]):
    uniform = (hashed(numpy.arange(drawn, drawn + inputs * outputs)).astype(numpy.float64) + 0.5) * 2.0**-32 - 0.5
    drawn += inputs * outputs
    weights = (math.sqrt(12 * options["weightVariance"] / inputs) * uniform).astype(numpy.float32).reshape(outputs, inputs)
    layers.append((torch.from_numpy(weights), torch.zeros(outputs)))
network = [torch.nn.Linear(layer[0].shape[1], layer[0].shape[0]) for layer in layers]
optimizer = torch.optim.SGD([parameter for layer in network for parameter in layer.parameters()], lr=options["learningRate"])
loss_function = torch.nn.CrossEntropyLoss()


def run(seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for layer, (weights, biases) in zip(network, layers):
            layer.weight.copy_(weights)
            layer.bias.copy_(biases)
    losses = []
    for step in range(steps):
        u = images[step * batch : (step + 1) * batch]
        for layer in network[:-1]:
            u = torch.nn.functional.dropout(torch.tanh(layer(u)), 1.0 - keep)
        loss = loss_function(network[-1](u), labels[step * batch : (step + 1) * batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    quarter = steps // 4
    return {"networks": 1, "observables": {"loss": [sum(losses[i * quarter : (i + 1) * quarter]) / quarter for i in range(4)]}}


serve(run)
