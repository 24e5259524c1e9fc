// What a plan records of its reconstruction: projections of outputs and inputs on given directions, against loops.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Dataset, Training, TrainOptions } from 'mft-native';
import { feedforward } from '../../dist/systems/feedforward/index.js';
import { dense } from '../../dist/training/layers/dense.js';
import { sgd } from '../../dist/training/sgd.js';
import { trainWith } from '../../dist/verbs/train.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-projections-'));
t.teardown(() => rm(folder, { recursive: true }));

// More rows than a tile of 64 and than an evaluation takes at once (1024).
const [count, dimension, hidden, every] = [1100, 5, 3, 10];
const images = Float32Array.from({ length: count * dimension }, (_, i) => Math.sin(1 + 12.9898 * i) * 1.5);
const set = {
  name: 'made-up',
  split: 'train',
  count,
  shape: [dimension],
  dimension,
  classes: 1,
  images,
  labels: new Uint8Array(count),
  verified: true,
  files: [],
  sha256: 'made up',
} as unknown as Dataset;
const directions = Float64Array.from({ length: 2 * dimension }, (_, i) => Math.cos(3 + 7 * i));

const system = (target: 'inputs' | 'labels', given = directions) =>
  ({
    ...feedforward,
    training: sgd(() => ({
      input: [dimension],
      layers: [hidden, dimension].map((units, l) =>
        dense([l === 0 ? dimension : hidden], {
          units,
          hasBiases: false,
          weightVariance: 0.3,
          biasVariance: 0,
          law: 'gaussian',
          keepProbability: 1,
        }),
      ),
      target,
      projections: { directions: given, every },
      inputNoise: { kind: 'gaussian', variance: 0.5 },
      inputKeepProbability: 0.8,
      hasSharedMasks: false,
      counters: [],
    })),
  }) as never;

const options: TrainOptions = {
  loss: 'squared',
  normalization: 'unit',
  precision: 'float64',
  batchSize: 50,
  returnWeights: true,
  learningRate: 0.05,
};

async function run(change: TrainOptions, of = system('inputs')): Promise<Training> {
  const job = { spec: { system: 'feedforward' }, options: { ...options, ...change } };
  const [training] = await trainWith([of], [job], { train: set }, {});
  return training as Training;
}

const valuesOf = ({ statistics }: Training): number[] => [...(statistics?.projection?.values ?? [])];
const stepsOf = ({ statistics }: Training): number[] => [...(statistics?.projection?.axes[0]?.values ?? [])];

t.test('projections of outputs and inputs, by the weights that were returned', async (t) => {
  const training = await run({ steps: 25 });
  t.same(stepsOf(training), [0, 10, 20, 25], 'before every tenth step, and at the end');
  t.equal(valuesOf(training).length, 8);
  const weights = (name: string): ArrayLike<number> => training.weights?.[name]?.values ?? [];
  const [w1, w2] = [weights('layer1.weight'), weights('layer2.weight')];
  const last = valuesOf(training).slice(-2);
  for (const [k, found] of last.entries()) {
    let sum = 0;
    for (let n = 0; n < count; n++) {
      const x = Array.from({ length: dimension }, (_, i) => images[n * dimension + i] as number);
      const h = Array.from({ length: hidden }, (_, j) =>
        x.reduce((total, value, i) => total + (w1[j * dimension + i] as number) * value, 0),
      );
      let [output, input] = [0, 0];
      for (let i = 0; i < dimension; i++) {
        const v = directions[k * dimension + i] as number;
        output += v * h.reduce((total, value, j) => total + (w2[i * hidden + j] as number) * value, 0);
        input += v * (x[i] as number);
      }
      sum += (output * input) / count;
    }
    t.ok(Math.abs(found - sum) < 1e-12 * Math.abs(sum), `direction ${k}: ${found} against ${sum}`);
  }
});

t.test('a run that goes on has the records of one that was never stopped, on any number of threads', async (t) => {
  const checkpoint = join(folder, 'run.checkpoint');
  await run({ steps: 20, checkpoint });
  const continued = await run({ steps: 40, checkpoint });
  const whole = await run({ steps: 40, threads: 2 });
  t.equal(continued.resumedFrom, 20);
  t.same(stepsOf(continued), [0, 10, 20, 30, 40]);
  t.same(valuesOf(continued), valuesOf(whole));
});

t.test('a run that blows up has reasons, not NaN', async (t) => {
  const training = await run({ steps: 500, learningRate: 30 });
  t.ok(training.stopped !== undefined);
  t.ok(valuesOf(training).every(Number.isFinite));
});

t.test('directions of another size, and without inputs as target, are refused', async (t) => {
  for (const of of [system('inputs', new Float64Array(7)), system('labels')])
    await t.rejects(run({ steps: 1 }, of), { code: 'ERR_MFT_SHAPE' });
});
