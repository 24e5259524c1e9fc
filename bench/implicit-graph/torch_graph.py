"""The same products by PyTorch's sparse tensors."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
from graph import graph_of  # noqa: E402
from serve import absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError:
    absent("python3-torch is not installed")

options = read_options()
torch.set_num_threads(options.get("threads", 1))
NODES, WIDTH, REPEATS = options["nodes"], options["width"], options["repeats"]
pointers, columns, values, x = graph_of(NODES, options["edges"], WIDTH)
# Debian's PyTorch has no MKL, without which its products of compressed rows are refused.
rows = torch.repeat_interleave(torch.arange(NODES), torch.from_numpy(pointers[1:] - pointers[:-1]))
matrix = torch.sparse_coo_tensor(
    torch.stack([rows, torch.from_numpy(columns)]), torch.from_numpy(values), size=(NODES, NODES)
).coalesce()
numbers = torch.from_numpy(x)


def run(_seed):
    for _ in range(REPEATS):
        y = matrix @ numbers
    return {"networks": 1, "observables": {"ends": [*y[0].tolist(), *y[-1].tolist()]}}


serve(run)
