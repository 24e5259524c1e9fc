// Bounds of kernels against values of 40 digits (test/fixtures/certified-kernels.py): never exceeded, and no idle talk.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate, type MftError, predict } from 'mft-native';

const dimension = 7;

/** Rows by a linear congruence, with nearly equal, opposite, parallel, tiny and near ones. */
function rows(count: number): number[][] {
  let state = 1;
  const table = Array.from({ length: count }, () =>
    Array.from({ length: dimension }, () => {
      state = (state * 16807) % (2 ** 31 - 1);
      return 4 * (state / 2 ** 31 - 0.5);
    }),
  );
  const row = (i: number): number[] => table[i] as number[];
  table[1] = row(0).map((x, k) => x * (1 + 1e-9 * k));
  table[3] = row(2).map((x) => -x);
  if (count > 5) table[5] = row(4).map((x) => 3 * x);
  if (count > 6) {
    table[7] = row(6).map((x) => 1e-3 * x);
    table[9] = row(8).map((x, k) => x + 1e-4 * k);
  }
  return table;
}

interface Case {
  readonly activation: unknown;
  readonly depth: number;
  readonly count: number;
  readonly biasVariance?: number;
  readonly keepProbability?: number;
  readonly nngp: readonly number[];
  readonly ntk: readonly number[];
}
const cases = JSON.parse(readFileSync('test/fixtures/certified-kernels.json', 'utf8')) as readonly Case[];
type Matrices = Readonly<Record<'nngp' | 'ntk' | 'nngpBound' | 'ntkBound', readonly (readonly number[])[]>>;

t.test('no entry is off by more than its bound, and no bound is 10,000 times too large', async (t) => {
  let entries = 0;
  for (const { nngp, ntk, count, ...network } of cases) {
    const asked = { weightVariance: 1.7, ...network, inputs: rows(count), certified: true };
    const found = (await evaluate('kernel', 'mlpKernels', asked as never)) as never as Matrices;
    const what = JSON.stringify(network);
    for (const [name, wanted] of [
      ['nngp', nngp],
      ['ntk', ntk],
    ] as const) {
      let [exceeded, idle, at] = [0, 0, 0];
      for (let i = 0; i < count; i++)
        for (let j = 0; j <= i; j++, at++, entries++) {
          const [value, bound] = [found[name][i]?.[j] as number, found[`${name}Bound`][i]?.[j] as number];
          const whole = Math.sqrt((found[name][i]?.[i] as number) * (found[name][j]?.[j] as number));
          const off = Math.abs(value - (wanted[at] as number));
          // The values of the fixture are rounded themselves.
          exceeded = Math.max(exceeded, (off - 2 ** -53 * Math.abs(value)) / bound);
          idle = Math.max(idle, bound / Math.max(off, 2 ** -53 * whole));
        }
      t.ok(exceeded <= 1, `${name}, ${what}: ${exceeded.toPrecision(2)} of the bound`);
      t.ok(idle < 1e4, `${name}, ${what}: ${idle.toPrecision(2)} times the error or the rounding`);
    }
  }
  t.ok(entries > 2000, `${entries} entries`);
});

t.test('with other inputs, and what has no bound', async (t) => {
  const inputs = rows(6);
  const network = { activation: 'tanh', depth: 2, biasVariance: 0.1, inputs };
  const cross = (await evaluate('kernel', 'mlpKernels', {
    ...network,
    otherInputs: inputs.slice(0, 2),
    certified: true,
  })) as never as Matrices;
  t.equal(cross.ntkBound.length, 6);
  const plain = (await evaluate('kernel', 'mlpKernels', {
    ...network,
    otherInputs: inputs.slice(0, 2),
  })) as never as Matrices;
  t.strictSame(cross.nngp, plain.nngp, 'the same kernels as without bounds');
  t.ok(cross.nngpBound.flat().every((bound) => bound > 0 && bound < 1e-10));
  for (const [more, code] of [
    [{ activation: 'step' }, 'ERR_MFT_UNSUPPORTED'],
    [{ normalize: true }, 'ERR_MFT_UNSUPPORTED'],
    [{ activation: 'relu', weightVariance: 1e200 }, 'ERR_MFT_NOT_FINITE'],
  ] as const) {
    const error = (await evaluate('kernel', 'mlpKernels', { ...network, ...more, certified: true }).catch(
      (caught: unknown) => caught,
    )) as MftError;
    t.equal(error.code, code, error.message);
  }
});

t.test('predict: the bounds of its matrices', async (t) => {
  const spec = {
    system: 'kernel',
    depth: 2,
    weightVariance: 1.7,
    biasVariance: 0.1,
    inputs: { values: rows(6) },
  } as const;
  for (const activation of ['relu', 'tanh'] as const) {
    const { observables, quantities: said } = await predict({ ...spec, activation, certified: true });
    const quantities: Readonly<Record<string, unknown>> = said;
    const found = (await evaluate('kernel', 'mlpKernels', {
      activation,
      depth: 2,
      weightVariance: 1.7,
      biasVariance: 0.1,
      inputs: rows(6),
      certified: true,
    })) as never as Matrices;
    t.same([...(observables.ntk?.values ?? [])], found.ntk.flat(), activation);
    t.same(quantities.nngpBound, found.nngpBound);
    t.same(quantities.ntkBound, found.ntkBound);
    const plain = await predict({ ...spec, activation });
    t.notOk('nngpBound' in plain.quantities);
    plain.observables.nngp?.values.forEach((value, i) =>
      t.ok(Math.abs(value - (found.nngp.flat()[i] as number)) <= (found.nngpBound.flat()[i] as number)),
    );
  }
  const refused = (await predict({ ...spec, activation: 'step', certified: true }).catch(
    (error: unknown) => error,
  )) as MftError;
  t.equal(refused.code, 'ERR_MFT_UNSUPPORTED');
});

t.test('sin of rows with large variances: exponents cancel, and the bound says so', async (t) => {
  const inputs = [
    [30, 1],
    [30, 1.001],
  ];
  const asked = { activation: 'sin', depth: 1, weightVariance: 1, inputScaling: 'none', inputs, certified: true };
  const found = (await evaluate('kernel', 'mlpKernels', asked)) as never as Matrices;
  // E φφ = (e^{k − h} − e^{−k − h})/2 with h − k = |x − y|²/2 = 5e-7 and nothing left of the second.
  const exact = Math.exp(-(0.001 ** 2) / 2) / 2;
  const off = Math.abs((found.nngp[0]?.[1] as number) - exact);
  t.ok(off <= (found.nngpBound[0]?.[1] as number), `${off} of ${found.nngpBound[0]?.[1]}`);
});
