// Verb evaluate: one named quantity at every point.
import { expectedError, MftError } from '../../core/errors.js';
import { loadSystem } from '../../systems/registry.js';
import { evaluate } from '../../verbs/evaluate.js';
import type { SweepVerb } from '../verb.js';
import { refuseRun } from './network.js';

const anyEvaluate = evaluate as (...values: unknown[]) => Promise<unknown>;

export const evaluateVerb: SweepVerb = {
  isRandom: false,
  resolve: async (input) => {
    const { system: name, ...parameters } = input.spec;
    refuseRun(input.run);
    const system = await loadSystem(name);
    const quantity = typeof input.quantity === 'string' ? input.quantity : '';
    const found = Object.hasOwn(system.quantities, quantity) ? system.quantities[quantity] : undefined;
    if (found === undefined)
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        'quantity',
        `one of ${Object.keys(system.quantities).join(', ')}`,
        input.quantity,
      );
    if (input.outputs !== undefined)
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        'Expected no `outputs` for verb evaluate: its one output is the quantity.',
        { parameter: 'outputs' },
      );
    const spec = { system: system.name, ...found.resolve(parameters, `parameters of ${quantity}`) };
    return { system: system.name, systemVersion: system.version, spec, quantity };
  },
  execute: async (work, control) => {
    const { system, ...parameters } = work.spec;
    return {
      kind: 'evaluation',
      quantities: { [work.quantity ?? '']: await anyEvaluate(system, work.quantity, parameters, control) },
    };
  },
  cost: () => 1,
  memory: async () => 0,
};
