// The tangent kernel of a network in training: the run is that of `train`, wide networks are lazier, what does not fit is named.
import t from 'tap';
import { type Dataset, empiricalKernels, kernelDrift, MftError, readDataset, train } from 'mft-native';

const set = await readDataset('synthetic', 'train');
const { range: _, ...rest } = set;
const count = 24;
/** One pixel in sixteen: 49 numbers each. */
const images = Float32Array.from({ length: 49 * count }, (_, i) => {
  const [image, row, column] = [Math.floor(i / 49), Math.floor((i % 49) / 7), i % 7];
  return (set.images[784 * image + 28 * (4 * row + 2) + 4 * column + 2] as number) / 255;
});
const small: Dataset = { ...rest, count, shape: [49], dimension: 49, images, labels: set.labels.slice(0, count) };
const data = { train: small };

const run = (width: number, steps = 20) => {
  const spec = {
    system: 'feedforward',
    width,
    depth: 2,
    activation: 'tanh',
    weightVariance: 1.5,
    biasVariance: 0.1,
  } as const;
  const rates = { 'layer1.weight': 1.5 / 49, 'layer1.bias': 0.1, 'layer2.weight': 1.5 / width, 'layer2.bias': 0.1 };
  const options = {
    loss: 'squared',
    learningRate: 0.5,
    rateMultipliers: rates,
    batchSize: count,
    normalization: 'unit',
    precision: 'float64',
    hasBiases: true,
    steps,
    returnWeights: true,
  } as const;
  return { spec, options };
};

t.test('the same run as train, the kernels of its weights', async (t) => {
  const { spec, options } = run(30);
  const found = await kernelDrift(spec, data, options, { every: 5, images: 6, parameterization: 'ntk' });
  t.same(Array.from(found.steps), [0, 5, 10, 15, 20]);
  t.same([found.relativeChange[0], found.alignment[0]], [0, 1]);
  const whole = await train(spec, data, options);
  t.equal(found.training.checksum, whole.checksum);
  t.same(found.training.weights, whole.weights);
  const rows = { shape: [6, 49], values: Float64Array.from(images.subarray(0, 6 * 49)) };
  const asked = { activation: 'tanh', parameterization: 'ntk', weightVariance: 1.5, biasVariance: 0.1 } as const;
  const { values } = (await empiricalKernels(whole.weights ?? {}, rows, asked)).ntk;
  const trace = values.reduce((sum, value, i) => (i % 7 === 0 ? sum + value / 6 : sum), 0);
  t.equal(found.meanDiagonal[4], trace);
  const changes = Array.from(found.relativeChange);
  t.ok(
    changes.every((value, i) => i === 0 || value > (changes[i - 1] as number)),
    `it moves away from where it began: ${changes}`,
  );
});

t.test('wide networks are lazy: the change falls as 1/√width or faster', async (t) => {
  const change = async (width: number): Promise<number> => {
    const { spec, options } = run(width);
    let sum = 0;
    for (const seed of [1, 2, 3, 4]) {
      const drift = { every: 20, images: 12, parameterization: 'ntk' } as const;
      sum += (await kernelDrift(spec, data, { ...options, seed }, drift)).relativeChange[1] as number;
    }
    return sum / 4;
  };
  const [narrow, wide] = [await change(16), await change(256)];
  t.ok(narrow / wide > 3, `16 units ${narrow}, 256 units ${wide}`);
  t.ok(wide > 0);
});

t.test('what does not fit is named', async (t) => {
  const { spec, options } = run(4);
  const refused = async (pattern: RegExp, change: object, drift: object = {}): Promise<void> => {
    const error: unknown = await kernelDrift(spec, data, { ...options, ...change }, { every: 5, ...drift }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError, String(error));
    t.match(String(error), pattern);
  };
  await refused(/multiple of `every`/, { steps: 7 });
  await refused(/last step/, { schedule: 'cosine' });
  await refused(/checkpoint/, { checkpoint: 'file' });
  await refused(/every/, {}, { every: 0 });
});
