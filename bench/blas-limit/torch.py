"""One matrix product of single precision in PyTorch."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError as error:
    absent(f"{error}; apt-get install python3-torch")

options = read_options()
m, n, k = options["m"], options["n"], options["k"]
torch.set_num_threads(options["threads"])
torch.manual_seed(1)
a, c = torch.randn(m, k), torch.empty(m, n)
b = torch.randn(n, k).t() if options["transposed"] == "yes" else torch.randn(k, n)


def run(_):
    for _ in range(options["products"]):
        torch.mm(a, b, out=c)
    exact = torch.dot(a[m // 2].double(), b[:, n // 2].double()).item()
    return {"networks": 1, "observables": {"error": [(exact - c[m // 2, n // 2].item()) / math.sqrt(k)]}}


serve(run)
