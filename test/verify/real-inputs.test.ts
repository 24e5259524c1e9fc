// Real images: two digits as the pair of inputs, predicted and simulated from their own norms and correlation; the rank of many.
import t from 'tap';
import { compare, dataSpectrum, evaluate, predict, readDataset, simulate } from 'mft-native';

const isRequired = (process.env.MFT_REQUIRE ?? '').split(',').includes('data');
const skip = process.env.MFT_DATA === undefined && !isRequired ? 'MFT_DATA is not set: no real images' : false;

t.test('two MNIST digits', { skip, timeout: 300_000 }, async (t) => {
  const spec = {
    system: 'feedforward',
    activation: 'tanh',
    weightVariance: 1.4,
    biasVariance: 0.1,
    keepProbability: 0.9,
    width: 4000,
    depth: 40,
    inputs: { dataset: 'mnist', indices: [0, 1] },
  } as const;
  const [theory, simulation] = [await predict(spec), await simulate(spec, { trials: 60, seed: 11 })];
  const comparison = compare(theory, simulation);
  t.equal(comparison.verdict, 'agrees', `largest |z| ${comparison.largestZ}`);
  const first = theory.observables.variance?.values ?? [];
  t.not(first[0], first[1], 'the digits have their own norms');
  t.match((theory.spec as { inputs?: { sha256?: string } }).inputs?.sha256, /^[0-9a-f]{64}$/);
  t.ok(comparison.tests > 300);
});

t.test('a linear kernel of 720 digits names the rank of its pixels', { skip }, async (t) => {
  const { images, dimension } = await readDataset('mnist', 'train');
  const count = 720;
  const inputs = Array.from({ length: count }, (_, i) =>
    Array.from(images.subarray(i * dimension, (i + 1) * dimension), (pixel) => pixel / 255),
  );
  const question = { inputs, targets: inputs.map((_, i) => i % 10), testInputs: inputs.slice(0, 2), depth: 0 };
  // By numpy's singular values; all 60,000 digits have 712, so linear kernels of more are singular whatever the digits.
  await t.rejects(evaluate('kernel', 'kernelRegression', question), {
    code: 'ERR_MFT_DEGENERATE',
    message: /rank 572: .*rows of 784 numbers/u,
  });
  const { rank, rankInterval } = await dataSpectrum('mnist');
  t.same([rank, rankInterval], [712, [712, 712]], 'by us as well');
});
