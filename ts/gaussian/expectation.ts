// Gaussian expectations of any activation: one mechanism for all moments. Catalogue activations and expressions are
// integrated natively (native/core/gaussian.h); JavaScript functions with the points of the same rules.
import { plainCopy } from '../core/copy.js';
import { addon } from '../core/addon.js';
import { canonicalJson } from '../core/codec.js';
import { expectedError, MftError } from '../core/errors.js';
import { activationCatalogue } from './activation-catalogue.js';
import {
  type ActivationFunction,
  type ActivationSpec,
  canonicalActivation,
  evaluateActivation,
  type ResolvedActivation,
  resolveActivation,
} from './activations.js';
import { cached } from './answers.js';
import { expectationOfFunction } from './function-expectation.js';
import type { Integrand, Question, Resolution } from './integrand.js';

/** What the Gaussian moments take: an activation of a spec, or functions. */
export type Activation = ActivationSpec | ActivationFunction;

/** An activation prepared for integration, with its values so far. */
export interface GaussianFunction {
  /** Canonical text of a spec's activation; undefined for functions. */
  readonly key?: string;
  readonly isOdd: boolean;
  /** d for φ(c x) = c^d φ(x), c > 0; null for any other function. */
  readonly homogeneousDegree: number | null;
  /** φ(0) and the derivatives on both sides of 0, where known. */
  readonly atZero: { readonly value: number; readonly below: number; readonly above: number };
  /** Without kinks, and its second derivative is known. */
  readonly isSmooth: boolean;
  /** Size in x of the finest feature: variances are small or large beside its square. */
  readonly scale: number;
  /** sup |φ|; Infinity when φ is not bounded or it is not known. */
  readonly bound: number;
  /** Variances above it are not searched: an activation that oscillates would need too many points. */
  readonly largestVariance: number;
  /** What native code takes; undefined for functions. */
  readonly native?: NativeGaussianFunction;
  readonly ask: (question: Question) => number;
}

export interface NativeGaussianFunction extends ResolvedActivation, Resolution {}

interface NativeQuestion {
  readonly what: Question['what'];
  readonly activation: NativeGaussianFunction;
  readonly integrand: Float64Array;
  readonly varianceA: Float64Array;
  readonly varianceB: Float64Array;
  readonly oneMinusCorrelation: Float64Array;
}

declare module '../core/addon.js' {
  interface NativeAddon {
    gaussian(question: NativeQuestion, into?: Float64Array): Float64Array;
    startGaussian(question: NativeQuestion & { readonly threads: number }, slots?: Int32Array): Promise<Float64Array>;
    gaussianRule(rule: Resolution & { readonly kinks: Float64Array; readonly variance: number }): {
      readonly points: Float64Array;
      readonly weights: Float64Array;
    };
    gaussianPairRule(
      rule: Resolution & {
        readonly kinks: Float64Array;
        readonly varianceA: number;
        readonly varianceB: number;
        readonly oneMinusCorrelation: number;
      },
    ): { readonly first: Float64Array; readonly second: Float64Array; readonly weights: Float64Array };
  }
}

const mostPrepared = 256;
const prepared = new Map<string, GaussianFunction>();
const ofFunctions = new WeakMap<object, GaussianFunction>();

/** scale φ(x + shift) + offset. */
export interface AffineForm {
  readonly shift: number;
  readonly scale: number;
  readonly offset: number;
}

/** An affine form of an activation prepared for integration; the plain form is the activation itself. */
export function affineFunctionOf(activation: ActivationSpec, form: AffineForm): GaussianFunction {
  const { shift, scale, offset } = form;
  if (shift === 0 && scale === 1 && offset === 0) return gaussianFunctionOf(activation);
  const canonical = canonicalActivation(activation);
  const key = `${typeof canonical === 'string' ? canonical : canonicalJson(canonical)} ${shift} ${scale} ${offset}`;
  return remembered(key, () => fromResolved(key, canonical, affineActivation(resolveActivation(canonical), form)));
}

/** The activation as native code takes it, with its kinks and facts moved. */
function affineActivation(plain: ResolvedActivation, { shift, scale, offset }: AffineForm): ResolvedActivation {
  const isOdd = plain.isOdd && shift === 0 && offset === 0;
  const kinks = plain.kinks.map((kink) => kink - shift);
  const affine = { ...plain, kinks, isOdd, affine: Float64Array.of(shift, scale, offset) };
  // On both sides of a kink at 0, nearer than any other.
  const beside = kinks.includes(0) ? 1e-9 * Math.max(1, Math.abs(shift)) : 0;
  const z = Float64Array.of(-beside, 0, beside);
  const slopes = evaluateActivation(affine, z, 1);
  const { facts } = plain;
  return {
    ...affine,
    facts: {
      ...facts,
      kinks: [...kinks],
      isOdd,
      homogeneousDegree: shift === 0 && offset === 0 ? facts.homogeneousDegree : null,
      valueAtZero: evaluateActivation(affine, z)[1] as number,
      derivativeBelowZero: slopes[0] as number,
      derivativeAboveZero: slopes[2] as number,
      secondDerivativeAtZero: kinks.includes(0) ? null : (evaluateActivation(affine, z, 2)[1] as number),
      limitBelow: facts.limitBelow === null ? null : scale * facts.limitBelow + offset,
      limitAbove: facts.limitAbove === null ? null : scale * facts.limitAbove + offset,
      bound: Math.abs(scale) * facts.bound + Math.abs(offset),
    },
  };
}

function remembered(key: string, make: () => GaussianFunction): GaussianFunction {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (prepared.size >= mostPrepared) prepared.clear();
  prepared.set(key, made);
  return made;
}

/** The activation prepared for integration. @throws MftError like `canonicalActivation`, and for functions without derivative or kinks */
export function gaussianFunctionOf(activation: Activation): GaussianFunction {
  const isName = typeof activation === 'string' && Object.hasOwn(activationCatalogue, activation);
  const ofName = isName ? prepared.get(activation) : undefined;
  if (ofName !== undefined) return ofName;
  const isObject = typeof activation === 'object' && activation !== null;
  const ofObject = isObject ? ofFunctions.get(activation) : undefined;
  if (ofObject !== undefined) return ofObject;
  const copy = plainCopy(activation, 'activation');
  if (isFunctions(copy)) {
    const made = fromFunctions(copy);
    ofFunctions.set(activation as object, made);
    return made;
  }
  const canonical = canonicalActivation(copy);
  const key = typeof canonical === 'string' ? canonical : canonicalJson(canonical);
  return remembered(key, () => fromResolved(key, canonical, resolveActivation(canonical)));
}

function isFunctions(activation: unknown): activation is ActivationFunction {
  return typeof activation === 'object' && activation !== null && 'value' in activation;
}

/** The five powers as native code takes them. */
export function powers(integrand: Integrand, into = new Float64Array(5)): Float64Array {
  into[0] = integrand.value ?? 0;
  into[1] = integrand.first ?? 0;
  into[2] = integrand.second ?? 0;
  into[3] = integrand.argument ?? 0;
  into[4] = integrand.isAbsolute === true ? 1 : 0;
  return into;
}

/** The lists of one question and its answer: read when the call returns, so that the next question can use them again. */
const one = {
  integrand: new Float64Array(5),
  varianceA: new Float64Array(1),
  varianceB: new Float64Array(1),
  oneMinusCorrelation: new Float64Array(1),
  answer: new Float64Array(1),
};

function only(list: Float64Array, value: number): Float64Array {
  list[0] = value;
  return list;
}

function fromResolved(key: string, canonical: ActivationSpec, resolved: ResolvedActivation): GaussianFunction {
  const asked =
    (activation: NativeGaussianFunction) =>
    (question: Question): number =>
      addon().gaussian(
        {
          what: question.what,
          activation,
          integrand: powers(question.integrand, one.integrand),
          varianceA: only(one.varianceA, question.varianceA),
          varianceB: only(one.varianceB, question.varianceB),
          oneMinusCorrelation: only(one.oneMinusCorrelation, question.oneMinusCorrelation),
        },
        one.answer,
      )[0] as number;
  const { facts } = resolved;
  const resolution =
    typeof canonical === 'object' && 'expression' in canonical
      ? resolutionOf((candidate) => asked({ ...resolved, ...candidate }), facts.scale)
      : { scale: 1, wavelength: 0 };
  const native = { ...resolved, ...resolution };
  const atZero = {
    value: facts.valueAtZero ?? Number.NaN,
    below: facts.derivativeBelowZero ?? Number.NaN,
    above: facts.derivativeAboveZero ?? Number.NaN,
  };
  return {
    key,
    isOdd: facts.isOdd,
    homogeneousDegree: facts.homogeneousDegree,
    atZero,
    isSmooth: facts.kinks.length === 0,
    scale: facts.scale,
    bound: facts.bound,
    largestVariance: largestVarianceOf(resolution),
    native,
    ask: cached(asked(native)),
  };
}

function fromFunctions(activation: ActivationFunction): GaussianFunction {
  for (const name of ['value', 'derivative'] as const) {
    if (typeof activation[name] !== 'function')
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', `activation.${name}`, 'a function of a number', activation[name]);
  }
  if (!Array.isArray(activation.kinks) || !activation.kinks.every((kink) => Number.isFinite(kink))) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'activation.kinks',
      'the list of points where the function or its derivative jumps ([] for none)',
      activation.kinks,
    );
  }
  const asked =
    (resolution: Resolution) =>
    (question: Question): number =>
      expectationOfFunction(activation, resolution, question);
  const resolution = resolutionOf(asked, 1);
  const h = 1e-300;
  const atZero = { value: activation.value(0), below: activation.derivative(-h), above: activation.derivative(h) };
  return {
    isOdd: false,
    homogeneousDegree: null,
    atZero,
    isSmooth: activation.kinks.length === 0 && activation.secondDerivative !== undefined,
    scale: 1,
    bound: Infinity,
    largestVariance: largestVarianceOf(resolution),
    ask: cached(asked(resolution)),
  };
}

const candidates: readonly Resolution[] = [
  ...[1, 1 / 4, 1 / 16, 1 / 64].map((scale) => ({ scale, wavelength: 0 })),
  ...[4, 2, 1, 1 / 2, 1 / 4].map((wavelength) => ({ scale: 1, wavelength })),
  ...[1 / 16, 1 / 64].map((scale) => ({ scale, wavelength: 1 })),
];
const largestPanels = 4000;
const rangeOfRules = 26;

/** Where a rule with panels of the wavelength would have more than `largestPanels`. */
function largestVarianceOf({ wavelength }: Resolution): number {
  return wavelength === 0 ? Infinity : ((largestPanels * wavelength) / rangeOfRules) ** 2;
}

/** In squares of the unit; the last shows whether anything oscillates far from every feature, where panels are long. */
const checkedVariances = [0.1, 1, 10, 100, 1e4];
const convergence = 1e-12;

function hasValue(asked: (question: Question) => number, question: Question): boolean {
  try {
    return Number.isFinite(asked(question));
  } catch (error) {
    if (error instanceof MftError) return false;
    throw error;
  }
}

/**
 * The coarsest resolution at which halving every panel does not move E φ² and E φ'²: nobody knows the features of a user's
 * function beforehand. `unit`: the size of the finest feature as far as it is known; everything is measured in it.
 *
 * @throws MftError ERR_MFT_NO_CONVERGENCE when none of the candidates is fine enough
 */
function resolutionOf(asked: (resolution: Resolution) => (question: Question) => number, unit: number): Resolution {
  for (const { scale, wavelength } of candidates) {
    const candidate = { scale: unit * scale, wavelength: unit * wavelength };
    const finer = { scale: candidate.scale / 2, wavelength: wavelength === 0 ? 2 * unit : candidate.wavelength / 2 };
    const agrees = checkedVariances.every((multiple) =>
      [{ value: 2 }, { first: 2 }].every((integrand) => {
        const variance = multiple * unit * unit;
        const question: Question = {
          what: 'moment',
          integrand,
          varianceA: variance,
          varianceB: variance,
          oneMinusCorrelation: 0,
        };
        // Far out an expression may leave the range of numbers: who asks there is told so.
        if (multiple > 100 && !hasValue(asked(finer), question)) return true;
        const [coarse, fine] = [asked(candidate)(question), asked(finer)(question)];
        return coarse === fine || Math.abs(coarse - fine) <= convergence * Math.abs(fine);
      }),
    );
    if (agrees) return candidate;
  }
  throw new MftError(
    'ERR_MFT_NO_CONVERGENCE',
    'The Gaussian moments of this ' +
      '`activation` do ' +
      'not converge: it has features too sharp for the quadrature, or kinks that were not named. List ' +
      'the points where it bends ' +
      'sharply in `kinks`.',
    { parameter: 'activation' },
  );
}
