"""Writes test/fixtures/npz-writer.json: what NumPy reads from the archive of test/fixtures/npz-arrays.mjs, and the SHA-256 of
that archive. Needs a built package. Run: python3 scripts/npz-fixture.py"""
import hashlib
import json
import subprocess
import tempfile
import zipfile

import numpy as np

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/arrays.npz"
    subprocess.run(["node", "test/fixtures/npz-arrays.mjs", path], check=True)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    with np.load(path, allow_pickle=False) as loaded:
        arrays = {
            name: {
                "type": loaded[name].dtype.str,
                "shape": list(loaded[name].shape),
                "values": [repr(float(value)) for value in loaded[name].flatten()],
            }
            for name in loaded.files
        }
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
with open("test/fixtures/npz-writer.json", "w") as out:
    json.dump({"numpy": np.__version__, "sha256": digest, "arrays": arrays}, out, indent=1, ensure_ascii=False)
    out.write("\n")
print(len(arrays), "arrays read by NumPy", np.__version__)
