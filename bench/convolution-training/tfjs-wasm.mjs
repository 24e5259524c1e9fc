// The same networks in TensorFlow.js on its wasm backend, whose gradients of convolutions are composed here of its own products.
import { absent, peer, readOptions, serve } from '../competitor/serve.mjs';
import { convolutionBy } from '../competitor/tfjs-convolution.mjs';
import { imagesOf, networks } from './networks.mjs';

const tf = await peer('@tensorflow/tfjs');
await peer('@tensorflow/tfjs-backend-wasm');
if (!(await tf.setBackend('wasm').catch(() => false))) absent('the backend wasm of TensorFlow.js does not start');
await tf.ready();
const { network, batch, updates, inputGradient } = readOptions();
const { input, width, kernel, pool } = networks[network];
const [height, columns, channels] = input;
const convolution = convolutionBy(tf, inputGradient);

// Colours stand last here.
const { images, labels, count } = imagesOf(input);
const all = tf.tidy(() => tf.tensor4d(images, [count, channels, height, columns]).transpose([0, 2, 3, 1]));
const wanted = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), 10).cast('float32'));

/** Starts as `train` does: variances 2/fan-in, of the output 1/fan-in, no biases. */
function start(seed) {
  const normal = (shape, gain, fanIn, l) =>
    tf.variable(tf.randomNormal(shape, 0, Math.sqrt(gain / fanIn), 'float32', seed * 64 + l));
  const layers = [];
  let [before, side] = [channels, height];
  for (const [l, units] of width.entries()) {
    const filter = normal([kernel, kernel, before, units], 2, kernel ** 2 * before, l);
    layers.push({ filter, biases: tf.variable(tf.zeros([units])), pool: pool[l] });
    [before, side] = [units, side / pool[l]];
  }
  const features = before * side ** 2;
  return { layers, head: normal([features, 10], 1, features, width.length), biases: tf.variable(tf.zeros([10])) };
}

function logits({ layers, head, biases }, x) {
  let u = x;
  layers.forEach((layer, l) => {
    u = convolution(u, layer.filter, l > 0)
      .add(layer.biases)
      .relu();
    if (layer.pool > 1) u = u.maxPool(layer.pool, layer.pool, 'valid');
  });
  return u.reshape([x.shape[0], -1]).matMul(head).add(biases);
}

const optimizer = tf.train.sgd(0.01);
await serve(async (seed) => {
  const model = start(seed);
  const losses = [];
  for (let update = 0; update < updates; update++) {
    const first = (update * batch) % (Math.floor(count / batch) * batch);
    const loss = tf.tidy(() => {
      const x = all.slice([first, 0, 0, 0], [batch, height, columns, channels]);
      const cost = () => tf.losses.softmaxCrossEntropy(wanted.slice([first, 0], [batch, 10]), logits(model, x));
      return optimizer.minimize(cost, true);
    });
    losses.push((await loss.data())[0]);
    loss.dispose();
  }
  tf.dispose([model.head, model.biases, ...model.layers.flatMap(({ filter, biases }) => [filter, biases])]);
  return { networks: 1, observables: { loss: [losses.reduce((sum, loss) => sum + loss, 0) / updates] } };
});
