// Standard normals of TensorFlow.js: JavaScript on every backend.
import { peer, readOptions, serve } from '../competitor/serve.mjs';

const tf = await peer('@tensorflow/tfjs');
await tf.setBackend('cpu');
const { draws } = readOptions();
const size = 2 ** 20;

await serve(async (seed) => {
  let [count, sum, squares] = [0, 0, 0];
  for (let first = 0; first < draws; first += size) {
    const block = tf.randomNormal([size], 0, 1, 'float32', seed * 1000 + first / size + 1);
    const values = block.dataSync();
    block.dispose();
    for (let i = 0; i < size; i += 256) {
      count += 1;
      sum += values[i];
      squares += values[i] * values[i];
    }
  }
  return { networks: 1, observables: { sample: [count, sum / count, squares / count] } };
});
