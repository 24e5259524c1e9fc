// Signal propagation as one would write it down in plain JavaScript: stored weights, three nested loops, single precision.
import { readOptions, serve } from '../competitor/serve.mjs';
import { naiveNetworks } from '../competitor/naive-network.mjs';

const options = readOptions();
await serve(async (seed) => naiveNetworks(options, seed));
