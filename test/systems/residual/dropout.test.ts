// Dropout and stochastic depth in the branches of residual blocks: closed forms, all sequences of kept branches one by one, both
// engines against theory, training against a network written out, advice, refusals.
import t from 'tap';
import {
  advise,
  compare,
  evaluate,
  type Dataset,
  type Finding,
  type MftError,
  predict,
  type Prediction,
  type ResidualSpec,
  simulate,
} from 'mft-native';
import { trainGiven } from '../../../dist/verbs/train.js';
import { sameBits } from '../../bits.js';

type Spec = { readonly system: 'residual' } & ResidualSpec;
const network = {
  system: 'residual',
  depth: 6,
  innerWeightVariance: 1.1,
  innerBiasVariance: 0.3,
  outerWeightVariance: 0.7,
  outerBiasVariance: 0.2,
} as const satisfies Spec;
const adviceOn = async (spec: Spec): Promise<readonly Finding[]> => {
  const found = (await advise(spec)).sections.find(({ system }) => system === 'residual')?.findings;
  return Array.isArray(found) ? (found as readonly Finding[]) : [];
};
const valuesOf = (prediction: Prediction<'residual'>, name: string): Float64Array =>
  (prediction.observables as Record<string, { values: Float64Array }>)[name]?.values as Float64Array;

t.test('a residual MLP with dropout or DropPath in the branch: log p_20 = 20 log(1 + σ_v² σ_w²/(2ρ))', async (t) => {
  const mlp: Spec = {
    system: 'residual',
    activation: 'relu',
    innerWeightVariance: 2,
    outerWeightVariance: 1,
    depth: 20,
  };
  const log = async (change: Partial<ResidualSpec>): Promise<number> =>
    (await predict({ ...mlp, ...change })).quantities.logSecondMoment as number;
  t.match(await log({}), 20 * Math.log(2), 'without: 13.863');
  for (const change of [{ keepProbability: 0.9 }, { branchKeepProbability: 0.9 }]) {
    const value = await log(change);
    t.ok(Math.abs(value - 20 * Math.log1p(1 / 0.9)) < 1e-12, `${JSON.stringify(change)}: ${value}`);
    t.equal(value.toFixed(3), '14.944', 'as asked in public');
  }
  const both = await log({ keepProbability: 0.9, branchKeepProbability: 0.8 });
  t.ok(Math.abs(both - 20 * Math.log1p(1 / 0.72)) < 1e-12, `both: ${both}`);
});

t.test('two inputs under dropout: the linear network has closed forms', async (t) => {
  // p' = (1 + W/ρ) p; independent masks keep the cross moment's own factor 1 + W, shared ones give it that of p.
  const [keep, depth, W, e] = [0.6, 9, 0.7 * 1.1, 0.3];
  for (const maskSharing of ['independent', 'shared'] as const) {
    const prediction = await predict({
      system: 'residual',
      activation: 'linear',
      depth,
      innerWeightVariance: 1.1,
      outerWeightVariance: 0.7,
      keepProbability: keep,
      maskSharing,
      inputs: { correlation: e },
    });
    const expected = maskSharing === 'shared' ? e : e * ((1 + W) / (1 + W / keep)) ** depth;
    const value = prediction.quantities.angularExpressivity as number;
    t.ok(Math.abs(value - expected) < 1e-12, `${maskSharing}: ${value} for ${expected}`);
  }
  const equal = await predict({ ...network, activation: 'relu', keepProbability: 0.5, inputs: { correlation: 1 } });
  t.ok((equal.quantities.angularDeficit as number) > 0.1, 'independent masks tell equal inputs apart');
});

t.test('stochastic depth is the mean over all sequences of kept branches', async (t) => {
  const depth = 6;
  const keeps = [0.95, 0.9, 0.8, 0.7, 0.5, 0.3];
  const gradients = ['outerWeightGradient', 'innerWeightGradient', 'outerBiasGradient', 'innerBiasGradient'];
  for (const activation of ['tanh', 'gelu', 'relu'] as const) {
    for (const shape of [
      {},
      { block: 'generalized', skipStrength: 0.7 },
      { width: { start: 80, halveAt: [3, 5] }, hiddenWidth: 30, keepProbability: 0.8 },
    ] as const) {
      const spec: Spec = { ...network, activation, depth, ...shape, inputs: { count: 1 } };
      const sums: Record<string, Float64Array> = {};
      const squares: Record<string, Float64Array> = {};
      for (let kept = 0; kept < 2 ** depth; kept++) {
        const factors = keeps.map((keep, l) => ((kept >> l) & 1 ? 1 / keep ** 2 : 0));
        const probability = keeps.reduce((p, keep, l) => p * ((kept >> l) & 1 ? keep : 1 - keep), 1);
        const one = await predict({
          ...spec,
          outerWeightVariance: factors.map((factor) => 0.7 * factor),
          outerBiasVariance: factors.map((factor) => 0.2 * factor),
        });
        for (const name of ['secondMoment', 'preactivationVariance', 'gradientSecondMoment', ...gradients]) {
          const values = valuesOf(one, name);
          sums[name] ??= new Float64Array(values.length);
          squares[name] ??= new Float64Array(values.length);
          const isOuter = name.startsWith('outer');
          values.forEach((log, i) => {
            // ∂(branch)/∂v and ∂(branch)/∂a carry β/τ, which the variances of one sequence have not.
            const value = (isOuter ? (factors[i] as number) : 1) * Math.exp(log);
            (sums[name] as Float64Array)[i]! += probability * value;
            (squares[name] as Float64Array)[i]! += probability * value ** 2;
          });
        }
      }
      const prediction = await predict({ ...spec, branchKeepProbability: keeps });
      let worst = 0;
      for (const [name, sum] of Object.entries(sums)) {
        const values = valuesOf(prediction, name);
        sum.forEach((x, i) => void (worst = Math.max(worst, Math.abs((values[i] as number) - Math.log(x)))));
      }
      t.equal(Object.keys(sums).length, 7, 'every mean');
      t.ok(worst < 1e-9, `${activation} ${JSON.stringify(shape)}: ${worst.toExponential(1)}`);
      // Of infinitely wide networks the sequences are all that scatters.
      const wide = 'width' in shape ? { hiddenWidth: 1e8, width: { start: 1e8, halveAt: [3, 5] } } : { width: 1e8 };
      const scattered = await predict({ ...spec, ...wide, branchKeepProbability: keeps });
      let [worstSpread, largest] = [0, 0];
      for (const [name, square] of Object.entries(squares)) {
        const { spread } = scattered.observables[name as 'secondMoment'] as { spread: Float64Array };
        square.forEach((x, i) => {
          const exact = x / (sums[name]?.[i] as number) ** 2 - 1;
          // Of q where V is homogeneous by the share of p in it, V itself likewise.
          worstSpread = Math.max(worstSpread, Math.abs((spread[i] as number) - exact) / (1 + exact));
          largest = Math.max(largest, exact);
        });
      }
      t.ok(
        largest > 2 && worstSpread < 1e-5,
        `their spread, up to ${largest.toFixed(1)}: ${worstSpread.toExponential(1)}`,
      );
    }
  }
});

t.test('both engines against theory: |z| < 5 everywhere; a keep probability off by 0.02 is seen', async (t) => {
  const changes: readonly Partial<ResidualSpec>[] = [
    { keepProbability: 0.7 },
    { keepProbability: 0.7, maskSharing: 'shared' },
    { branchKeepProbability: 0.6 },
    {
      branchKeepProbability: [1, 0.9, 0.8, 0.7, 0.6, 0.5],
      keepProbability: 0.8,
      width: { start: 1200, halveAt: [3] },
      hiddenWidth: 500,
    },
    { block: 'generalized', skipStrength: 0.8, keepProbability: 0.6, branchKeepProbability: 0.5 },
    { block: 'reduced', outerWeightVariance: 1, outerBiasVariance: 0, keepProbability: 0.7 },
    { inputs: { correlation: 1 }, keepProbability: 0.7 },
  ];
  for (const activation of ['tanh', 'relu'] as const)
    for (const change of changes) {
      // The reduced block with relu has terms of order 30/N.
      if (activation === 'relu' && change.block === 'reduced') continue;
      const spec: Spec = { ...network, width: 600, activation, ...change };
      const theory = await predict(spec);
      for (const engine of ['conditioned', 'dense'] as const) {
        if (engine === 'dense' && activation === 'relu') continue;
        const run = { engine, trials: engine === 'dense' ? 30 : 200, seed: 5 };
        const { largestZ } = compare(theory, await simulate(spec, run));
        t.ok(largestZ < 5, `${activation} ${JSON.stringify(change)} ${engine}: largest |z| ${largestZ.toFixed(2)}`);
      }
    }
  const spec: Spec = { ...network, width: 600, activation: 'tanh', keepProbability: 0.7, branchKeepProbability: 0.9 };
  const simulation = await simulate(spec, { trials: 2000, seed: 5 });
  t.ok(compare(await predict(spec), simulation).largestZ < 5, 'the same');
  for (const change of [{ keepProbability: 0.68 }, { branchKeepProbability: 0.88 }]) {
    const { largestZ } = compare(await predict({ ...spec, ...change }), simulation, { mayDiffer: Object.keys(change) });
    t.ok(largestZ > 5, `${JSON.stringify(change)}: ${largestZ.toFixed(1)}`);
  }
});

t.test('a branch kept once in eighty networks makes the mean: 60 trials decide nothing', async (t) => {
  const spec: Spec = { ...network, width: 113, depth: 3, branchKeepProbability: [0.05, 0.0125, 0.6] };
  const theory = await predict(spec);
  const comparison = compare(theory, await simulate(spec, { trials: 60, seed: 13 }));
  t.not(comparison.verdict, 'disagrees', `largest |z| ${comparison.largestZ.toFixed(1)}`);
  // Of wide ReLU networks without biases the relative variance of χ_0 is that of a product.
  const wide = { system: 'residual', activation: 'relu', depth: 2, width: 1e8 } as const;
  const relu = await predict({ ...wide, branchKeepProbability: 0.5 });
  const spread = (relu.observables.gradientTotal as { spread?: Float64Array }).spread?.[0] as number;
  t.ok(Math.abs(spread - ((0.5 * 3 ** 2 + 0.5) / 4) ** 2 + 1) < 1e-6, `${spread}`);
});

t.test('bits: keep probabilities of 1 change nothing, masks do not depend on threads', async (t) => {
  const spec: Spec = { ...network, width: 50 };
  const run = { trials: 9, seed: 2 } as const;
  const bits = async (change: Partial<ResidualSpec>, threads = 1): Promise<Float64Array> =>
    (await simulate({ ...spec, ...change }, { ...run, threads })).observables.secondMoment?.values as Float64Array;
  const plain = await bits({});
  sameBits(t, await bits({ keepProbability: 1, branchKeepProbability: [1, 1, 1, 1, 1, 1] }), plain, 'one is none');
  const masked = await bits({ keepProbability: 0.5, branchKeepProbability: 0.7 });
  sameBits(t, await bits({ keepProbability: 0.5, branchKeepProbability: 0.7 }, 3), masked, 'three threads');
  t.not(masked.at(-1), plain.at(-1));
});

t.test('training: one step is the gradient of the network written out, with its masks', async (t) => {
  const [dimension, N, M, classes, depth, batch] = [5, 4, 3, 3, 2, 4];
  const count = (weights: number): number => weights;
  const shapes = [N * dimension, N, M * N, M, N * M, N, M * N, M, N * M, N, classes * N, classes];
  const total = shapes.reduce((sum, size) => sum + count(size), 0);
  const wave = (i: number): number => Math.sin(1 + 1.7 * i) * 0.8;
  const parameters = Float64Array.from({ length: total }, (_, i) => wave(i));
  const images = Float32Array.from({ length: batch * dimension }, (_, i) => Math.fround(0.5 + 0.5 * Math.cos(i * 2.3)));
  const labels = Uint8Array.from({ length: batch }, (_, i) => i % classes);
  const [keep, branchKeep] = [0.6, 0.75];
  // Per block: batch × M bytes of units; then per block: batch bytes of branches.
  const units = Array.from({ length: depth }, (_, l) =>
    Array.from({ length: batch * M }, (_, i) => (i * 5 + l) % 3 && 1),
  );
  const branches = Array.from({ length: depth }, (_, l) =>
    Array.from({ length: batch }, (_, i) => Number((i + l) % 3 > 0)),
  );
  const loss = (p: Float64Array): number => {
    let sum = 0;
    for (let row = 0; row < batch; row++) {
      let at = 0;
      const affine = (x: readonly number[], size: number): number[] => {
        const W = p.subarray(at, at + size * x.length);
        at += size * x.length;
        const b = p.subarray(at, at + size);
        at += size;
        return Array.from({ length: size }, (_, i) =>
          x.reduce((z, value, j) => z + (W[i * x.length + j] as number) * value, b[i] as number),
        );
      };
      let x = affine([...images.subarray(row * dimension, (row + 1) * dimension)], N);
      for (let l = 0; l < depth; l++) {
        const hidden = affine(x, M).map((h, i) => (Math.tanh(h) * (units[l]?.[row * M + i] as number)) / keep);
        const branch = affine(hidden, N);
        x = x.map((value, i) => value + ((branch[i] as number) * (branches[l]?.[row] as number)) / branchKeep);
      }
      const z = affine(x, classes);
      sum += Math.log(z.reduce((all, value) => all + Math.exp(value), 0)) - (z[labels[row] as number] as number);
    }
    return sum / batch;
  };
  const data: Dataset = {
    name: 'written out',
    split: 'train',
    count: batch,
    shape: [dimension],
    dimension,
    classes,
    images,
    labels,
    verified: true,
    files: [],
    sha256: '',
  };
  const rate = 0.5;
  const run = await trainGiven(
    {
      system: 'residual',
      depth,
      width: N,
      hiddenWidth: M,
      keepProbability: keep,
      branchKeepProbability: branchKeep,
    },
    { train: data },
    {
      steps: 1,
      batchSize: batch,
      learningRate: rate,
      shuffle: false,
      normalization: 'unit',
      precision: 'float64',
      returnWeights: true,
      reportEvery: 1,
    },
    { initialParameters: parameters, masks: Uint8Array.from([...units.flat(), ...branches.flat()]) },
  );
  const after = Object.values(run.weights ?? {}).flatMap(({ values }) => [...values]);
  t.equal(after.length, total, 'every weight');
  t.ok(Math.abs((run.reports[0]?.trainLoss as number) - loss(parameters)) < 1e-12, 'the loss');
  let worst = 0;
  for (let i = 0; i < total; i++) {
    const moved = (step: number): number => loss(parameters.map((value, j) => (j === i ? value + step : value)));
    const gradient = (8 * (moved(1e-3) - moved(-1e-3)) - (moved(2e-3) - moved(-2e-3))) / 12e-3;
    worst = Math.max(worst, Math.abs(((parameters[i] as number) - (after[i] as number)) / rate - gradient));
  }
  t.ok(worst < 1e-9, `gradients differ by at most ${worst.toExponential(1)}`);
});

t.test('advice: what dropout adds, and the outer variance that takes it back', async (t) => {
  const spec: Spec = {
    ...network,
    activation: 'relu',
    outerBiasVariance: 0,
    innerBiasVariance: 0,
    keepProbability: 0.5,
  };
  const finding = (await adviceOn(spec)).find(({ id }) => id === 'branchDropout');
  t.same(finding?.change, { outerWeightVariance: 0.35 });
  const after = (await predict({ ...spec, ...(finding?.change as object) })).quantities.logGradientRatio as number;
  const without = (await predict({ ...spec, keepProbability: 1 })).quantities.logGradientRatio as number;
  t.ok(Math.abs(after - without) < 1e-12, 'as without dropout');
  t.ok(
    Math.abs((finding?.after?.find(({ quantity }) => quantity === 'logGradientRatio')?.value as number) - after) <
      1e-12,
  );
  t.equal(
    (await adviceOn({ ...network })).find(({ id }) => id === 'branchDropout'),
    undefined,
    'nothing to say without masks',
  );
  t.ok(
    (await adviceOn({ ...network, branchKeepProbability: 0.7 })).some(({ id }) => id === 'branchDropout'),
    'stochastic depth too',
  );
});

t.test('what has no theory is refused by name, or left out with a warning', async (t) => {
  const prediction = await predict({ ...network, branchKeepProbability: 0.8 });
  t.match(
    prediction.warnings.map(({ id }) => id),
    ['branchesDropped'],
  );
  t.notOk('angularDeficit' in prediction.observables, 'no pairs');
  t.notOk('secondMomentSpread' in prediction.observables, 'no spread');
  const refused = async (promise: Promise<unknown>, code: string): Promise<void> => {
    const error = (await promise.catch((reason: unknown) => reason)) as MftError;
    t.match(error, { code, parameter: 'branchKeepProbability' });
  };
  await refused(evaluate('residual', 'angularDeficit', { branchKeepProbability: 0.8 }), 'ERR_MFT_UNSUPPORTED');
  await refused(evaluate('residual', 'varianceOfLogGradient', { branchKeepProbability: 0.8 }), 'ERR_MFT_UNSUPPORTED');
  await refused(predict({ system: 'residual', block: 'reduced', branchKeepProbability: 0.8 }), 'ERR_MFT_UNSUPPORTED');
  await refused(predict({ ...network, branchKeepProbability: 0 }), 'ERR_MFT_OUT_OF_RANGE');
  const value = await evaluate('residual', 'logGradientRatio', { ...{ depth: 6, branchKeepProbability: 0.8 } });
  t.equal(
    value,
    (await predict({ system: 'residual', depth: 6, branchKeepProbability: 0.8 })).quantities.logGradientRatio,
  );
});
