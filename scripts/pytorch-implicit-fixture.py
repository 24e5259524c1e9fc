"""Ten steps of a layer that runs to rest in PyTorch for test/training/pytorch-implicit.test.ts. Needs PyTorch; the test does not.

Run: python3 scripts/pytorch-implicit-fixture.py
Gradients are autograd's through `taped` updates, after `untaped` ones without a tape: through all of them from zero (long
enough to rest, or ending early), or through the last few. Adam only where no solver stands between: it divides gradients of
units that are off, 0 but for the rounding of a solver, by their size.
"""
import json
import pathlib

import torch

INPUTS, UNITS, CLASSES, BATCH, COUNT, UPDATES = 4, 6, 3, 8, 24, 10
REST = 160
CASES = [
    {"name": "series to the end", "gradient": "neumann", "activation": "tanh", "optimizer": "sgd", "learningRate": 0.3,
     "termCount": REST, "updateLimit": REST, "untaped": 0, "taped": REST},
    {"name": "conjugate gradient", "gradient": "conjugateGradient", "activation": "relu", "optimizer": "sgd",
     "learningRate": 0.3, "clipNorm": 0.1, "termCount": 40, "updateLimit": REST, "untaped": 0, "taped": REST},
    {"name": "original iteration", "gradient": "originalRbp", "activation": "sigmoid", "optimizer": "sgd",
     "learningRate": 0.3, "termCount": REST, "updateLimit": REST, "untaped": 0, "taped": REST},
    {"name": "through time, before rest", "gradient": "unrolled", "activation": "tanh", "optimizer": "sgd",
     "learningRate": 0.3, "termCount": 12, "updateLimit": 12, "untaped": 0, "taped": 12},
    {"name": "truncated, before rest", "gradient": "unrolled", "activation": "tanh", "optimizer": "adam",
     "learningRate": 0.02, "termCount": 3, "updateLimit": 8, "untaped": 5, "taped": 3},
    {"name": "three terms", "gradient": "neumann", "activation": "tanh", "optimizer": "sgd", "learningRate": 0.3,
     "termCount": 3, "updateLimit": REST, "untaped": REST, "taped": 3},
    {"name": "masked, series", "gradient": "neumann", "activation": "tanh", "optimizer": "sgd", "learningRate": 0.3,
     "termCount": REST, "updateLimit": REST, "untaped": 0, "taped": REST, "keepProbability": 0.75},
    {"name": "masked, conjugate gradient", "gradient": "conjugateGradient", "activation": "tanh", "optimizer": "sgd",
     "learningRate": 0.3, "termCount": 40, "updateLimit": REST, "untaped": 0, "taped": REST, "keepProbability": 0.75},
    {"name": "masked, through time", "gradient": "unrolled", "activation": "tanh", "optimizer": "sgd",
     "learningRate": 0.3, "termCount": 7, "updateLimit": 7, "untaped": 0, "taped": 7, "keepProbability": 0.75},
]
random = torch.Generator().manual_seed(7)
images = torch.randn(COUNT, INPUTS, generator=random).float()
labels = torch.randint(CLASSES, (COUNT,), generator=random)
masks = (torch.rand(UPDATES, BATCH, UNITS, generator=random) < 0.75).int()
start = [torch.randn(UNITS, INPUTS, generator=random) * 0.5, torch.randn(UNITS, generator=random) * 0.1,
         torch.randn(UNITS, UNITS, generator=random) * 0.25, torch.randn(CLASSES, UNITS, generator=random) * 0.5,
         torch.zeros(CLASSES)]
flat = lambda arrays: [x for array in arrays for x in array.detach().flatten().tolist()]


def trained(case, dtype):
    parameters = [array.float().to(dtype).clone().requires_grad_() for array in start]
    U, c, W, V, b = parameters
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimizer = kinds[case["optimizer"]](parameters, lr=case["learningRate"])
    phi = getattr(torch, case["activation"])
    losses = []
    for step in range(UPDATES):
        rows = [(step * BATCH + i) % COUNT for i in range(BATCH)]
        drive = images[rows].to(dtype) @ U.T + c
        rho = case.get("keepProbability")
        factor = 1 if rho is None else masks[step].to(dtype) / rho
        state = torch.zeros(BATCH, UNITS, dtype=dtype)
        with torch.no_grad():
            for _ in range(case["untaped"]):
                state = phi((factor * state) @ W.T + drive)
        for _ in range(case["taped"]):
            state = phi((factor * state) @ W.T + drive)
        loss = torch.nn.functional.cross_entropy(state @ V.T + b, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        if "clipNorm" in case:
            torch.nn.utils.clip_grad_norm_(parameters, case["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses, flat(parameters)


def with_results(case):
    losses, parameters = trained(case, torch.float64)
    losses32, parameters32 = trained(case, torch.float32)
    told = {key: value for key, value in case.items() if key not in ("untaped", "taped")}
    return {**told, "losses": losses, "parameters": parameters, "losses32": losses32, "parameters32": parameters32}


path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "pytorch-implicit.json"
path.write_text(json.dumps({
    "origin": f"scripts/pytorch-implicit-fixture.py, PyTorch {torch.__version__}",
    "updates": UPDATES, "batch": BATCH, "units": UNITS, "classes": CLASSES, "dimension": INPUTS,
    "images": images.flatten().tolist(), "labels": labels.tolist(), "masks": masks.flatten().tolist(),
    "initialParameters": flat(array.float() for array in start),
    "cases": [with_results(case) for case in CASES],
}) + "\n")
print(f"wrote {path}")
