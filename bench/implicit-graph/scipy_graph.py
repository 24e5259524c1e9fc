"""The same products by SciPy's csr_matrix."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
from graph import graph_of  # noqa: E402
from serve import absent, read_options, serve  # noqa: E402

try:
    from scipy.sparse import csr_matrix
except ImportError:
    absent("python3-scipy is not installed")

options = read_options()
NODES, WIDTH, REPEATS = options["nodes"], options["width"], options["repeats"]
pointers, columns, values, x = graph_of(NODES, options["edges"], WIDTH)
matrix = csr_matrix((values, columns, pointers), shape=(NODES, NODES))


def run(_seed):
    for _ in range(REPEATS):
        y = matrix @ x
    return {"networks": 1, "observables": {"ends": [*y[0].tolist(), *y[-1].tolist()]}}


serve(run)
