"""Writes test/fixtures/numpy-readers.json: .npy and .npz files as NumPy writes them, whole and damaged, each with what
numpy.load reads from it (shape and values as text), or null where NumPy refuses. Run: python3 scripts/numpy-fixture.py"""
import base64
import io
import json
import random
import warnings
import zipfile

import numpy as np

warnings.simplefilter("ignore")
choose = random.Random(20)
ramp = np.arange(12).reshape(3, 4)
arrays = [ramp.astype(kind) for kind in "? u1 i1 <u2 >i2 <i4 >u4 <i8 >i8 <f2 >f2 <f4 >f4 <f8 >f8".split()]
arrays += [np.asfortranarray(ramp.astype("<f4"))]
arrays += [np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)), np.array(2.5), np.zeros((0, 3)), np.arange(5.0)]
arrays += [np.array([1 + 2j]), np.array(["a", "b"]), np.zeros(2, dtype=[("a", "<i4")])]


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(save):
    file = io.BytesIO()
    save(file, x=np.arange(6, dtype="<f4").reshape(2, 3), y=np.array([0, 1], "<i8"))
    return file.getvalue()


def damaged(data):
    data = bytearray(data)
    kind = choose.randrange(4)
    at = choose.randrange(len(data))
    if kind == 0:
        del data[at:]
    elif kind == 1:
        data[at] ^= 1 << choose.randrange(8)
    elif kind == 2:
        data[choose.randrange(min(len(data), 100))] = choose.choice(b"0123456789'\"(),:{}TFL<>|ufib ")
    else:
        data[at:at] = bytes(choose.choices(b"0, ()'", k=choose.randint(1, 3)))
    return bytes(data)


def said(array):
    if array.dtype.kind not in "?biuf":
        return None
    return {"shape": list(array.shape), "values": [repr(float(value)) for value in array.flatten()]}


def verdict(data):
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return said(loaded)
        return {name: said(loaded[name]) for name in loaded.files}
    except Exception:
        return None


cases = []
for array in arrays:
    data = npy(array)
    cases += [(data, "npy", True)] + [(damaged(data), "npy", False) for _ in range(20)]
for save in (np.savez, np.savez_compressed):
    data = npz(save)
    cases += [(data, "npz", True)] + [(damaged(data), "npz", False) for _ in range(80)]
twice = io.BytesIO()
with zipfile.ZipFile(twice, "w") as archive:
    archive.comment = b"two members of one name"
    archive.writestr(zipfile.ZipInfo("x.npy"), npy(np.zeros(1)))
    archive.writestr(zipfile.ZipInfo("x.npy"), npy(np.ones(1)))
cases.append((twice.getvalue(), "npz", False))
with open("test/fixtures/numpy-readers.json", "w") as out:
    rows = [
        json.dumps({"kind": kind, "isWhole": whole, "file": base64.b64encode(data).decode(), "numpy": verdict(data)})
        for data, kind, whole in cases
    ]
    out.write("[\n" + ",\n".join(rows) + "\n]\n")
print(len(cases), "files with NumPy", np.__version__)
