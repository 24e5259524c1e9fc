// Unlike layers (test/systems/feedforward/unlike-layers.test.ts), every kind beside every other: theory against simulation.
import t from 'tap';
import { predict, readDataset, trainMany } from 'mft-native';
import { base, hold, trained, wide } from '../systems/feedforward/unlike-layers.js';

t.test('another activation in some layers', async (t) => {
  const activation = ['relu', 'gelu', 'tanh', { name: 'leakyRelu', slope: 0.2 }] as const;
  await hold(
    t,
    'shared masks, φ at the output',
    wide({
      activation: [...activation, 'tanh'],
      output: 'postactivation',
      maskSharing: 'shared',
    }),
  );
});

t.test('biases with a mean', async (t) => {
  for (const activation of ['relu', 'tanh', 'gelu'] as const)
    for (const output of ['preactivation', 'postactivation'] as const)
      await hold(t, `${activation}, ${output}`, wide({ activation, output, biasMean: [0.5, -0.3, 1, 0.2, 0.4] }));
});

t.test('orthogonal layers that narrow and widen', async (t) => {
  // Narrowing and widening layers, at two widths.
  const shapes = (width: number): number[] => [2 * width, width / 2, width, 3 * width, width];
  for (const activation of ['tanh', 'relu'] as const)
    for (const more of [
      {},
      { backwardWeights: 'independent' },
      { keepProbability: 1, output: 'postactivation' },
    ] as const)
      await hold(
        t,
        `${activation} ${JSON.stringify(more)}`,
        (width) => ({ ...base, activation, weights: 'orthogonal', inputWidth: width, width: shapes(width), ...more }),
        1500,
      );
});

t.test('alpha dropout', async (t) => {
  for (const activation of ['selu', 'tanh'] as const)
    for (const maskSharing of ['independent', 'shared'] as const)
      await hold(
        t,
        `${activation}, ${maskSharing}`,
        wide({ activation, maskSharing, dropout: 'alpha', keepProbability: [0.9, 0.6, 1, 0.8] }),
      );
  await hold(t, 'orthogonal', wide({ activation: 'selu', dropout: 'alpha', weights: 'orthogonal' }));
});

t.test('networks that are trained start where theory says', { timeout: 600_000 }, async (t) => {
  const synthetic = await readDataset('synthetic', 'train');
  const [count, networks] = [20, 120];
  const { dimension } = synthetic;
  // Images of one norm: the mean over images is then that of each.
  const images = Float32Array.from({ length: count * dimension }, (_, i) =>
    ((i * 2654435761) >>> 7) % 2 === 0 ? 1 : -1,
  );
  const data = { ...synthetic, images, labels: synthetic.labels.subarray(0, count), count };
  const options = {
    steps: 1,
    batchSize: count,
    learningRate: 0,
    shuffle: false,
    statisticsEvery: 1,
    trainEvaluation: 0,
    normalization: 'unit',
  } as const;
  const moments = async (width: number): Promise<readonly { mean: number; error: number }[]> => {
    const runs = await trainMany(
      Array.from({ length: networks }, (_, seed) => ({ spec: trained(width), options: { ...options, seed } })),
      { train: data },
    );
    return [0, 1, 2].map((layer) => {
      const found = runs.map(({ statistics }) => statistics?.variance?.values[layer] as number);
      const mean = found.reduce((sum, q) => sum + q, 0) / networks;
      const square = found.reduce((sum, q) => sum + (q - mean) ** 2, 0);
      return { mean, error: Math.sqrt(square / (networks * (networks - 1))) };
    });
  };
  const [one, two] = [await moments(60), await moments(120)];
  const theory = await predict({ ...trained(120), inputs: { secondMoment: 1, count: 1 } });
  for (let layer = 0; layer < 3; layer++) {
    const [a, b] = [one[layer], two[layer]];
    if (a === undefined || b === undefined) throw new Error('no statistics');
    const wanted = theory.observables.variance?.values[layer] as number;
    const noise = Math.hypot(2 * b.error, a.error);
    const z = (2 * b.mean - a.mean - wanted) / noise;
    t.ok(Math.abs(z) < 5, `layer ${layer + 1}: q is ${b.mean}, wanted ${wanted}, z = ${z.toFixed(2)}`);
    t.ok((0.15 * wanted) / noise > 5, `layer ${layer + 1}: an error of 15 % would show (${noise})`);
  }
});
