// Schedules, comparisons at each method's own rate, deep stacks and momentum.
import t from 'tap';
import { evaluate, fitLogistic, MftError, type Systems } from 'mft-native';

type Name = Systems['autoencoder']['quantity'];
const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance * Math.abs(b);
const number = async (name: Name, parameters: object): Promise<number> =>
  (await evaluate('autoencoder', name, parameters)) as number;
const numbers = async (name: Name, parameters: object): Promise<readonly number[]> =>
  (await evaluate('autoencoder', name, parameters)) as readonly number[];

t.test('a schedule is its pieces, one after the other', async (t) => {
  const base = { inputVariance: 1, learningRate: 0.05 };
  for (const start of [{ initialMapping: 0.01 }, { w1: 0.3, w2: -0.05 }, { initialMapping: 0.01, imbalance: 2 }]) {
    const schedule = [
      { fromStep: 40, noiseVariance: 0.5 },
      { fromStep: 90.5, noiseVariance: 2, weightDecay: 0.1 },
      { fromStep: 120, learningRate: 0.01, weightDecay: 0 },
    ];
    const found = await numbers('modeCurve', { ...base, ...start, steps: [0, 40, 60, 90.5, 120, 200], schedule });
    const first = 'w1' in start ? start : { w1: 0, w2: 0 };
    if (!('w1' in start)) {
      const c = start.imbalance ?? 0;
      first.w2 = Math.sqrt((c + Math.hypot(c, 0.02)) / 2);
      first.w1 = 0.01 / first.w2;
    }
    const pieces = [
      { noiseVariance: 0, weightDecay: 0, learningRate: 0.05, step: 40 },
      { noiseVariance: 0.5, weightDecay: 0, learningRate: 0.05, step: 50.5 },
      { noiseVariance: 2, weightDecay: 0.1, learningRate: 0.05, step: 29.5 },
      { noiseVariance: 2, weightDecay: 0, learningRate: 0.01, step: 80 },
    ];
    let { w1, w2 } = first;
    const ends: number[] = [];
    for (const piece of pieces) {
      [w1, w2] = (await numbers('weights', { ...base, ...piece, w1, w2 })) as [number, number];
      ends.push(w1 * w2);
    }
    for (const [i, at] of [1, 3, 4, 5].entries())
      t.ok(
        Math.abs((found[at] as number) - (ends[i] as number)) < 1e-12,
        `${JSON.stringify(start)}: ${found[at]} ${ends[i]}`,
      );
  }
  for (const [parameters, parameter] of [
    [{ steps: [2, 1] }, 'steps'],
    [{ steps: [1], schedule: [{ fromStep: 3 }, { fromStep: 3 }] }, 'schedule'],
    [{ steps: [1], imbalance: 1, w1: 1, w2: 1, initialMapping: undefined }, 'imbalance'],
  ] as const) {
    const refused = numbers('modeCurve', { ...base, initialMapping: 0.1, ...parameters });
    await t.rejects(refused, { code: 'ERR_MFT_INVALID_ARGUMENT', parameter });
  }
});

t.test('the lazy-rich dial: a large imbalance learns at its own speed, without a plateau', async (t) => {
  // Far above the fixed point the larger weight stands still and the smaller one solves a linear equation.
  const [c, s] = [400, 0.002];
  const w = await number('mapping', { inputVariance: 1, learningRate: 1, initialMapping: 1e-6, imbalance: c, step: s });
  t.ok(near(w, 1 - Math.exp(-c * s), 5e-3), `${w}`);
  const rich = await number('mapping', { inputVariance: 1, learningRate: 1, initialMapping: 1e-6, step: s });
  t.ok(rich < 2e-6);
});

t.test('noise against matched decay at the rate that the leading direction allows each', async (t) => {
  const spectrum = [39.6, 4.28, 3.62, 3.1, 1.5, 0.8, 0.34];
  const found = (await evaluate('autoencoder', 'regularizerComparison', {
    spectrum,
    noiseVariance: 0.5,
    matched: 3,
  })) as never as {
    speedRatio: (number | { reason: string })[];
    noise: { learningRate: number; mapping: number[]; halfTime: number[] };
    decay: { weightDecay: number; mapping: number[]; halfTime: (number | { reason: string })[] };
    earlyStopping: { mapping: number[]; step: number };
    masking: { inputKeepProbability: number };
  };
  t.same(
    found.speedRatio.slice(1, 6).map((ratio) => (ratio as number).toFixed(2)),
    ['1.10', '1.12', '1.15', '1.39', '2.14'],
  );
  t.equal(found.speedRatio[0], 1);
  t.match(found.speedRatio[6], { reason: /never learnt/ });
  t.ok(near(found.decay.mapping[3] as number, found.noise.mapping[3] as number, 1e-14), 'matched');
  t.equal(found.decay.mapping[6], 0);
  t.ok(
    near(found.earlyStopping.mapping[3] as number, found.noise.mapping[3] as number, 1e-12),
    'stopped where it matches',
  );
  t.ok(
    (found.earlyStopping.mapping[4] as number) < (found.noise.mapping[4] as number),
    'early stopping cuts more sharply',
  );
  t.ok(near(found.noise.learningRate, 0.5 / 39.6, 1e-14));
  const mean = spectrum.reduce((sum, each) => sum + each, 0) / 7;
  const p = found.masking.inputKeepProbability;
  t.ok(near(((1 - p) / p) * mean, 0.5, 1e-12));
});

t.test('stacks: where they rest, which rates are stable', async (t) => {
  for (const [parameters, depth] of [
    [{ inputVariance: 1.5, noiseVariance: 0.3, weightDecay: 0 }, 3],
    [{ inputVariance: 1.5, noiseVariance: 0.3, weightDecay: 0.2 }, 3],
    [{ inputVariance: 2, noiseVariance: 0, weightDecay: 0.4 }, 5],
    [{ inputVariance: 2, noiseVariance: 0.5, weightDecay: 0.7 }, 2],
  ] as const) {
    const end = await number('deepFixedPoint', { ...parameters, depth });
    const limit = await number('deepStableLearningRate', { ...parameters, depth });
    const after = (share: number, momentum: number, initialMapping: number, steps: number): Promise<number> =>
      number('deepMapping', { ...parameters, depth, momentum, learningRate: share * limit, initialMapping, steps });
    t.ok(near(await after(0.3, 0, 0.9 * end, 20_000), end, 1e-12), `depth ${depth}: rests at ${end}`);
    for (const momentum of [0, 0.9]) {
      const factor = 1 + momentum;
      const off = 1e-6;
      const below = await after(0.97 * factor, momentum, end * (1 + off), 2000);
      const above = await after(1.03 * factor, momentum, end * (1 + off), 2000).catch((error: unknown) => {
        if (error instanceof MftError && error.code === 'ERR_MFT_NOT_FINITE') return Infinity;
        throw error;
      });
      t.ok(Math.abs(below / end - 1) < 1e-7, `depth ${depth}, momentum ${momentum}: stable below the limit`);
      t.ok(Math.abs(above / end - 1) > 1e-3, `depth ${depth}, momentum ${momentum}: not above it`);
    }
  }
  const published = { inputVariance: 5, depth: 2 };
  t.equal(await number('deepStableLearningRate', published), 0.2);
  t.ok(
    near(await number('deepStableLearningRate', { ...published, momentum: 0.9 }), 0.38, 1e-14),
    'momentum raises the limit',
  );
  t.equal(await number('deepFixedPoint', { inputVariance: 0.5, weightDecay: 2, depth: 4 }), 0);
});

t.test(
  'stacks from any layers: two of them are the network, the plateau grows with depth, fitted as any curve',
  async (t) => {
    const curve = async (parameters: object): Promise<readonly number[]> =>
      (await evaluate('autoencoder', 'deepCurve', parameters as never)) as readonly number[];
    const steps = Array.from({ length: 41 }, (_, i) => 20 * i);
    const of = { inputVariance: 1.3, noiseVariance: 0.4, weightDecay: 0.1, learningRate: 0.02 };
    const two = await curve({ ...of, layers: [0.3, -0.1], steps });
    for (const [i, step] of steps.entries()) {
      const [w1, w2] = (await evaluate('autoencoder', 'descentWeights', { ...of, w1: 0.3, w2: -0.1, steps: step })) as [
        number,
        number,
      ];
      t.ok(Math.abs((two[i] as number) - w1 * w2) < 1e-13, `step ${step}`);
    }
    const equal = await curve({ ...of, layers: [0.5, 0.5, 0.5], steps: [100] });
    t.equal(equal[0], await number('deepMapping', { ...of, depth: 3, initialMapping: 0.125, steps: 100 }));
    // L a − 2 layers slow the escape: of a mapping of 1e-3 deeper stacks are later, momentum is earlier.
    const half = async (depth: number, momentum: number): Promise<number> => {
      const at = Array.from({ length: 400 }, (_, i) => 5 * i);
      const layers = new Array<number>(depth).fill(1e-3 ** (1 / depth));
      const values = await curve({ inputVariance: 1, learningRate: 0.02, momentum, layers, steps: at });
      const { parameters, converged, reason } = fitLogistic(at, values);
      t.ok(converged, `depth ${depth}: ${reason}`);
      return parameters.halfTime as number;
    };
    const [plain, deep, heavy] = [await half(2, 0), await half(3, 0), await half(2, 0.5)];
    // ln[w(1 − w_0)/(w_0(1 − w))]/(2α) at w = 1/2.
    t.ok(Math.abs(plain / (Math.log(999) / 0.04) - 1) < 0.03, `two layers: ${plain}`);
    t.ok(deep > 1.2 * plain && Math.abs(heavy / (0.5 * plain) - 1) < 0.1, `three: ${deep}, with momentum: ${heavy}`);
    await t.rejects(curve({ ...of, layers: [0.3, 0.1], steps: [5, 4] }), {
      code: 'ERR_MFT_INVALID_ARGUMENT',
      parameter: 'steps',
    });
    await t.rejects(curve({ ...of, layers: [3, 3, 3], learningRate: 5, steps: [500] }), {
      code: 'ERR_MFT_NOT_FINITE',
      message: /at step/,
    });
  },
);
