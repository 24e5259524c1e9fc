// Both engines have the same bits on every instruction set of this CPU: BLAS chooses its own, which stays the same here.
import t from 'tap';
import { simulate } from 'mft-native';
import { addon } from '../../../dist/core/addon.js';
import { sameBits } from '../../bits.js';

const spec = {
  system: 'feedforward',
  activation: 'tanh',
  weightVariance: 1.4,
  biasVariance: 0.1,
  keepProbability: 0.8,
  width: 130,
  depth: 12,
} as const;
const order = ['baseline', 'avx2', 'avx512'] as const;
const best = addon().environment().bestInstructionSet;
const sets = order.slice(0, order.indexOf(best) + 1);

for (const [name, run] of [
  ['conditioned, float64', { engine: 'conditioned', precision: 'float64' }],
  ['conditioned, float32', { engine: 'conditioned', precision: 'float32' }],
  ['dense, float64', { engine: 'dense', precision: 'float64' }],
] as const) {
  t.test(name, async (t) => {
    const results = [];
    for (const set of sets) {
      addon().useInstructionSet(set);
      const { observables, provenance } = await simulate(spec, { trials: 6, seed: 3, ...run });
      t.equal(provenance.instructionSet, set);
      results.push(observables);
    }
    for (const [i, result] of results.entries()) sameBits(t, result, results[0], `${sets[i]} and baseline`);
  });
}

t.test('an instruction set this CPU lacks, or nobody knows, is refused', async (t) => {
  t.throws(() => addon().useInstructionSet('sse9'), { code: 'ERR_MFT_INVALID_ARGUMENT' });
});
