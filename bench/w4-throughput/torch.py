"""Many networks in PyTorch."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
# This file is named like the package, so its own folder must not be searched.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from serve import read_options, serve  # noqa: E402
from torch_network import Network  # noqa: E402

serve(Network(read_options()).run)
