// Training of a layer that runs to rest: every gradient learns, what the solves take, contraction kept, continuing, refusals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type ImplicitSpec, MftError, predict, readDataset, train, type TrainOptions } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-implicit-'));
t.teardown(() => rm(folder, { recursive: true }));

const images = await readDataset('synthetic', 'train');
const alone = { train: images };
const spec = { system: 'implicit', width: 32, weightVariance: 0.5, termCount: 12 } as const;
const quick: TrainOptions = {
  optimizer: 'adam',
  learningRate: 0.01,
  batchSize: 50,
  trainCount: 1000,
  epochs: 2,
  trainEvaluation: 0,
  validationCount: 300,
};
type Own = NonNullable<ImplicitSpec['training']>;
const run = (training: Own, options: TrainOptions = {}, more: object = {}) =>
  train({ ...spec, ...more, training }, alone, { ...quick, ...options });

t.test('every way to take the gradient learns the classes', async (t) => {
  for (const gradient of ['neumann', 'unrolled', 'conjugateGradient', 'originalRbp'] as const) {
    const { test, quantities, warnings, stopped } = await run({ gradient });
    t.ok((test?.accuracy ?? 0) > 0.8, `${gradient}: ${test?.accuracy} of 300 images, chance 0.1`);
    t.strictSame(warnings, []);
    t.equal(stopped, undefined);
    t.type(quantities?.updatesPerSolve, 'number');
  }
});

t.test('a start takes the updates and terms that theory says', async (t) => {
  const still = { steps: 4, epochs: undefined as never, learningRate: 0, optimizer: 'sgd' } as const;
  const width = 400;
  const { quantities } = await run({ tolerance: 1e-6 }, { ...still, precision: 'float64' }, { width, termCount: 200 });
  const theory = await predict({ system: 'implicit', width, weightVariance: 0.5, termCount: 200 });
  const radius = Math.sqrt(theory.quantities.squaredJacobianRadius as number);
  // A residual falls by ρ(J) a product: ln ε/ln ρ products, and the one that finds it; single networks of 400 units scatter.
  const expected = Math.log(1e-6) / Math.log(radius);
  for (const name of ['updatesPerSolve', 'productsPerGradient'] as const) {
    const seen = quantities?.[name] as number;
    t.ok(Math.abs(seen - expected) < 4, `${name}: ${seen}, theory ${expected}`);
  }
});

t.test('rows of W stay in the ball, and nothing else than rows changes where they are in it', async (t) => {
  const { quantities, weights } = await run({ rowNorm: 0.9 }, { returnWeights: true });
  const norm = quantities?.recurrentInfinityNorm as number;
  t.ok(norm > 0.8 && norm < 0.9 * (1 + 1e-5), `${norm}`);
  t.strictSame(Object.keys(weights ?? {}), [
    'layer1.input.weight',
    'layer1.input.bias',
    'layer1.recurrent.weight',
    'layer2.weight',
    'layer2.bias',
  ]);
  const [free, wide] = [await run({}), await run({ rowNorm: 1e6 })];
  t.equal(free.checksum, wide.checksum);
});

t.test('threads and interruptions change no bit; dropout does', async (t) => {
  const [one, two] = [await run({}, { threads: 1 }), await run({}, { threads: 2 })];
  t.equal(one.checksum, two.checksum);
  const masked = await run({}, {}, { keepProbability: 0.8 });
  t.not(masked.checksum, one.checksum);
  const checkpoint = join(folder, 'state');
  await run({}, { checkpoint, epochs: undefined as never, steps: 17 });
  const rest = await run({}, { checkpoint, epochs: undefined as never, steps: 40 });
  t.equal(rest.resumedFrom, 17);
  t.equal(rest.checksum, one.checksum);
  t.strictSame(rest.quantities, one.quantities);
});

t.test('solves that do not come to rest are told', async (t) => {
  const { warnings, quantities } = await run(
    { updateLimit: 3, tolerance: 1e-8 },
    { epochs: undefined as never, steps: 5 },
  );
  t.match(warnings, [{ id: 'unsettledStates', message: /^250 of 250 solves were not at rest after 3 updates/ }]);
  t.equal(quantities?.updatesPerSolve, 3);
});

t.test('refusals', async (t) => {
  for (const own of [{ gradient: 'gmres' }, { tolerance: 0 }, { updateLimit: 0 }, { rowNorm: -1 }, { terms: 3 }]) {
    const error = await run(own as Own).catch((thrown: unknown) => thrown);
    t.ok(error instanceof MftError, JSON.stringify(own));
    const { code, parameter, message } = error as MftError;
    t.strictSame([code, parameter], ['ERR_MFT_INVALID_ARGUMENT', 'terms' in own ? 'terms' : 'training'], message);
    t.match(message, Object.keys(own)[0] as string);
  }
});
