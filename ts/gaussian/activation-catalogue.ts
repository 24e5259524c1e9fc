// The named activations: native kind, parameters, and the facts that theory, quadrature and advice read.

export interface ActivationParameter {
  readonly name: string;
  /** Absent: the parameter must be given. */
  readonly default?: number;
  readonly low: number;
  readonly high: number;
}

/** A form of a plain activation with parameters (`softplus` and `{ name: 'softplus', beta }`): an entry of its own natively. */
interface ActivationVariant {
  readonly parameters: readonly (ActivationParameter & { readonly default: number })[];
  readonly entry: ActivationEntry;
}

/** What is known of φ. `null`: not known, or there is no such number. */
export interface ActivationFacts {
  /** Points where φ, φ' or φ'' jumps, ascending: break points of quadrature. */
  readonly kinks: readonly number[];
  readonly isOdd: boolean;
  /** False for step and sign. */
  readonly isContinuous: boolean;
  /** False where φ' jumps or is infinite: E φ''² is then infinite. */
  readonly hasContinuousDerivative: boolean;
  /** φ(0), φ'(0−), φ'(0+), φ''(0). */
  readonly valueAtZero: number | null;
  readonly derivativeBelowZero: number | null;
  readonly derivativeAboveZero: number | null;
  readonly secondDerivativeAtZero: number | null;
  /** p where φ(t x) = t^p φ(x) for every t > 0, else null. */
  readonly homogeneousDegree: number | null;
  /** φ(−∞) and φ(∞); null where φ oscillates. */
  readonly limitBelow: number | null;
  readonly limitAbove: number | null;
  readonly isBounded: boolean | null;
  /** sup |φ|; Infinity where φ is not bounded or it is not known. */
  readonly bound: number;
  /** Size in x of the finest feature. */
  readonly scale: number;
}

export interface ActivationEntry {
  /** Number of the kind in native/core/activation.h. */
  readonly kind: number;
  readonly parameters: readonly ActivationParameter[];
  /** One line for the documentation. */
  readonly docs: string;
  /** Break points; also in `facts`. */
  readonly kinks: readonly number[];
  readonly isOdd: boolean;
  /** Natively constant parameters, after those of `parameters`. */
  readonly fixed: readonly number[];
  /** With any of its parameters away from the default; the plain name otherwise. */
  readonly variant?: ActivationVariant;
  /** The form that a word chooses, beside the plain one 'none': `approximate: 'tanh'` of gelu. */
  readonly choices?: { readonly name: string; readonly entries: Readonly<Record<string, ActivationEntry>> };
  /** Facts for the parameters in the order of `parameters`. */
  facts(parameters: readonly number[]): ActivationFacts;
}

type ZeroFacts = readonly [value: number, below: number, above: number, second: number | null];
type Limits = readonly [below: number | null, above: number | null];

interface Shape {
  readonly zero: ZeroFacts;
  readonly limits: Limits;
  readonly degree?: number;
  readonly isContinuous?: boolean;
  readonly hasContinuousDerivative?: boolean;
  /** Default 1. */
  readonly scale?: number;
  /** Default: the larger of the limits, 1 where φ oscillates. */
  readonly bound?: number;
  /** Where they depend on parameters. */
  readonly kinks?: readonly number[];
  readonly isOdd?: boolean;
}

interface Options {
  readonly kinks?: readonly number[];
  readonly isOdd?: boolean;
  readonly parameters?: readonly ActivationParameter[];
  readonly fixed?: readonly number[];
  readonly variant?: ActivationVariant;
  readonly choices?: ActivationEntry['choices'];
}

const infinity = Number.POSITIVE_INFINITY;

function entry(
  kind: number,
  docs: string,
  shape: (...parameters: number[]) => Shape,
  options: Options = {},
): ActivationEntry {
  const { parameters = [], fixed = [], variant, choices } = options;
  return {
    kind,
    docs,
    kinks: options.kinks ?? [],
    isOdd: options.isOdd ?? false,
    parameters,
    fixed,
    ...(variant === undefined ? {} : { variant }),
    ...(choices === undefined ? {} : { choices }),
    facts(values) {
      const found = shape(...values);
      const { zero, limits, degree = null, isContinuous = true, scale = 1 } = found;
      const { kinks = options.kinks ?? [], isOdd = options.isOdd ?? false } = found;
      const { hasContinuousDerivative = kinks.length === 0 } = found;
      const isBounded = !limits.some((limit) => limit === infinity || limit === -infinity);
      const { bound = Math.max(...limits.map((limit) => Math.abs(limit ?? 1))) } = found;
      return {
        kinks,
        isOdd,
        isContinuous,
        hasContinuousDerivative,
        valueAtZero: zero[0],
        derivativeBelowZero: zero[1],
        derivativeAboveZero: zero[2],
        secondDerivativeAtZero: zero[3],
        homogeneousDegree: degree,
        limitBelow: limits[0],
        limitAbove: limits[1],
        isBounded,
        bound,
        scale,
      };
    },
  };
}

/** The shape of b x above zero and a x below. */
function slopes(a: number, b: number): Shape {
  const limit = (slope: number): number => (slope === 0 ? 0 : slope * infinity);
  return {
    zero: [0, a, b, a === b ? 0 : null],
    limits: [limit(-a), limit(b)],
    degree: 1,
    hasContinuousDerivative: a === b,
  };
}

/** x^p for x > 0. */
function power(p: number): Shape {
  const slope = p > 1 ? 0 : p === 1 ? 1 : p === 0 ? 0 : infinity;
  return {
    zero: [0, 0, slope, p > 2 ? 0 : null],
    limits: [0, p === 0 ? 1 : infinity],
    degree: p,
    isContinuous: p > 0,
    hasContinuousDerivative: p > 1,
  };
}

function exponentialLinear(scale: number, alpha: number): Shape {
  return {
    zero: [0, scale * alpha, scale, null],
    limits: [scale === 0 || alpha === 0 ? 0 : -scale * alpha, infinity],
    hasContinuousDerivative: alpha === 1,
  };
}

/** x clipped to [low, high]. */
function clipped(low: number, high: number): Shape {
  const isInside = low < 0 && high > 0;
  return {
    zero: [
      Math.min(Math.max(0, low), high),
      low < 0 && high >= 0 ? 1 : 0,
      low <= 0 && high > 0 ? 1 : 0,
      isInside || low > 0 || high < 0 ? 0 : null,
    ],
    limits: [low, high],
    kinks: [low, high],
    isOdd: low === -high,
    hasContinuousDerivative: false,
  };
}

const positive = { low: 1e-3, high: 1e3 };

const scaledSoftplus = entry(30, 'log(1 + e^(βx))/β', (beta = 1) => ({
  zero: [Math.LN2 / beta, 0.5, 0.5, 0.25 * beta],
  limits: [0, infinity],
  scale: Math.min(1, 1 / beta),
}));
const geluByTanh = entry(29, 'x (1 + tanh(√(2/π)(x + 0.044715 x³)))/2', () => ({
  zero: [0, 0.5, 0.5, Math.SQRT2 / Math.sqrt(Math.PI)],
  limits: [0, infinity],
}));
const clip = entry(22, 'x clipped to [min, max]', (low = -1, high = 1) => clipped(low, high));

const erfSlope = 2 / Math.sqrt(Math.PI);
const anySlope = { low: -1e6, high: 1e6 };
const atZero = { kinks: [0] };

/** Every named activation. φ'(0) at a kink is the derivative from the left; step is 1 for x > 0. */
export const activationCatalogue: Readonly<Record<string, ActivationEntry>> = {
  linear: entry(0, 'x', () => slopes(1, 1), { isOdd: true }),
  tanh: entry(1, 'tanh x', () => ({ zero: [0, 1, 1, 0], limits: [-1, 1] }), { isOdd: true }),
  erf: entry(2, 'erf x', () => ({ zero: [0, erfSlope, erfSlope, 0], limits: [-1, 1] }), { isOdd: true }),
  erfUnitSlope: entry(3, 'erf(√π x/2)', () => ({ zero: [0, 1, 1, 0], limits: [-1, 1] }), { isOdd: true }),
  relu: entry(4, 'max(x, 0)', () => slopes(0, 1), atZero),
  leakyRelu: entry(5, 'x for x > 0, slope·x otherwise', (slope) => slopes(slope as number, 1), {
    ...atZero,
    parameters: [{ name: 'slope', default: 0.01, ...anySlope }],
  }),
  hardTanh: entry(6, 'x clipped to [min, max] = [−1, 1]', () => ({ zero: [0, 1, 1, 0], limits: [-1, 1] }), {
    kinks: [-1, 1],
    isOdd: true,
    variant: {
      parameters: [
        { name: 'min', default: -1, ...anySlope },
        { name: 'max', default: 1, ...anySlope },
      ],
      entry: clip,
    },
  }),
  sigmoid: entry(7, '1/(1 + e^−x)', () => ({ zero: [0.5, 0.25, 0.25, 0], limits: [0, 1] })),
  softplus: entry(8, 'log(1 + e^(βx))/β, β = 1', () => ({ zero: [Math.LN2, 0.5, 0.5, 0.25], limits: [0, infinity] }), {
    variant: { parameters: [{ name: 'beta', default: 1, ...positive }], entry: scaledSoftplus },
  }),
  gelu: entry(
    9,
    "x Φ(x), Φ the normal distribution function; approximate 'tanh': with tanh in its place",
    () => ({ zero: [0, 0.5, 0.5, Math.SQRT2 / Math.sqrt(Math.PI)], limits: [0, infinity] }),
    { choices: { name: 'approximate', entries: { tanh: geluByTanh } } },
  ),
  silu: entry(10, 'x/(1 + e^−x)', () => ({ zero: [0, 0.5, 0.5, 0.5], limits: [0, infinity] })),
  elu: entry(11, 'x for x > 0, α(e^x − 1) otherwise', (alpha) => exponentialLinear(1, alpha as number), {
    ...atZero,
    parameters: [{ name: 'alpha', default: 1, ...anySlope }],
  }),
  selu: entry(
    12,
    'λ elu(x; α), λ = 1.0507…, α = 1.6733…',
    () => exponentialLinear(1.0507009873554805, 1.6732632423543772),
    atZero,
  ),
  sin: entry(13, 'sin x', () => ({ zero: [0, 1, 1, 0], limits: [null, null] }), { isOdd: true }),
  alphaRelu: entry(14, 'x^α for x > 0, 0 otherwise', (alpha) => power(alpha as number), {
    ...atZero,
    parameters: [{ name: 'alpha', low: 1e-6, high: 20 }],
  }),
  abRelu: entry(15, 'a x for x < 0, b x otherwise', (a, b) => slopes(a as number, b as number), {
    ...atZero,
    parameters: [
      { name: 'a', ...anySlope },
      { name: 'b', ...anySlope },
    ],
  }),
  abs: entry(16, '|x|', () => slopes(-1, 1), atZero),
  step: entry(
    17,
    '1 for x > 0, 0 otherwise',
    () => ({ zero: [0, 0, 0, null], limits: [0, 1], degree: 0, isContinuous: false }),
    atZero,
  ),
  sign: entry(18, 'sign x', () => ({ zero: [0, 0, 0, null], limits: [-1, 1], degree: 0, isContinuous: false }), {
    ...atZero,
    isOdd: true,
  }),
  cos: entry(19, 'cos x', () => ({ zero: [1, 0, 0, -1], limits: [null, null] })),
  rectifiedMonomial: entry(20, 'x^degree for x > 0, 0 otherwise', (degree) => power(degree as number), {
    ...atZero,
    parameters: [{ name: 'degree', low: 0, high: 20 }],
  }),
  prelu: entry(5, 'leakyRelu, at the slope where learning starts', (slope) => slopes(slope as number, 1), {
    ...atZero,
    parameters: [{ name: 'slope', default: 0.25, ...anySlope }],
  }),
  relu6: entry(22, 'x clipped to [0, 6]', () => clipped(0, 6), { kinks: [0, 6], fixed: [0, 6] }),
  hardSigmoid: entry(
    23,
    'slope·x + ½ clipped to [0, 1]',
    (slope = 1 / 6) => ({
      zero: [0.5, slope, slope, 0],
      limits: [0, 1],
      kinks: [-0.5 / slope, 0.5 / slope],
      scale: Math.min(1, 1 / slope),
    }),
    { parameters: [{ name: 'slope', default: 1 / 6, ...positive }] },
  ),
  hardSwish: entry(
    24,
    'x hardSigmoid(x)',
    () => ({ zero: [0, 0.5, 0.5, 1 / 3], limits: [0, infinity], hasContinuousDerivative: false }),
    { kinks: [-3, 3] },
  ),
  mish: entry(25, 'x tanh(log(1 + e^x))', () => ({ zero: [0, 0.6, 0.6, 0.64], limits: [0, infinity] })),
  swish: entry(
    26,
    'x/(1 + e^(−βx)); silu at β = 1',
    (beta = 1) => ({ zero: [0, 0.5, 0.5, 0.5 * beta], limits: [0, infinity], scale: Math.min(1, 1 / beta) }),
    { parameters: [{ name: 'beta', default: 1, ...positive }] },
  ),
  softsign: entry(
    27,
    'x/(1 + |x|)',
    () => ({ zero: [0, 1, 1, null], limits: [-1, 1], hasContinuousDerivative: true }),
    { ...atZero, isOdd: true },
  ),
  celu: entry(
    28,
    'x for x > 0, α(e^(x/α) − 1) otherwise',
    (alpha = 1) => ({
      zero: [0, 1, 1, null],
      limits: [-alpha, infinity],
      hasContinuousDerivative: true,
      scale: Math.min(1, alpha),
    }),
    { ...atZero, parameters: [{ name: 'alpha', default: 1, ...positive }] },
  ),
  snake: entry(
    31,
    'x + sin²(αx)/α',
    (alpha = 1) => ({ zero: [0, 1, 1, 2 * alpha], limits: [-infinity, infinity], scale: Math.min(1, 1 / alpha) }),
    { parameters: [{ name: 'alpha', default: 1, ...positive }] },
  ),
};
