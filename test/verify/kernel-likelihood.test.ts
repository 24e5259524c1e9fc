// Derivatives of the marginal likelihood for activations with kinks whose pairs near 1 and -1 have tables of their own, and a fit by them.
import t from 'tap';
import { evaluate } from 'mft-native';

interface Gradient {
  readonly logMarginalLikelihood: number;
  readonly weightVariance: readonly number[];
  readonly biasVariance: readonly number[];
  readonly noiseVariance: number;
}
const gradientOf = (parameters: object): Promise<Gradient> =>
  evaluate('kernel', 'kernelLikelihoodGradient', parameters as never) as never;
const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);

const far = Array.from({ length: 6 }, (_, i) =>
  Array.from({ length: 3 }, (_, j) => 3 * ((1e4 * Math.sin(3 * i + j + 1)) % 1)),
);
const [first, second, third] = far as [number[], number[], number[]];
/** Also of one direction, nearly equal, opposite and equal ones. */
const inputs = [...far, first.map((x) => 1.5 * x), second.map((x, k) => x + 1e-3 * k), third.map((x) => -x), first];
const targets = inputs.map((_, i) => [Math.sin(i), Math.cos(2 * i)]);

for (const activation of ['elu', 'relu6'])
  for (const kernel of ['ntk'])
    t.test(`${activation}, ${kernel}`, { timeout: 600_000 }, async (t) => {
      const at = (x: number): Promise<Gradient> =>
        gradientOf({
          depth: 2,
          activation,
          kernel,
          inputs,
          targets,
          weightVariance: [1.3 + x, 1.8 - x, 0.9 + 2 * x],
          biasVariance: [0.1 - x, 0.2 + x, 0.3 + x],
          noiseVariance: 0.2 + x,
        });
      const found = await at(0);
      const [w1 = 0, w2 = 0, w3 = 0] = found.weightVariance;
      const [b1 = 0, b2 = 0, b3 = 0] = found.biasVariance;
      const derivative = w1 - w2 + 2 * w3 - b1 + b2 + b3 + found.noiseVariance;
      const h = 1e-4;
      const difference = ((await at(h)).logMarginalLikelihood - (await at(-h)).logMarginalLikelihood) / (2 * h);
      t.ok(Math.abs(derivative / difference - 1) < 1e-5, `${derivative} ${difference}`);
    });

t.test('a fit with tanh ends where all derivatives vanish', { timeout: 600_000 }, async (t) => {
  const start = { activation: 'tanh', depth: 2, weightVariance: 1, biasVariance: 0.1, noiseVariance: 0.5 };
  const found = (await evaluate('kernel', 'kernelFit', {
    ...start,
    inputs: far,
    targets: targets.slice(0, 6),
  })) as never as Gradient & { readonly isConverged: boolean; readonly logMarginalLikelihoodAtStart: number };
  t.ok(found.isConverged);
  t.ok(found.logMarginalLikelihood > found.logMarginalLikelihoodAtStart);
  const { weightVariance, biasVariance, noiseVariance } = found;
  const end = await gradientOf({
    ...start,
    inputs: far,
    targets: targets.slice(0, 6),
    weightVariance,
    biasVariance,
    noiseVariance,
  });
  const logarithmic = [
    sum(end.weightVariance) * (weightVariance[0] ?? 0),
    sum(end.biasVariance) * (biasVariance[0] ?? 0),
    end.noiseVariance * noiseVariance,
  ];
  for (const each of logarithmic) t.ok(Math.abs(each) < 1e-3, `derivative at the maximum: ${each}`);
});
