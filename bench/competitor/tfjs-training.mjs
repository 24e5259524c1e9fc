// Training in TensorFlow.js: automatic gradients, its SGD, fresh dropout masks.
import { absent, peer, readOptions, serve } from './serve.mjs';
import { imagesOf, labelsOf, startingParameters } from './training-data.mjs';

/** Serves the training task on one backend: 'cpu', 'wasm' or 'node'. */
export async function serveTfjsTraining(backend) {
  const tf = backend === 'node' ? await peer('@tensorflow/tfjs-node') : await peer('@tensorflow/tfjs');
  if (backend === 'wasm') await peer('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend(backend === 'node' ? 'tensorflow' : backend).catch(() => false)))
    absent(`the backend ${backend} of TensorFlow.js does not start`);
  await tf.ready();
  const options = readOptions();
  const { batch, steps, learningRate, keepProbability } = options;
  const bytes = imagesOf(batch * steps);
  const images = tf.tensor2d(
    Float32Array.from(bytes, (byte) => byte / 255),
    [batch * steps, 784],
  );
  const labels = tf.oneHot(tf.tensor1d(Int32Array.from(labelsOf(batch * steps, bytes)), 'int32'), 10).cast('float32');
  // Weights are stored inputs × outputs: untransposed products are several times faster here.
  const start = startingParameters(options).map(({ inputs, outputs, weights }) => ({
    weights: tf.tidy(() => tf.tensor2d(weights, [outputs, inputs]).transpose()),
    biases: tf.zeros([outputs]),
  }));
  const layers = start.map(({ weights, biases }) => ({ weights: tf.variable(weights), biases: tf.variable(biases) }));
  const optimizer = tf.train.sgd(learningRate);
  const logits = (x, seed) => {
    let u = x;
    layers.forEach(({ weights, biases }, l) => {
      u = u.matMul(weights).add(biases);
      if (l + 1 < layers.length)
        u = keepProbability < 1 ? tf.dropout(u.tanh(), 1 - keepProbability, undefined, seed * 1000 + l) : u.tanh();
    });
    return u;
  };
  await serve(async (seed) => {
    layers.forEach(({ weights, biases }, l) => {
      weights.assign(start[l].weights);
      biases.assign(start[l].biases);
    });
    const losses = [];
    for (let step = 0; step < steps; step++) {
      const loss = tf.tidy(() => {
        const [x, y] = [images, labels].map((all) => all.slice([step * batch, 0], [batch, all.shape[1]]));
        return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, logits(x, seed * 1000 + step)), true);
      });
      losses.push((await loss.data())[0]);
      loss.dispose();
    }
    const quarter = steps / 4;
    return {
      networks: 1,
      observables: {
        loss: Array.from(
          { length: 4 },
          (_, i) => losses.slice(i * quarter, (i + 1) * quarter).reduce((sum, loss) => sum + loss, 0) / quarter,
        ),
      },
    };
  });
}
