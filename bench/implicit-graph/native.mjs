// The kernel that graph networks of `implicit` are evaluated with.
import { addon } from '../../dist/core/addon.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { graphOf } from './graph.mjs';

const options = readOptions();
const { nodes, width, repeats } = options;
const { rowPointers, columns, values, x } = graphOf(options);
const y = new Float64Array(nodes * width);
await serve(() => {
  for (let k = 0; k < repeats; k++) addon().implicitGraphMultiply(rowPointers, columns, values, nodes, width, x, y);
  return { networks: 1, observables: { ends: [...y.subarray(0, width), ...y.subarray(-width)] } };
});
