"""Standard normals of PyTorch into a block of 4 MB, the size at which it is fastest."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "competitor"))
own = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != own]  # files here are named like the packages

from serve import absent, read_options, serve  # noqa: E402

try:
    import torch
except ImportError as error:
    absent(f"{error}; apt-get install python3-torch")

options = read_options()
torch.set_num_threads(options["threads"])
block = torch.empty(1 << 20)


def run(seed):
    torch.manual_seed(seed)
    samples = []
    for _ in range(-(-options["draws"] // block.numel())):
        block.normal_()
        samples.append(block[::256].clone())
    sample = torch.cat(samples).double()
    return {"networks": 1, "observables": {"sample": [sample.numel(), sample.mean().item(), (sample * sample).mean().item()]}}


serve(run)
