// Training through the public API.
import { readOptions, serve } from '../competitor/serve.mjs';
import { trained } from './task.mjs';

const options = readOptions();

await serve(async (seed) => ({ networks: 1, observables: { loss: [await trained(options, seed)] } }));
