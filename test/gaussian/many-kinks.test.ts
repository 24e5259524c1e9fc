// Expectations of |φ(u₁)φ(u₂)| of functions with many zeros: the kinks of the absolute value cross in the plane by the thousand.
import t from 'tap';
import { predict } from 'mft-native';
import { gaussianFunctionOf } from '../../dist/gaussian/expectation.js';
import { pairExpectation } from '../../dist/gaussian/moments.js';

/** E|cos(ωu₁)cos(ωu₂)| from |cos x| = 2/π + (4/π) Σ (−1)^(k+1)/(4k² − 1) cos 2kx. */
function foldedCosines(frequency: number, q1: number, q2: number, c: number): number {
  const coefficient = (k: number): number =>
    k === 0 ? 2 / Math.PI : ((4 / Math.PI) * (k % 2 === 1 ? 1 : -1)) / (4 * k * k - 1);
  let sum = 0;
  for (let k = 0; k < 400; k++)
    for (let j = 0; j < 400; j++) {
      const exponents = [1, -1].map(
        (sign) => -2 * frequency ** 2 * (k * k * q1 + j * j * q2 + 2 * sign * k * j * c * Math.sqrt(q1 * q2)),
      );
      sum += coefficient(k) * coefficient(j) * 0.5 * exponents.reduce((total, x) => total + Math.exp(x), 0);
    }
  return sum;
}

t.test('E|φ(u₁)φ(u₂)| of waves is the sum of their Fourier series', async (t) => {
  for (const frequency of [1.5, 3, 30])
    for (const [q1, q2, c] of [
      [0.35, 0.35, 0],
      [0.35, 0.35, 0.6],
      [0.35, 0.35, -0.95],
      [0.05, 0.2, 0.9],
      [2, 2, 0.99],
    ] as const) {
      const phi = gaussianFunctionOf({ expression: `cos(${frequency} * x)` });
      const value = pairExpectation(phi, { value: 1, isAbsolute: true }, q1, q2, 1 - c);
      const expected = foldedCosines(frequency, q1, q2, c);
      t.ok(Math.abs(value - expected) < 1e-10, `cos ${frequency}x at ${q1}, ${q2}, ${c}: ${value} for ${expected}`);
    }
});

t.test('a prediction of sin(30x) ends: minutes without a word before', async (t) => {
  const start = process.cpuUsage();
  const spec = {
    system: 'feedforward',
    activation: { expression: 'sin(30 * x)' },
    weightVariance: 0.7,
    depth: 2,
  } as const;
  const { quantities } = await predict(spec);
  // Far from the output inputs are uncorrelated and sines folded: (2/π)(E|cos|)²/E cos² (E|sin|)²/E sin² = (2/π)(8/π²)².
  t.ok(Math.abs((quantities.absoluteToSingleGradientRatio as number) - (2 / Math.PI) * (8 / Math.PI ** 2) ** 2) < 1e-9);
  t.ok(process.cpuUsage(start).user < 10e6, 'ten seconds of a processor at most');
});
