// A wide batch through the public API: simulate, with the engine and the precision of the row.
import { simulate } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { networkAnswer, specOf } from '../competitor/feedforward.mjs';

const options = readOptions();
const spec = specOf(options);

await serve(async (seed) => {
  const simulation = await simulate(spec, {
    trials: options.networks,
    seed,
    engine: options.engine,
    precision: options.precision,
    threads: options.threads,
  });
  return networkAnswer(simulation, options);
});
