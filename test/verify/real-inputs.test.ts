// Two MNIST digits as the pair of inputs: predicted and simulated from their own norms and correlation.
import t from 'tap';
import { compare, predict, simulate } from 'mft-native';

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
