import t from 'tap';
import {
  type Activation,
  gaussianDerivativeSecondMoment,
  gaussianPairMoment,
  gaussianPairMomentDeficit,
  gaussianSecondMoment,
} from 'mft-native';
import { activationCatalogue, evaluateActivation, resolveActivation } from '../../dist/gaussian/activations.js';

// Every name of the catalogue (with parameters where it needs or takes any) and eight expressions, against integration that
// knows nothing of the rules of the package: Gauss–Legendre panels of length 1/8 between the kinks, in plain JavaScript.
const named: Record<string, readonly Activation[]> = {
  leakyRelu: ['leakyRelu', { name: 'leakyRelu', slope: 0.3 }],
  prelu: ['prelu'],
  hardTanh: ['hardTanh', { name: 'hardTanh', min: -0.5, max: 2 }, { name: 'hardTanh', min: 1, max: 3 }],
  softplus: ['softplus', { name: 'softplus', beta: 5 }],
  gelu: ['gelu', { name: 'gelu', approximate: 'tanh' }],
  elu: ['elu', { name: 'elu', alpha: 0.5 }],
  alphaRelu: [{ name: 'alphaRelu', alpha: 0.9 }],
  abRelu: [{ name: 'abRelu', a: -0.5, b: 1.5 }],
  rectifiedMonomial: [{ name: 'rectifiedMonomial', degree: 2 }],
  swish: ['swish', { name: 'swish', beta: 1.5 }, { name: 'swish', beta: 100 }],
  celu: ['celu', { name: 'celu', alpha: 0.25 }],
  snake: ['snake', { name: 'snake', alpha: 3 }],
  hardSigmoid: ['hardSigmoid', { name: 'hardSigmoid', slope: 0.2 }],
};
const gammaOfTwoFifths = 2.218159543757688;
const expressions: readonly Activation[] = [
  { expression: 'min(max(x, 0), 6)' },
  { expression: 'x * min(max(x + 3, 0), 6) / 6' },
  { expression: 'relu(x - 0.5) - relu(-x - 0.5)' },
  { expression: 'sign(x) * log1p(abs(x))' },
  { expression: 'sin(5 * x)' },
  { expression: 'x * exp(-x^2 / 2)' },
  { expression: 'max(x, 0)^2' },
  { expression: 'x - tanh(x)' },
];
const activations: readonly Activation[] = [
  ...Object.keys(activationCatalogue).flatMap((name) => named[name] ?? [name as Activation]),
  ...expressions,
];
const variances = [0.04, 1, 9];

// Gauss–Legendre, 10 points on [−1, 1].
const nodes = [0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717];
const weights = [0.2955242247147529, 0.2692667193099963, 0.2190863625159821, 0.1494513491505806, 0.0666713443086881];

/** ∫ φ^(order)² dN(0, q), panel by panel. */
function bruteForce(activation: Activation, order: 0 | 1, q: number): number {
  const resolved = resolveActivation(activation as never);
  const root = Math.sqrt(q);
  const panel = 1 / 8 / Math.max(1, root * (resolved.facts.scale < 1 ? 4 / resolved.facts.scale : 1) * 0.25);
  const ends: number[] = [];
  for (let z = -12; z < 12; z += panel) ends.push(z);
  ends.push(12, ...[...resolved.kinks].map((kink) => kink / root).filter((z) => Math.abs(z) < 12));
  ends.sort((a, b) => a - b);
  const points: number[] = [];
  const scales: number[] = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const [a, b] = [ends[i] as number, ends[i + 1] as number];
    for (const [j, node] of nodes.entries()) {
      for (const sign of [-1, 1]) {
        const z = 0.5 * (a + b) + 0.5 * sign * (b - a) * node;
        points.push(z);
        scales.push((0.5 * (b - a) * (weights[j] as number) * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI));
      }
    }
  }
  const values = evaluateActivation(
    resolved,
    Float64Array.from(points, (z) => root * z),
    order,
  );
  return values.reduce((sum, value, i) => sum + (scales[i] as number) * value * value, 0);
}

t.test('every activation against brute-force integration', async (t) => {
  let compared = 0;
  for (const activation of activations) {
    const jumps = activation === 'step' || activation === 'sign';
    for (const variance of variances) {
      const what = `${JSON.stringify(activation)} at ${variance}`;
      const second = bruteForce(activation, 0, variance);
      const found = gaussianSecondMoment(activation, { variance });
      t.ok(Math.abs(found - second) <= 1e-9 * second, `${what}: E phi^2 ${found} against ${second}`);
      if (!jumps) {
        // phi'^2 of x^0.9 is singular at 0, where brute force has few digits: 0.81 E[Z^-0.2; Z > 0] q^-0.1 has a closed form.
        const isSingular = JSON.stringify(activation).includes('alphaRelu');
        const slope = isSingular
          ? (0.405 * (2 * variance) ** -0.1 * gammaOfTwoFifths) / Math.sqrt(Math.PI)
          : bruteForce(activation, 1, variance);
        const tolerance = 1e-9;
        const foundSlope = gaussianDerivativeSecondMoment(activation, { variance });
        t.ok(Math.abs(foundSlope - slope) <= tolerance * slope, `${what}: E phi'^2 ${foundSlope} against ${slope}`);
      }
      const pair = { variance, correlation: 0.5 };
      const sum = gaussianPairMoment(activation, pair) + gaussianPairMomentDeficit(activation, pair);
      t.ok(Math.abs(sum - found) <= 1e-10 * found, `${what}: M + D is E phi^2`);
      compared++;
    }
  }
  t.ok(Object.keys(activationCatalogue).length >= 30, 'the catalogue has at least thirty names');
  t.equal(expressions.length, 8);
  t.equal(compared, 3 * activations.length);
});

t.test('pair moments of the activations with parameters against nested integration', async (t) => {
  // u₂ = c u₁ + √(1 − c²) v: E φ(u₁)φ(u₂) = E_z φ(√q z) E_v φ(c √q z + √(1 − c²) √q v), trapezoidal in both: error e^(−2π²/h²)
  // for smooth functions and h² at kinks.
  const smooth: readonly Activation[] = [
    'mish',
    'swish',
    'snake',
    { name: 'gelu', approximate: 'tanh' },
    { name: 'softplus', beta: 2 },
  ];
  for (const activation of smooth) {
    for (const variance of variances) {
      for (const correlation of [-0.6, 0.3, 0.9]) {
        const root = Math.sqrt(variance);
        const h = 0.04;
        const z = Float64Array.from({ length: 451 }, (_, i) => (i - 225) * h);
        const density = z.map((x) => (h * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
        const rest = Math.sqrt(1 - correlation ** 2);
        const first = evaluateActivation(
          activation as never,
          z.map((x) => root * x),
        );
        let sum = 0;
        for (let i = 0; i < z.length; i++) {
          const inner = evaluateActivation(
            activation as never,
            z.map((v) => root * (correlation * (z[i] as number) + rest * v)),
          );
          const mean = inner.reduce((total, value, j) => total + value * (density[j] as number), 0);
          sum += (density[i] as number) * (first[i] as number) * mean;
        }
        const found = gaussianPairMoment(activation, { variance, correlation });
        const scale = gaussianSecondMoment(activation, { variance });
        t.ok(
          Math.abs(found - sum) <= 1e-9 * scale,
          `${JSON.stringify(activation)} ${variance} ${correlation}: ${found} against ${sum}`,
        );
      }
    }
  }
});
