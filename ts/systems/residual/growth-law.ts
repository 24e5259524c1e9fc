// Growth laws of the full block under power-law variances: the phase diagram of 3.7 with its constants.
import { expectedError, MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { classify, type PiecewiseLinear } from './activation-class.js';
import { boundedGrowthLaw } from './growth-law-bounded.js';
import { alphaReluLaw } from './laws.js';

export type GrowthForm =
  | 'stretchedExponential'
  | 'power'
  | 'powerTimesLog'
  | 'exponentialOfSqrtLog'
  | 'log'
  | 'inverseLogSquare'
  | 'bounded'
  | 'marginal';

/**
 * How a quantity f grows with the layer l: stretchedExponential log f ~ coefficient·l^exponent; power f ~ coefficient·l^exponent;
 * powerTimesLog f ~ coefficient·l^exponent·log l; exponentialOfSqrtLog log f ~ coefficient·√(log l); log f ~ coefficient·log l;
 * inverseLogSquare f ~ coefficient/(log l)²; bounded. A coefficient or exponent that depends on the input is left out.
 */
export interface Growth {
  readonly form: GrowthForm;
  readonly coefficient?: number;
  readonly exponent?: number;
}

/** The laws of one point of the diagram. */
export interface GrowthLaw {
  /** Row of the table, e.g. 'V < 1'. */
  readonly region: string;
  /** χ_0/χ_l. */
  readonly gradient: Growth;
  /** p_l. */
  readonly length: Growth;
  /** s_l, where known. */
  readonly metric?: Growth;
  /** Limit of e_l, where it does not depend on the input. */
  readonly angularLimit?: number;
  /** 1 − e_l, where it vanishes and the law is known. */
  readonly angularDeficit?: Growth;
  /** χ_w at layer 1 over layer l, and χ_v; where known. */
  readonly innerWeight?: Growth;
  readonly outerWeight?: Growth;
  /** q*, where the pre-activation variance converges to it. */
  readonly fixedPointPreactivationVariance?: number;
  /** Whether an exponent stands on a border between regions (within the tolerance). */
  readonly onBoundary: boolean;
  /** What the reader must know, e.g. that the published theorem does not apply here. */
  readonly note?: string;
}

export interface GrowthLawParameters {
  readonly activation: ActivationSpec;
  readonly innerWeightVariance: number;
  readonly innerBiasVariance: number;
  readonly outerWeightVariance: number;
  readonly outerBiasVariance: number;
  readonly innerWeightDecay: number;
  readonly innerBiasDecay: number;
  readonly outerWeightDecay: number;
  readonly outerBiasDecay: number;
  /** Exponents nearer than this are equal. */
  readonly tolerance: number;
}

/** Variances and decays with the decay of a vanishing variance infinite, so that it never decides. */
export interface Schedule {
  readonly sw: number;
  readonly sb: number;
  readonly sv: number;
  readonly sa: number;
  readonly w: number;
  readonly b: number;
  readonly v: number;
  readonly a: number;
}

/** Comparisons within the tolerance; remembers whether any was an equality. */
export interface Comparisons {
  readonly equal: (x: number, y: number) => boolean;
  /** Equality that is no border: an exponent at the end of its range. */
  readonly same: (x: number, y: number) => boolean;
  readonly less: (x: number, y: number) => boolean;
  readonly wasOnBoundary: () => boolean;
}

function comparisons(tolerance: number): Comparisons {
  let boundary = false;
  const near = (x: number, y: number): boolean => x === y || Math.abs(x - y) <= tolerance;
  return {
    equal: (x, y) => {
      const result = near(x, y) && Number.isFinite(x);
      boundary ||= result;
      return result;
    },
    same: near,
    less: (x, y) => !near(x, y) && x < y,
    wasOnBoundary: () => boundary,
  };
}

/**
 * The growth law of a full-block network with variances σ²·l^−β: form, exponent and constant of the gradient ratio, the
 * length, the metric and angular expressivity and the weight gradients.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE for a negative decay; ERR_MFT_WRONG_PHASE for rectified powers above 1 or decaying;
 *   ERR_MFT_UNSUPPORTED for activations without a law
 *
 * **Numerics**: closed forms; q* and e* by bracketed root finding to 1e-14. **Source**: Yang & Schoenholz 2018, theorems
 * C.5–C.11; constants, the regions where q stays finite and the weight-gradient exponents are derived.
 */
export function growthLaw(parameters: GrowthLawParameters): GrowthLaw {
  for (const name of ['innerWeightDecay', 'innerBiasDecay', 'outerWeightDecay', 'outerBiasDecay'] as const) {
    if (!(parameters[name] >= 0))
      throw expectedError(
        'ERR_MFT_OUT_OF_RANGE',
        name,
        'a number >= 0 (growth laws cover non-negative decays)',
        parameters[name],
      );
  }
  const kind = classify(parameters.activation);
  const decay = (variance: number, exponent: number): number => (variance === 0 ? Infinity : exponent);
  const schedule: Schedule = {
    sw: parameters.innerWeightVariance,
    sb: parameters.innerBiasVariance,
    sv: parameters.outerWeightVariance,
    sa: parameters.outerBiasVariance,
    w: decay(parameters.innerWeightVariance, parameters.innerWeightDecay),
    b: decay(parameters.innerBiasVariance, parameters.innerBiasDecay),
    v: decay(parameters.outerWeightVariance, parameters.outerWeightDecay),
    a: decay(parameters.outerBiasVariance, parameters.outerBiasDecay),
  };
  const compare = comparisons(parameters.tolerance);
  if (kind.kind === 'piecewiseLinear')
    return { ...linearGrowthLaw(schedule, kind, compare), onBoundary: compare.wasOnBoundary() };
  if (kind.kind === 'bounded')
    return { ...boundedGrowthLaw(schedule, kind, compare), onBoundary: compare.wasOnBoundary() };
  if (kind.kind === 'rectifiedPower') return rectifiedPowerLaw(kind.alpha, parameters);
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    'Growth laws are known for ' +
      'piecewise linear, ' +
      'bounded odd (tanh, erf, ' +
      'erfUnitSlope, hardTanh) ' +
      'and rectified-power activations; ' +
      'fit the ' +
      'recurrences of this one instead ' +
      '(`fitGrowth`).',
    { parameter: 'activation' },
  );
}

function rectifiedPowerLaw(alpha: number, parameters: GrowthLawParameters): GrowthLaw {
  const { innerWeightDecay, innerBiasDecay, outerWeightDecay, outerBiasDecay } = parameters;
  if (alpha > 1)
    throw new MftError(
      'ERR_MFT_WRONG_PHASE',
      'There is no growth law for alpha > 1: the second moment grows doubly exponentially.',
      { parameter: 'activation.alpha' },
    );
  if (innerWeightDecay + innerBiasDecay + outerWeightDecay + outerBiasDecay > 0) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Growth laws of alphaRelu cover constant variances only; fit the recurrences instead.',
      { parameter: 'innerWeightDecay' },
    );
  }
  const law = alphaReluLaw(alpha, parameters.outerWeightVariance, parameters.innerWeightVariance);
  return {
    region: '1/2 < alpha < 1',
    gradient: { form: 'power', exponent: law.R },
    length: { form: 'power', exponent: law.lengthExponent, coefficient: law.K ** law.lengthExponent },
    metric: { form: 'power', exponent: law.lengthExponent, coefficient: (1 - law.estar) * law.K ** law.lengthExponent },
    angularLimit: law.estar,
    onBoundary: false,
  };
}

/** The coefficients that enter where a decay equals the smallest one. */
export function matching(
  compare: Comparisons,
  smallest: number,
  terms: readonly (readonly [decay: number, value: number])[],
): number {
  return terms.reduce(
    (sum, [decay, value]) => (Number.isFinite(decay) && !compare.less(smallest, decay) ? sum + value : sum),
    0,
  );
}

/**
 * Piecewise linear φ (the ReLU table), also bounded φ near 0 with gain φ'(0)². W = gain·σ_v²σ_w², V = β_v + β_w,
 * U = min(β_v + β_b, β_a).
 */
export function linearGrowthLaw(
  s: Schedule,
  phi: Omit<PiecewiseLinear, 'kind'>,
  compare: Comparisons,
): Omit<GrowthLaw, 'onBoundary'> {
  const W = phi.gain * s.sv * s.sw;
  const V = s.v + s.w;
  const U = Math.min(s.v + s.b, s.a);
  // Source of length per layer: κ l^−U.
  const source = matching(compare, U, [
    [s.v + s.b, phi.gain * s.sv * s.sb],
    [s.a, s.sa],
  ]);
  const turn = (Math.SQRT2 / (3 * Math.PI)) * phi.bend;
  const bounded: Growth = { form: 'bounded' };
  const weights = (tied: boolean, factor: number): Pick<GrowthLaw, 'innerWeight' | 'outerWeight'> => {
    const shift = tied ? 0 : Math.max(0, 1 - U);
    const power = (exponent: number): Growth => (exponent === 0 ? bounded : { form: 'power', exponent });
    return {
      innerWeight: power(s.v - shift + factor),
      outerWeight: power(tied ? s.w : Math.min(s.w - shift, s.b) + factor),
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
  const outer = s.sv === 0 || s.sw === 0 ? {} : weights(false, 0);
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
