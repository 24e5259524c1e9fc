#!/usr/bin/env bash
# First command of the README: set everything up, then do the main job: theory beside exact simulation of a width-4000,
# depth-100 tanh network with dropout, the comparison on the terminal, the figure as SVG and PNG in out/.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
mkdir -p out
node dist/cli/main.js compare --activation tanh --weight-variance 1.4 --bias-variance 0.1 --keep-probability 0.9 \
  --width 4000 --depth 100 --trials 40 --seed 7 --figure out/tanh-dropout.svg out/tanh-dropout.png

# The same on two real images, where the files are at hand.
if [ -n "${MFT_DATA:-}" ]; then
  printf '\n\033[1m==> The same network on two MNIST digits\033[0m\n' >&2
  node dist/cli/main.js compare --activation tanh --weight-variance 1.4 --bias-variance 0.1 --keep-probability 0.9 \
    --width 4000 --depth 100 --trials 40 --seed 7 --inputs '{"dataset":"mnist","indices":[0,1]}' \
    --observables variance,correlation,typicalGradientSingle --figure out/mnist-digits.svg out/mnist-digits.png
fi

# What to type next: npx finds the command of this checkout, built above.
printf '\n\033[1m==> Ready. Next, for example (and `npx mft --help` for the rest):\033[0m\n' >&2
printf '  npx mft predict --activation relu --weight-variance 2 --width 1000 --depth 50\n' >&2
