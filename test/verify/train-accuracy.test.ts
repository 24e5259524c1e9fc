// Accuracies on real data: MNIST 784-300-300-10, five epochs of SGD, at least 97.5 % of the test set; CIFAR-10 fully
// connected at least 50 % of the test images at hand. Seeds and figures are printed.
import t from 'tap';
import { train } from 'mft-native';

const required = (process.env.MFT_REQUIRE ?? '').split(',').includes('data');
const skip = process.env.MFT_DATA === undefined && !required ? 'MFT_DATA is not set' : false;

t.test('MNIST', { skip }, async (t) => {
  const spec = { system: 'feedforward', activation: 'relu', width: 300, depth: 3, weightVariance: 2 } as const;
  for (const seed of [1, 2, 3]) {
    const run = await train(spec, 'mnist', {
      epochs: 5,
      optimizer: 'sgd',
      learningRate: 0.15,
      schedule: 'cosine',
      scheduleFactor: 0.02,
      batchSize: 64,
      seed,
    });
    t.equal(run.dataset.test?.verified, true);
    t.ok(
      (run.test?.accuracy ?? 0) >= 0.975,
      `seed ${seed}: ${(100 * (run.test?.accuracy ?? 0)).toFixed(2)} % of ${run.test?.count}`,
    );
  }
});

t.test('CIFAR-10', { skip }, async (t) => {
  const spec = {
    system: 'feedforward',
    activation: 'relu',
    width: 512,
    depth: 4,
    weightVariance: 2,
    keepProbability: 0.85,
  } as const;
  for (const seed of [1, 2, 3]) {
    const run = await train(spec, 'cifar10', {
      epochs: 8,
      optimizer: 'momentum',
      learningRate: 0.02,
      schedule: 'cosine',
      scheduleFactor: 0.01,
      batchSize: 128,
      weightDecay: 1e-4,
      seed,
    });
    // 1,000 images: one standard error is 1.6 %.
    t.ok(
      (run.test?.accuracy ?? 0) >= 0.5,
      `seed ${seed}: ${(100 * (run.test?.accuracy ?? 0)).toFixed(1)} % of ${run.test?.count} images (${run.dataset.test?.split})`,
    );
  }
});
