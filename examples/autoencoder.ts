// What does a linear denoising autoencoder learn of my data, and when?
import { advise, compare, dataSpectrum, evaluate, predict, simulate } from 'mft-native';

// Data: points near a plane in five dimensions.
const rows = Array.from({ length: 200 }, (_, n) => {
  const [a, b] = [2 * Math.sin(n), Math.cos(3 * n)];
  return [a, b, a - b, a + b, 0.2 * Math.sin(7 * n)];
});
const { inputVariance, rank } = await dataSpectrum(rows);
console.log('directions', inputVariance.map((nu) => nu.toFixed(3)).join(' '), 'rank', rank);

const spec = {
  system: 'autoencoder',
  inputVariance,
  width: 8,
  noiseVariance: 0.3,
  learningRate: 0.02,
  initialVariance: 1e-6,
  steps: 1500,
} as const;
const theory = await predict(spec);
console.log('mapping at the end', theory.quantities.fixedPoint);
console.log('half learnt at step', theory.quantities.timeToReach);
for (const { findings } of (await advise(spec)).sections)
  if (Array.isArray(findings)) for (const { claim } of findings) console.log('·', claim);

// Forty networks from random starts, and where theory is exact: a hidden unit for every direction.
const networks = await simulate(spec, { trials: 40, seed: 1 });
console.log(
  'loss of networks',
  networks.observables.loss?.values.at(-1),
  'theory',
  theory.observables.loss?.values.at(-1),
);
const aligned = { ...spec, initial: 'aligned', initialVariance: 0.01, steps: 300 } as const;
console.log(
  'aligned starts',
  compare(await predict(aligned), await simulate(aligned, { trials: 2000, seed: 1 })).verdict,
);

// Noise, decay, masking, early stopping: each matched to this noise on the second direction, each at its own best rate.
console.log(
  await evaluate('autoencoder', 'regularizerComparison', {
    spectrum: inputVariance.slice(0, rank),
    noiseVariance: 0.3,
    matched: 1,
  }),
);
