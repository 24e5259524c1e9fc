// Through the public API: the inputs as numbers, K and Θ of all pairs.
import { pathToFileURL } from 'node:url';
import { predict } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';

/** The same inputs everywhere: cosines of whole numbers. */
export const inputsOf = ({ count, dimension }) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: dimension }, (_, k) => Math.cos(i * dimension + k + 1)));

/** The first rows of both kernels. */
export async function answerOf(options, values = inputsOf(options)) {
  const { depth, weightVariance, biasVariance } = options;
  const { observables } = await predict({ system: 'kernel', depth, weightVariance, biasVariance, inputs: { values } });
  const first = (matrix) => Array.from(matrix.values.subarray(0, values.length));
  return { networks: 1, observables: { nngp: first(observables.nngp), ntk: first(observables.ntk) } };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = readOptions();
  const values = inputsOf(options);
  await serve(() => answerOf(options, values));
}
