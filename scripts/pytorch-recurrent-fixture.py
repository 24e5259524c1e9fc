"""Ten steps of LSTM and GRU in PyTorch for test/training/pytorch-recurrent.test.ts. Needs PyTorch; the test does not.

Run: python3 scripts/pytorch-recurrent-fixture.py
The recurrent biases that only add to the input ones are kept at zero; the candidate's (b_hn of the GRU) is trained.
"""
import json
import pathlib

import torch

STEPS, INPUTS, UNITS, CLASSES, BATCH, COUNT, UPDATES = 6, 4, 5, 3, 8, 24, 10
CASES = [
    {"cell": "lstm", "optimizer": "sgd", "learningRate": 0.5},
    {"cell": "lstm", "optimizer": "adam", "learningRate": 0.02, "clipNorm": 0.1},
    {"cell": "gru", "optimizer": "sgd", "learningRate": 0.5},
    {"cell": "gru", "optimizer": "adam", "learningRate": 0.02, "clipNorm": 0.1},
]
random = torch.Generator().manual_seed(7)
images = torch.randn(COUNT, STEPS * INPUTS, generator=random).float()
labels = torch.randint(CLASSES, (COUNT,), generator=random)


def network(cell, dtype):
    torch.manual_seed(11)
    kind = torch.nn.LSTM if cell == "lstm" else torch.nn.GRU
    recurrent, output = kind(INPUTS, UNITS, batch_first=True).float(), torch.nn.Linear(UNITS, CLASSES).float()
    kept = slice(0, 4 * UNITS) if cell == "lstm" else slice(0, 2 * UNITS)
    with torch.no_grad():
        recurrent.bias_hh_l0[kept] = 0
    return recurrent.to(dtype), output.to(dtype), kept


def flat(cell, recurrent, output):
    """The arrays in the order of the network: gates i, f, g, o; z, r and the candidate g."""
    wi, wh, bi, bh = recurrent.weight_ih_l0, recurrent.weight_hh_l0, recurrent.bias_ih_l0, recurrent.bias_hh_l0
    if cell == "lstm":
        arrays = [wi, bi, wh]
    else:
        r, z, n = (slice(k * UNITS, (k + 1) * UNITS) for k in range(3))
        arrays = [wi[z], wi[r], bi[z], bi[r], wi[n], bi[n], wh[z], wh[r], wh[n], bh[n]]
    return [x for array in [*arrays, output.weight, output.bias] for x in array.detach().flatten().tolist()]


def trained(case, dtype):
    cell = case["cell"]
    recurrent, output, kept = network(cell, dtype)
    start = flat(cell, recurrent, output)
    parameters = [*recurrent.parameters(), *output.parameters()]
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimizer = kinds[case["optimizer"]](parameters, lr=case["learningRate"])
    losses = []
    for step in range(UPDATES):
        rows = [(step * BATCH + i) % COUNT for i in range(BATCH)]
        states, _ = recurrent(images[rows].reshape(BATCH, STEPS, INPUTS).to(dtype))
        loss = torch.nn.functional.cross_entropy(output(states[:, -1]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        recurrent.bias_hh_l0.grad[kept] = 0
        if "clipNorm" in case:
            torch.nn.utils.clip_grad_norm_(parameters, case["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return start, losses, flat(cell, recurrent, output)


def with_results(case):
    start, losses, parameters = trained(case, torch.float64)
    _, losses32, parameters32 = trained(case, torch.float32)
    results = {"losses": losses, "parameters": parameters, "losses32": losses32, "parameters32": parameters32}
    return {**case, "initialParameters": start, **results}


path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "pytorch-recurrent.json"
path.write_text(json.dumps({
    "origin": f"scripts/pytorch-recurrent-fixture.py, PyTorch {torch.__version__}",
    "updates": UPDATES, "batch": BATCH, "steps": STEPS, "units": UNITS, "classes": CLASSES,
    "dimension": STEPS * INPUTS, "images": images.flatten().tolist(), "labels": labels.tolist(),
    "cases": [with_results(case) for case in CASES],
}) + "\n")
print(f"wrote {path}")
