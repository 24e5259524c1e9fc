// Our quantities one by one, as `evaluate` gives them: no tables, no continuation.
import { evaluate } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { multipliersOf, quantities, samplePoints } from '../runner/phase-diagram.mjs';

const { size, keepProbability } = readOptions();

await serve(async () => {
  const observables = {};
  for (const quantity of quantities) {
    const scales = [];
    for (const point of samplePoints(size))
      scales.push(await evaluate('feedforward', quantity, { activation: 'tanh', keepProbability, ...point }));
    observables[quantity] = multipliersOf(scales);
  }
  return { networks: 1, observables };
});
