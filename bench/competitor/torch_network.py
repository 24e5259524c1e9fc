"""A random fully connected tanh network with dropout in PyTorch, forward and backward with the same stored weights."""
import math

from serve import Mean, absent

try:
    import numpy
    import torch
except ImportError as error:
    absent(f"{error}; apt-get install python3-torch")


def inputs(count, width):
    """Mean square 1, correlation 1/2 for each pair: a constant plus a Walsh function; one column per input."""
    units = numpy.arange(width, dtype=numpy.int64)[:, None] & numpy.arange(1, count + 1, dtype=numpy.int64)[None, :]
    odd = numpy.zeros_like(units)
    while units.any():
        odd ^= units & 1
        units >>= 1
    return torch.from_numpy(numpy.where(odd == 0, math.sqrt(2.0), 0.0).astype(numpy.float32))


class Network:
    def __init__(self, options):
        torch.set_num_threads(int(options["threads"]))
        torch.set_grad_enabled(False)
        self.options = options
        self.weights, self.biases = [], []
        self.input = inputs(options["inputs"], options["width"])
        if options["weights"] == "given":
            torch.manual_seed(1)
            self.draw()

    def draw(self):
        width, depth = self.options["width"], self.options["depth"]
        self.weights = [torch.empty(width, width).normal_(0.0, math.sqrt(self.options["weightVariance"] / width)) for _ in range(depth)]
        self.biases = [torch.empty(width, 1).normal_(0.0, math.sqrt(self.options["biasVariance"])) for _ in range(depth)]

    def run(self, seed):
        torch.manual_seed(seed)
        mean = Mean()
        for _ in range(self.options["networks"]):
            mean.add(self.one())
        return mean.answer()

    def one(self):
        width, depth, keep = self.options["width"], self.options["depth"], self.options["keepProbability"]
        if self.options["weights"] == "drawn":
            self.draw()
        u, slopes, below = self.input, [], []
        variance, correlation = [], []
        for layer in range(depth):
            below.append((u * u).sum(0))
            z = torch.addmm(self.biases[layer], self.weights[layer], u)
            squares = (z * z).sum(0)
            variance.append(squares.mean() / width)
            correlation.append((z[:, 0] * z[:, 1]).sum() / (squares[0] * squares[1]).sqrt())
            if layer + 1 < depth:
                mask = torch.empty_like(z).bernoulli_(keep).div_(keep)
                value = torch.tanh(z)
                slopes.append(mask * (1.0 - value * value))
                u = mask.mul_(value)
        errors = 2.0 * z
        gradient, cosine = [], []
        for layer in reversed(range(depth)):
            squares = (errors * errors).sum(0)
            gradient.append((squares * below[layer] / width**2).log().mean())
            cosine.append((errors[:, 0] * errors[:, 1]).sum() / (squares[0] * squares[1]).sqrt())
            if layer > 0:
                errors = torch.mm(self.weights[layer].t(), errors).mul_(slopes[layer - 1])
        if self.options["weights"] == "drawn":
            self.weights, self.biases = [], []
        forward = {"variance": variance, "correlation": correlation}
        stacked = {**forward, "typicalGradientSingle": gradient[::-1], "errorCorrelation": cosine[::-1]}
        return {name: torch.stack(values).tolist() for name, values in stacked.items()}
