// Through the public API.
import { pathToFileURL } from 'node:url';
import { fixedPointSystem, implicitGradient, unrolledGradient } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';
import { pattern } from './task.mjs';

const made = new Map();
function networkOf({ inputs, hidden, outputs }) {
  const key = `${inputs} ${hidden} ${outputs}`;
  const input = pattern.slice(0, inputs);
  const size = { inputs, hidden, outputs, couplingScale: 1e-3, couplingSeed: 1 };
  if (!made.has(key))
    made.set(
      key,
      fixedPointSystem({ dynamics: 'hopfield', ...size, input, target: input, leak: 1, gain: 0.5, step: 1 }),
    );
  return made.get(key);
}

export async function answerOf({ updates, terms, back, ...size }) {
  const { system, start, loss } = await networkOf(size);
  const result =
    terms === undefined
      ? await unrolledGradient(system, start, updates, loss, { termCount: back })
      : await implicitGradient(system, start, loss, {
          method: 'neumann',
          termCount: terms,
          checkProducts: false,
          forward: { method: 'picard', evaluationLimit: updates },
        });
  let square = 0;
  for (const value of result.gradient.V) square += value * value;
  return { networks: 1, observables: { loss: [result.loss], norm: [Math.sqrt(square)] } };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = readOptions();
  await networkOf(options);
  await serve(() => answerOf(options));
}
