// A residual network: its laws, a schedule that meets a gradient budget, and real networks beside the theory.
// Run by the tests; with Node 22.18 or newer: node examples/residual.ts
import { advise, compare, evaluate, predict, simulate } from 'mft-native';

const variances = { innerWeightVariance: 1, innerBiasVariance: 0.1, outerWeightVariance: 1, outerBiasVariance: 0.1 };
const depth = 60;

// 1. Where does this network stand? tanh with constant variances: gradients grow like exp(A √L).
const standard = await predict({ system: 'residual', activation: 'tanh', depth, ...variances });
console.log(
  'log χ_0/χ_L =',
  standard.quantities.logGradientRatio,
  'law',
  standard.quantities['growthLaw.gradient.form'],
);

// 2. Which decay of the variances brings the ratio to a factor of 10?
const decay = (await evaluate('residual', 'decayForGradientBudget', {
  activation: 'tanh',
  depth,
  ...variances,
  budget: Math.log(10),
})) as number;
console.log('variances like l^−β with β =', decay);

// 3. That network, simulated: exact, with the same weights forward and backward.
const spec = {
  system: 'residual',
  activation: 'tanh',
  depth,
  ...variances,
  innerWeightDecay: decay,
  innerBiasDecay: decay,
  outerWeightDecay: decay,
  outerBiasDecay: decay,
  width: 800,
} as const;
const theory = await predict(spec);
const simulation = await simulate(spec, { trials: 40, seed: 7 });
const comparison = compare(theory, simulation);
console.log(
  'log χ_0/χ_L =',
  simulation.observables.gradientSecondMoment?.values[0],
  '±',
  simulation.observables.gradientSecondMoment?.standardError[0],
  comparison.verdict,
);

// 4. What else would help?
const { sections } = await advise({ system: 'residual', activation: 'tanh', depth, ...variances });
for (const section of sections)
  if (Array.isArray(section.findings))
    for (const finding of section.findings) console.log(`${finding.severity}: ${finding.claim}`);
