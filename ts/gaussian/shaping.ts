// Activations shaped for a depth: γ (φ(α x + β) + δ) whose maps of variances and correlations have given slopes at a variance of 1.
import { addon } from '../core/addon.js';
import { expectedError, MftError } from '../core/errors.js';
import { legendreRule } from '../numeric/legendre.js';
import { rootBetween } from '../numeric/roots.js';
import { type ActivationSpec, evaluateActivation } from './activations.js';
import { gaussianFunctionOf, type NativeGaussianFunction } from './expectation.js';
import type { ActivationTransform } from './expression-text.js';

/** What φ̂(x) = γ (φ(α x + β) + δ) has, u ~ N(0, 1): the maps of variances Q and of correlations C of one layer. */
export interface ShapedMaps {
  /** Q(1) = E φ̂². */
  readonly variance: number;
  /** Q'(1) = E φ̂ φ̂' u. */
  readonly varianceSlope: number;
  /** C(0) = (E φ̂)². */
  readonly correlationAtZero: number;
  /** C'(0) = (E φ̂')². */
  readonly correlationSlopeAtZero: number;
  /** C'(1) = E φ̂'². */
  readonly correlationSlope: number;
  /** C''(1) = E φ̂''²; Infinity where φ' jumps. */
  readonly correlationCurvature: number;
}

/** Expectations of φ over u ~ N(β, α²), the value centred where it can be. */
interface Moments {
  readonly mean: number;
  /** Var φ. */
  readonly spread: number;
  /** E φ'. */
  readonly slope: number;
  /** E φ'². */
  readonly squaredSlope: number;
  /** E φ''². */
  readonly squaredCurvature: number;
  /** E (φ − E φ) φ' (u − β). */
  readonly centredMoment: number;
  /** E φ' (u − β). */
  readonly slopeMoment: number;
}

interface Base {
  readonly native: NativeGaussianFunction;
  readonly scale: number;
  readonly isSmooth: boolean;
  /** sup |φ'| as far as it is seen. */
  readonly steepest: number;
}

function baseOf(activation: ActivationSpec): Base {
  const { native, scale, isSmooth } = gaussianFunctionOf(activation);
  if (native === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'activation', 'data', activation);
  const z = Float64Array.from({ length: 801 }, (_, i) => (i - 400) * 0.05 * scale);
  const steepest = evaluateActivation(native, z, 1).reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
  return { native, scale, isSmooth, steepest };
}

interface Rule {
  readonly points: Float64Array;
  readonly weights: Float64Array;
}

/** The rule of the Gaussian moments for N(0, α²): graded towards the kinks of φ and towards its argument 0, where it has its features. */
function exactRule({ native }: Base, alpha: number, beta: number): Rule {
  const { scale, wavelength } = native;
  const kinks = Float64Array.from(new Set([...native.kinks.map((kink) => kink - beta), -beta])).sort();
  return addon().gaussianRule({ scale, wavelength, kinks, variance: alpha * alpha });
}

/** Twelve panels of eight nodes over ±7 standard deviations: enough to see on which side of a solution one is. */
const coarse: Rule = (() => {
  const { nodes, weights } = legendreRule(8);
  const panels = Array.from({ length: 12 }, (_, i) => ((i - 6) * 7) / 6);
  const points = panels.flatMap((low) => Array.from(nodes, (x) => low + (7 / 6) * x));
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const all = panels.flatMap(() => Array.from(weights, (weight) => (7 / 6) * weight));
  return {
    points: Float64Array.from(points),
    weights: Float64Array.from(all, (weight, i) => weight * density(points[i] as number)),
  };
})();

const coarseRule = (_: Base, alpha: number): Rule => ({ ...coarse, points: coarse.points.map((x) => alpha * x) });

function moments(base: Base, alpha: number, beta: number, rule = exactRule): Moments {
  const { native, isSmooth } = base;
  const { points, weights } = rule(base, alpha, beta);
  const z = points.map((u) => u + beta);
  const [value, first] = [evaluateActivation(native, z), evaluateActivation(native, z, 1)];
  const second = isSmooth ? evaluateActivation(native, z, 2) : undefined;
  let mean = 0;
  for (let i = 0; i < points.length; i++) mean += (weights[i] as number) * (value[i] as number);
  let [spread, slope, squaredSlope, squaredCurvature, centredMoment, slopeMoment] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < points.length; i++) {
    const [weight, u, distance, d] = [
      weights[i] as number,
      points[i] as number,
      (value[i] as number) - mean,
      first[i] as number,
    ];
    spread += weight * distance * distance;
    slope += weight * d;
    squaredSlope += weight * d * d;
    squaredCurvature += weight * (second?.[i] ?? Infinity) ** 2;
    centredMoment += weight * distance * d * u;
    slopeMoment += weight * d * u;
  }
  return { mean, spread, slope, squaredSlope, squaredCurvature, centredMoment, slopeMoment };
}

/** The maps of a transformed activation. */
export function shapedMaps(activation: ActivationSpec, transform: ActivationTransform): ShapedMaps {
  const { inputScale: alpha, inputShift: beta, outputShift: delta, outputScale: gamma } = transform;
  const m = moments(baseOf(activation), alpha, beta);
  const level = m.mean + delta;
  return {
    variance: gamma ** 2 * (m.spread + level ** 2),
    varianceSlope: gamma ** 2 * (m.centredMoment + level * m.slopeMoment),
    correlationAtZero: (gamma * level) ** 2,
    correlationSlopeAtZero: (gamma * alpha * m.slope) ** 2,
    correlationSlope: (gamma * alpha) ** 2 * m.squaredSlope,
    correlationCurvature: gamma ** 2 * alpha ** 4 * m.squaredCurvature,
  };
}

/** What is left of two conditions once γ and δ are eliminated; both are 0 at a solution. */
interface Conditions {
  /** Fixes α at a given β. */
  slope(m: Moments, alpha: number): number;
  /** Q'(1) − 1. */
  variance(m: Moments, alpha: number): number;
  transform(m: Moments, alpha: number, beta: number): ActivationTransform;
}

/** Q(1) = Q'(1) = 1, C(0) = 0, C'(1) = s. */
function dks(slope: number): readonly Conditions[] {
  return [
    {
      slope: (m, alpha) => Math.log((alpha * alpha * m.squaredSlope) / m.spread) - Math.log(slope),
      variance: (m) => m.centredMoment / m.spread - 1,
      transform: (m, alpha, beta) => ({
        inputScale: alpha,
        inputShift: beta,
        outputShift: -m.mean,
        outputScale: 1 / Math.sqrt(m.spread),
      }),
    },
  ];
}

/** Q(1) = Q'(1) = C'(1) = 1, C''(1) = κ. E φ̂ is above or below 0. */
function tat(curvature: number): readonly Conditions[] {
  return [1, -1].map((sign) => {
    // (E φ + δ)² = α² E φ'² − Var φ, not negative by Poincaré's inequality.
    const level = (m: Moments, alpha: number): number =>
      sign * Math.sqrt(Math.max(0, alpha * alpha * m.squaredSlope - m.spread));
    return {
      slope: (m, alpha) => Math.log((alpha * alpha * m.squaredCurvature) / m.squaredSlope) - Math.log(curvature),
      variance: (m, alpha) =>
        (m.centredMoment + level(m, alpha) * m.slopeMoment) / (alpha * alpha * m.squaredSlope) - 1,
      transform: (m, alpha, beta) => ({
        inputScale: alpha,
        inputShift: beta,
        outputShift: level(m, alpha) - m.mean,
        outputScale: 1 / (alpha * Math.sqrt(m.squaredSlope)),
      }),
    };
  });
}

/** log α, and β in units of the finest feature of φ. */
const alphaGrid = Array.from({ length: 33 }, (_, i) => Math.log(1e-3) + (i * Math.log(3e4)) / 32);
const betaGrid = Array.from({ length: 49 }, (_, i) => (i - 24) / 4);
/** The slope of φ̂ is nowhere above it: of several solutions those that live on the far side of a bend are left out. */
const steepestAllowed = 2;
const wanted = 1e-11;

/**
 * The transform that meets the conditions. There are several solutions; the one with the smallest α is taken among those whose
 * slope γ α sup |φ'| is below 2, with β nearest to 0, and above it where two are mirror images.
 */
function solve(base: Base, conditions: readonly Conditions[], what: string): ActivationTransform {
  const found = conditions.flatMap((condition) => solutions(base, condition));
  const fit = found.filter(({ inputScale, outputScale }) => inputScale * outputScale * base.steepest < steepestAllowed);
  const least = Math.min(...fit.map(({ inputScale }) => inputScale));
  const [chosen] = fit
    .filter(({ inputScale }) => inputScale <= least * (1 + 1e-6))
    .map((one) => ({ one, order: Math.abs(one.inputShift) + (one.inputShift < 0 ? 1e-6 : 0) }))
    .sort((a, b) => a.order - b.order);
  if (chosen !== undefined) return chosen.one;
  throw new MftError(
    'ERR_MFT_OUT_OF_RANGE',
    `Expected \`target\` to be one that this activation reaches: no γ (φ(α x + β) + δ) with a slope below ${steepestAllowed} has ${what}.`,
    { parameter: 'target' },
  );
}

function solutions(base: Base, condition: Conditions): readonly ActivationTransform[] {
  const { scale } = base;
  const all: ActivationTransform[] = [];
  let last: { readonly beta: number; readonly points: readonly (readonly [number, number])[] } | undefined;
  for (const beta of betaGrid.map((b) => b * scale)) {
    const points = branches(base, condition, beta);
    points.forEach(([x, value], i) => {
      const before = last?.points.length === points.length ? last.points[i] : undefined;
      if (last === undefined || before === undefined || !(before[1] * value <= 0)) return;
      const polished = newton(base, condition, 0.5 * (x + before[0]), 0.5 * (beta + last.beta));
      if (polished !== undefined) all.push(polished);
    });
    last = { beta, points };
  }
  return all;
}

/** Every log α that nearly meets the first condition at this β, and what is left of the second. */
function branches(base: Base, condition: Conditions, beta: number): readonly (readonly [number, number])[] {
  const scanned = alphaGrid.map((log) => {
    const x = log + Math.log(base.scale);
    const m = moments(base, Math.exp(x), beta, coarseRule);
    return { x, first: condition.slope(m, Math.exp(x)), second: condition.variance(m, Math.exp(x)) };
  });
  return scanned.slice(1).flatMap((right, i) => {
    const left = scanned[i] as typeof right;
    if (!(left.first * right.first < 0)) return [];
    const share = left.first / (left.first - right.first);
    return [[left.x + share * (right.x - left.x), left.second + share * (right.second - left.second)] as const];
  });
}

function crossings(grid: readonly number[], f: (x: number) => number): readonly number[] {
  const values = grid.map(f);
  return grid.slice(1).flatMap((x, i) => {
    const [a, b] = [values[i] as number, values[i + 1] as number];
    if (!(a * b < 0)) return [];
    return [rootBetween((at) => ({ value: f(at), slope: Number.NaN }), grid[i] as number, x)];
  });
}

/** Both conditions by Newton's method in log α and β; slopes by differences. */
function newton(base: Base, condition: Conditions, x: number, y: number): ActivationTransform | undefined {
  const { scale } = base;
  let [logAlpha, beta] = [x, y];
  const residual = (a: number, b: number): readonly [number, number] => {
    const m = moments(base, Math.exp(a), b);
    return [condition.slope(m, Math.exp(a)), condition.variance(m, Math.exp(a))];
  };
  for (let step = 0; step < 40; step++) {
    const [f, g] = residual(logAlpha, beta);
    if (!Number.isFinite(f + g)) return undefined;
    const h = 1e-5;
    const difference = (da: number, db: number): readonly [number, number] => {
      const [up, down] = [residual(logAlpha + da, beta + db), residual(logAlpha - da, beta - db)];
      return [(up[0] - down[0]) / (2 * h), (up[1] - down[1]) / (2 * h)];
    };
    const [fa, ga] = difference(h, 0);
    const [fb, gb] = difference(0, h * scale);
    const determinant = fa * gb - fb * ga;
    const [da, db] = [(fb * g - gb * f) / determinant, (ga * f - fa * g) / determinant];
    const shorter = Math.min(1, 0.5 / Math.max(Math.abs(da), Math.abs(db)));
    logAlpha += shorter * da;
    beta += shorter * db * scale;
    if (Math.max(Math.abs(da), Math.abs(db)) < wanted) {
      const m = moments(base, Math.exp(logAlpha), beta);
      return condition.transform(m, Math.exp(logAlpha), beta);
    }
  }
  return undefined;
}

/** φ with φ(t x) = t φ(x), t > 0: α is a part of γ, so β = ±1 and Q'(1) is not free. */
function homogeneousDks(base: Base, slope: number): ActivationTransform {
  const [condition] = dks(slope) as readonly [Conditions];
  const found = [1, -1].flatMap((beta) =>
    crossings(alphaGrid, (x) => condition.slope(moments(base, Math.exp(x), beta), Math.exp(x))).map((x) =>
      condition.transform(moments(base, Math.exp(x), beta), Math.exp(x), beta),
    ),
  );
  const [chosen] = found.sort((a, b) => a.inputScale * a.outputScale - b.inputScale * b.outputScale);
  if (chosen !== undefined) return chosen;
  const limit = moments(base, 1e8, 1);
  const [flat, most] = [1, (1e16 * limit.squaredSlope) / limit.spread];
  throw new MftError(
    'ERR_MFT_OUT_OF_RANGE',
    `Expected \`target\` to be one that this activation reaches: its C'(1) lies between ${flat} and about ${most.toPrecision(6)}, ` +
      `wanted is ${slope.toPrecision(8)}.`,
    { parameter: 'target' },
  );
}

/** The transform with Q(1) = Q'(1) = 1, C(0) = 0 and C'(1) = `slope`. @throws MftError ERR_MFT_OUT_OF_RANGE where there is none */
export function dksTransform(activation: ActivationSpec, slope: number): ActivationTransform {
  const base = baseOf(activation);
  if (gaussianFunctionOf(activation).homogeneousDegree === 1) return homogeneousDks(base, slope);
  return solve(base, dks(slope), `Q(1) = Q'(1) = 1, C(0) = 0, C'(1) = ${slope}`);
}

/** The transform with Q(1) = Q'(1) = C'(1) = 1 and C''(1) = `curvature`. @throws MftError ERR_MFT_UNSUPPORTED where φ' jumps */
export function tatTransform(activation: ActivationSpec, curvature: number): ActivationTransform {
  const base = baseOf(activation);
  if (!Number.isFinite(moments(base, 1, 0).squaredCurvature))
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      "Expected `activation` to have no kinks for method tat, whose C''(1) = E φ''² is infinite there; leakyRelu, prelu and relu " +
        'are shaped by their slope, other activations with kinks by dks.',
      { parameter: 'activation', received: activation },
    );
  return solve(base, tat(curvature), `Q(1) = Q'(1) = C'(1) = 1, C''(1) = ${curvature}`);
}

/** C(c) of a leaky ReLU of slope a, with E φ̂² = 1: c + (1 − a)²/(π(1 + a²)) (√(1 − c²) − c arccos c). */
export function leakyCorrelation(slope: number, correlation: number): number {
  const c = Math.min(1, Math.max(-1, correlation));
  return c + ((1 - slope) ** 2 / (Math.PI * (1 + slope * slope))) * (Math.sqrt(1 - c * c) - c * Math.acos(c));
}

/**
 * The slope a at which `network`, made of layers with the map C, takes orthogonal inputs to the correlation `target`.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE where even ReLU, a = 0, does not come so far
 */
export function leakySlope(network: (map: (c: number) => number) => number, target: number): number {
  const reached = (slope: number): number => network((c) => leakyCorrelation(slope, c));
  const most = reached(0);
  if (!(most > target))
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`target\` to be below ${most.toPrecision(6)}, the correlation to which this depth takes orthogonal inputs with slope 0 ` +
        `(ReLU): no slope reaches ${target}.`,
      { parameter: 'target', received: target },
    );
  return rootBetween((a) => ({ value: reached(a) - target, slope: Number.NaN }), 0, 1);
}
