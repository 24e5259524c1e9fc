// Ensembles of finite networks trained on few images, and what theory says of infinitely wide ones.
import { type Dataset, evaluate, type NamedArray, readDataset, trainMany } from 'mft-native';

export const [images, tests, steps, learningRate] = [64, 20, 60, 0.3] as const;
export const model = { activation: 'relu', weightVariance: 2, biasVariance: 0.1 } as const;

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
export const rowsOf = (set: Dataset): number[][] =>
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

export interface Images {
  readonly train: Dataset;
  readonly test: Dataset;
}

export const imagesOf = async (name: 'MNIST' | 'synthetic'): Promise<Images> => {
  const [of, set] = name === 'MNIST' ? ([first, 'mnist'] as const) : ([pooled, 'synthetic'] as const);
  return { train: of(await readDataset(set, 'train'), images), test: of(await readDataset(set, 'test'), tests) };
};

export interface Ensemble {
  readonly mean: number[][];
  readonly covariance: number[][];
  readonly largestStableRate: number;
}

/** What theory says of the outputs at the test images. */
export const predictedOf = async ({ train, test }: Images, depth: number, changed = {}): Promise<Ensemble> =>
  (await evaluate('kernel', 'ntkEnsemble', {
    ...model,
    depth,
    inputs: rowsOf(train),
    targets: Array.from(train.labels, (label) =>
      Array.from({ length: train.classes }, (_, c) => (c === label ? 1 : 0)),
    ),
    testInputs: rowsOf(test),
    learningRate,
    time: steps,
    dynamics: 'descent',
    ...changed,
  })) as never as Ensemble;

/** Outputs of trained networks at the test images: tests × classes of each, seeds from 1 on. */
export async function trainedOutputs(
  { train, test }: Images,
  { depth, width, networks }: { readonly depth: number; readonly width: number; readonly networks: number },
): Promise<readonly Float64Array[]> {
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
    for (const { weights = {} } of runs)
      found.push(Float64Array.from(rowsOf(test).flatMap((row) => [...outputs(weights, depth + 1, row)])));
  }
  return found;
}

/** Means over networks, and how far every output of a network is from them: of each class of a network, tests numbers. */
export function momentsOf(
  found: readonly Float64Array[],
  classes: number,
): { readonly means: Float64Array; readonly deviations: readonly Float64Array[] } {
  const means = Float64Array.from(
    { length: tests * classes },
    (_, at) => found.reduce((sum, each) => sum + (each[at] as number), 0) / found.length,
  );
  const deviations = found.flatMap((each) =>
    Array.from({ length: classes }, (_, c) =>
      Float64Array.from(
        { length: tests },
        (_, i) => (each[i * classes + c] as number) - (means[i * classes + c] as number),
      ),
    ),
  );
  return { means, deviations };
}

/** The mean square of deviations of all networks in coordinates in which a covariance is 1. */
export function whitenedScale(covariance: readonly (readonly number[])[], deviations: readonly Float64Array[]): number {
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
