// train of percolation: lost steps counted on every step, the three arms, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type MftErrorCode, type PercolationSpec, predict, train, trainMany, type TrainOptions } from 'mft-native';

const spec = { system: 'percolation', width: 8, depth: 8, keepProbability: 0.3, training: { steps: 600 } } as const;
const options = { batchSize: 16, learningRate: 0.05, precision: 'float64', trainEvaluation: 200 } as const;
const theta = (1 - 0.7 ** 8) ** 8;

function z(found: number, probability: number, count: number): number {
  return (found / count - probability) / Math.sqrt((probability * (1 - probability)) / count);
}

t.test('a step has a gradient of exactly zero if and only if its masks leave no path', async (t) => {
  const jobs = [1, 2, 3, 4].map((seed) => ({ spec, options: { ...options, seed } }));
  let lost = 0;
  for (const { steps, counters, options: resolved } of await trainMany(jobs, 'synthetic')) {
    t.equal(steps, 600, 'the steps of the spec');
    t.equal(resolved.hasBiases, false);
    t.equal(counters?.differingSteps, 0);
    t.equal(counters?.zeroGradientSteps, counters?.lostSteps);
    t.equal(counters?.blockedMasks, counters?.lostSteps, 'one mask a step');
    t.ok(Math.abs((counters?.pathProbability as number) - theta) < 1e-14);
    lost += counters?.lostSteps as number;
  }
  t.ok(Math.abs(z(lost, 1 - theta, 2400)) < 4, `lost steps: z = ${z(lost, 1 - theta, 2400)}`);
  t.ok(Math.abs(z(lost, (1 - theta) * 1.25, 2400)) > 5, 'a lost share a quarter larger would show');
  const { quantities } = await predict(spec);
  t.ok(Math.abs((quantities.expectedLostSteps as number) - 600 * (1 - theta)) < 1e-9, 'predict speaks of the same run');
});

t.test('arms: conditioned masks lose no step, more steps make up for the lost ones', async (t) => {
  const [conditioned, more, each] = await trainMany(
    [
      { spec, options: { ...options, masks: 'pathConditioned' } },
      { spec, options: { ...options, moreSteps: true } },
      { spec: { ...spec, training: { steps: 600, masksPerStep: 16 } }, options },
    ],
    'synthetic',
  );
  t.match(conditioned, {
    steps: 600,
    counters: { lostSteps: 0, blockedMasks: 0, zeroGradientSteps: 0, differingSteps: 0 },
  });
  t.equal(more?.steps, Math.round(600 / theta));
  t.equal(more?.counters?.differingSteps, 0);
  t.match(each, { counters: { masksPerStep: 16, lostSteps: 0, zeroGradientSteps: 0 } }, 'B^16 of the steps are lost');
  const blocked = each?.counters?.blockedMasks as number;
  t.ok(Math.abs(z(blocked, 1 - theta, 600 * 16)) < 4, `blocked masks: z = ${z(blocked, 1 - theta, 600 * 16)}`);
});

t.test('biases always have a gradient, ReLU dies more often than its masks', async (t) => {
  const biased = await train({ ...spec, hasBiases: true }, 'synthetic', options);
  t.equal(biased.options.hasBiases, true);
  t.equal(biased.counters?.zeroGradientSteps, 0);
  t.equal(biased.counters?.differingSteps, biased.counters?.lostSteps);
  const relu = await train(
    { ...spec, activeProbability: 0.5, keepProbability: 0.8, width: 4, training: { steps: 200 } },
    'synthetic',
    {
      ...options,
      batchSize: 1,
    },
  );
  t.ok((relu.counters?.zeroGradientSteps as number) > (relu.counters?.lostSteps as number));
});

t.test('counts do not depend on threads or on an interruption', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'percolation-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const run = { ...options, batchSize: 128, masks: 'independent' } as const;
  const whole = await train(spec, 'synthetic', { ...run, threads: 1 });
  const checkpoint = join(folder, 'run');
  const abort = new AbortController();
  await t.rejects(
    train(spec, 'synthetic', {
      ...run,
      checkpoint,
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done > 50) abort.abort(new Error('enough'));
      },
    }),
    { message: 'enough' },
  );
  const resumed = await train(spec, 'synthetic', { ...run, threads: 2, checkpoint });
  t.ok((resumed.resumedFrom as number) > 0);
  t.equal(resumed.checksum, whole.checksum);
  t.same(resumed.counters, whole.counters);
});

t.test('what training refuses', async (t) => {
  const refused: [PercolationSpec, TrainOptions, MftErrorCode, RegExp][] = [
    [{ edgeKeepProbability: 0.9 }, {}, 'ERR_MFT_UNSUPPORTED', /edgeKeepProbability/],
    [{ topology: 'residual' }, {}, 'ERR_MFT_UNSUPPORTED', /topology/],
    [{ activeProbability: 0.7 }, {}, 'ERR_MFT_UNSUPPORTED', /activeProbability/],
    [{ keepProbability: 0 }, {}, 'ERR_MFT_OUT_OF_RANGE', /keepProbability/],
    [{ inputWidth: 3 }, {}, 'ERR_MFT_SHAPE', /inputWidth/],
    [{ inputKeepProbability: 0.5 }, {}, 'ERR_MFT_SHAPE', /inputWidth/],
    [{ width: [3, 8, 10] }, {}, 'ERR_MFT_SHAPE', /width/],
    [{ depth: 1e12 }, {}, 'ERR_MFT_OUT_OF_RANGE', /depth/],
    [{ training: { masksPerStep: 7 } }, {}, 'ERR_MFT_INVALID_ARGUMENT', /masksPerStep/],
    [{}, { hasBiases: true }, 'ERR_MFT_INVALID_ARGUMENT', /hasBiases/],
    [{}, { masks: 'pathConditioned', moreSteps: true }, 'ERR_MFT_INVALID_ARGUMENT', /moreSteps/],
    [{ width: 1, keepProbability: 0.1, depth: 9 }, { moreSteps: true }, 'ERR_MFT_OUT_OF_RANGE', /moreSteps/],
  ];
  for (const [given, chosen, code, message] of refused)
    await t.rejects(train({ system: 'percolation', ...given }, 'synthetic', chosen), { code, message });
});
