// Explicit masks through the public API.
import { simulate } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';

const { width, depth, edgeKeepProbability, keepProbability, networks, threads } = readOptions();

await serve(async (seed) => {
  const { observables } = await simulate(
    { system: 'percolation', width, depth, edgeKeepProbability, keepProbability },
    { trials: networks, seed, threads, backward: false },
  );
  return { networks, observables: { pathProbability: [observables.pathProbability.values.at(-1)] } };
});
