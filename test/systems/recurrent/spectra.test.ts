// Spectra of Jacobians: laws against simulated networks, their edges, products of steps, and the two states of a bistable cell.
import t from 'tap';
import { compare, evaluate, predict, type RecurrentSpec, simulate } from 'mft-native';
import { shareUpTo, singularValues } from '../../../dist/systems/recurrent/spectra.js';
import { resolveRun, resolveSpec } from '../../../dist/systems/recurrent/spec.js';

const width = 200;
const networks = async (cell: RecurrentSpec, trials: number) => {
  const spec = resolveSpec({ system: 'recurrent', weightSharing: 'untied', width, ...cell });
  return singularValues(spec, resolveRun({ trials, seed: 5, threads: 1 }, spec));
};

const minimal = {
  cell: 'minimal',
  recurrentWeightVariance: 6.88 ** 2,
  inputWeightVariance: 1.39 ** 2,
  inputVariance: 0.46,
} as const;

t.test('shares of singular values of every cell against the Dyson equation', async (t) => {
  const cells: readonly (RecurrentSpec & { readonly cell: NonNullable<RecurrentSpec['cell']> })[] = [
    { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1 },
    { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1, weights: 'orthogonal' },
    minimal,
    { cell: 'minimal', biasMean: 2, gate: 'probit' },
    { cell: 'gru', biasMean: 1, recurrentWeightVariance: 4 },
    { cell: 'gru', biasMean: 1, recurrentWeightVariance: 4, resetAfter: true, candidateRecurrentBias: 0.3 },
    { cell: 'peepholeLstm', biasMean: 1 },
    { cell: 'lstm', biasMean: 1, recurrentWeightVariance: 3 },
    { cell: 'minGru', biasMean: 1 },
    { cell: 'minLstm', biasMean: 1 },
  ];
  for (const cell of cells) {
    const found = await networks({ ...cell, steps: 12, ...(cell.cell === 'lstm' ? { width: 100 } : {}) }, 16);
    const scores: number[] = [];
    for (const singularValue of [0.4, 1]) {
      const asked = { ...cell, singularValue, samples: 2048 } as const;
      const law = (await evaluate('recurrent', 'singularValueCdf', asked)) as number;
      const error = (await evaluate('recurrent', 'singularValueCdfError', asked)) as number;
      const { mean, standardError } = shareUpTo(found, singularValue);
      // A share is counted in steps of 1/N, and moves by as much from one N to the next.
      scores.push((mean - law) / Math.hypot(error, standardError, 1 / width));
    }
    const what = `${cell.cell}${cell.resetAfter ? ', reset after' : ''}${cell.weights === 'orthogonal' ? ', orthogonal' : ''}`;
    t.ok(
      scores.every((z) => Math.abs(z) < 4.5),
      `${what}: z ${scores.map((z) => z.toFixed(2)).join(', ')}`,
    );
  }
});

t.test('a law of other variances is told from the simulated one', async (t) => {
  const found = await networks({ ...minimal, steps: 20 }, 16);
  const { mean, standardError } = shareUpTo(found, 0.7);
  const asked = { ...minimal, recurrentWeightVariance: 12, singularValue: 0.7, samples: 2048 } as const;
  const law = (await evaluate('recurrent', 'singularValueCdf', asked)) as number;
  t.ok(Math.abs(mean - law) / Math.hypot(standardError, 1 / width) > 8, `${mean.toFixed(3)} against ${law.toFixed(3)}`);
});

t.test('closed forms: a quarter circle, its edge, moments of the resolvent far out', async (t) => {
  const linear = { activation: 'linear', preactivationVariance: 1, recurrentWeightVariance: 1 } as const;
  for (const s of [0.2, 1, 1.9]) {
    const exact = (2 / Math.PI) * (Math.asin(s / 2) + (s / 4) * Math.sqrt(4 - s * s));
    const share = (await evaluate('recurrent', 'singularValueCdf', { ...linear, singularValue: s })) as number;
    t.ok(Math.abs(share - exact) < 1e-8, `s = ${s}: ${share - exact}`);
  }
  const whole = (await evaluate('recurrent', 'singularValueCdf', { ...linear, singularValue: 2.1 })) as number;
  t.ok(Math.abs(whole - 1) < 1e-8, `beyond the edge ${whole}`);
  const edge = (await evaluate('recurrent', 'singularValueEdge', {
    ...linear,
    recurrentWeightVariance: 0.64,
  })) as number;
  t.ok(Math.abs(edge - 1.6) < 1e-8, `edge ${edge}`);
  for (const cell of [{ cell: 'gru', biasMean: 1 }, { cell: 'peepholeLstm' }, minimal] as const) {
    const chi1 = (await evaluate('recurrent', 'chi1', cell)) as number;
    const variance = (await evaluate('recurrent', 'jacobianVariance', cell)) as number;
    const height = 60;
    const [, part = 0] = (await evaluate('recurrent', 'hermitizedResolvent', {
      ...cell,
      spectralParameter: [0, height],
      samples: 131_072,
    })) as number[];
    // G = 1/w + m1/w^3 + m2/w^5 at w = iy.
    const m1 = (1 + part * height) * height ** 2 + (variance + chi1 ** 2) / height ** 2;
    t.ok(Math.abs(m1 / chi1 - 1) < 0.02, `${cell.cell}: m1 ${m1.toFixed(4)}, χ₁ ${chi1.toFixed(4)}`);
  }
});

t.test('the largest singular value lies at the edge', async (t) => {
  const cell = { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1 } as const;
  const edge = (await evaluate('recurrent', 'singularValueEdge', cell)) as number;
  const found = await networks({ ...cell, steps: 20 }, 16);
  const tops = found.map((values) => values[0] as number);
  const mean = tops.reduce((sum, x) => sum + x, 0) / tops.length;
  // It scatters by N^(-2/3) about the edge, and lies below by about as much.
  t.ok(Math.abs(mean / edge - 1) < 2 * width ** (-2 / 3), `${mean.toFixed(4)} against ${edge.toFixed(4)}`);
  t.equal(await evaluate('recurrent', 'singularValueEdge', { cell: 'minGru' }), 1);
});

t.test('second moments of products of steps, drawn anew at every one', async (t) => {
  for (const cell of [
    { cell: 'vanilla', recurrentWeightVariance: 1.2, weights: 'orthogonal', initialStateVariance: 0.4 },
    { cell: 'minimal', recurrentWeightVariance: 3, biasMean: 2 },
    { cell: 'minGru', biasMean: 1 },
  ] as const) {
    const spec = { system: 'recurrent', ...cell, weightSharing: 'untied', width, steps: 4 } as const;
    const { largestZ, tests } = compare(
      await predict(spec),
      await simulate(spec, { trials: 20, seed: 9, jacobian: true }),
      {
        observables: ['jacobianSecondMoment'],
      },
    );
    t.ok(largestZ < 4.5 && tests === 4, `${cell.cell}: |z| up to ${largestZ.toFixed(2)} of ${tests}`);
  }
});

t.test('hysteresis: from small and from large states the moments settle at the two stable fixed points', async (t) => {
  const cell = { ...minimal, recurrentWeightVariance: 400, biasMean: 8 } as const;
  const [low, middle, high] = (await evaluate('recurrent', 'stateVarianceFixedPoints', cell)) as readonly number[];
  t.equal(await evaluate('recurrent', 'isBistable', cell), true);
  for (const [start, end] of [
    [0.0004, low],
    [0.4, high],
  ] as const) {
    const spec = { system: 'recurrent', ...cell, weightSharing: 'untied', width, steps: 30 } as const;
    const from = { ...spec, initialStateVariance: start };
    const run = await simulate(from, { trials: 20, seed: 4 });
    const { largestZ } = compare(await predict(from), run, { observables: ['stateVariance'] });
    const last = run.observables.stateVariance?.values.at(-1) as number;
    t.ok(largestZ < 4.5, `from ${start}: |z| up to ${largestZ.toFixed(2)}`);
    t.equal(
      last < (middle as number),
      end === low,
      `from ${start}: ${last.toPrecision(3)} on its own side of ${middle}`,
    );
  }
});
