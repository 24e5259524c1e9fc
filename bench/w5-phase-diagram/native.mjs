// The whole grid through `map`.
import * as mft from '../../dist/index.js';
import { absent, readOptions, serve } from '../competitor/serve.mjs';
import { axesOf, multipliersOf, quantities, sampled } from '../runner/phase-diagram.mjs';

const { size, keepProbability } = readOptions();
if (mft.map === undefined) absent('this build of the package has no `map`');
const { weightVariance, biasVariance } = axesOf(size);
const axes = [
  { field: 'biasVariance', values: biasVariance },
  { field: 'weightVariance', values: weightVariance },
];

await serve(async () => {
  const diagram = await mft.map({ system: 'feedforward', activation: 'tanh', keepProbability }, axes, { quantities });
  const answers = quantities.map((quantity) => {
    const { values } = diagram.quantities[quantity];
    return [
      quantity,
      multipliersOf(sampled(size).flatMap((row) => sampled(size).map((column) => values[row * size + column]))),
    ];
  });
  return { networks: 1, observables: Object.fromEntries(answers) };
});
