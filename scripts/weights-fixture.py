"""Writes test/fixtures/weights/: small files of weights as PyTorch 1.13 saves and exports them, safetensors files (a few lines of
Python), and what every array in them is (weights.json). Run with a Python that has torch and NumPy: python3 scripts/weights-fixture.py"""
import collections
import json
import os
import struct
import warnings

import numpy as np
import torch
from torch import nn

warnings.filterwarnings("ignore")
folder = "test/fixtures/weights/"
os.makedirs(folder, exist_ok=True)
expected = {}


def plain(tensor):
    """Shape and values of a tensor, as numbers that JSON keeps."""
    tensor = tensor.detach()
    flat = tensor.double() if tensor.dtype != torch.int64 else tensor
    values = [v if isinstance(v, int) else float(v) for v in flat.reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "values": [repr(v) if v != v or abs(v) == float("inf") else v for v in values]}


def expect(name, arrays):
    expected[name] = {key: plain(value) for key, value in arrays.items()}


def save(name, value, arrays=None, **options):
    torch.save(value, folder + name, **options)
    if arrays is not None:
        expect(name, arrays)


def mlp(*widths, activation=nn.Tanh, seed=1):
    torch.manual_seed(seed)
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(a, b)] + ([activation()] if i + 2 < len(widths) else [])
    return nn.Sequential(*layers)


# PyTorch
model = mlp(6, 5, 3)
save("plain.pt", model.state_dict(), model.state_dict())
save("protocol4.pt", dict(model.named_parameters()), dict(model.named_parameters()), pickle_protocol=4)
checkpoint = {
    "epoch": 3,
    "seed": -(2**62) + 1,
    "large": 2**63 + 5,
    "negative": -(2**31) - 7,
    "loss": np.float64(0.25),
    "size": torch.Size([2, 3]),
    "device": torch.device("cpu"),
    "type": torch.float32,
    "state_dict": collections.OrderedDict(("module." + k, v) for k, v in model.state_dict().items()),
}
save("wrapped.pt", checkpoint, model.state_dict())
base = torch.arange(6.0)
wide = torch.arange(24, dtype=torch.float64)
views = {
    "transposed": torch.as_strided(base, (3, 2), (1, 3)),
    "same": base,
    "slice": wide.reshape(4, 6)[1:3, 2:5],
    "expanded": torch.tensor([1.5, -2.0]).expand(3, 2),
    "scalar": torch.tensor(7.25),
    "empty": torch.zeros(0, 4),
    "permuted": wide.reshape(2, 3, 4).permute(2, 0, 1),
}
save("views.pt", views, views)
kinds = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
types = {str(kind)[6:]: torch.tensor([1, 2, 3, 100]).to(kind) for kind in kinds}
types["float16"] = torch.tensor([1e-7, 6.1e-5, -1.0, float("inf")]).half()
types["bfloat16"] = torch.tensor([1e-39, 3.140625, -1e38, float("nan")]).bfloat16()
types["bool"] = torch.tensor([True, False, True])
save("types.pt", types, types)
norm = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
optimizer = torch.optim.Adam(norm.parameters(), lr=0.1)
norm(torch.randn(8, 3)).sum().backward()
optimizer.step()
save("checkpoint.pt", {"model": norm.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1}, norm.state_dict())
save("module.pt", model)
save("old.pt", model.state_dict(), _use_new_zipfile_serialization=False)
torch.manual_seed(2)
recurrent = nn.ModuleDict({"lstm": nn.LSTM(5, 64), "gru": nn.GRU(40, 64), "rnn": nn.RNN(5, 64)})
torch.save(recurrent.state_dict(), folder + "recurrent.pt")

# Weights that are not stored as they are used
torch.manual_seed(8)
normed = nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 4)), nn.utils.spectral_norm(nn.Linear(4, 3)))
with torch.no_grad():
    normed[0].weight_g.mul_(torch.tensor([[1.0], [2.0], [0.5], [3.0]]))
normed.train()
normed(torch.randn(2, 5))
torch.save(normed.state_dict(), folder + "apart.pt")
expect("apart used", {"0.weight": normed[0].weight, "1.weight": nn.utils.remove_spectral_norm(normed[1]).weight})
torch.manual_seed(9)
attention = nn.ModuleDict({"attention": nn.MultiheadAttention(64, 4), "embedding": nn.Embedding(300, 16)})
attention["orthogonal"] = nn.Linear(60, 40)
nn.init.orthogonal_(attention["orthogonal"].weight, gain=1.5)
attention["he"], attention["tied"] = nn.Linear(60, 40, bias=False), nn.Linear(60, 40, bias=False)
nn.init.kaiming_normal_(attention["he"].weight)
attention["tied"].weight = attention["he"].weight
torch.save(attention.state_dict(), folder + "modules.pt")

# safetensors
names = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}
names |= {torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}


def safetensors(name, tensors, metadata=None, extra=()):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for key, tensor in tensors.items():
        raw = tensor.detach().contiguous().view(-1)
        raw = (raw.view(torch.int16) if raw.dtype == torch.bfloat16 else raw).numpy().tobytes()
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    for key, dtype, raw, _ in extra:
        header[key] = {"dtype": dtype, "shape": [len(raw)], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(folder + name, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    expect(name, tensors)
    for key, _, _, values in extra:
        expected[name][key] = {"shape": [len(values)], "values": values}


safetensors("plain.safetensors", model.state_dict(), {"format": "pt"})
# Eight-bit floats by the tables of the Open Compute Project.
e4m3 = ("e4m3", "F8_E4M3", bytes([0, 1, 0x08, 0x38, 0x7E, 0x7F, 0xB8]), [0, 2**-9, 2**-6, 1, 448, "nan", -1])
e5m2 = ("e5m2", "F8_E5M2", bytes([0, 1, 0x04, 0x3C, 0x7B, 0x7C, 0xFD]), [0, 2**-16, 2**-14, 1, 57344, "inf", "nan"])
types["unsigned"] = types["uint8"]
safetensors("types.safetensors", types, None, [e4m3, e5m2])
safetensors("empty.safetensors", {}, {"format": "pt"})


# ONNX
def onnx(name, network, inputs, arrays=None, **options):
    network.eval()
    torch.onnx.export(network, inputs, folder + name, opset_version=14, **options)
    if arrays is not None:
        expect(name, arrays)


class Block(nn.Module):
    """x + W2 phi(W1 x)"""

    def __init__(self, width, hidden):
        super().__init__()
        self.first, self.second = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.second(torch.tanh(self.first(x)))


onnx("plain.onnx", model, torch.randn(2, 6), model.state_dict())
merged = mlp(4, 4, 4, 4, seed=3)
for layer in merged:
    if isinstance(layer, nn.Linear):
        nn.init.zeros_(layer.bias)
onnx("merged.onnx", merged, torch.randn(1, 4), merged.state_dict())
torch.manual_seed(4)
residual = nn.Sequential(nn.Linear(5, 8), Block(8, 6), Block(8, 6), nn.Linear(8, 2))
onnx("residual.onnx", residual, torch.randn(1, 5))
gated = nn.LSTM(3, 2)
with torch.no_grad():
    gated.bias_ih_l0.copy_(torch.tensor([0.0, 0, 1, 1, 0, 0, 0, 0]))  # i f g o: the forget gate
    gated.bias_hh_l0.zero_()
onnx("lstm.onnx", gated, torch.randn(4, 1, 3))
torch.manual_seed(5)
other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(8, 4), nn.LayerNorm(4), nn.SiLU(), nn.Linear(4, 2))
onnx("mixed.onnx", other, torch.randn(1, 1, 4, 4))
for name, activation in {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}.items():
    onnx(name + ".onnx", mlp(3, 4, 4, 2, activation=activation, seed=6), torch.randn(1, 3))
onnx("bfloat16.onnx", mlp(3, 2, seed=7).bfloat16(), torch.randn(1, 3).bfloat16(), mlp(3, 2, seed=7).bfloat16().state_dict())

with open(folder + "weights.json", "w") as out:
    json.dump({"torch": torch.__version__, "files": expected}, out)
    out.write("\n")
for name in sorted(os.listdir(folder)):
    print(name, os.path.getsize(folder + name))
