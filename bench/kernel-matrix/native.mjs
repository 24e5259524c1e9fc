// Through the public API: the inputs as numbers, K and Θ of all pairs.
import { pathToFileURL } from 'node:url';
import { predict } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';

/** A number in [-1/2, 1/2) of a place: the same in every language, and matrices of them have full rank. */
function numberAt(place) {
  let word = Math.imul(place + 1, 0x9e3779b1);
  for (let round = 0; round < 2; round++) word = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
  return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32 - 0.5;
}

/** The same inputs everywhere. */
export const inputsOf = ({ count, dimension }) =>
  Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length: dimension }, (_, k) => numberAt(i * dimension + k)),
  );

/** The first rows of both kernels. */
export async function answerOf(options, values = inputsOf(options)) {
  const { activation, depth, weightVariance, biasVariance } = options;
  const network = { system: 'kernel', activation, depth, weightVariance, biasVariance };
  const { observables } = await predict({ ...network, inputs: { values } });
  const first = (matrix) => Array.from(matrix.values.subarray(0, values.length));
  return { networks: 1, observables: { nngp: first(observables.nngp), ntk: first(observables.ntk) } };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = readOptions();
  const values = inputsOf(options);
  await serve(() => answerOf(options, values));
}
