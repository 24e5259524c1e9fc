// Exact laws of special cells: linear recurrence and GRU with shared weights, gates without weights.
import * as z from 'zod';
import { MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { legendreRule } from '../../numeric/legendre.js';
import { largestKnownPower, tiedGruGrowth, tiedLinearGrowth } from './closed-forms.js';

const linear = z.strictObject({
  recurrentWeightVariance: numberField(
    { low: 0, high: 1e8 },
    'Variance of a recurrent weight times N.',
    'σ_w²',
  ).default(1),
  width: wholeField(1, 1_000_000_000, 'Units.', 'N').default(100),
  steps: wholeField(0, 10_000, 'Steps.', 'k').default(4),
});
const gru = z.strictObject({
  keepProbability: numberField({ low: 0, high: 1, above: true }, 'Value 1 − ε of the keep gate z.', 'z').default(0.99),
  resetProbability: numberField({ low: 0, high: 1 }, 'Value of the reset gate.', 'r').default(0.5),
  recurrentWeightVariance: numberField({ low: 0, high: 1e8 }, 'Variance of a weight of the candidate.', 'σ_g²').default(
    1,
  ),
  steps: wholeField(1, 1_000_000, 'Steps.', 'T').default(100),
});
const chrono = z.strictObject({
  maximalLength: numberField({ low: 2, above: true, high: 1e9 }, 'T of log U(1, T − 1).', 'T').default(100),
  steps: wholeField(0, 1_000_000_000, 'Lag.', 't').default(1),
});

/** E (u/(1 + u))^t, u uniform on (1, T − 1): Gauss–Legendre panels that double, as the integrand bends on the scale of t. */
function chronoOverlap(maximalLength: number, lag: number): number {
  const [low, high] = [1, maximalLength - 1];
  const { nodes, weights } = legendreRule(24);
  let sum = 0;
  for (let a = low; a < high; ) {
    const b = Math.min(high, a * 1.5);
    nodes.forEach((x, i) => {
      const u = a + (b - a) * x;
      sum += (b - a) * (weights[i] as number) * Math.exp(-lag * Math.log1p(1 / u));
    });
    a = b;
  }
  return sum / (high - low);
}

export const exactQuantities = {
  tiedLinearSecondMoment: quantity({
    symbol: 'E‖W^k v‖²/‖v‖²',
    description:
      'Growth over k steps of a linear recurrence of N units with one Gaussian matrix, exact at finite width.',
    source: 'derived; docs 4.3',
    parameters: linear,
    evaluate: ({ recurrentWeightVariance, width, steps }) => {
      if (steps <= largestKnownPower) return tiedLinearGrowth(recurrentWeightVariance, width, steps);
      throw new MftError('ERR_MFT_UNSUPPORTED', `The polynomial in 1/N is known up to ${largestKnownPower} steps.`, {
        parameter: 'steps',
        expected: `at most ${largestKnownPower}`,
        received: steps,
      });
    },
  }),
  tiedGruGrowth: quantity({
    symbol: 'E‖J_T‖²',
    description: 'Growth over T steps of a small change of the zero state of a GRU without inputs, weights shared.',
    source: 'derived; docs 4.4',
    parameters: gru,
    evaluate: ({ keepProbability, resetProbability, recurrentWeightVariance, steps }) =>
      tiedGruGrowth(keepProbability, resetProbability, recurrentWeightVariance, steps),
  }),
  chronoOverlap: quantity({
    symbol: 'E z^t',
    description:
      'Mean overlap after t steps of units whose keep gate is logistic(b), b = log U(1, T − 1), without weights.',
    source: 'Tallec 2018 (the initialisation), derived; docs 2.8',
    parameters: chrono,
    evaluate: ({ maximalLength, steps }) => chronoOverlap(maximalLength, steps),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
