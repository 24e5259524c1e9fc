// Expectations of a JavaScript function, with the points and weights of the native rules.
import { addon } from '../core/addon.js';
import { expectedError, MftError } from '../core/errors.js';
import type { ActivationFunction } from './activations.js';
import { legendreRule } from '../numeric/legendre.js';
import { bracketedRoot } from '../numeric/roots.js';
import type { Integrand, Question, Resolution } from './integrand.js';

const directDeficit = 1e-4;
const priceNodes = 24;

/** The answer to a question about functions; the same methods as native/core/gaussian.cc. */
export function expectationOfFunction(
  functions: ActivationFunction,
  resolution: Resolution,
  question: Question,
): number {
  const value = answer(functions, resolution, question);
  if (Number.isNaN(value)) {
    throw new MftError(
      'ERR_MFT_NOT_FINITE',
      'A Gaussian expectation of the functions in `activation` is not a number; they must be finite everywhere.',
      { parameter: 'activation' },
    );
  }
  return value;
}

function answer(functions: ActivationFunction, resolution: Resolution, question: Question): number {
  const { what, integrand, varianceA, varianceB, oneMinusCorrelation } = question;
  if (what === 'moment') return moment(functions, resolution, integrand, varianceA);
  if (what === 'deficit') return deficit(functions, resolution, varianceA, oneMinusCorrelation);
  if (varianceA === 0 || varianceB === 0)
    return moment(functions, resolution, integrand, varianceA) * moment(functions, resolution, integrand, varianceB);
  return pair(functions, resolution, integrand, varianceA, varianceB, oneMinusCorrelation, (a, b) => a * b);
}

function moment(functions: ActivationFunction, resolution: Resolution, integrand: Integrand, variance: number): number {
  if ((integrand.second ?? 0) > 1 && functions.kinks.some((kink) => jumps(functions.derivative, kink))) return Infinity;
  if ((integrand.first ?? 0) > 1 && functions.kinks.some((kink) => jumps(functions.value, kink))) return Infinity;
  const { points, weights } = addon().gaussianRule({ ...resolution, kinks: kinksOf(functions, integrand), variance });
  const f = pointwise(functions, integrand);
  let sum = 0;
  for (let i = 0; i < points.length; i++) sum += (weights[i] as number) * f(points[i] as number);
  return sum;
}

function pair(
  functions: ActivationFunction,
  resolution: Resolution,
  integrand: Integrand,
  varianceA: number,
  varianceB: number,
  oneMinusCorrelation: number,
  combine: (a: number, b: number) => number,
): number {
  const { first, second, weights } = addon().gaussianPairRule({
    ...resolution,
    kinks: kinksOf(functions, integrand),
    varianceA,
    varianceB,
    oneMinusCorrelation,
  });
  const f = pointwise(functions, integrand);
  let sum = 0;
  for (let i = 0; i < weights.length; i++)
    sum += (weights[i] as number) * combine(f(first[i] as number), f(second[i] as number));
  return sum;
}

function deficit(
  functions: ActivationFunction,
  resolution: Resolution,
  variance: number,
  oneMinusCorrelation: number,
): number {
  if (oneMinusCorrelation === 0 || variance === 0) return 0;
  const isDirect =
    oneMinusCorrelation * Math.min(variance, 1) >= directDeficit ||
    (functions.kinks.length > 0 && oneMinusCorrelation > 0.5);
  if (isDirect || functions.kinks.some((kink) => jumps(functions.value, kink))) {
    return pair(
      functions,
      resolution,
      { value: 1 },
      variance,
      variance,
      oneMinusCorrelation,
      (a, b) => 0.5 * (a - b) ** 2,
    );
  }
  // Price: D = 2qδ ∫₀¹ y F(q, δy²) dy.
  const { nodes, weights } = legendreRule(priceNodes);
  const panels = variance * oneMinusCorrelation <= 5 ? 1 : 13;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    const high = 2 ** -panel;
    const low = panel + 1 < panels ? high / 2 : 0;
    for (let i = 0; i < priceNodes; i++) {
      const y = low + (high - low) * (nodes[i] as number);
      const derivativePair = pair(
        functions,
        resolution,
        { first: 1 },
        variance,
        variance,
        oneMinusCorrelation * y * y,
        (a, b) => a * b,
      );
      sum += (high - low) * (weights[i] as number) * y * derivativePair;
    }
  }
  return 2 * variance * oneMinusCorrelation * sum;
}

function pointwise(functions: ActivationFunction, integrand: Integrand): (x: number) => number {
  const { value = 0, first = 0, second = 0, argument = 0, isAbsolute = false } = integrand;
  if (second > 0 && functions.secondDerivative === undefined) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'activation.secondDerivative',
      'a function, which this moment needs',
      undefined,
    );
  }
  return (x) => {
    let result = x ** argument;
    if (value > 0) result *= functions.value(x) ** value;
    if (first > 0) result *= functions.derivative(x) ** first;
    if (second > 0) result *= (functions.secondDerivative?.(x) ?? 0) ** second;
    return isAbsolute ? Math.abs(result) : result;
  };
}

/** The function's kinks, and for an absolute integrand the points where it changes sign. */
function kinksOf(functions: ActivationFunction, integrand: Integrand): Float64Array {
  if (!integrand.isAbsolute) return Float64Array.from(functions.kinks);
  const f = pointwise(functions, { ...integrand, isAbsolute: false });
  const zeros: number[] = [];
  const step = 1 / 64;
  let last = 0;
  for (let x = -40 - 0.3 * step; x <= 40; x += step) {
    const y = f(x);
    if (y === 0) continue;
    if (last !== 0 && y > 0 !== last > 0) zeros.push(zeroBetween(f, x - step, x));
    last = y;
  }
  return Float64Array.from(new Set([...functions.kinks, ...zeros])).sort();
}

function zeroBetween(f: (x: number) => number, low: number, high: number): number {
  const zero = bracketedRoot(f, low, high);
  return Math.abs(zero) < 1e-15 ? 0 : zero;
}

function jumps(f: (x: number) => number, kink: number): boolean {
  const h = 1e-7 * Math.max(1, Math.abs(kink));
  const [left, right] = [f(kink - h), f(kink + h)];
  return Math.abs(right - left) > 1e-4 * Math.max(1e-2, Math.abs(left), Math.abs(right));
}
