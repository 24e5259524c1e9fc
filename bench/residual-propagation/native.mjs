// Residual networks through the public API.
import { simulate } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { specOf } from './task.mjs';

const options = readOptions();
const { engine, networks, threads } = options;

await serve(async (seed) => {
  const { observables } = await simulate(specOf(options), { trials: networks, seed, threads, engine });
  const last = observables.secondMoment.values.length - 2; // two inputs a layer
  const gradient = observables.gradientSecondMoment.values;
  return {
    networks,
    observables: {
      secondMoment: [Math.exp(observables.secondMoment.values[last])],
      gradient: [Math.exp(gradient[0] - gradient[last])],
    },
  };
});
