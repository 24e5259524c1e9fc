// Regression as the trainer of system `kernel`: images of the synthetic set, against the quantity of the same rows; a fit written
// and read back; noise that is chosen; what does not fit.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Dataset, evaluate, MftError, readDataset, readNpz, type RegressionOptions, train } from 'mft-native';
import { sameBits } from '../../bits.js';

const model = { depth: 2, weightVariance: 2 } as const;
const all = { train: await readDataset('synthetic', 'train'), test: await readDataset('synthetic', 'test') };

const first = (set: Dataset, count: number): Dataset => ({
  ...set,
  count,
  images: set.images.subarray(0, count * set.dimension),
  labels: set.labels.subarray(0, count),
});
const data = { train: first(all.train, 60), test: first(all.test, 40) };

type Fit = Awaited<ReturnType<typeof train<'kernel'>>> & { readonly quantities: Record<string, number> };

function fit(
  options: RegressionOptions,
  control: object = {},
  on: { readonly train: Dataset; readonly test?: Dataset } = data,
): Promise<Fit> {
  return train({ system: 'kernel', ...model }, on, { ...options, ...control }) as Promise<Fit>;
}

const rows = ({ images, dimension, count }: Dataset): number[][] =>
  Array.from({ length: count }, (_, i) =>
    Array.from(images.subarray(i * dimension, (i + 1) * dimension), (x) => x / 255),
  );
const centered = ({ labels, classes }: Dataset): number[][] =>
  Array.from(labels, (label) => Array.from({ length: classes }, (_, c) => (c === label ? 1 : 0) - 1 / classes));

t.test('the same numbers as the quantity of the same rows', async (t) => {
  for (const kernel of ['nngp', 'ntk'] as const) {
    const run = await fit({ kernel, noiseVariance: 0.05, normalization: 'unit', returnWeights: true });
    const inputs = rows(data.train);
    const found = (await evaluate('kernel', 'kernelRegression', {
      ...model,
      kernel,
      noiseVariance: 0.05,
      inputs,
      targets: centered(data.train),
      testInputs: rows(data.test),
    })) as never as {
      readonly mean: number[][];
      readonly logMarginalLikelihood: number[];
      readonly leaveOneOut: number[][];
    };
    const judged = (outputs: number[][], set: Dataset) => {
      const wanted = centered(set);
      const loss = outputs.map((row, i) =>
        row.reduce((sum, y, c) => sum + (y - (wanted[i]?.[c] as number)) ** 2 / 2, 0),
      );
      const right = outputs.filter((row, i) => row.indexOf(Math.max(...row)) === set.labels[i]).length;
      return { loss: loss.reduce((sum, value) => sum + value, 0) / set.count, accuracy: right / set.count };
    };
    const test = judged(found.mean, data.test);
    t.ok(Math.abs((run.test?.loss as number) / test.loss - 1) < 1e-10, `test loss ${run.test?.loss}`);
    t.equal(run.test?.accuracy, test.accuracy);
    t.ok((run.test?.accuracy as number) > 0.5, `better than chance: ${run.test?.accuracy}`);
    const left = judged(found.leaveOneOut, data.train);
    t.ok(Math.abs((run.quantities.leaveOneOutLoss as number) / left.loss - 1) < 1e-10);
    t.equal(run.quantities.leaveOneOutAccuracy, left.accuracy);
    const likelihood = found.logMarginalLikelihood.reduce((sum, value) => sum + value, 0);
    t.ok(Math.abs((run.quantities.logMarginalLikelihood as number) / likelihood - 1) < 1e-11);
    t.ok(
      Math.abs((run.quantities.noiseRelativeToDiagonal as number) * (run.quantities.meanDiagonal as number) - 0.05) <
        1e-15,
    );
    // K α = y − noise α at the training images, against predicting them as if they were others.
    const again = await fit({ kernel, noiseVariance: 0.05, normalization: 'unit', initialWeights: run.weights ?? {} });
    t.ok(
      Math.abs((again.train.loss as number) / (run.train.loss as number) - 1) < 1e-9,
      `train loss ${run.train.loss}`,
    );
    t.equal(again.train.accuracy, run.train.accuracy);
  }
});

t.test('a fit is written and read back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-regression-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'fit.npz');
  const run = await fit({ noiseVariance: 0.05, saveWeights: file, trainCount: 50, returnWeights: true });
  const { arrays } = await readNpz(file);
  t.same([...arrays.keys()].sort(), ['coefficients', 'inputs']);
  t.same(arrays.get('coefficients')?.shape, [10, 50]);
  sameBits(t, arrays.get('inputs')?.values as Float64Array, run.weights?.inputs?.values as Float64Array, 'inputs');
  const again = await fit({ noiseVariance: 0.05, initialWeights: file, trainCount: 50 });
  t.same([again.test, again.checksum, again.quantities], [run.test, run.checksum, undefined], 'the same predictions');
  const other = await fit({ noiseVariance: 0.06, trainCount: 50 });
  t.not(other.checksum, run.checksum);
});

t.test('noise of the largest likelihood', async (t) => {
  // Points of the plane, two classes by sign of a coordinate, every seventh label wrong.
  const count = 80;
  const images = Float32Array.from({ length: 2 * count }, (_, i) => (1e4 * Math.sin(i + 1)) % 1);
  const labels = Uint8Array.from({ length: count }, (_, i) =>
    (images[2 * i] as number) > 0 !== (i % 7 === 0) ? 1 : 0,
  );
  const { range: _, ...set } = data.train;
  const noisy = { train: { ...set, shape: [2], dimension: 2, classes: 2, count, images, labels } };
  const chosen = await fit({ normalization: 'unit' }, {}, noisy);
  const at = async (factor: number): Promise<number> => {
    const noiseVariance = factor * (chosen.quantities.noiseVariance as number);
    return (await fit({ noiseVariance, leaveOneOut: false, normalization: 'unit' }, {}, noisy)).quantities
      .scaledLogMarginalLikelihood as number;
  };
  const [less, same, more] = [await at(0.8), await at(1), await at(1.25)];
  t.equal(same, chosen.quantities.scaledLogMarginalLikelihood);
  t.ok(same > less && same > more, `${less} ${same} ${more}`);
  t.ok((chosen.quantities.noiseRelativeToDiagonal as number) > 0.01, 'wrong labels are noise');
  t.same(
    chosen.warnings.filter(({ id }) => id === 'noiseAtEnd'),
    [],
  );
  const clean = await fit({});
  t.match(clean.warnings, [{ id: 'noiseAtEnd' }], 'labels without noise');
});

t.test('classes, held-out images, first images of the test set, progress', async (t) => {
  const done: number[] = [];
  const onProgress = (progress: { readonly done: number; readonly total: number }): void => {
    done.push(progress.done / progress.total);
  };
  const run = await fit({ noiseVariance: 0.1, trainCount: 40, validationCount: 10, targets: 'oneHot' }, { onProgress });
  t.equal(run.dataset.test?.split, 'validation');
  t.equal(run.test?.count, 10);
  t.equal(run.train.count, 40);
  t.equal(done.at(-1), 1);
  t.equal((await fit({ noiseVariance: 0.1, testCount: 7 })).test?.count, 7);
});

t.test('what cannot be fitted says why', async (t) => {
  const refused = async (code: string, pattern: RegExp, options: object, control: object = {}): Promise<void> => {
    const error: unknown = await fit(options, control).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError && error.code === code, `${code}: ${String(error)}`);
    t.match(String(error), pattern);
  };
  await refused('ERR_MFT_INVALID_ARGUMENT', /batchSize/, { batchSize: 10 });
  await refused('ERR_MFT_OUT_OF_RANGE', /likelihood/, { noiseVariance: -1 });
  await refused('ERR_MFT_SHAPE', /coefficients/, {
    initialWeights: { inputs: { shape: [1, 2], values: new Float64Array(2) } },
  });
  await refused('ERR_MFT_MEMORY', /trainCount/, {}, { memoryLimit: 1000 });
  const gone = AbortSignal.abort(new Error('enough'));
  await t.rejects(fit({}, { signal: gone }), /enough/);
});
