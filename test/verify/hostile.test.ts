// At least 10,000 hostile specs at the API and hostile arguments at the addon: documented errors, never a crash, never a NaN.
import fc from 'fast-check';
import t from 'tap';
import { addon } from '../../dist/core/addon.js';
import { type FeedforwardSpec, MftError, predict, simulate } from 'mft-native';
import { holds } from '../properties.js';

const numbers = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  -0,
  0,
  1e-320,
  1e-12,
  0.3,
  0.999999,
  1,
  1.5,
  2,
  3,
  7,
  1e12,
  2 ** 53,
  1e308,
  -1e308,
];
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...numbers,
    null,
    undefined,
    true,
    '',
    'tanh',
    'relu',
    'shared',
    '__proto__',
    'constructor',
    'x'.repeat(5000),
    [],
    {},
    [1],
    [1, 2],
    [Number.NaN],
    new Float64Array(3),
    () => 1,
    Symbol('s'),
    10n,
  ),
  fc.array(fc.constantFrom<unknown>(...numbers, 'a', null), { maxLength: 4 }),
  fc.constantFrom<unknown>(
    'tanh',
    'relu',
    'gelu',
    'sin',
    'erf',
    'hardTanh',
    'step',
    { name: 'leakyRelu', slope: 0.2 },
    { name: 'elu', alpha: -1 },
    { expression: 'x*x' },
    { expression: 'x/0' },
    { expression: 'log(x)' },
    { expression: '(((' },
    { expression: 'exp(exp(x))' },
    { name: '__proto__' },
  ),
  fc.record({ values: fc.array(fc.array(fc.constantFrom(...numbers), { maxLength: 3 }), { maxLength: 3 }) }),
  fc.record(
    { correlation: fc.constantFrom<unknown>(...numbers), secondMoment: fc.constantFrom<unknown>(...numbers) },
    { requiredKeys: [] },
  ),
);
const keys = [
  'activation',
  'weightVariance',
  'biasVariance',
  'keepProbability',
  'inputKeepProbability',
  'inputWidth',
  'inputs',
  'maskSharing',
  'weights',
  'backwardWeights',
  'output',
  'dropRate',
  '__proto__',
  'toString',
];
// Sizes stay small where they are valid, so that ten thousand networks can be drawn.
const size = fc.oneof(
  fc.integer({ min: -1, max: 6 }),
  fc.constantFrom<unknown>(Number.NaN, 1e12, '3', [2, 3], [4, 4, 4], [0], null),
);
const specs = fc
  .tuple(fc.dictionary(fc.constantFrom(...keys), hostile, { maxKeys: 2 }), size, size)
  .map(([fields, width, depth]) => ({ width, depth, ...fields, system: 'feedforward' as const }));

function holdsNaN(value: unknown): boolean {
  if (typeof value === 'number') return Number.isNaN(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>).some(Number.isNaN);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNaN);
}

async function survives(work: () => Promise<unknown>): Promise<'result' | 'refused'> {
  try {
    const result = await work();
    if (holdsNaN(result)) throw new Error('a NaN in a result');
    return 'result';
  } catch (error) {
    if (error instanceof MftError && error.code !== 'ERR_MFT_INTERNAL' && error.message.length > 10) return 'refused';
    throw error;
  }
}

t.test('hostile specs at the API', { timeout: 600_000 }, async (t) => {
  const seen = { result: 0, refused: 0 };
  await holds(
    t,
    fc.asyncProperty(specs, hostile, async (spec, trials) => {
      const run = { trials: typeof trials === 'number' && trials > 50 ? 2 : trials, threads: 1 } as never;
      seen[await survives(() => predict(spec as unknown as { system: 'feedforward' } & FeedforwardSpec))]++;
      seen[await survives(() => simulate(spec as unknown as { system: 'feedforward' } & FeedforwardSpec, run))]++;
    }),
    { numRuns: 5000, seed: 17 },
  );
  t.comment(seen);
  t.ok(seen.result + seen.refused >= 10_000);
  t.ok(seen.result > 100 && seen.refused > 1000, 'both kinds occur');
});

t.test('hostile arguments at the addon', { timeout: 300_000 }, async (t) => {
  const functions = addon() as unknown as Record<string, (...values: unknown[]) => unknown>;
  const names = Object.keys(functions).filter((name) => name !== 'useInstructionSet');
  let calls = 0;
  await holds(
    t,
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(
        fc.oneof(
          hostile,
          fc.dictionary(
            fc.constantFrom(
              'seed',
              'trial',
              'layer',
              'purpose',
              'first',
              'count',
              'activation',
              'widths',
              'trials',
              'threads',
              'variance',
              'engine',
            ),
            hostile,
          ),
        ),
        { maxLength: 3 },
      ),
      async (name, values) => {
        calls++;
        try {
          await functions[name]?.(...values);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
        }
      },
    ),
    { numRuns: 5000, seed: 18 },
  );
  t.equal(calls, 5000, 'the process is still here');
});
