// Growth laws of piecewise linear activations (relu and its kin), and of any smooth one near 0.
import type { PiecewiseLinear } from './activation-class.js';
import { type Comparisons, type Growth, type GrowthLaw, matching, type Schedule } from './growth-schedule.js';

/**
 * Piecewise linear φ (the ReLU table), also bounded φ near 0 with gain φ'(0)². W = gain·σ_v²σ_w², V = β_v + β_w,
 * U = min(β_v + β_b, β_a).
 */
export function linearGrowthLaw(
  schedule: Schedule,
  phi: Omit<PiecewiseLinear, 'kind'>,
  compare: Comparisons,
): Omit<GrowthLaw, 'onBoundary'> {
  const W = phi.gain * schedule.outerWeightVariance * schedule.innerWeightVariance;
  const V = schedule.outerWeightDecay + schedule.innerWeightDecay;
  const U = Math.min(schedule.outerWeightDecay + schedule.innerBiasDecay, schedule.outerBiasDecay);
  // Source of length per layer: κ l^−U.
  const source = matching(compare, U, [
    [
      schedule.outerWeightDecay + schedule.innerBiasDecay,
      phi.gain * schedule.outerWeightVariance * schedule.innerBiasVariance,
    ],
    [schedule.outerBiasDecay, schedule.outerBiasVariance],
  ]);
  const turn = (Math.SQRT2 / (3 * Math.PI)) * phi.bend;
  const bounded: Growth = { form: 'bounded' };
  const weights = (tied: boolean, factor: number): Pick<GrowthLaw, 'innerWeight' | 'outerWeight'> => {
    const shift = tied ? 0 : Math.max(0, 1 - U);
    const power = (exponent: number): Growth => (exponent === 0 ? bounded : { form: 'power', exponent });
    return {
      innerWeight: power(schedule.outerWeightDecay - shift + factor),
      outerWeight: power(
        tied
          ? schedule.innerWeightDecay
          : Math.min(schedule.innerWeightDecay - shift, schedule.innerBiasDecay) + factor,
      ),
    };
  };
  if (W > 0 && compare.less(V, 1)) {
    const growth: Growth = {
      form: 'stretchedExponential',
      coefficient: V === 0 ? Math.log1p(W) : W / (1 - V),
      exponent: 1 - V,
    };
    const rate = turn * (V === 0 ? W / (1 + W) : W / (1 - V));
    const angular =
      phi.bend > 0
        ? {
            angularLimit: 1,
            angularDeficit: { form: 'power', exponent: -2 * (1 - V), coefficient: rate ** -2 } as const,
          }
        : {};
    return { region: 'V < 1', gradient: growth, length: growth, metric: growth, ...angular, ...weights(true, 0) };
  }
  if (W > 0 && compare.equal(V, 1)) {
    const gradient: Growth = { form: 'power', exponent: W };
    if (compare.equal(W, 1 - U)) {
      return {
        region: 'V = 1, W = 1 - U',
        gradient,
        length: { form: 'powerTimesLog', exponent: W, coefficient: source },
      };
    }
    if (compare.less(W, 1 - U)) {
      const length: Growth = { form: 'power', exponent: 1 - U, coefficient: source / (1 - U - W) };
      return {
        region: 'V = 1, W < 1 - U',
        gradient,
        length,
        metric: { form: 'power', exponent: W },
        angularLimit: 1,
        angularDeficit: { form: 'power', exponent: W - 1 + U },
        ...weights(false, W),
      };
    }
    const angular =
      phi.bend > 0
        ? { angularLimit: 1, angularDeficit: { form: 'inverseLogSquare', coefficient: (turn * W) ** -2 } as const }
        : {};
    return {
      region: 'V = 1, W > 1 - U',
      gradient,
      length: { form: 'power', exponent: W },
      ...angular,
      ...weights(true, 0),
    };
  }
  const outer = schedule.outerWeightVariance === 0 || schedule.innerWeightVariance === 0 ? {} : weights(false, 0);
  if (compare.less(U, 1)) {
    const length: Growth = { form: 'power', exponent: 1 - U, coefficient: source / (1 - U) };
    return {
      region: 'V > 1, U < 1',
      gradient: bounded,
      length,
      metric: bounded,
      angularLimit: 1,
      angularDeficit: { form: 'power', exponent: U - 1 },
      ...outer,
    };
  }
  if (compare.equal(U, 1)) {
    return {
      region: 'V > 1, U = 1',
      gradient: bounded,
      length: { form: 'log', coefficient: source },
      metric: bounded,
      angularLimit: 1,
      ...outer,
    };
  }
  return { region: 'V > 1, U > 1', gradient: bounded, length: bounded, metric: bounded, ...outer };
}
