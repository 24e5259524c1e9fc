// A network trained twice: at the depth the theory calls trainable, and beyond it. Statistics of the first step beside the
// prediction. Run by the tests; with Node 22.18 or newer: node examples/train.ts
import { predict, readDataset, trainMany } from 'mft-native';

const variances = { weightVariance: 1.1, biasVariance: 0.05 };
const theory = await predict({ system: 'feedforward', activation: 'tanh', ...variances });
const correlationScale = theory.quantities.depthScaleCorrelation as number;
console.log('depth scale of correlations ξ_c =', correlationScale.toFixed(2));

// The files of MNIST or CIFAR-10 may take the synthetic set's place: readDataset('mnist').
const data = { train: await readDataset('synthetic', 'train'), test: await readDataset('synthetic', 'test') };
const options = { steps: 150, batchSize: 100, learningRate: 0.03, statisticsEvery: 150, seed: 5 };
const depths = [Math.round(correlationScale), Math.round(12 * correlationScale)];
const runs = await trainMany(
  depths.map((depth) => ({
    spec: { system: 'feedforward', activation: 'tanh', width: 100, depth, ...variances } as const,
    options,
  })),
  data,
);

for (const [i, run] of runs.entries()) {
  console.log(
    `depth ${depths[i]}: test accuracy ` +
      `${(100 * (run.test?.accuracy ?? 0)).toFixed(1)} ` +
      `% after ${run.steps} steps, parameters ${run.checksum}`,
  );
  const { correlation, gradientNorm } = run.statistics ?? {};
  const last = (depths[i] ?? 1) - 1;
  console.log(
    `  at the start: correlation of ` +
      `images at the last hidden layer ` +
      `${correlation?.values[last - 1]?.toFixed(3)}, ` +
      `log of the gradient's ` +
      `squared norm at layer 1 ${gradientNorm?.values[0]?.toFixed(1)}`,
  );
}
