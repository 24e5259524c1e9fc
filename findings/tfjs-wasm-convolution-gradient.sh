#!/usr/bin/env bash
# TensorFlow.js 4.22.0: a dense network trains on the wasm backend, a convolutional one does not. The gradient of a convolution by its
# input is there (Conv2DBackpropInput), that by its filter is not: the forward pass works and the first step of an optimizer throws
# "Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'". The backend in JavaScript (cpu) has both.
# Seen with @tensorflow/tfjs 4.22.0, @tensorflow/tfjs-backend-wasm 4.22.0, Node 20. Fails if that changes.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null
cat >check.cjs <<'JS'
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');

async function gradient(backend, what) {
  await tf.setBackend(backend);
  await tf.ready();
  const x = tf.ones([1, 6, 6, 1]);
  const filter = tf.ones([3, 3, 1, 2]);
  const matrix = tf.ones([36, 2]);
  const losses = {
    'dense layer by its matrix': [(m) => x.reshape([1, 36]).matMul(m).square().sum(), matrix],
    'convolution by its input': [(z) => z.conv2d(filter, 1, 'valid').square().sum(), x],
    'convolution by its filter': [(f) => x.conv2d(f, 1, 'valid').square().sum(), filter],
  };
  const [loss, by] = losses[what];
  try {
    const found = tf.grad(loss)(by);
    return `a gradient of shape [${found.shape}]`;
  } catch (error) {
    return error.message.split('\n')[0];
  }
}

(async () => {
  for (const backend of ['cpu', 'wasm'])
    for (const what of ['dense layer by its matrix', 'convolution by its input', 'convolution by its filter'])
      console.log(`${backend}, ${what}: ${await gradient(backend, what)}`);
})();
JS
node check.cjs 2>/dev/null | grep -E '^(cpu|wasm), ' | tee seen.txt
expected="cpu, dense layer by its matrix: a gradient of shape [36,2]
cpu, convolution by its input: a gradient of shape [1,6,6,1]
cpu, convolution by its filter: a gradient of shape [3,3,1,2]
wasm, dense layer by its matrix: a gradient of shape [36,2]
wasm, convolution by its input: a gradient of shape [1,6,6,1]
wasm, convolution by its filter: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'"
[ "$(cat seen.txt)" = "$expected" ] || { echo "this has changed"; exit 1; }
