#!/usr/bin/python3
# Makes test/fixtures/pytorch-training.json: 20 training steps by PyTorch (Debian's python3-torch) from given weights, on
# given data and dropout masks, with every optimiser. Run once and commit the result; the tests need no PyTorch.
import json
import pathlib

import torch

STEPS, BATCH, IMAGES = 20, 10, 30
WIDTHS = [12, 9, 7, 4]
KEEP = [0.9, 0.8, 0.7]  # inputs, hidden layers

generator = torch.Generator().manual_seed(20)
images = torch.randn(IMAGES, WIDTHS[0], generator=generator).float()
labels = torch.randint(0, WIDTHS[-1], (IMAGES,), generator=generator)
weights = [(torch.randn(n, m, generator=generator) * (1.5 / m) ** 0.5).float() for m, n in zip(WIDTHS, WIDTHS[1:])]
biases = [(torch.randn(n, generator=generator) * 0.2).float() for n in WIDTHS[1:]]
masks = [[(torch.rand(BATCH, n, generator=generator) < keep) for n, keep in zip(WIDTHS, KEEP)] for _ in range(STEPS)]

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu, "silu": torch.nn.functional.silu}
CASES = [
    {"optimiser": "sgd", "learningRate": 0.1, "weightDecay": 0.01},
    {"optimiser": "momentum", "learningRate": 0.05, "weightDecay": 0.01},
    {"optimiser": "nesterov", "learningRate": 0.05, "weightDecay": 0.01},
    {"optimiser": "rmsProp", "learningRate": 0.003, "epsilon": 1e-6},
    {"optimiser": "adam", "learningRate": 0.01, "weightDecay": 0.01},
    {"optimiser": "adam", "learningRate": 0.01, "clipNorm": 0.3, "activation": "gelu"},
    {"optimiser": "sgd", "learningRate": 0.05, "loss": "squared", "activation": "relu"},
    {"optimiser": "sgd", "learningRate": 0.1, "clipNorm": 0.2, "loss": "squared", "activation": "silu"},
]


def optimiser_for(case, w, b):
    groups = [{"params": w, "weight_decay": case.get("weightDecay", 0.0)}, {"params": b, "weight_decay": 0.0}]
    rate = case["learningRate"]
    return {
        "sgd": lambda: torch.optim.SGD(groups, lr=rate),
        "momentum": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
        "rmsProp": lambda: torch.optim.RMSprop(groups, lr=rate, alpha=0.9, eps=case.get("epsilon", 1e-10)),
        "adam": lambda: torch.optim.Adam(groups, lr=rate),
    }[case["optimiser"]]()


def run(case, dtype):
    w = [x.to(dtype).clone().requires_grad_() for x in weights]
    b = [x.to(dtype).clone().requires_grad_() for x in biases]
    optimiser = optimiser_for(case, w, b)
    phi = ACTIVATIONS[case.get("activation", "tanh")]
    losses = []
    for step in range(STEPS):
        rows = slice((step % (IMAGES // BATCH)) * BATCH, (step % (IMAGES // BATCH) + 1) * BATCH)
        u = images[rows].to(dtype) * masks[step][0] / KEEP[0]
        for layer in range(len(w)):
            z = u @ w[layer].T + b[layer]
            if layer + 1 < len(w):
                u = phi(z) * masks[step][layer + 1] / KEEP[layer + 1]
        if case.get("loss") == "squared":
            onehot = torch.nn.functional.one_hot(labels[rows], WIDTHS[-1]).to(dtype)
            loss = 0.5 * ((z - onehot) ** 2).sum(1).mean()
        else:
            loss = torch.nn.functional.cross_entropy(z, labels[rows])
        optimiser.zero_grad()
        loss.backward()
        if case.get("clipNorm"):
            torch.nn.utils.clip_grad_norm_(w + b, case["clipNorm"])
        optimiser.step()
        losses.append(loss.item())
    parameters = [x for pair in zip(w, b) for tensor in pair for x in tensor.detach().flatten().tolist()]
    return losses, parameters


cases = []
for case in CASES:
    losses, parameters = run(case, torch.float64)
    losses32, parameters32 = run(case, torch.float32)
    cases.append({**case, "losses": losses, "parameters": parameters, "losses32": losses32, "parameters32": parameters32})

fixture = {
    "origin": f"scripts/pytorch-training-fixture.py, PyTorch {torch.__version__}",
    "steps": STEPS, "batch": BATCH, "widths": WIDTHS, "keepProbability": KEEP,
    "images": images.flatten().tolist(), "labels": labels.tolist(),
    "initialParameters": [x for pair in zip(weights, biases) for tensor in pair for x in tensor.flatten().tolist()],
    "masks": ["".join("1" if bit else "0" for layer in step for bit in layer.flatten().tolist()) for step in masks],
    "cases": cases,
}
path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "pytorch-training.json"
path.write_text(json.dumps(fixture) + "\n")
print(f"wrote {path}")
