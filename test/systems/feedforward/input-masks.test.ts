// Masks of few inputs and weights that are not Gaussian: what they do to the first layer is as large as what finite width does.
import t from 'tap';
import { compare, predict, simulate } from 'mft-native';

const masked = {
  system: 'feedforward',
  activation: 'tanh',
  weightVariance: 1.2,
  biasVariance: 0.2,
  inputKeepProbability: 0.4,
  inputWidth: 100,
  width: 1000,
  depth: 3,
} as const;

t.test('masks of the inputs scatter q¹ by (1/ρ − 1)E x⁴/(N₀ (E x²)²), carried through the layers', async (t) => {
  const theory = await predict(masked);
  const trials = 3000;
  const measured = await simulate(masked, { trials, seed: 4 });
  for (const layer of [0, 1, 2]) {
    const of = (name: 'variance' | 'gradientSingle') => {
      const { values, variance, scale } = measured.observables[name] ?? {};
      const unit = scale === 'linear' ? (values?.[2 * layer] as number) ** 2 : 1;
      return [
        (theory.observables[name]?.spread?.[2 * layer] ?? 0) as number,
        (variance?.[2 * layer] as number) / unit,
      ] as const;
    };
    for (const name of ['variance', 'gradientSingle'] as const) {
      const [spread, relative] = of(name);
      // To leading order; a variance of 3000 trials is known to 3 %.
      t.ok(
        Math.abs(Math.log(spread / relative)) < 0.25,
        `${name} of layer ${layer + 1}: ${spread} against ${relative}`,
      );
    }
  }
  t.ok((theory.observables.variance?.spread?.[0] as number) > 0.03, 'without the masks it would be 2/N = 0.002');
  const { verdict, largestZ } = compare(theory, measured);
  t.not(verdict, 'disagrees', `largest |z| ${largestZ}`);
});

t.test('the gradient of the first layer scatters with |u⁰|² too', async (t) => {
  const spec = {
    ...masked,
    inputWidth: 30,
    depth: 2,
    biasVariance: 0,
    width: 2000,
    backwardWeights: 'independent',
  } as const;
  const theory = await predict(spec);
  const { typicalGradientSingle } = theory.observables;
  t.ok((typicalGradientSingle?.finiteSize?.values[0] as number) < -0.02, 'half the variance of the logarithm');
  const measured = await simulate(spec, { trials: 2000, seed: 4 });
  const found = measured.observables.typicalGradientSingle;
  const term = typicalGradientSingle?.finiteSize?.values[0] as number;
  const deviation = (found?.values[0] as number) - (typicalGradientSingle?.values[0] as number);
  const z = (deviation - term) / (found?.standardError[0] as number);
  t.ok(
    deviation / (found?.standardError[0] as number) < -5,
    'the mean of the logarithm is not the logarithm of the mean',
  );
  t.ok(Math.abs(z) < 5 || Math.abs(deviation - term) < Math.abs(term) / 2, `term ${term}, deviation ${deviation}`);
});

t.test('an input kept by one network in fifty decides nothing in sixty trials', async (t) => {
  const spec = {
    ...masked,
    biasVariance: 0,
    inputKeepProbability: 0.02,
    inputWidth: 3,
    width: [20, 34, 38],
  } as const;
  const comparison = compare(await predict(spec), await simulate(spec, { trials: 60, seed: 8 }));
  t.equal(comparison.verdict, 'inconclusive', `largest |z| ${comparison.largestZ}`);
  const { undecided = [] } = comparison.observables.variance ?? {};
  t.ok(undecided.length > 0);
  t.match(undecided[0]?.reason, /scatter/);
});

t.test(
  'signs as weights of nine inputs: pre-activations are no Gaussian numbers, and the theory says by how much',
  async (t) => {
    const spec = {
      system: 'feedforward',
      activation: 'cos',
      weights: 'rademacher',
      inputWidth: 9,
      width: 300,
      depth: 2,
      maskSharing: 'shared',
      backwardWeights: 'independent',
    } as const;
    const theory = await predict(spec);
    const measured = await simulate(spec, { trials: 300, seed: 8 });
    const comparison = compare(theory, measured);
    t.ok(comparison.largestZ > 5, 'seen by 300 trials');
    t.not(comparison.verdict, 'disagrees');
    const gaussian = await predict({ ...spec, weights: 'gaussian' });
    const allowance = (of: typeof theory): number => of.observables.variance?.finiteSize?.allowance?.[2] as number;
    t.equal(allowance(gaussian), 0);
    // κ_w κ/(24 N₀) |E cos² He₄| of q¹ = 1: 2 · 27/11/9/24 · 8e⁻².
    const size = ((2 * (27 / 11)) / 9 / 24) * 8 * Math.exp(-2);
    t.ok(allowance(theory) >= size && allowance(theory) < 3 * size, `${allowance(theory)} for ${size}`);
  },
);
