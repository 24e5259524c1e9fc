// predict, simulate and compare of percolation: exact p-values and their power, topologies, determinism, control, errors.
import t from 'tap';
import {
  compare,
  type Estimated,
  MftError,
  type PercolationRun,
  type PercolationSpec,
  predict,
  type Prediction,
  simulate,
  type Simulation,
} from 'mft-native';
import { binomialTwoSided } from '../../../dist/statistics/distributions.js';

const theoryOf = (spec: PercolationSpec): Promise<Prediction<'percolation'>> =>
  predict({ system: 'percolation', ...spec });
const run = (spec: PercolationSpec, more: PercolationRun = {}): Promise<Simulation<'percolation'>> =>
  simulate({ system: 'percolation', ...spec }, { trials: 102_400, seed: 11, ...more });
const rejects = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (reason: unknown) => reason,
  );

t.test('explicit masks agree with the chain in every observable, and a planted error of 2 % does not', async (t) => {
  const specs: PercolationSpec[] = [
    { width: 4, depth: 6, keepProbability: 0.7, edgeKeepProbability: 0.6 },
    { width: 10, depth: 20, edgeKeepProbability: 0.12 },
    {
      width: [8, 2, 8, 2, 8, 1],
      edgeKeepProbability: [0.5, 0.4, 0.3, 0.9, 0.6],
      keepProbability: [0.9, 0.8, 0.7, 0.95],
      inputKeepProbability: 0.8,
    },
    { width: 4, depth: 6, keepProbability: 0.9, edgeKeepProbability: 0.8, activeProbability: 0.5 },
  ];
  for (const spec of specs) {
    const theory = await theoryOf(spec);
    const simulation = await run(spec);
    const comparison = compare(theory, simulation);
    t.equal(comparison.verdict, 'agrees', JSON.stringify(spec));
    t.same(Object.keys(comparison.observables).sort(), [
      'edgeParticipation',
      'outputReachFraction',
      'outputReachProbability',
      'pathProbability',
      'reachFraction',
    ]);
    const theta = theory.quantities.pathProbability as number;
    const path = simulation.observables.pathProbability;
    const successes = Math.round((path?.values.at(-1) ?? 0) * 102_400);
    t.ok(binomialTwoSided(successes, 102_400, theta) > 1e-6, 'exact p-value');
    t.ok(
      Math.max(
        binomialTwoSided(successes, 102_400, theta * 0.96),
        binomialTwoSided(successes, 102_400, Math.min(1, theta * 1.04)),
      ) < 1e-6,
      'power: 4 % either way is rejected',
    );
    t.ok(
      Math.min(binomialTwoSided(successes, 102_400, theta * 0.98), binomialTwoSided(successes, 102_400, theta * 1.02)) <
        1e-6,
      'power: 2 % is rejected on one side at least',
    );
  }
});

t.test('convolutions and residual networks', async (t) => {
  const specs: PercolationSpec[] = [
    { width: 6, depth: 8, keepProbability: 0.6, topology: { kind: 'conv1d' } },
    { width: 5, depth: 6, keepProbability: 0.3, inputKeepProbability: 0.5, topology: { kind: 'conv1d', channels: 3 } },
    {
      width: 6,
      depth: 5,
      edgeKeepProbability: 0.5,
      keepProbability: 0.9,
      topology: { kind: 'conv1d', kernel: 2, periodic: true },
    },
    // A kernel longer than the ring meets a parent three times: every tap is an edge of its own.
    {
      width: 3,
      depth: 5,
      edgeKeepProbability: 0.2,
      keepProbability: 0.8,
      topology: { kind: 'conv1d', kernel: 8, periodic: true },
    },
    { width: 10, depth: 5, edgeKeepProbability: 0.03, topology: 'residual' },
  ];
  for (const spec of specs) {
    const comparison = compare(await theoryOf(spec), await run(spec), {
      observables: ['pathProbability', 'reachFraction'],
    });
    t.equal(comparison.verdict, 'agrees', JSON.stringify(spec));
  }
  // A 2-d convolution whose kernel covers the image, with one channel, is a fully connected network of its positions.
  const covering = await run({ width: 2, depth: 4, edgeKeepProbability: 0.4, topology: { kind: 'conv2d', kernel: 3 } });
  const dense = await theoryOf({ width: 4, depth: 4, edgeKeepProbability: 0.4 });
  for (const [layer, p] of (dense.observables.pathProbability?.values ?? []).entries()) {
    t.ok(
      binomialTwoSided(Math.round((covering.observables.pathProbability?.values[layer] ?? 0) * 102_400), 102_400, p) >
        1e-6,
      `layer ${layer}`,
    );
  }
});

t.test('splitting reaches 1e-20 within its stated error', async (t) => {
  const spec = { width: 8, depth: 152, edgeKeepProbability: 0.1 };
  const theory = await theoryOf(spec);
  t.ok(Math.abs((theory.quantities.logPathProbability as number) / Math.LN10 + 20) < 0.5);
  const comparison = compare(theory, await run(spec, { engine: 'splitting' }));
  t.equal(comparison.verdict, 'agrees');
  const error = comparison.observables.rarePathProbability?.standardError.at(-1) ?? 1;
  t.ok(error < 0.1, `relative error ${error}`);
});

t.test('threads and ranges of trials change no bit; seeds do', async (t) => {
  const spec = { width: 9, depth: 7, keepProbability: 0.6, edgeKeepProbability: 0.4 };
  const values = (simulation: Simulation<'percolation'>): unknown =>
    Object.values(simulation.observables).map((o) => [[...o.values], [...o.standardError]]);
  const one = await run(spec, { trials: 5000, threads: 1, rawTrials: true });
  t.same(values(await run(spec, { trials: 5000, threads: 3, rawTrials: true })), values(one));
  t.notSame(values(await run(spec, { trials: 5000, threads: 1, seed: 12 })), values(one));
  const parts = [
    await run(spec, { trials: 1700, rawTrials: true }),
    await run(spec, { trials: 3300, firstTrial: 1700, rawTrials: true }),
  ];
  const raw = (simulation: Simulation<'percolation'>): number[] => [
    ...(simulation.observables.pathProbability?.trials ?? []),
  ];
  t.same(parts.flatMap(raw), raw(one), 'trial by trial');
  t.equal(raw(one).length, 5000 * 9);
});

t.test('predict: depth 1e12 in about 1000 layers, warnings, reasons', async (t) => {
  const deep = await theoryOf({ width: 10, depth: 1e12, edgeKeepProbability: 0.5 });
  const axis = deep.observables.rarePathProbability?.axes[0]?.values;
  t.ok(axis !== undefined && axis.length > 500 && axis.length < 1100 && axis.at(-1) === 1e12 + 1);
  const wide = await theoryOf({ width: 512, depth: 20, keepProbability: 0.5 });
  t.match(wide.warnings, [{ id: 'percolationIrrelevant' }]);
  const uneven = await theoryOf({ width: [4, 5, 6, 6], keepProbability: 0.5 });
  t.match(uneven.quantities.decayRate, { reason: /equal/ });
  const image = await theoryOf({ width: 8, depth: 3, keepProbability: 0.5, topology: { kind: 'conv2d' } });
  t.match(image.quantities.pathProbability, { reason: /simulate/ });
  t.equal(image.observables.pathProbability?.undefinedAt?.length, 5);
  const none = await theoryOf({ width: 4, depth: 3, keepProbability: 0 });
  t.equal(none.quantities.pathProbability, 0);
  t.equal(none.quantities.expectedLostSteps, 10_000);
});

t.test('a signal cancels; memory is estimated before anything is allocated; bad fields are named', async (t) => {
  const controller = new AbortController();
  const work = simulate(
    { system: 'percolation', width: 400, depth: 200, edgeKeepProbability: 0.02 },
    { trials: 1_000_000 },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(new Error('enough')), 50);
  t.match(await rejects(work), { message: 'enough' });
  t.match(await rejects(run({ width: 20_000, depth: 20_000, edgeKeepProbability: 0.5 })), { code: 'ERR_MFT_MEMORY' });
  const cases: [PercolationSpec, string, string][] = [
    [{ keepProbability: 2 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability'],
    [{ depth: 3, keepProbability: [0.5] }, 'ERR_MFT_SHAPE', 'keepProbability'],
    [{ activeProbability: 0.5, hasBiases: true }, 'ERR_MFT_UNSUPPORTED', 'activeProbability'],
    [{ topology: 'residual', inputWidth: 3 }, 'ERR_MFT_SHAPE', 'inputWidth'],
    [{ topology: { kind: 'conv1d' }, width: [3, 3] }, 'ERR_MFT_INVALID_ARGUMENT', 'width'],
    [{ topology: { kind: 'conv3d' } as never }, 'ERR_MFT_INVALID_ARGUMENT', 'topology'],
    [{ outputKeep: 0.5 } as never, 'ERR_MFT_INVALID_ARGUMENT', 'outputKeep'],
  ];
  for (const [spec, code, parameter] of cases) {
    const error = await rejects(theoryOf(spec));
    t.ok(error instanceof MftError, JSON.stringify(spec));
    t.match(error, { code, parameter }, JSON.stringify(spec));
  }
  t.match(await rejects(run({ depth: 1_000_000 })), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'depth' });
  t.match(await rejects(run({}, { trials: 0 })), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'trials' });
});

t.test('what a rare mask without any path takes from the means is in their spread', async (t) => {
  // Sixty trials of which none was blocked: means of numbers that are nearly all alike, and a little too large.
  const spec = { system: 'percolation', width: 93, depth: 4, inputKeepProbability: 0.0567 } as const;
  const edges = { ...spec, edgeKeepProbability: 0.6228 };
  const theory = await predict(edges);
  const { blockedProbability } = theory.quantities;
  const blocked = blockedProbability as number;
  t.ok(blocked > 4e-3 && blocked < 5e-3, `${blocked}`);
  const spread = theory.observables.edgeParticipation?.spread as Float64Array;
  for (const value of spread) t.ok(Math.abs(value - blocked / (1 - blocked)) < 1e-10, `${value}`);
  const simulation = await simulate(edges, { trials: 40_000, seed: 3 });
  for (const name of ['reachFraction', 'outputReachFraction', 'edgeParticipation'] as const) {
    const { values, standardError, count } = simulation.observables[name] as Estimated;
    const least = theory.observables[name]?.spread as Float64Array;
    least.forEach((value, i) => {
      const measured = ((standardError[i] as number) ** 2 * (count[i] as number)) / (values[i] as number) ** 2;
      t.ok(value <= 1.2 * measured + 1e-12, `${name}[${i}]: ${value}, measured ${measured}`);
    });
  }
  const few = await simulate(edges, { trials: 60, seed: 930_040 });
  t.equal(compare(theory, few).verdict, 'agrees');
});
