// Verb evaluate: one named quantity at every point.
import { expectedError, MftError } from '../../core/errors.js';
import { leftBehind } from '../../core/memory.js';
import { loadSystem } from '../../systems/registry.js';
import { evaluate } from '../../verbs/evaluate.js';
import type { SweepVerb, Work } from '../verb.js';
import { refuseRun } from './network.js';

const anyEvaluate = evaluate as (...values: unknown[]) => Promise<unknown>;

/** Bytes of objects that a quantity leaves behind which says nothing of its own: tables of moments, a search. */
const perQuantity = 2 ** 20;

/**
 * Arithmetic of the whole theory of the network that the parameters of a quantity name: more than one number of it needs, but
 * it grows as that does. Nothing is known of parameters that name no network.
 */
async function theoryFlops(work: Work): Promise<number> {
  const system = await loadSystem(work.system);
  const fields = new Set(Object.keys(system.specSchema.shape));
  const known = Object.entries(work.spec).filter(([name, value]) => fields.has(name) && value !== undefined);
  try {
    const spec = system.resolveSpec(Object.fromEntries(known)) as never;
    return Math.max(1, system.prediction.flops(spec));
  } catch (error) {
    if (error instanceof MftError) return 1;
    throw error;
  }
}

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
  cost: theoryFlops,
  memory: async (work) => {
    const { quantities } = await loadSystem(work.system);
    try {
      return quantities[work.quantity ?? '']?.bytes?.(work.spec as never) ?? leftBehind(perQuantity);
    } catch (error) {
      // Parameters that contradict each other: the job will say so.
      if (error instanceof MftError) return leftBehind(perQuantity);
      throw error;
    }
  },
};
