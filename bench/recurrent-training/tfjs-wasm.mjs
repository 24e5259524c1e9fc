// The same cells in TensorFlow.js on its wasm backend: a loop over positions, its automatic gradients, its SGD.
import { absent, peer, readOptions, serve } from '../competitor/serve.mjs';
import { madeUpImages } from '../runner/training-frame.mjs';
import { examplesOf } from './task.mjs';

const tf = await peer('@tensorflow/tfjs');
await peer('@tensorflow/tfjs-backend-wasm');
if (!(await tf.setBackend('wasm').catch(() => false))) absent('the backend wasm of TensorFlow.js does not start');
await tf.ready();
const { cell, width, steps, batch, updates } = readOptions();
const gates = { vanilla: 1, gru: 3, lstm: 4, minimal: 1 }[cell];

// Positions stand first: the rows of a position are one slice.
const { images, labels, count } = madeUpImages(steps * width, 1, examplesOf(steps));
const all = tf.tidy(() => tf.tensor3d(images, [count, steps, width]).transpose([1, 0, 2]));
const wanted = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), 10).cast('float32'));

/** Starts as `train` does: variances 1/fan-in, no biases. */
function start(seed) {
  const normal = (columns, i) =>
    tf.variable(tf.randomNormal([width, columns], 0, Math.sqrt(1 / width), 'float32', seed * 8 + i));
  const zeros = (columns) => tf.variable(tf.zeros([columns]));
  return {
    input: normal(gates * width, 0),
    bias: zeros(gates * width),
    recurrent: normal(gates * width, 1),
    ...(cell === 'gru' ? { candidate: zeros(width) } : {}),
    output: normal(10, 2),
    outputBias: zeros(10),
  };
}

/** h, c one position later; `driven` is U x + b. */
function next(model, driven, x, [h, c]) {
  const product = h.matMul(model.recurrent);
  if (cell === 'vanilla') return [tf.tanh(product.add(driven))];
  if (cell === 'minimal') {
    const u = tf.sigmoid(product.add(driven));
    return [u.mul(h).add(tf.sub(1, u).mul(x))];
  }
  if (cell === 'gru') {
    const [pz, pr, pg] = tf.split(product, 3, 1);
    const [dz, dr, dg] = tf.split(driven, 3, 1);
    const z = tf.sigmoid(pz.add(dz));
    const g = tf.tanh(tf.sigmoid(pr.add(dr)).mul(pg.add(model.candidate)).add(dg));
    return [z.mul(h).add(tf.sub(1, z).mul(g))];
  }
  const [i, f, g, o] = tf.split(product.add(driven), 4, 1);
  const kept = tf
    .sigmoid(f)
    .mul(c)
    .add(tf.sigmoid(i).mul(tf.tanh(g)));
  return [tf.sigmoid(o).mul(tf.tanh(kept)), kept];
}

function logits(model, x) {
  const driven = x
    .reshape([steps * batch, width])
    .matMul(model.input)
    .add(model.bias);
  const drivenAt = tf.split(driven, steps, 0);
  const inputAt = cell === 'minimal' ? tf.unstack(x, 0) : [];
  let state = [tf.zeros([batch, width]), tf.zeros([batch, width])];
  for (let t = 0; t < steps; t++) state = next(model, drivenAt[t], inputAt[t], state);
  return state[0].matMul(model.output).add(model.outputBias);
}

const optimizer = tf.train.sgd(0.1);
await serve(async (seed) => {
  const model = start(seed);
  const losses = [];
  for (let update = 0; update < updates; update++) {
    const first = (update * batch) % (Math.floor(count / batch) * batch);
    const loss = tf.tidy(() => {
      const x = all.slice([0, first, 0], [steps, batch, width]);
      const y = wanted.slice([first, 0], [batch, 10]);
      return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, logits(model, x)), true);
    });
    losses.push((await loss.data())[0]);
    loss.dispose();
  }
  tf.dispose(Object.values(model));
  return { networks: 1, observables: { loss: [losses.reduce((sum, loss) => sum + loss, 0) / updates] } };
});
