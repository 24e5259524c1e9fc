// Quantities of percolation: closed forms, laws as properties, extremes and errors.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { evaluate, isUndefined, MftError, type Systems } from 'mft-native';
import { holds } from '../../properties.js';

type Name = Systems['percolation']['quantity'];
const value = async (name: Name, parameters: object): Promise<number> =>
  (await evaluate('percolation', name, parameters)) as number;

/** |a − b| within the tolerance relative to b, or equal. */
function near(t: Test, a: number, b: number, tolerance: number, what: string): void {
  t.ok(a === b || Math.abs(a - b) <= tolerance * Math.abs(b), `${what}: ${a} against ${b}`);
}

const keep = fc.double({ min: 0.05, max: 0.95, noNaN: true });
const width = fc.integer({ min: 1, max: 12 });

/** A network of up to five hidden layers with rates of its own. */
const anyNetwork = fc.integer({ min: 0, max: 5 }).chain((depth) =>
  fc.record({
    width: fc.array(width, { minLength: depth + 2, maxLength: depth + 2 }),
    keepProbability: fc.array(keep, { minLength: depth, maxLength: depth }),
    edgeKeepProbability: fc.array(keep, { minLength: depth + 1, maxLength: depth + 1 }),
  }),
);

const properties = { seed: 20, numRuns: 60 };

t.test('reversing a network changes neither logarithm', async (t) => {
  await holds(
    t,
    fc.asyncProperty(anyNetwork, async ({ width: widths, keepProbability, edgeKeepProbability }) => {
      const backwards = {
        width: [...widths].reverse(),
        keepProbability: [...keepProbability].reverse(),
        edgeKeepProbability: [...edgeKeepProbability].reverse(),
      };
      for (const name of ['logPathProbability', 'logBlockedProbability'] as const) {
        const [a, b] = [
          await value(name, { width: widths, keepProbability, edgeKeepProbability }),
          await value(name, backwards),
        ];
        if (Math.abs(a - b) > 1e-12 * Math.abs(a) + 1e-14) throw new Error(`${name}: ${a} against ${b}`);
      }
    }),
    properties,
  );
});

t.test('theta lies between the second-moment bound and the expected number of paths; theta + B = 1', async (t) => {
  await holds(
    t,
    fc.asyncProperty(anyNetwork, async (network) => {
      const theta = await value('pathProbability', network);
      const blocked = await value('blockedProbability', network);
      const low = await value('secondMomentLowerBound', network);
      const high = Math.min(1, Math.exp(await value('logExpectedPaths', network)));
      if (theta < low * (1 - 1e-12) || theta > high * (1 + 1e-12)) throw new Error(`${low} <= ${theta} <= ${high}`);
      if (Math.abs(theta + blocked - 1) > 1e-15) throw new Error(`theta + B = ${theta + blocked}`);
    }),
    properties,
  );
});

t.test('more nodes, higher keep rates and fewer layers never block', async (t) => {
  await holds(
    t,
    fc.asyncProperty(anyNetwork, fc.nat(), async ({ width: widths, keepProbability, edgeKeepProbability }, pick) => {
      const k = await value('logPathProbability', { width: widths, keepProbability, edgeKeepProbability });
      const changed = <T>(list: readonly T[], change: (x: T) => T): T[] =>
        list.map((x, i) => (i === pick % list.length ? change(x) : x));
      const better = [
        { width: changed(widths, (n) => n + 1), keepProbability, edgeKeepProbability },
        { width: widths, keepProbability, edgeKeepProbability: changed(edgeKeepProbability, (b) => b + 0.04) },
        ...(keepProbability.length > 0
          ? [{ width: widths, keepProbability: changed(keepProbability, (s) => s + 0.04), edgeKeepProbability }]
          : []),
      ];
      for (const network of better) {
        const more = await value('logPathProbability', network);
        if (more < k - 1e-13 * (1 + Math.abs(k))) throw new Error(`${JSON.stringify(network)}: ${more} < ${k}`);
      }
    }),
    properties,
  );
  let before = 1;
  for (let depth = 0; depth < 30; depth++) {
    const theta = await value('pathProbability', { width: 4, depth, keepProbability: 0.8, edgeKeepProbability: 0.5 });
    t.ok(theta < before, `depth ${depth}`);
    before = theta;
  }
});

t.test('self-duality: a mask law of the input can be moved to the output', async (t) => {
  // E[q^{jX'} | X = m] = (1 − s(1 − q^m)(1 − q^j))^W, with m input nodes and j output nodes: one hidden layer.
  await holds(
    t,
    fc.asyncProperty(width, width, width, keep, keep, async (m, j, middle, keepProbability, edgeKeepProbability) => {
      const q = 1 - edgeKeepProbability;
      const blocked = (1 - keepProbability * (1 - q ** m) * (1 - q ** j)) ** middle;
      for (const widths of [
        [m, middle, j],
        [j, middle, m],
      ]) {
        const found = await value('blockedProbability', { width: widths, keepProbability, edgeKeepProbability });
        if (Math.abs(found - blocked) > 1e-12 * blocked) throw new Error(`${found} against ${blocked}`);
      }
    }),
    properties,
  );
});

t.test(
  'merging: certain layers change nothing in the site model, a node of width 1 multiplies by its keep rate',
  async (t) => {
    await holds(
      t,
      fc.asyncProperty(
        fc.array(width, { minLength: 2, maxLength: 6 }),
        keep,
        keep,
        width,
        fc.nat(),
        async (hidden, s, narrow, extra, pick) => {
          const rates = hidden.map(() => s);
          const at = pick % (hidden.length + 1);
          const theta = await value('logPathProbability', { width: [3, ...hidden, 2], keepProbability: rates });
          const certain = await value('logPathProbability', {
            width: [3, ...hidden.toSpliced(at, 0, extra), 2],
            keepProbability: rates.toSpliced(at, 0, 1),
          });
          const bottleneck = await value('logPathProbability', {
            width: [3, ...hidden.toSpliced(at, 0, 1), 2],
            keepProbability: rates.toSpliced(at, 0, narrow),
          });
          if (Math.abs(certain - theta) > 1e-12 * Math.abs(theta))
            throw new Error(`certain layer: ${certain} against ${theta}`);
          if (Math.abs(bottleneck - theta - Math.log(narrow)) > 1e-12 * Math.abs(bottleneck))
            throw new Error('bottleneck');
        },
      ),
      properties,
    );
  },
);

t.test('dropconnect is safer than dropout at equal keep; ReLU halves the site keep', async (t) => {
  await holds(
    t,
    fc.asyncProperty(width, fc.integer({ min: 1, max: 20 }), keep, async (W, depth, rho) => {
      const bond = await value('pathProbability', { width: W, depth, edgeKeepProbability: rho });
      const site = await value('pathProbability', { width: W, depth, keepProbability: rho });
      if (bond < site * (1 - (1 - rho) ** W) * (1 - 1e-12)) throw new Error(`${bond} < ${site}`);
      const relu = await value('logPathProbability', { width: W, depth, keepProbability: rho, activeProbability: 0.5 });
      const halved = await value('logPathProbability', { width: W, depth, keepProbability: rho / 2 });
      if (relu !== halved) throw new Error('relu');
    }),
    properties,
  );
  near(
    t,
    await value('blockedProbability', { width: 4, depth: 50, activeProbability: 0.5 }),
    0.9603,
    1e-3,
    'born-dead ReLU',
  );
});

t.test('closed forms', async (t) => {
  near(
    t,
    await value('pathProbability', { width: 1, depth: 3, keepProbability: 0.9, edgeKeepProbability: 0.8 }),
    0.9 ** 3 * 0.8 ** 4,
    1e-14,
    'width 1',
  );
  near(
    t,
    await value('logBlockedProbability', { width: [3, 4, 5], edgeKeepProbability: 0.999 }),
    4 * Math.log(1e-3 ** 3 + 1e-3 ** 5 - 1e-3 ** 8),
    1e-12,
    'one hidden layer',
  );
  near(
    t,
    await value('blockedProbability', { width: 30, depth: 0, edgeKeepProbability: 0.3 }),
    0.7 ** 900,
    1e-12,
    'no hidden layer',
  );
  near(
    t,
    await value('logBlockedProbability', { width: 30, depth: 0, edgeKeepProbability: 0.9999999 }),
    900 * Math.log1p(-0.9999999),
    1e-12,
    '1 − 1e-6300',
  );
  near(
    t,
    await value('logPathProbability', { width: 2, depth: 1000, keepProbability: 1e-6 }),
    1000 * Math.log(2e-6 - 1e-12),
    1e-12,
    '1e-5700',
  );
  near(
    t,
    (await value('smallDropBlocked', { width: 4, depth: 5, drop: 1e-3 })) /
      (await value('blockedProbability', { width: 4, depth: 5, edgeKeepProbability: 0.999 })),
    1,
    1e-3,
    'small-drop law',
  );
  near(
    t,
    await value('decayRate', { width: 7, keepProbability: 0.4 }),
    -Math.log(1 - 0.6 ** 7),
    1e-13,
    'decay rate of the site model',
  );
  near(
    t,
    await value('siteDepthForTarget', {
      width: 5,
      keepProbability: await value('siteCriticalKeep', { width: 5, depth: 40, target: 0.3 }),
      target: 0.3,
    }),
    40,
    1e-12,
    'inverses',
  );
  const edgeKeepProbability = await value('bondCriticalKeep', {
    width: 9,
    depth: 12,
    keepProbability: 0.8,
    inputWidth: 3,
    target: 0.2,
  });
  near(
    t,
    await value('pathProbability', { width: 9, depth: 12, keepProbability: 0.8, inputWidth: 3, edgeKeepProbability }),
    0.2,
    1e-12,
    'bondCriticalKeep',
  );
  for (const [name, step] of [['breakdownDepth', 1]] as const) {
    const parameters = { width: 6, edgeKeepProbability: 0.15, keepProbability: 0.9, steps: 3000, masksPerStep: 4 };
    const depth = await value(name, parameters);
    const expected = async (L: number): Promise<number> =>
      12_000 *
      (await value('pathProbability', { width: 6, edgeKeepProbability: 0.15, keepProbability: 0.9, depth: L }));
    t.ok((await expected(depth)) < 1 && (await expected(depth - step)) >= 1, 'breakdownDepth is the smallest');
  }
  const smallest = await value('bondWidthForTarget', {
    depth: 12,
    edgeKeepProbability: 0.2,
    keepProbability: 0.5,
    target: 0.7,
  });
  const theta = (W: number): Promise<number> =>
    value('pathProbability', { width: W, depth: 12, edgeKeepProbability: 0.2, keepProbability: 0.5 });
  t.ok((await theta(smallest)) >= 0.7 && (await theta(smallest - 1)) < 0.7, 'bondWidthForTarget is the smallest');
  near(
    t,
    await value('longestLostRunTail', { steps: 3, lostProbability: 0.5, run: 2 }),
    3 / 8,
    1e-15,
    'stall of two in three',
  );
  near(
    t,
    await value('conv1dPathProbability', {
      width: 5,
      kernel: 9,
      depth: 6,
      keepProbability: 0.7,
      edgeKeepProbability: 0.3,
    }),
    await value('pathProbability', { width: 5, depth: 6, keepProbability: 0.7, edgeKeepProbability: 0.3 }),
    1e-12,
    'a kernel over the image is dense',
  );
});

t.test('a tree of descendants bounds the path probability', async (t) => {
  const x = await value('galtonWatsonSurvival', { width: 20, edgeKeepProbability: 0.04, generations: 11 });
  t.ok((await value('pathProbability', { width: 20, depth: 10, edgeKeepProbability: 0.04 })) <= 1 - (1 - x) ** 20);
  near(
    t,
    await value('galtonWatsonSurvival', { width: 100, edgeKeepProbability: 0.005, generations: 10_000 }),
    0,
    0,
    'underflow is 0',
  );
});

t.test('participation: each end of the chain, and the sum rule at a bottleneck', async (t) => {
  const network = { width: [4, 6, 1], keepProbability: 0.6, edgeKeepProbability: 0.5 };
  near(t, await value('layerReachesOutput', { ...network, layer: 2 }), 1, 0, 'the output reaches itself');
  near(
    t,
    await value('layerReachesOutput', { ...network, layer: 0 }),
    await value('pathProbability', network),
    1e-13,
    'layer 0',
  );
  // Width 1: every edge lies on the only path.
  const line = { width: 1, depth: 4, keepProbability: 0.7, edgeKeepProbability: 0.9 };
  for (let weightLayer = 0; weightLayer <= 4; weightLayer++)
    near(
      t,
      await value('edgeParticipation', { ...line, weightLayer }),
      await value('pathProbability', line),
      1e-13,
      `edge ${weightLayer}`,
    );
});

t.test('edges of the ranges are values, not errors', async (t) => {
  const cases: [Name, object, number][] = [
    ['pathProbability', { width: 3, depth: 2, keepProbability: 0 }, 0],
    ['logPathProbability', { width: 3, depth: 2, edgeKeepProbability: 0 }, -Infinity],
    ['logBlockedProbability', { width: 3, depth: 2, edgeKeepProbability: 0 }, 0],
    ['pathProbability', { width: 3, depth: 0, keepProbability: 0 }, 1],
    ['pathProbability', { width: 3, depth: 0, keepProbability: [] }, 1],
    ['pathProbability', { width: 3, depth: 1, inputKeepProbability: 0 }, 0],
    ['logBlockedProbability', { width: 3, depth: 2 }, -Infinity],
    ['logPathProbability', { width: 3, depth: 1e12 }, 0],
    ['decayRate', { width: 3, edgeKeepProbability: 0 }, Infinity],
    ['decayRate', { width: 3 }, 0],
    ['logDecayRate', { width: 3 }, -Infinity],
    ['quasiStationaryMean', { width: 3 }, 3],
    ['siteDepthForTarget', { width: 3, keepProbability: 1, target: 0.5 }, Infinity],
    ['siteDepthForTarget', { width: 3, keepProbability: 0, target: 0.5 }, 0],
    ['breakdownDepth', { width: 3, steps: 100 }, Infinity],
    ['breakdownDepth', { width: 3, keepProbability: 0, steps: 100 }, 1],
    ['breakdownDepth', { width: 3, edgeKeepProbability: 0, steps: 100 }, 0],
    ['meanFieldFixedPoint', { meanDegree: 1 }, 0],
    ['meanFieldFixedPoint', { meanDegree: 0 }, 0],
    ['expectedLostSteps', { width: 3, depth: 2, keepProbability: 0, steps: 10 }, 10],
    ['probabilityNoLostStep', { width: 3, depth: 2, steps: 10 }, 1],
    ['probabilityNoLostStep', { width: 3, depth: 2, keepProbability: 0, steps: 10 }, 0],
    ['logProbabilityAllLost', { width: 3, depth: 2, steps: 10 }, -Infinity],
    ['longestLostRunTail', { steps: 5, lostProbability: 1, run: 5 }, 1],
    ['longestLostRunTail', { steps: 5, lostProbability: 0.5, run: 6 }, 0],
    ['edgeParticipation', { width: 3, depth: 2, edgeKeepProbability: 0, weightLayer: 1 }, 0],
    ['logExpectedPaths', { width: 3, depth: 2, edgeKeepProbability: 0 }, -Infinity],
    ['secondMomentLowerBound', { width: 3, depth: 2, edgeKeepProbability: 0 }, 0],
    ['conv1dPathProbability', { width: 3, kernel: 3, depth: 2, keepProbability: 0 }, 0],
    ['conv1dPathProbability', { width: 1, kernel: 1, depth: 0 }, 1],
  ];
  for (const [name, parameters, expected] of cases)
    t.equal(await value(name, parameters), expected, `${name} ${JSON.stringify(parameters)}`);
  t.ok(isUndefined(await evaluate('percolation', 'quasiStationaryMean', { width: 3, keepProbability: 0 })));
});

t.test('errors name the code and the parameter', async (t) => {
  const cases: [Name, object, string, string][] = [
    ['pathProbability', { width: 3, depth: 2, keepProbability: 1.1 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability'],
    [
      'pathProbability',
      { width: 3, depth: 2, edgeKeepProbability: Number.NaN },
      'ERR_MFT_OUT_OF_RANGE',
      'edgeKeepProbability',
    ],
    [
      'pathProbability',
      { width: 3, depth: 2, edgeKeepProbability: [0.5, 0.5, -0.1] },
      'ERR_MFT_OUT_OF_RANGE',
      'edgeKeepProbability',
    ],
    ['pathProbability', { width: 0, depth: 2 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    ['pathProbability', { width: 2.5, depth: 2 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    ['pathProbability', { width: 3, depth: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'depth'],
    ['pathProbability', { width: [3], keepProbability: 0.5 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    ['pathProbability', { width: 3, depth: 2, keepProbability: [0.5] }, 'ERR_MFT_SHAPE', 'keepProbability'],
    ['pathProbability', { width: [3, 3, 3], edgeKeepProbability: [0.5] }, 'ERR_MFT_SHAPE', 'edgeKeepProbability'],
    ['pathProbability', { width: [3, 3, 3], depth: 1 }, 'ERR_MFT_INVALID_ARGUMENT', 'depth'],
    ['pathProbability', { depth: 1 }, 'ERR_MFT_INVALID_ARGUMENT', 'width'],
    ['pathProbability', { width: 3, depth: 1, dropRate: 0.1 }, 'ERR_MFT_INVALID_ARGUMENT', 'dropRate'],
    ['pathProbability', { width: 3, depth: 1, keepProbability: '0.5' }, 'ERR_MFT_INVALID_ARGUMENT', 'keepProbability'],
    ['pathProbability', { width: 100_000, depth: 3, edgeKeepProbability: 0.5 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    ['siteCriticalKeep', { width: 3, depth: 2, target: 1 }, 'ERR_MFT_OUT_OF_RANGE', 'target'],
    ['siteWidthForTarget', { depth: 3, keepProbability: 1, target: 0.5 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability'],
    ['siteWidthForTarget', { depth: 3, keepProbability: 0, target: 0.5 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability'],
    ['bondCriticalKeep', { width: 3, depth: 9, keepProbability: 0.3, target: 0.99 }, 'ERR_MFT_OUT_OF_RANGE', 'target'],
    [
      'bondWidthForTarget',
      { depth: 3, edgeKeepProbability: 0, target: 0.5 },
      'ERR_MFT_OUT_OF_RANGE',
      'edgeKeepProbability',
    ],
    ['edgeParticipation', { width: 3, depth: 2, weightLayer: 3 }, 'ERR_MFT_OUT_OF_RANGE', 'weightLayer'],
    ['layerReachesOutput', { width: 3, depth: 2, layer: 4 }, 'ERR_MFT_OUT_OF_RANGE', 'layer'],
    ['expectedLostSteps', { width: 3, depth: 2, steps: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'steps'],
    ['conv1dPathProbability', { width: 17, kernel: 3, depth: 2 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    [
      'conv1dPathProbability',
      { width: 5, kernel: 3, depth: 2, channels: 2, edgeKeepProbability: 0.5 },
      'ERR_MFT_UNSUPPORTED',
      'edgeKeepProbability',
    ],
  ];
  for (const [name, parameters, code, parameter] of cases) {
    const error = await evaluate('percolation', name, parameters).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError, `${name} ${JSON.stringify(parameters)} is refused`);
    t.match(error, { code, parameter }, `${name} ${JSON.stringify(parameters)}`);
  }
  const lengths = await evaluate('percolation', 'pathProbability', {
    width: 3,
    depth: 3,
    keepProbability: [0.5, 0.5],
  }).catch((reason: Error) => reason.message);
  t.match(lengths, /list of 3.*list of 2/, 'both lengths are named');
});
