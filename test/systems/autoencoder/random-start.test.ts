// Networks from small random starts against theory without a free parameter: when each direction is learnt, and the band.
import t from 'tap';
import { compare, predict, simulate } from 'mft-native';

/** Like the spectrum of images of digits: one large direction, then a power law. */
const inputVariance = [39.6, ...Array.from({ length: 47 }, (_, i) => 6.05 / (1 + (i + 1) / 3) ** 1.2)];
const spec = {
  system: 'autoencoder',
  inputVariance,
  width: 24,
  initialVariance: 1e-8,
  learningRate: 0.01,
  noiseVariance: 0.5,
  steps: 1600,
  recordEvery: 20,
} as const;

/** Step at which a mapping passes half of its end, between records by its logit. */
function passes(values: Float64Array, steps: Float64Array, modes: number, mode: number, end: number): number {
  const logit = (k: number): number => {
    const w = values[k * modes + mode] as number;
    return Math.log(Math.max(w, 1e-300) / Math.max(end - w, 1e-300));
  };
  const k = steps.findIndex((_, at) => (values[at * modes + mode] as number) >= end / 2);
  const [low, high] = [logit(k - 1), logit(k)];
  return (steps[k - 1] as number) + (((steps[k] as number) - (steps[k - 1] as number)) * -low) / (high - low);
}

t.test('half-times, plateaus and the band over starts', async (t) => {
  const theory = await predict(spec);
  const run = await simulate(spec, { trials: 40, seed: 5, rawTrials: true });
  const { modeMapping: expected, modeMappingLow: low, modeMappingHigh: high } = theory.observables;
  const measured = run.observables.modeMapping;
  if (expected === undefined || measured?.trials === undefined || low === undefined || high === undefined)
    return t.fail('observables are missing');
  const steps = expected.axes[0]?.values as Float64Array;
  const modes = inputVariance.length;
  const ends = theory.quantities.fixedPoint as readonly number[];
  for (const mode of [1, 3, 7, 11, 15, 18]) {
    const end = ends[mode] as number;
    const found = passes(measured.values, steps, modes, mode, end);
    const wanted = passes(expected.values, steps, modes, mode, end);
    t.ok(
      Math.abs(found / wanted - 1) < 0.01,
      `direction ${mode}: half-time ${found.toFixed(1)}, theory ${wanted.toFixed(1)}`,
    );
    const typical = (theory.quantities.timeToReach as readonly number[])[mode] as number;
    t.ok(Math.abs(found / typical - 1) < 0.015, `direction ${mode}: median start ${typical.toFixed(1)}`);
  }
  for (const mode of [0, 1, 3, 7]) {
    const last = (steps.length - 1) * modes + mode;
    t.ok(Math.abs((measured.values[last] as number) - (ends[mode] as number)) < 1e-4, `plateau of direction ${mode}`);
  }
  // Of 40 starts, at the record where a direction is nearest to half, about 36 lie inside the band.
  for (const mode of [1, 3, 7]) {
    const at = steps.findIndex((_, k) => (expected.values[k * modes + mode] as number) >= (ends[mode] as number) / 2);
    const i = at * modes + mode;
    const size = steps.length * modes;
    let inside = 0;
    for (let trial = 0; trial < 40; trial++) {
      const w = measured.trials[trial * size + i] as number;
      if (w >= (low.values[i] as number) && w <= (high.values[i] as number)) inside++;
    }
    t.ok(inside >= 30 && inside <= 40, `direction ${mode}: ${inside} of 40 starts in the 90 % band`);
    t.ok(
      (high.values[i] as number) - (low.values[i] as number) < 0.7 * (ends[mode] as number),
      'which is no empty statement',
    );
  }
  // The same through `compare`, over all records at which starts are told apart.
  const shares = (theirs: typeof theory, ours: typeof run = run) => compare(theirs, ours).observables.modeMapping?.band;
  const inside = shares(theory)?.filter(({ position }) => [1, 3, 7, 11, 15].includes(position)) ?? [];
  t.equal(inside.length, 5);
  for (const { position, points, inside: share } of inside)
    t.ok(points > 3 && share > 0.8, `direction ${position}: ${share.toFixed(2)} of ${points} records in the band`);
  const raised = (of: typeof low) => ({ ...of, values: of.values.map((w) => 3 * w) });
  const bands = { modeMappingLow: raised(low), modeMappingHigh: raised(high) };
  const planted = shares({ ...theory, observables: { ...theory.observables, ...bands } });
  t.ok(
    planted?.filter(({ position }) => [1, 3, 7].includes(position)).every((each) => each.inside < 0.2),
    'a band three times as high does not have them',
  );
  const single = await simulate(spec, { trials: 1, seed: 6 });
  t.ok((shares(theory, single)?.length ?? 0) > 5, 'one network is known without rawTrials');
  t.equal(shares(theory, await simulate(spec, { trials: 2, seed: 6 })), undefined, 'two are known by their mean');
});

t.test('losses of few networks that scatter decide nothing', async (t) => {
  const aligned = { system: 'autoencoder', initial: 'aligned', initialVariance: 1, inputVariance: 1 } as const;
  const { observables } = await predict(aligned);
  // x = w1 w2 of normal numbers: E (1 − x)² = 1 + v², E (1 − x)⁴ = 1 + 6 v² + 9 v⁴; w1² + w2² has a relative variance of 1.
  t.ok(Math.abs((observables.loss?.spread?.[0] as number) - 3) < 1e-3, `${observables.loss?.spread?.[0]}`);
  t.ok(
    Math.abs((observables.squaredNorm?.spread?.[0] as number) - 1) < 1e-3,
    `${observables.squaredNorm?.spread?.[0]}`,
  );
  // Late losses are those of the few networks that began beside the saddle: twenty need not have met one.
  for (const spec of [
    { ...aligned, initialVariance: 3 },
    { ...aligned, initialVariance: 3, inputKeepProbability: 0.46 },
    { system: 'autoencoder', width: 154, inputVariance: 1.8, recordEvery: 1, tied: true },
  ] as const) {
    const comparison = compare(await predict(spec), await simulate(spec, { trials: 20, seed: 1 }));
    t.not(comparison.verdict, 'disagrees', JSON.stringify(spec));
    t.ok(comparison.largestZ < 5, `largest |z| ${comparison.largestZ}`);
  }
});
