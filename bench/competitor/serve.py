"""The child side of the runner's protocol, for Python competitors (see serve.mjs)."""
import json
import resource
import sys
import time


def read_options():
    options = {}
    for argument in sys.argv[1:]:
        name, value = argument.split("=", 1)
        try:
            number = float(value)
            options[name] = int(number) if number.is_integer() else number
        except ValueError:
            options[name] = value
    return options


def absent(reason):
    print(json.dumps({"absent": reason}), flush=True)
    sys.exit(0)


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def serve(run):
    """run(seed) is what is timed; it returns {"networks": n, "observables": {name: [numbers]}}."""
    print('{"ready":true}', flush=True)
    for line in sys.stdin:
        words = line.split()
        if not words or words[0] != "run":
            break
        processor, start = processor_seconds(), time.perf_counter()
        answer = run(int(words[1]))
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "processorSeconds": processor_seconds() - processor, "answer": answer}), flush=True)


class Mean:
    """Means over the networks of a run."""

    def __init__(self):
        self.networks, self.sums = 0, {}

    def add(self, observables):
        self.networks += 1
        for name, values in observables.items():
            old = self.sums.get(name, [0.0] * len(values))
            self.sums[name] = [a + b for a, b in zip(old, values)]

    def answer(self):
        return {"networks": self.networks, "observables": {name: [v / self.networks for v in values] for name, values in self.sums.items()}}
