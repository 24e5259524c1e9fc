// The training task through `train`, from given starting weights: what our competitor runs and what the runner expects.
import { trainGiven } from '../../dist/verbs/train.js';
import { imagesOf, labelsOf, startingParameters } from '../competitor/training-data.mjs';

/** `job(seed)` trains. */
export function trainingJob({
  width,
  depth,
  batch,
  steps,
  learningRate,
  keepProbability,
  weightVariance,
  precision = 'float32',
  threads = 1,
}) {
  const images = imagesOf(batch * steps);
  const labels = labelsOf(batch * steps, images);
  const shared = (bytes) => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return copy;
  };
  const train = {
    name: 'hashed',
    split: 'train',
    count: batch * steps,
    shape: [784],
    dimension: 784,
    classes: 10,
    images: shared(images),
    labels: shared(labels),
    verified: false,
    files: [],
    sha256: '0'.repeat(64),
  };
  const initialParameters = Float64Array.from(
    startingParameters({ width, depth, weightVariance }).flatMap(({ weights, biases }) => [...weights, ...biases]),
  );
  const spec = {
    system: 'feedforward',
    activation: 'tanh',
    width: [...new Array(depth - 1).fill(width), 10],
    depth,
    weightVariance,
    keepProbability,
  };
  const run = {
    optimizer: 'sgd',
    loss: 'crossEntropy',
    batchSize: batch,
    steps,
    learningRate,
    shuffle: false,
    normalization: 'unit',
    reportEvery: steps / 4,
    trainEvaluation: 0,
    precision,
    threads,
  };
  return (seed) => trainGiven(spec, { train }, { ...run, seed }, { initialParameters });
}

/** Mean loss of each quarter of the steps. */
export function trainingAnswer({ steps }, training) {
  return { networks: 1, steps, observables: { loss: training.reports.map(({ trainLoss }) => trainLoss) } };
}

/** Means and variances of the losses over `runs` runs with their own masks. */
export async function expectedTraining(options, runs) {
  const job = trainingJob({ ...options, precision: 'float32', threads: 1 });
  const losses = [];
  for (let seed = 1; seed <= runs; seed++)
    losses.push(trainingAnswer(options, await job(1000 + seed)).observables.loss);
  const mean = losses[0].map((_, i) => losses.reduce((sum, loss) => sum + loss[i], 0) / runs);
  const variance = mean.map(
    (value, i) => losses.reduce((sum, loss) => sum + (loss[i] - value) ** 2, 0) / Math.max(1, runs - 1),
  );
  return { networks: runs, observables: { loss: { mean, variance } } };
}
