import t from 'tap';
import fc from 'fast-check';
import { evaluate, map, type MappedQuantity, predict, type SystemName } from 'mft-native';
import { holds } from '../properties.js';

const linspace = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
const names = [
  'fixedPointVariance',
  'oneMinusFixedPointCorrelation',
  'varianceMultiplier',
  'gradientMultiplier',
  'correlationMultiplier',
  'depthScaleCorrelation',
  'trainableLength',
] as const;

t.test('the tabulated map equals the quantities at random points', async (t) => {
  for (const [activation, keepProbability, highest] of [
    ['tanh', 0.95, 5],
    ['tanh', 1, 3],
    ['relu', 0.9, 1.7],
    ['gelu', 0.95, 1.8],
    ['erf', 0.99, 4],
    ['silu', 1, 2],
  ] as const) {
    const weights = linspace(0.4, highest, 40);
    const biases = linspace(0.002, 1, 30);
    const diagram = await map(
      { system: 'feedforward', activation, keepProbability },
      [
        { field: 'biasVariance', values: biases },
        { field: 'weightVariance', values: weights },
      ],
      { quantities: names },
    );
    let worst = 0;
    await holds(
      t,
      fc.asyncProperty(
        fc.integer({ min: 0, max: 29 }),
        fc.integer({ min: 0, max: 39 }),
        fc.constantFrom(...names),
        async (i, j, name) => {
          const mapped = diagram.quantities[name];
          const index = i * weights.length + j;
          const layer = {
            activation,
            keepProbability,
            weightVariance: weights[j] as number,
            biasVariance: biases[i] as number,
          };
          if ((mapped?.undefinedAt ?? []).some((point) => point.index === index)) {
            return evaluate('feedforward', name, layer).then(
              () => false,
              () => true,
            );
          }
          const direct = (await evaluate('feedforward', name, layer)) as number;
          // Near the critical line a depth scale has the condition number ξ itself.
          const condition =
            name.startsWith('depthScale') || name === 'trainableLength'
              ? Math.max(1, Math.abs(direct))
              : name === 'oneMinusFixedPointCorrelation'
                ? 1 / Math.max(direct, 1e-6)
                : 1;
          const distance =
            Math.abs((mapped?.values[index] as number) - direct) / Math.max(Math.abs(direct), 1e-300) / condition;
          worst = Math.max(worst, direct === mapped?.values[index] ? 0 : distance);
          return direct === mapped?.values[index] || distance < 1e-10;
        },
      ),
      { seed: 9, numRuns: 80 },
    );
    t.ok(worst < 1e-10, `${activation}, keep ${keepProbability}: worst relative difference ${worst.toExponential(1)}`);
  }
});

t.test('points without a value are listed with the reason', async (t) => {
  const diagram = await map(
    { system: 'feedforward', activation: 'relu', biasVariance: 0.1 },
    [{ field: 'weightVariance', values: [1, 1.9, 2.1] }],
    { quantities: ['fixedPointVariance', 'phase'] },
  );
  t.match(diagram.quantities.fixedPointVariance?.undefinedAt, [{ index: 2, reason: /grows without bound/ }]);
  t.same([...(diagram.quantities.phase?.values ?? [])], ['ordered', 'ordered', '']);
  const vanishing = await map(
    { system: 'feedforward', activation: 'tanh', biasVariance: 0 },
    [{ field: 'weightVariance', values: [0.5, 1.5] }],
    { quantities: ['gradientMultiplier', 'fixedPointCorrelation'] },
  );
  t.equal(vanishing.quantities.gradientMultiplier?.values[0], 0.5);
  t.match(vanishing.quantities.fixedPointCorrelation?.undefinedAt, [{ index: 0 }]);
});

t.test('quantities without a fast way are evaluated point by point', async (t) => {
  const diagram = await map(
    { system: 'feedforward', activation: 'tanh', biasVariance: 0.1 },
    [
      { field: 'keepProbability', values: [0.8, 0.9] },
      { field: 'weightVariance', values: [1.2, 1.4] },
    ],
    { quantities: ['logGradientVarianceRate'] },
  );
  t.equal(
    diagram.quantities.logGradientVarianceRate?.values[3],
    await evaluate('feedforward', 'logGradientVarianceRate', {
      activation: 'tanh',
      weightVariance: 1.4,
      biasVariance: 0.1,
      keepProbability: 0.9,
    }),
  );
  t.same([...(diagram.axes[1]?.values ?? [])], [1.2, 1.4]);
});

t.test('a map is cancellable, reports progress, and refuses what it cannot draw', async (t) => {
  const axes = [
    { field: 'biasVariance', values: linspace(0.01, 1, 200) },
    { field: 'weightVariance', values: linspace(0.5, 4, 200) },
  ];
  const controller = new AbortController();
  const work = map({ system: 'feedforward', activation: 'silu' }, axes as never, {
    signal: controller.signal,
    quantities: ['logGradientVarianceRate'],
  });
  setTimeout(() => controller.abort(new Error('enough')), 30);
  await t.rejects(work, { message: 'enough' });
  let done = 0;
  await map({ system: 'feedforward', activation: 'tanh' }, axes as never, {
    quantities: ['depthScaleGradient'],
    onProgress: (progress) => (done = progress.done),
  });
  t.equal(done, 40_000);
  const bad: [object[], object, string][] = [
    [[{ field: 'weigthVariance', values: [1] }], {}, 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ field: 'weightVariance', values: [] }], {}, 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ field: 'weightVariance', values: [1, -1] }], {}, 'ERR_MFT_OUT_OF_RANGE'],
    [[{ field: 'keepProbability', values: [0] }], {}, 'ERR_MFT_OUT_OF_RANGE'],
    [[], {}, 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ field: 'weightVariance', values: [1] }], { quantities: ['chi'] }, 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ field: 'weightVariance', values: [1] }], { quantities: ['fixedPointsVariance'] }, 'ERR_MFT_INVALID_ARGUMENT'],
  ];
  for (const [bads, options, code] of bad)
    await t.rejects(
      map({ system: 'feedforward' as SystemName } as never, bads as never, options as never),
      { code },
      JSON.stringify([bads, options]),
    );
});

t.test('what a map says of a network is what its prediction says', async (t) => {
  const cases: [SystemName, object, string, number][] = [
    [
      'feedforward',
      { activation: 'selu', weightVariance: 1, keepProbability: 0.9, dropout: 'alpha' },
      'weightVariance',
      11,
    ],
    [
      'feedforward',
      { activation: 'gelu', weightVariance: 1.5, biasVariance: 0.1, biasMean: 1, depth: 3 },
      'weightVariance',
      0,
    ],
    ['feedforward', { activation: 'relu', weightVariance: 2, biasVariance: 0, depth: 3 }, 'weightVariance', 11],
    ['percolation', { width: 6, depth: 5, edgeKeepProbability: 0.4 }, 'edgeKeepProbability', 5],
    ['percolation', { width: 6, depth: 5, keepProbability: 0.4, topology: 'residual' }, 'keepProbability', 0],
    [
      'residual',
      { activation: 'relu', depth: 5, block: 'reduced', innerWeightVariance: 2, inputs: { correlation: 0.1 } },
      'innerWeightVariance',
      6,
    ],
  ];
  for (const [system, fields, field, least] of cases) {
    const spec = { system, ...fields } as never;
    const axis = { field, values: [(fields as Record<string, number>)[field] as number] };
    const predicted = (await predict(spec)).quantities as Readonly<Record<string, unknown>>;
    let count = 0;
    for (const [name, mapped] of Object.entries((await map(spec, [axis as never])).quantities)) {
      const value = predicted[name];
      const given = (mapped as MappedQuantity).values[0];
      if ((mapped as MappedQuantity).undefinedAt !== undefined) {
        t.not(typeof value, 'string', `${system} ${JSON.stringify(fields)}: ${name}`);
        continue;
      }
      if (value === undefined) continue;
      count++;
      const isNear =
        typeof given === 'number' && Math.abs(given - (value as number)) <= 1e-9 * Math.abs(value as number);
      t.ok(given === value || isNear, `${system} ${JSON.stringify(fields)}: ${name} ${given}, predicted ${value}`);
    }
    t.ok(count >= least, `${system}: ${count} quantities compared`);
  }
});

t.test('a map over bistable layers says from where its fixed points are reached', async (t) => {
  const spec = { system: 'feedforward', activation: { expression: 'tanh(x * x)' } } as const;
  const axes = [{ field: 'weightVariance', values: [0.1, 4] }] as const;
  const options = { quantities: ['fixedPointVariance'] } as const;
  const { warnings } = await map(spec, axes, options);
  t.strictSame(
    warnings.map(({ id }) => id),
    ['severalFixedPoints'],
  );
  t.match(warnings[0]?.message, /variances of 0\.000 or 2\.068/);
  // What the two starts reach: predict from its inputs, map from 1.
  const layer = { ...spec, weightVariance: 4, depth: 3 };
  const [near, far] = await Promise.all(
    [1e-3, 1].map((secondMoment) => predict({ ...layer, inputs: { secondMoment } })),
  );
  t.equal(near?.quantities.fixedPointVariance, 0);
  // The root of q = 4 E tanh²(u²) by SciPy.
  t.ok(Math.abs((far?.quantities.fixedPointVariance as number) - 2.0678647296) < 1e-9);
  t.strictSame((await map({ ...spec, activation: 'tanh' }, axes, options)).warnings, []);
});
