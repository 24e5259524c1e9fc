// Simulated networks of every cell against their own theory, and the theory of untied weights against tied data.
import t from 'tap';
import { compare, evaluate, predict, type RecurrentSpec, simulate } from 'mft-native';

type Cell = Omit<RecurrentSpec, 'weightSharing'> & { readonly cell: NonNullable<RecurrentSpec['cell']> };
const lstmGates = {
  i: { biasVariance: 0.1, biasMean: 0.5 },
  f: { biasMean: 1 },
  g: { biasVariance: 0.1, biasMean: 0.3 },
} as const;
const gruGates = {
  z: { recurrentWeightVariance: 3, biasVariance: 0.2, biasMean: 1 },
  r: { recurrentWeightVariance: 2, biasMean: 0.5 },
  g: { recurrentWeightVariance: 4, biasVariance: 0.1, biasMean: 0.3 },
} as const;
const base = { width: 200, steps: 5, inputCorrelation: 0.5 } as const;
const minimal = {
  cell: 'minimal',
  recurrentWeightVariance: 6.88 ** 2,
  inputWeightVariance: 1.39 ** 2,
  inputVariance: 0.46,
} as const;
const cells: readonly Cell[] = [
  { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1, biasMean: 0.3, initialStateVariance: 0.5 },
  { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1, weights: 'orthogonal' },
  minimal,
  { cell: 'minimal', gate: 'probit', biasMean: 1, inputWidth: 200 },
  { cell: 'gru', gates: gruGates },
  { cell: 'gru', gates: gruGates, resetAfter: true, candidateRecurrentBias: 0.3 },
  { cell: 'peepholeLstm', gates: lstmGates },
  { cell: 'lstm', recurrentWeightVariance: 3, gates: lstmGates },
  { cell: 'minGru', biasMean: 1 },
  { cell: 'minLstm', biasMean: 1 },
];

for (const weightSharing of ['tied', 'untied'] as const)
  t.test(`every cell, ${weightSharing}`, async (t) => {
    for (const cell of cells) {
      // Pairs of GRUs with reset after the product are four-dimensional integrals: fewer steps.
      const steps = cell.resetAfter && weightSharing === 'untied' ? 2 : base.steps;
      const spec = { system: 'recurrent', ...base, ...cell, steps, weightSharing } as const;
      const comparison = compare(await predict(spec), await simulate(spec, { trials: 30, seed: 7 }));
      const what = `${cell.cell}${cell.resetAfter ? ', reset after' : ''}${cell.weights === 'orthogonal' ? ', orthogonal' : ''}`;
      t.ok(comparison.largestZ < 4.5, `${what}: |z| up to ${comparison.largestZ.toFixed(2)} of ${comparison.tests}`);
      t.ok(comparison.tests >= 6, 'points were compared');
    }
  });

t.test('in gated cells the theory of untied weights is not that of one network', async (t) => {
  const spec = { system: 'recurrent', ...minimal, width: 400, steps: 8, weightSharing: 'tied' } as const;
  const tied = await simulate(spec, { trials: 200, seed: 3 });
  const right = compare(await predict(spec), tied, { observables: ['stateVariance'] });
  const wrong = compare(await predict({ ...spec, weightSharing: 'untied' }), tied, {
    observables: ['stateVariance'],
    mayDiffer: ['weightSharing'],
  });
  t.ok(right.largestZ < 4.5, `shared weights: |z| up to ${right.largestZ.toFixed(1)}`);
  t.ok(wrong.largestZ > 8, `untied theory: |z| up to ${wrong.largestZ.toFixed(1)}`);
});

t.test('the first steps of one network: integrals against samples, with a bias that is kept', async (t) => {
  const cell = { cell: 'minimal', biasVariance: 2, biasMean: 1, recurrentWeightVariance: 9, steps: 3 } as const;
  const integrated = (await evaluate('recurrent', 'tiedStateSecondMoments', cell)) as readonly number[];
  const sampled = (await predict({ system: 'recurrent', ...cell })).observables.stateVariance;
  integrated.forEach((value, i) => {
    const z = ((sampled?.values[i + 1] ?? Number.NaN) / value - 1) / (sampled?.error ?? 0);
    t.ok(Math.abs(z) < 4.5, `step ${i + 1}: z ${z.toFixed(2)}`);
  });
});

t.test('small and large initial states stay apart where two second moments are stable', async (t) => {
  const spec = {
    system: 'recurrent',
    cell: 'minimal',
    recurrentWeightVariance: 400,
    inputWeightVariance: 1.39 ** 2,
    inputVariance: 0.46,
    biasMean: 8,
    weightSharing: 'untied',
    width: 100,
    steps: 60,
  } as const;
  const last = async (initialStateVariance: number): Promise<number> => {
    const run = await simulate({ ...spec, initialStateVariance }, { trials: 4, seed: 2 });
    return run.observables.stateVariance?.values.at(-1) ?? Number.NaN;
  };
  t.ok((await last(0.0003)) < 0.001, 'from below it stays below 0.0056');
  t.ok((await last(0.4)) > 0.2, 'from above it stays above');
});

// From the engine that multiplied step by step with OpenBLAS: 40 steps are two blocks of inputs, 130 units nine panels.
t.test('networks that are kept are those of products step by step', async (t) => {
  const last = { width: 130, steps: 40, inputCorrelation: 0.5, biasMean: 1 } as const;
  const known = [
    [{ cell: 'vanilla' }, 0.5845335592412569, 0.4286767683910551, -49.10710548744278],
    [{ cell: 'minimal', weights: 'orthogonal' }, 0.27672277953895286, 0.11561176794770107, -23.036338083904106],
    [{ cell: 'gru' }, 0.10431660230225172, 0.047640608214675126, -19.854700495767208],
    [{ cell: 'lstm' }, 0.04537776683841699, 0.01680546937380565, -18.86010641094462],
  ] as const;
  for (const [cell, ...wanted] of known) {
    const { observables } = await simulate({ system: 'recurrent', ...last, ...cell }, { trials: 3, seed: 5 });
    const found = (['stateVariance', 'stateCovariance', 'perturbationGrowth'] as const).map((name) =>
      Number(observables[name]?.values.at(-1)),
    );
    const error = Math.max(...found.map((value, i) => Math.abs(value / (wanted[i] as number) - 1)));
    t.ok(error < 1e-11, `${cell.cell}: relative error ${error.toExponential(1)}`);
  }
});
