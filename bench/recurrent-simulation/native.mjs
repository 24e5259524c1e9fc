// Simulated recurrent networks through the public API.
import { serve, readOptions } from '../competitor/serve.mjs';
import { answerOf, simulated } from './task.mjs';

const options = readOptions();

await serve(async (seed) => answerOf(await simulated(options, options.networks, seed), options.networks));
