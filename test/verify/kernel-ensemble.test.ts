// Ensembles of trained finite networks against `ntkEnsemble`: means and covariances of the outputs at images nobody trained on, by
// z-scores with an allowance for what a finite width may change; the tangent kernel of random networks against the analytic one at two
// widths.
import t from 'tap';
import { type Dataset, empiricalKernels, evaluate, type NamedArray, readDataset, trainMany } from 'mft-native';
import { skipUnless } from '../fixtures/requirements.mjs';

const [images, tests, networks, width, steps, learningRate] = [64, 20, 120, 1000, 60, 0.3] as const;
const model = { activation: 'relu', weightVariance: 2, biasVariance: 0.1 } as const;

/** The first images, brightness from 0 to 1. */
const first = ({ images: pixels, labels, range: _, ...set }: Dataset, count: number): Dataset => ({
  ...set,
  count,
  images: Float32Array.from(pixels.subarray(0, count * set.dimension), (brightness) => brightness / 255),
  labels: labels.slice(0, count),
});

/** Means over 4 × 4 pixels of the first images: 49 numbers each. */
function pooled({ images: pixels, labels, ...set }: Dataset, count: number): Dataset {
  const small = new Float32Array(49 * count);
  for (let i = 0; i < 784 * count; i++) {
    const [image, row, column] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    const at = 49 * image + 7 * Math.floor(row / 4) + Math.floor(column / 4);
    small[at] = (small[at] as number) + (pixels[i] as number) / 16 / 64;
  }
  const { range: _, ...rest } = set;
  return { ...rest, count, shape: [49], dimension: 49, images: small, labels: labels.slice(0, count) };
}
const rowsOf = (set: Dataset): number[][] =>
  Array.from({ length: set.count }, (_, i) =>
    Array.from(set.images.subarray(set.dimension * i, set.dimension * (i + 1))),
  );

/** Outputs of dense rectifier layers. */
function outputs(network: Readonly<Record<string, NamedArray>>, layers: number, x: readonly number[]): Float64Array {
  let h = Float64Array.from(x);
  for (let l = 1; l <= layers; l++) {
    const { shape, values } = network[`layer${l}.weight`] as NamedArray;
    const bias = network[`layer${l}.bias`]?.values as Float32Array;
    const [rows, columns] = shape as readonly [number, number];
    const z = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = bias[i] as number;
      for (let j = 0; j < columns; j++) sum += (values[i * columns + j] as number) * (h[j] as number);
      z[i] = l < layers ? Math.max(0, sum) : sum;
    }
    h = z;
  }
  return h;
}

const synthetic = {
  train: pooled(await readDataset('synthetic', 'train'), images),
  test: pooled(await readDataset('synthetic', 'test'), tests),
};
const digits = async (): Promise<typeof synthetic> => ({
  train: first(await readDataset('mnist', 'train'), images),
  test: first(await readDataset('mnist', 'test'), tests),
});
interface Ensemble {
  readonly mean: number[][];
  readonly covariance: number[][];
  readonly largestStableRate: number;
}

/** The mean square of deviations of all networks in coordinates in which a covariance is 1. */
function whitenedScale(covariance: readonly (readonly number[])[], deviations: readonly Float64Array[]): number {
  const factor = covariance.map((row) => Float64Array.from(row));
  const solve = (y: Float64Array, until: number): void => {
    for (let i = 0; i < until; i++) {
      const row = factor[i] as Float64Array;
      for (let k = 0; k < i; k++) y[i] = (y[i] as number) - (row[k] as number) * (y[k] as number);
      y[i] = (y[i] as number) / (row[i] as number);
    }
  };
  for (const [i, row] of factor.entries()) {
    solve(row, i);
    row[i] = Math.sqrt(row.subarray(0, i).reduce((left, value) => left - value ** 2, row[i] as number));
  }
  let squares = 0;
  for (const deviation of deviations) {
    const y = Float64Array.from(deviation);
    solve(y, y.length);
    squares += y.reduce((sum, value) => sum + value ** 2, 0);
  }
  return squares / covariance.length;
}

const skip = skipUnless('data', process.env.MFT_DATA !== undefined);

for (const { depth, name } of [
  { depth: 1, name: 'MNIST' },
  { depth: 2, name: 'synthetic' },
] as const)
  t.test(
    `${name}: ${networks} networks with ${depth} hidden layers of ${width} units`,
    {
      timeout: 1_800_000,
      skip: name === 'MNIST' && skip,
    },
    async (t) => {
      const { train, test } = name === 'MNIST' ? await digits() : synthetic;
      const { classes } = train;
      const ensemble = async (changed = {}): Promise<Ensemble> =>
        (await evaluate('kernel', 'ntkEnsemble', {
          ...model,
          depth,
          inputs: rowsOf(train),
          targets: Array.from(train.labels, (label) =>
            Array.from({ length: classes }, (_, c) => (c === label ? 1 : 0)),
          ),
          testInputs: rowsOf(test),
          learningRate,
          time: steps,
          dynamics: 'descent',
          ...changed,
        })) as never as Ensemble;
      const predicted = await ensemble();
      t.ok(learningRate < predicted.largestStableRate, `stable below ${predicted.largestStableRate}`);

      // Weights of unit variance with factors before them: the weights themselves, at rates times the squared factors.
      const fans = [train.dimension, ...Array.from({ length: depth }, () => width)];
      const rateMultipliers = Object.fromEntries(
        fans.flatMap((fan, l) => [
          [`layer${l + 1}.weight`, model.weightVariance / fan],
          [`layer${l + 1}.bias`, model.biasVariance],
        ]),
      );
      const found: Float64Array[] = [];
      for (let from = 0; from < networks; from += 20) {
        const runs = await trainMany(
          Array.from({ length: 20 }, (_, i) => ({
            spec: { system: 'feedforward', ...model, width, depth: depth + 1 } as const,
            options: {
              loss: 'squared',
              batchSize: images,
              shuffle: false,
              steps,
              learningRate,
              rateMultipliers,
              normalization: 'unit',
              hasBiases: true,
              seed: 1 + from + i,
              returnWeights: true,
              trainEvaluation: 0,
            } as const,
          })),
          { train },
        );
        for (const { weights = {} } of runs) {
          const all = rowsOf(test).map((row) => outputs(weights, depth + 1, row));
          found.push(
            Float64Array.from(
              { length: tests * classes },
              (_, at) => all[Math.floor(at / classes)]?.[at % classes] ?? 0,
            ),
          );
        }
      }

      // What 1/width may change, relative to the deviation over networks.
      const allowance = (3 * depth) / width;
      let [most, squares] = [0, 0];
      const means = Float64Array.from({ length: tests * classes }, (_, at) => {
        const mean = found.reduce((sum, each) => sum + (each[at] as number), 0) / networks;
        const [i, c] = [Math.floor(at / classes), at % classes];
        const wanted = predicted.mean[i]?.[c] as number;
        const deviation = Math.sqrt(predicted.covariance[i]?.[i] as number);
        const off = Math.max(0, Math.abs(mean - wanted) - allowance * (Math.abs(wanted) + deviation));
        most = Math.max(most, (off / deviation) * Math.sqrt(networks));
        squares += ((mean - wanted) / deviation) ** 2 * networks;
        return mean;
      });
      const meanSquare = squares / means.length;
      const meanSquareOf = ({ mean, covariance }: Ensemble): number =>
        means.reduce((sum, value, at) => {
          const [i, c] = [Math.floor(at / classes), at % classes];
          return sum + (value - (mean[i]?.[c] as number)) ** 2 / (covariance[i]?.[i] as number);
        }, 0) *
        (networks / means.length);
      t.ok(most < 4.5, `means: largest z ${most.toFixed(2)} of ${means.length}`);
      t.ok(meanSquare < 1.6 && meanSquare > 0.5, `means: mean z² ${meanSquare.toFixed(3)}`);

      // The outputs of a network are independent and alike: every class is a sample of one covariance.
      let [largest, compared, ratio] = [0, 0, 0];
      for (let i = 0; i < tests; i++)
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let c = 0; c < classes; c++)
            for (const each of found) {
              const [a, b] = [i * classes + c, j * classes + c];
              sum += ((each[a] as number) - (means[a] as number)) * ((each[b] as number) - (means[b] as number));
            }
          const count = classes * (networks - 1);
          const [own, other, both] = [
            predicted.covariance[i]?.[i],
            predicted.covariance[j]?.[j],
            predicted.covariance[i]?.[j],
          ] as [number, number, number];
          const error = Math.sqrt((own * other + both ** 2) / count);
          const off = Math.abs(sum / count - both) - 2 * allowance * Math.sqrt(own * other);
          largest = Math.max(largest, off / error);
          if (i === j) ratio += sum / count / own / tests;
          compared += 1;
        }
      t.ok(largest < 4.5, `covariances: largest z ${largest.toFixed(2)} of ${compared}`);
      t.ok(Math.abs(ratio - 1) < 0.1, `variances: ${ratio.toFixed(3)} of what is predicted`);
      // All covariances as one number, a hundred times as sharp as a single one.
      const deviations = found.flatMap((each) =>
        Array.from({ length: classes }, (_, c) =>
          Float64Array.from({ length: tests }, (_, i) => {
            const at = i * classes + c;
            return (each[at] as number) - (means[at] as number);
          }),
        ),
      );
      const freedom = classes * (networks - 1);
      const scaleOf = (covariance: readonly (readonly number[])[]): number =>
        whitenedScale(covariance, deviations) / freedom;
      const scaleError = Math.sqrt(2 / (tests * freedom));
      const scale = scaleOf(predicted.covariance);
      const mayBeOff = 4.5 * scaleError + 2 * allowance;
      const z = (scale - 1) / scaleError;
      t.ok(Math.abs(scale - 1) < mayBeOff, `whitened covariance: ${scale.toFixed(4)}, z ${z.toFixed(2)}`);
      t.comment(`whitened covariance: ${scale.toFixed(4)}, z ${z.toFixed(2)}`);
      const planted = scaleOf((await ensemble({ weightVariance: 1.05 * model.weightVariance })).covariance);
      t.ok(Math.abs(planted - 1) > mayBeOff, `planted twentieth of weight variance: ${planted.toFixed(4)}`);
      // Twice the time is noticed by the means.
      const late = meanSquareOf(await ensemble({ time: 2 * steps }));
      t.ok(late > 1.6, `planted time, means: mean z² ${late.toFixed(2)}`);
      t.comment(`depth ${depth}: z of means ${most.toFixed(2)}, z² ${meanSquare.toFixed(3)}`);
      t.comment(`covariances: z ${largest.toFixed(2)}, ratio ${ratio.toFixed(3)}`);
    },
  );

/** Normal numbers of a generator of its own (splitmix32 and Box–Muller). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (((z ^ (z >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

t.test('the mean over networks is the analytic tangent kernel but for 1/width', { timeout: 600_000 }, async (t) => {
  const inputs = rowsOf(synthetic.train).slice(0, 3);
  const [depth, count] = [3, 2000] as const;
  const analytic = (await evaluate('kernel', 'mlpKernels', {
    ...model,
    activation: 'tanh',
    depth,
    inputs,
  })) as never as {
    readonly ntk: number[][];
  };
  const wanted = analytic.ntk.flat();
  const deviation = async (width: number): Promise<{ readonly bias: Float64Array; readonly error: Float64Array }> => {
    const [sum, squares] = [new Float64Array(9), new Float64Array(9)];
    const fans = [49, ...Array.from({ length: depth }, () => width)];
    for (let network = 0; network < count; network++) {
      const draw = normals(Math.imul(64 * network + width, 0x85ebca6b));
      const weights = Object.fromEntries(
        fans.flatMap((fan, l) => {
          const rows = l === depth ? 1 : width;
          const scale = Math.sqrt(model.weightVariance / fan);
          return [
            [
              `layer${l + 1}.weight`,
              { shape: [rows, fan], values: Float64Array.from({ length: rows * fan }, () => scale * draw()) },
            ],
            [
              `layer${l + 1}.bias`,
              {
                shape: [rows],
                values: Float64Array.from({ length: rows }, () => Math.sqrt(model.biasVariance) * draw()),
              },
            ],
          ];
        }),
      );
      const { ntk } = await empiricalKernels(weights, inputs, {
        ...model,
        activation: 'tanh',
        parameterization: 'ntk',
      });
      ntk.values.forEach((value, i) => {
        const off = value / (wanted[i] as number) - 1;
        sum[i] = (sum[i] as number) + off / count;
        squares[i] = (squares[i] as number) + off ** 2 / count;
      });
    }
    return { bias: sum, error: squares.map((square, i) => Math.sqrt((square - (sum[i] as number) ** 2) / count)) };
  };
  const [narrow, wide] = [await deviation(16), await deviation(64)];
  for (const i of [0, 4, 8]) {
    for (const [width, { bias, error }] of [
      [16, narrow],
      [64, wide],
    ] as const) {
      const [off, z] = [bias[i] as number, (bias[i] as number) / (error[i] as number)];
      t.comment(`width ${width}: relative bias × width ${(off * width).toFixed(2)}, z ${z.toFixed(2)}`);
      t.ok(Math.abs(off) < 4.5 * (error[i] as number) + 0.5 / width, `width ${width}: off by ${off}, z ${z}`);
    }
    const ratio = (narrow.error[i] as number) / (wide.error[i] as number);
    t.ok(ratio > 1.6 && ratio < 2.5, `the deviation of one network falls as 1/√width: ${ratio}`);
  }
});
