// Through the public API: second moment, eigenvalues and directions from bytes.
import { dataSpectrum } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { setOf } from './images.mjs';

const { count, dimension, threads } = readOptions();
const set = setOf(count, dimension);

await serve(async () => {
  const { inputVariance, trace } = await dataSpectrum(set, { threads });
  return { networks: 1, observables: { spectrum: Array.from(inputVariance.slice(0, 16)), trace: [trace] } };
});
