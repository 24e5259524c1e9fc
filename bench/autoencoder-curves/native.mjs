// Through the public API.
import { modeCurve } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { looked, stepsOf } from './steps.mjs';

const { points, threads: _, ...direction } = readOptions();
const steps = stepsOf(points);

await serve(async () => {
  const curve = modeCurve({ inputVariance: 1, ...direction }, steps);
  return { networks: 1, observables: { mapping: looked(curve) } };
});
