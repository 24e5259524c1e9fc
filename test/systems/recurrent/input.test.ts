// Input of `recurrent` that is wrong, at the edge, or has no answer.
import t from 'tap';
import { evaluate, isUndefined, map, MftError, predict, simulate } from 'mft-native';
import { resolveSpec } from '../../../dist/systems/recurrent/spec.js';
import { ask, first } from '../../../dist/systems/recurrent/theory.js';

const code = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
    return 'none';
  } catch (error) {
    return error instanceof MftError ? `${error.code} ${error.parameter}` : String(error);
  }
};
const any = (value: unknown): never => value as never;

t.test('wrong input is refused by name', async (t) => {
  for (const [spec, expected] of [
    [{ recurrentWeightVariance: -1 }, 'ERR_MFT_OUT_OF_RANGE recurrentWeightVariance'],
    [{ inputCorrelation: 1.5 }, 'ERR_MFT_OUT_OF_RANGE inputCorrelation'],
    [{ width: 1 }, 'ERR_MFT_OUT_OF_RANGE width'],
    [{ steps: 0 }, 'ERR_MFT_OUT_OF_RANGE steps'],
    [{ cell: 'transformer' }, 'ERR_MFT_INVALID_ARGUMENT cell'],
    [{ activation: 'nonsense' }, 'ERR_MFT_INVALID_ARGUMENT activation'],
    [{ weights: 'sparse' }, 'ERR_MFT_INVALID_ARGUMENT weights'],
    [{ biasMean: 701 }, 'ERR_MFT_OUT_OF_RANGE biasMean'],
    [{ cell: 'gru', gates: { f: { biasMean: 1 } } }, 'ERR_MFT_INVALID_ARGUMENT gates'],
    [{ cell: 'gru', gates: { z: { biasVariance: -1 } } }, 'ERR_MFT_OUT_OF_RANGE gates.z.biasVariance'],
    [{ cell: 'minimal', inputWidth: 3 }, 'ERR_MFT_SHAPE inputWidth'],
    [{ inputVariance: 2, inputFourthMoment: 3 }, 'ERR_MFT_OUT_OF_RANGE inputFourthMoment'],
    [{ sequenceLength: 5 }, 'ERR_MFT_INVALID_ARGUMENT sequenceLength'],
  ] as const)
    t.equal(await code(() => predict(any({ system: 'recurrent', ...spec }))), expected);
});

t.test('what diverges, vanishes or is chaotic says so', async (t) => {
  const linear = { activation: 'linear', recurrentWeightVariance: 2.25 } as const;
  t.equal(await code(() => evaluate('recurrent', 'chi1', linear)), 'ERR_MFT_NO_FIXED_POINT recurrentWeightVariance');
  const chaos = { recurrentWeightVariance: 1.25 ** 2, inputWeightVariance: 0.01, inputCorrelation: 1 };
  const tau = await evaluate('recurrent', 'memoryTimescale', chaos);
  t.ok(isUndefined(tau), 'no time scale in chaos');
  t.match(JSON.stringify(tau), /exceeds 1/);
  const shared = (await evaluate('recurrent', 'stateCovarianceFixedPoint', chaos)) as number;
  const { inputCorrelation: _, ...state } = chaos;
  t.ok(shared < ((await evaluate('recurrent', 'stateVarianceFixedPoint', state)) as number), 'the stable pair');
  const silent = { cell: 'minimal', inputVariance: 0 } as const;
  t.equal(await evaluate('recurrent', 'stateVarianceFixedPoint', silent), 0);
  t.ok(isUndefined(await evaluate('recurrent', 'memoryTimescale', silent)));
  const critical = { cell: 'minimal', inputVariance: 0, preactivationVariance: 2 } as const;
  t.equal(
    await code(() => evaluate('recurrent', 'criticalInitialization', critical)),
    'ERR_MFT_OUT_OF_RANGE inputVariance',
  );
  const infeasible = { cell: 'minimal', inputVariance: 0.46, preactivationVariance: 5 } as const;
  t.ok(isUndefined(await evaluate('recurrent', 'criticalInitialization', infeasible)));
  for (const biasMean of [-700, 350, 500, 700])
    for (const quantity of ['chi1MinusOne', 'stateVarianceFixedPoint', 'memoryTimescale'] as const) {
      const value = await evaluate('recurrent', quantity, { cell: 'minimal', biasMean });
      t.ok(typeof value === 'number' && !Number.isNaN(value), `${quantity} at a bias of ${biasMean}: ${String(value)}`);
    }
});

t.test('a theory that would need too much memory is refused with the number', async (t) => {
  const spec = { system: 'recurrent', cell: 'lstm', steps: 5000 } as const;
  t.equal(await code(() => predict(spec)), 'ERR_MFT_MEMORY steps');
  t.equal(await code(() => simulate({ ...spec, width: 100_000 }, { trials: 1 })), 'ERR_MFT_MEMORY width');
});

t.test('a map has the values of its points', async (t) => {
  const spec = { system: 'recurrent', cell: 'minimal', inputVariance: 0.46, inputCorrelation: 0.3 } as const;
  const axes = [
    { field: 'biasMean', values: [-1, 5] },
    { field: 'recurrentWeightVariance', values: [2, 47, 60] },
  ];
  const names = ['chi1', 'memoryTimescale', 'stateVarianceFixedPoint', 'stateCovarianceFixedPoint'] as const;
  const found = await map(spec, axes as never, { quantities: [...names] });
  for (const [i, biasMean] of [-1, 5].entries())
    for (const [j, recurrentWeightVariance] of [2, 47, 60].entries())
      for (const name of names) {
        const isPair = name === 'memoryTimescale' || name === 'stateCovarianceFixedPoint';
        const parameters = { cell: 'minimal', inputVariance: 0.46, biasMean, recurrentWeightVariance };
        const value = await evaluate('recurrent', name, isPair ? { ...parameters, inputCorrelation: 0.3 } : parameters);
        t.equal(found.quantities[name]?.values[3 * i + j], value, `${name} at ${biasMean}, ${recurrentWeightVariance}`);
      }
});

t.test("the lstm's law has settled in its points, and its advice is kept", async (t) => {
  for (const biasMean of [0, 5]) {
    const spec = resolveSpec({ cell: 'lstm', width: 3, biasMean, biasVariance: 0.2 });
    const [few, many] = [
      await ask(spec, { what: 'lstm', points: 160 }),
      await ask(spec, { what: 'lstm', points: 260 }),
    ];
    for (const name of ['second', 'growth']) {
      const [a, b] = [first(few, name), first(many, name)];
      t.ok(Math.abs(a / b - 1) < 1e-8, `${name} at ${biasMean}: ${a} against ${b}`);
    }
  }
  const cell = { cell: 'lstm', recurrentWeightVariance: 1.5, biasVariance: 0.2, inputCorrelation: 1 } as const;
  const biasMean = (await evaluate('recurrent', 'biasMeanForTimescale', { ...cell, timescale: 30 })) as number;
  const lasts = (await evaluate('recurrent', 'memoryTimescale', { ...cell, biasMean })) as number;
  t.ok(Math.abs(lasts / 30 - 1) < 1e-7, `${lasts} steps at a bias of ${biasMean}`);
});

t.test('critical variances where hardly anything drives the state', async (t) => {
  for (const [cell, inputVariance, without] of [
    ['gru', 1e-320, 12],
    ['peepholeLstm', 1e-50, 3],
    ['vanilla', 0, 1],
  ] as const) {
    const found = await evaluate('recurrent', 'criticalRecurrentWeightVariances', { cell, inputVariance });
    if (isUndefined(found)) return t.fail(cell);
    t.equal(found.length, 1, cell);
    t.ok(Math.abs((found[0] as number) - without) < 1e-6 * without, `${cell}: ${found[0]}`);
  }
});
