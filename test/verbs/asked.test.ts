// Questions asked in public that no other test is named after.
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { advise, type Dataset, expandPlan, predict, simulate, train } from 'mft-native';

t.test('my own set has 64 images: what is the batch?', async (t) => {
  const own: Dataset = {
    name: 'own',
    split: 'train',
    count: 64,
    shape: [16],
    dimension: 16,
    classes: 4,
    images: Float32Array.from({ length: 64 * 16 }, (_, i) => Math.sin(1.7 * i)),
    labels: Uint8Array.from({ length: 64 }, (_, i) => i % 4),
    verified: false,
    files: [],
    sha256: '',
  };
  const spec = { system: 'feedforward', width: 8, depth: 2 } as const;
  await t.rejects(train(spec, { train: own }), { parameter: 'batchSize', message: /left out, it is 128/ });
  t.equal((await train(spec, { train: own }, { batchSize: 64 })).steps, 1);
});

t.test('do correlations of two inputs settle in a critical network?', async (t) => {
  // ReLU: 1 − c → 9π²/(2 l²) = 44.4/l², from below: 35.8/l² still at layer 100.
  const spec = { system: 'feedforward', activation: 'relu', weightVariance: 2, width: 500, depth: 100 } as const;
  const values = (await predict(spec)).observables.correlation?.values ?? new Float64Array();
  const last = values.at(-1) as number;
  const scaled = (1 - last) * 100 ** 2;
  t.ok(scaled > 34 && scaled < 37, `${scaled}`);
  t.match(
    JSON.stringify(await advise(spec)),
    new RegExp(`correlation 0\\.5 at layer 1, ${last.toFixed(4)} at layer 100`),
  );
});

t.test('which points are new when an axis is extended?', async (t) => {
  const plan = (weightVariance: readonly number[]) =>
    expandPlan({ verb: 'predict', base: { system: 'feedforward', width: 8, depth: 2 }, axes: { weightVariance } });
  const few = await plan([0.1, 0.1, 1e-1, 1, 1.0]);
  t.equal(few.jobs.length, 2);
  const known = new Set(few.jobs.map(({ key }) => key));
  const more = await plan([0.1, 0.1, 1e-1, 1, 1.0, 2, 3, 4, 5]);
  t.equal(more.jobs.filter(({ key }) => !known.has(key)).length, 4);
});

t.test('does the addon work in worker threads?', async (t) => {
  const spec = { system: 'feedforward', width: 20, depth: 3 } as const;
  const here = await simulate(spec, { trials: 10, seed: 3, threads: 1 });
  const code = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('mft-native'))}).then(async ({ simulate }) =>
      parentPort.postMessage(
        (await simulate(${JSON.stringify(spec)}, { trials: 10, seed: 3, threads: 1 })).observables.variance.values));`;
  const there = await Promise.all(
    [1, 2].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, { eval: true });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  for (const values of there) t.strictSame(values, here.observables.variance.values);
});

t.test('how far does the typical residual network grow, and not the mean?', async (t) => {
  // x + W₂ φ(W₁ x), both He, 50 blocks: log E‖x‖² grows by 50 ln 3; a typical network of 100 units by 53.86 ± 0.08.
  const spec = { system: 'residual', width: 100, depth: 50, activation: 'relu' } as const;
  const he = { innerWeightVariance: 2, outerWeightVariance: 2 };
  const { quantities } = await predict({ ...spec, ...he });
  const mean = quantities.logSecondMoment as number;
  t.ok(Math.abs(mean - 50 * Math.log(3)) < 1e-9, `${mean}`);
  const typical = mean - (quantities.varianceOfLogGradient as number) / 2;
  t.ok(Math.abs(typical - 53.86) < 0.16, `${typical}`);
  const zeros = await predict({
    ...spec,
    width: 3,
    depth: 2,
    inputs: {
      values: [
        [0, 0, 0],
        [0, 0, 0],
      ],
    },
  });
  t.equal(zeros.observables.secondMoment.values.length > 0, true, 'two inputs of zeros have moments');
});

t.test('which kurtosis has an output unit of a ReLU network in He?', async (t) => {
  // Five hidden layers of n = 20: 3(1 + 5/n)^5 = 9.155, by the spread of mean squares, of which each unit adds 2/n.
  const values = [Array.from({ length: 20 }, (_, i) => Math.cos(i))];
  const spec = {
    system: 'feedforward',
    activation: 'relu',
    weightVariance: 2,
    width: 20,
    depth: 6,
    inputs: { values },
  } as const;
  const found: number[] = [];
  for (let seed = 1; seed <= 16; seed++) {
    const { variance } = (await simulate(spec, { trials: 6000, seed })).observables;
    found.push((3 * (1 + (variance.variance.at(-1) as number) / (variance.values.at(-1) as number) ** 2)) / 1.1);
  }
  const mean = found.reduce((sum, x) => sum + x, 0) / 16;
  const error = Math.sqrt(found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 15 / 16);
  const z = (mean - 3 * 1.25 ** 5) / error;
  t.ok(Math.abs(z) < 4.5 && error < 0.2, `${mean} ± ${error}, z ${z}`);
});
