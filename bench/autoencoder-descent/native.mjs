// Descent through the public API.
import { simulate } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { specOf } from './task.mjs';

const { threads, ...options } = readOptions();

await serve(async (seed) => {
  const { observables } = await simulate(specOf(options), { trials: 1, seed, threads });
  return { networks: 1, observables: { loss: [observables.loss.values.at(-1)] } };
});
