#!/usr/bin/python3
# Makes test/fixtures/pytorch-training.json and pytorch-residual.json: 20 training steps by PyTorch (Debian's python3-torch) from
# given weights, on given data and dropout masks, with every optimizer; of perceptrons, and of residual networks with every
# kind of block. Run once and commit the result; the tests need no PyTorch.
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
    {"optimizer": "sgd", "learningRate": 0.1, "weightDecay": 0.01},
    {"optimizer": "momentum", "learningRate": 0.05, "weightDecay": 0.01},
    {"optimizer": "nesterov", "learningRate": 0.05, "weightDecay": 0.01},
    {"optimizer": "rmsProp", "learningRate": 0.003, "epsilon": 1e-6},
    {"optimizer": "adam", "learningRate": 0.01, "weightDecay": 0.01},
    {"optimizer": "adam", "learningRate": 0.01, "clipNorm": 0.3, "activation": "gelu"},
    {"optimizer": "sgd", "learningRate": 0.05, "loss": "squared", "activation": "relu"},
    {"optimizer": "sgd", "learningRate": 0.1, "clipNorm": 0.2, "loss": "squared", "activation": "silu"},
]


def optimizer_for(case, w, b):
    groups = [{"params": w, "weight_decay": case.get("weightDecay", 0.0)}, {"params": b, "weight_decay": 0.0}]
    rate = case["learningRate"]
    return {
        "sgd": lambda: torch.optim.SGD(groups, lr=rate),
        "momentum": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
        "rmsProp": lambda: torch.optim.RMSprop(groups, lr=rate, alpha=0.9, eps=case.get("epsilon", 1e-10)),
        "adam": lambda: torch.optim.Adam(groups, lr=rate),
    }[case["optimizer"]]()


def rows_of(step):
    first = (step % (IMAGES // BATCH)) * BATCH
    return slice(first, first + BATCH)


def trained(case, dtype, w, b, forward):
    """Losses of the steps and the trained parameters: each matrix, then its biases."""
    w = [x.to(dtype).clone().requires_grad_() for x in w]
    b = [x.to(dtype).clone().requires_grad_() for x in b]
    optimizer = optimizer_for(case, w, b)
    losses = []
    for step in range(STEPS):
        rows = rows_of(step)
        z = forward(step, images[rows].to(dtype), w, b)
        if case.get("loss") == "squared":
            onehot = torch.nn.functional.one_hot(labels[rows], WIDTHS[-1]).to(dtype)
            loss = 0.5 * ((z - onehot) ** 2).sum(1).mean()
        else:
            loss = torch.nn.functional.cross_entropy(z, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        if case.get("clipNorm"):
            torch.nn.utils.clip_grad_norm_(w + b, case["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses, flat(w, b)


def flat(w, b):
    return [x for pair in zip(w, b) for tensor in pair for x in tensor.detach().flatten().tolist()]


def with_results(case, w, b, forward):
    losses, parameters = trained(case, torch.float64, w, b, forward)
    losses32, parameters32 = trained(case, torch.float32, w, b, forward)
    return {**case, "losses": losses, "parameters": parameters, "losses32": losses32, "parameters32": parameters32}


def write(name, fixture):
    path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / name
    path.write_text(json.dumps(fixture) + "\n")
    print(f"wrote {path}")


def perceptron(case):
    phi = ACTIVATIONS[case.get("activation", "tanh")]

    def forward(step, u, w, b):
        u = u * masks[step][0] / KEEP[0]
        for layer in range(len(w)):
            z = u @ w[layer].T + b[layer]
            if layer + 1 < len(w):
                u = phi(z) * masks[step][layer + 1] / KEEP[layer + 1]
        return z

    return forward


# x' = v phi(w x + b) + skip x + a, or without v and a; between a projection of the inputs and a linear output.
DEPTH, WIDTH, HIDDEN = 3, 9, 7
RESIDUAL_CASES = [
    {"block": "full", "optimizer": "sgd", "learningRate": 0.05, "weightDecay": 0.01},
    {"block": "full", "activation": "relu", "optimizer": "momentum", "learningRate": 0.01, "weightDecay": 0.01},
    {"block": "full", "activation": "silu", "optimizer": "nesterov", "learningRate": 0.02, "clipNorm": 0.3},
    {"block": "generalized", "skipStrength": 0.7, "activation": "gelu", "optimizer": "adam", "learningRate": 0.01, "weightDecay": 0.01},
    {"block": "reduced", "optimizer": "rmsProp", "learningRate": 0.003, "epsilon": 1e-6},
    {"block": "reduced", "activation": "silu", "optimizer": "sgd", "learningRate": 0.02, "loss": "squared"},
]


def residual(case):
    phi = ACTIVATIONS[case.get("activation", "tanh")]
    skip, has_outer = case.get("skipStrength", 1), case["block"] != "reduced"

    def forward(step, u, w, b):
        affine = (lambda x, layer=layer: x @ w[layer].T + b[layer] for layer in range(len(w)))
        x = next(affine)(u)
        for _ in range(DEPTH):
            branch = phi(next(affine)(x))
            x = skip * x + (next(affine)(branch) if has_outer else branch)
        return next(affine)(x)

    return forward


def residual_parameters(case, seed):
    random = torch.Generator().manual_seed(seed)
    inner = WIDTH if case["block"] == "reduced" else HIDDEN
    block = [(inner, WIDTH)] + ([] if case["block"] == "reduced" else [(WIDTH, inner)])
    shapes = [(WIDTH, WIDTHS[0]), *(block * DEPTH), (WIDTHS[-1], WIDTH)]
    w = [(torch.randn(n, m, generator=random) / m**0.5).float() for n, m in shapes]
    return w, [(torch.randn(n, generator=random) * 0.2).float() for n, _ in shapes]


residual_cases = []
for index, case in enumerate(RESIDUAL_CASES):
    w, b = residual_parameters(case, 30 + index)
    residual_cases.append({**with_results(case, w, b, residual(case)), "initialParameters": flat(w, b)})

origin = f"scripts/pytorch-training-fixture.py, PyTorch {torch.__version__}"
data = {"steps": STEPS, "batch": BATCH, "images": images.flatten().tolist(), "labels": labels.tolist()}
write("pytorch-training.json", {
    "origin": origin, "steps": STEPS, "batch": BATCH, "widths": WIDTHS, "keepProbability": KEEP,
    "images": data["images"], "labels": data["labels"], "initialParameters": flat(weights, biases),
    "masks": ["".join("1" if bit else "0" for layer in step for bit in layer.flatten().tolist()) for step in masks],
    "cases": [with_results(case, weights, biases, perceptron(case)) for case in CASES],
})
sizes = {"depth": DEPTH, "width": WIDTH, "hidden": HIDDEN, "dimension": WIDTHS[0], "classes": WIDTHS[-1]}
write("pytorch-residual.json", {"origin": origin, **data, **sizes, "cases": residual_cases})
