"""Arrays of ONNX and tfjs files by a reader of its own (NumPy, the protobuf wire format): name, shape, sum, sum of squares.

    python3 arrays.py FILE...   prints JSON: file name -> rows of [name, shape, sum, sum of squares]
"""
import json
import os
import struct
import sys

import numpy as np


def fields(data):
    """Field number, value (a number or bytes) of a protobuf message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire == 1:
            at += 8
            yield number, data[at - 8 : at]
        elif wire == 5:
            at += 4
            yield number, data[at - 4 : at]
        else:
            size = varint()
            at += size
            yield number, data[at - size : at]


TYPES = {1: "<f4", 2: "u1", 3: "i1", 5: "<i2", 6: "<i4", 7: "<i8", 10: "<f2", 11: "<f8"}


def packed(values):
    out = []
    for value in values:
        if isinstance(value, int):
            out.append(value)
            continue
        at = 0
        while at < len(value):
            number = shift = 0
            while True:
                byte = value[at]
                at += 1
                number |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            out.append(number)
    return out


def tensor(message):
    """TensorProto: dims 1, data_type 2, float_data 4, int32_data 5, int64_data 7, name 8, raw_data 9."""
    found = {}
    for number, value in fields(message):
        found.setdefault(number, []).append(value)
    shape = packed(found.get(1, []))
    kind = found[2][0]
    if 9 in found:
        values = np.frombuffer(bytes(found[9][0]), TYPES[kind])
    elif 4 in found:
        values = np.frombuffer(b"".join(bytes(v) for v in found[4]), "<f4")
    else:
        values = np.array(packed(found.get(7, found.get(5, []))), dtype=np.uint64).astype(np.int64)
    return bytes(found.get(8, [b""])[0]).decode(), shape, values


def onnx_arrays(data):
    """ModelProto.graph 7: node 1, initializer 5. A Constant node has its tensor in the attribute `value`, field 5."""
    graph = next(value for number, value in fields(data) if number == 7)
    for number, value in fields(graph):
        if number == 5:
            yield tensor(value)
        if number == 1:
            parts = list(fields(value))
            if any(n == 4 and v == b"Constant" for n, v in parts):
                output = bytes(next(v for n, v in parts if n == 2)).decode()
                for n, attribute in parts:
                    if n == 5:
                        for m, inner in fields(attribute):
                            if m == 5:
                                _, shape, values = tensor(inner)
                                yield output, shape, values


def tfjs_arrays(path):
    """The manifest's groups: shards one after the other; quantised arrays are float32(min + scale q)."""
    for group in json.load(open(path)):
        data = b"".join(open(os.path.join(os.path.dirname(path), shard), "rb").read() for shard in group["paths"])
        at = 0
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"])) if weight["shape"] else 1
            how = weight.get("quantization")
            kind = {"uint8": "u1", "uint16": "<u2", "float16": "<f2", "float32": "<f4", "int32": "<i4"}
            stored = np.dtype(kind[how["dtype"] if how else weight["dtype"]])
            values = np.frombuffer(data, stored, count, at)
            at += count * stored.itemsize
            if how and "scale" in how:
                values = (how["min"] + how["scale"] * values.astype(np.float64)).astype(np.float32)
            yield weight["name"], weight["shape"], values


def described(path):
    arrays = tfjs_arrays(path) if path.endswith(".json") else onnx_arrays(memoryview(open(path, "rb").read()))
    for name, shape, values in arrays:
        wide = values.astype(np.float64)
        yield [name, [int(n) for n in shape], float(wide.sum()), float((wide * wide).sum())]


print(json.dumps({os.path.basename(path): list(described(path)) for path in sys.argv[1:]}))
