"""Ten steps of small convolutional networks in PyTorch for test/training/pytorch-convolution.test.ts. Needs PyTorch; the test does not.

Run: python3 scripts/pytorch-convolution-fixture.py
"""
import json
import pathlib

import torch

CHANNELS, HEIGHT, WIDTH, CLASSES, BATCH, COUNT, UPDATES = 2, 12, 8, 3, 8, 24, 10
CASES = [
    {"name": "sigmoid, average pools", "activation": "sigmoid", "padding": "valid", "pooling": "average", "width": [3, 4],
     "kernel": [3, 2], "stride": 1, "pool": [2, 1], "hasBiases": False, "loss": "brier", "optimizer": "adam", "learningRate": 0.02},
    {"name": "ReLU, maxima, zeros", "activation": "relu", "padding": "zero", "pooling": "max", "width": [4, 5],
     "kernel": 3, "stride": 1, "pool": 2, "hasBiases": True, "loss": "crossEntropy", "optimizer": "sgd", "learningRate": 0.1},
    {"name": "strides, wrapped", "activation": "tanh", "padding": "circular", "pooling": "average", "width": [3, 5],
     "kernel": [5, 3], "stride": [2, 1], "pool": [1, 2], "hasBiases": True, "loss": "crossEntropy", "optimizer": "momentum",
     "learningRate": 0.05, "weightDecay": 0.01},
]
random = torch.Generator().manual_seed(7)
images = torch.randn(COUNT, CHANNELS * HEIGHT * WIDTH, generator=random).float()
labels = torch.randint(CLASSES, (COUNT,), generator=random)


def per_layer(value):
    return value if isinstance(value, list) else [value, value]


class Network(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        self.case = case
        kernels, strides = per_layer(case["kernel"]), per_layer(case["stride"])
        sizes = [CHANNELS, *case["width"]]
        mode = "circular" if case["padding"] == "circular" else "zeros"
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv2d(sizes[i], sizes[i + 1], kernels[i], strides[i], padding_mode=mode, bias=case["hasBiases"],
                            padding=0 if case["padding"] == "valid" else (kernels[i] - 1) // 2)
            for i in range(2))
        self.head = torch.nn.Linear(self.features(torch.zeros(1, CHANNELS, HEIGHT, WIDTH)).shape[1], CLASSES,
                                    bias=case["hasBiases"])

    def features(self, x):
        phi = {"sigmoid": torch.sigmoid, "relu": torch.relu, "tanh": torch.tanh}[self.case["activation"]]
        pool = torch.nn.functional.max_pool2d if self.case["pooling"] == "max" else torch.nn.functional.avg_pool2d
        for convolution, size in zip(self.convolutions, per_layer(self.case["pool"])):
            x = pool(phi(convolution(x)), size)
        return x.flatten(1)

    def forward(self, x):
        return self.head(self.features(x))


def loss_of(kind, outputs, targets):
    if kind == "crossEntropy":
        return torch.nn.functional.cross_entropy(outputs, targets)
    onehot = torch.nn.functional.one_hot(targets, CLASSES).to(outputs.dtype)
    return 0.5 * ((outputs.softmax(1) - onehot) ** 2).sum(1).mean()


def flat(network):
    return [x for parameter in network.parameters() for x in parameter.detach().flatten().tolist()]


def trained(case, dtype):
    torch.manual_seed(11)
    network = Network(case).float().to(dtype)
    start = flat(network)
    biases = [p for name, p in network.named_parameters() if name.endswith("bias")]
    weights = [p for name, p in network.named_parameters() if name.endswith("weight")]
    groups = [{"params": weights, "weight_decay": case.get("weightDecay", 0)}, {"params": biases}]
    kinds = {"sgd": torch.optim.SGD, "momentum": lambda g, lr: torch.optim.SGD(g, lr=lr, momentum=0.9), "adam": torch.optim.Adam}
    optimizer = kinds[case["optimizer"]]([g for g in groups if g["params"]], lr=case["learningRate"])
    losses = []
    for step in range(UPDATES):
        rows = [(step * BATCH + i) % COUNT for i in range(BATCH)]
        outputs = network(images[rows].reshape(BATCH, CHANNELS, HEIGHT, WIDTH).to(dtype))
        loss = loss_of(case["loss"], outputs, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return start, losses, flat(network)


def with_results(case):
    start, losses, parameters = trained(case, torch.float64)
    _, losses32, parameters32 = trained(case, torch.float32)
    results = {"losses": losses, "parameters": parameters, "losses32": losses32, "parameters32": parameters32}
    return {**case, "initialParameters": start, **results}


path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "pytorch-convolution.json"
path.write_text(json.dumps({
    "origin": f"scripts/pytorch-convolution-fixture.py, PyTorch {torch.__version__}",
    "updates": UPDATES, "batch": BATCH, "classes": CLASSES, "shape": [CHANNELS, HEIGHT, WIDTH],
    "images": images.flatten().tolist(), "labels": labels.tolist(),
    "cases": [with_results(case) for case in CASES],
}) + "\n")
print(f"wrote {path}")
