// What to say to names of activations and of their parameters that are not ours: other libraries' names first, spelling
// second. A hint never names another function than the one meant.
import { nearest } from '../core/errors.js';

/** Names elsewhere (lower case, without separators) → what it is here. */
const foreignActivations: Readonly<Record<string, string>> = {
  identity: '`linear`',
  none: '`linear`',
  swish1: '`silu`',
  leaky: '`leakyRelu`',
  lrelu: '`leakyRelu`',
  parametricrelu: '`prelu`',
  hardtanh: '`hardTanh` with `min` and `max`',
  clip: '`hardTanh` with `min` and `max`',
  clippedrelu: "`relu6`, or {name: 'hardTanh', min: 0, max: …}",
  thresholdedrelu: "{expression: 'x * step(x - 1)'}",
  geluapproximate: "{name: 'gelu', approximate: 'tanh'}",
  gelunew: "{name: 'gelu', approximate: 'tanh'}",
  gelutanh: "{name: 'gelu', approximate: 'tanh'}",
  quickgelu: "{name: 'swish', beta: 1.702}",
  logistic: '`sigmoid`',
  logsigmoid: "{expression: '-softplus(-x)'}",
  tanhshrink: "{expression: 'x - tanh(x)'}",
  softshrink: "{expression: 'relu(x - 0.5) - relu(-x - 0.5)'}",
  hardshrink: "{expression: 'x * step(abs(x) - 0.5)'}",
  heaviside: '`step`',
  sine: '`sin`',
  siren: "{expression: 'sin(30 * x)'}",
  sinusoid: '`sin`',
  square: "{expression: 'x^2'}",
  squaredrelu: "{name: 'rectifiedMonomial', degree: 2}",
  relu2: "{name: 'rectifiedMonomial', degree: 2}",
  arctan: "{expression: 'atan(x)'}",
  atan: "{expression: 'atan(x)'}",
  exponential: "{expression: 'exp(x)'}",
  exp: "{expression: 'exp(x)'}",
  telu: "{expression: 'x * tanh(exp(x))'}",
  tanhexp: "{expression: 'x * tanh(exp(x))'}",
  serf: "{expression: 'x * erf(softplus(x))'}",
  squareplus: "{expression: '(x + sqrt(x^2 + 4)) / 2'}",
  lisht: "{expression: 'x * tanh(x)'}",
  isru: "{expression: 'x / sqrt(1 + x^2)'}",
  bentidentity: "{expression: 'x + (sqrt(x^2 + 1) - 1) / 2'}",
  elliot: '`softsign`',
  elliott: '`softsign`',
  symlog: "{expression: 'sign(x) * log1p(abs(x))'}",
  threshold: "{expression: 'x * step(x - 1)'} with your threshold, 0 below it",
  rrelu: "{name: 'leakyRelu', slope: 0.22917}, the mean of its random slopes, which it has outside training",
  reluk: "{name: 'hardTanh', min: 0, max: k}",
  relun: "{name: 'hardTanh', min: 0, max: n}",
  relu1: "{name: 'hardTanh', min: 0, max: 1}",
  relusquared: "{name: 'rectifiedMonomial', degree: 2}",
  lecuntanh: "{expression: '1.7159 * tanh(2 * x / 3)'}",
  scaledtanh: "{expression: '1.7159 * tanh(2 * x / 3)'}",
  cosine: '`cos`',
  cube: "{expression: 'x^3'}",
  gelufast: "{name: 'gelu', approximate: 'tanh'}",
  geluaccurate: "{name: 'gelu', approximate: 'tanh'}",
  gelupytorchtanh: "{name: 'gelu', approximate: 'tanh'}",
  geluerf: '`gelu`',
  gelupython: '`gelu`',
  elish: "an expression: {expression: '...'}",
  rbf: "{expression: 'exp(-x^2)'}",
  gaussian: "{expression: 'exp(-x^2)'}",
};

/** Of several units at once elsewhere: no function of one number. */
const ofManyUnits: readonly string[] = [
  'softmax',
  'logsoftmax',
  'softmin',
  'maxout',
  'glu',
  'swiglu',
  'geglu',
  'reglu',
  'crelu',
  'layernorm',
  'batchnorm',
];

const fold = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The rest of the sentence `Unknown activation "…"`. */
export function activationHint(name: string, known: readonly string[]): string {
  const folded = fold(name);
  const spelled = known.find((candidate) => fold(candidate) === folded);
  const meant = spelled === undefined ? foreignActivations[folded] : `\`${spelled}\``;
  if (meant !== undefined) return `; here it is ${meant}.`;
  if (ofManyUnits.includes(folded)) return '; it acts on several units at once, and an activation here on one number.';
  const near = slip(name, known);
  const way = "any other function is an {expression: '...'} of x";
  return near === undefined ? `; known: ${known.join(', ')}; ${way}.` : `; did you mean \`${near}\`? If not, ${way}.`;
}

/** A slip of the pen keeps the first letter and swaps letters or, in longer words, loses one: `tahn`, never `crelu` or `celu1`. */
function slip(name: string, known: readonly string[]): string | undefined {
  if (/[0-9]/.test(name)) return undefined;
  const near = nearest(name, known);
  if (near === undefined || near[0]?.toLowerCase() !== name[0]?.toLowerCase()) return undefined;
  const letters = (word: string): string => [...fold(word)].sort().join('');
  const isSwap = letters(near) === letters(name);
  const isLonger = Math.abs(fold(near).length - fold(name).length) <= 1 && fold(name).length >= 6;
  return isSwap || isLonger ? near : undefined;
}

/** Parameters elsewhere (folded) → ours, in the order of preference. */
const foreignParameters: Readonly<Record<string, readonly string[]>> = {
  negativeslope: ['slope'],
  leakiness: ['slope'],
  slope: ['slope', 'alpha'],
  alpha: ['slope', 'alpha', 'beta'],
  a: ['slope', 'alpha'],
  init: ['slope'],
  negativecoeff: ['slope'],
  beta: ['beta', 'alpha'],
  frequency: ['alpha'],
  minval: ['min'],
  minvalue: ['min'],
  low: ['min'],
  maxval: ['max'],
  maxvalue: ['max'],
  high: ['max'],
  exponent: ['degree', 'alpha'],
  power: ['degree', 'alpha'],
  text: ['expression'],
  formula: ['expression'],
};

const wave = (name: string): string => `write {expression: '${name}(30 * x)'} with your frequency`;
const leaky = "write {name: 'leakyRelu', slope: ...}";
const withBeta = "write {name: 'swish', beta: ...}";
const fixedSelu = "its α and λ are fixed; {name: 'elu', alpha: ...} has an α";

/** Parameters elsewhere that make another function of an activation, or nothing (folded: activation.parameter). */
const foreignForms: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['omega', 'omega0', 'w0', 'frequency', 'freq', 'scale'].flatMap((name) => [
      [`sin.${name}`, wave('sin')],
      [`cos.${name}`, wave('cos')],
    ]),
  ),
  'relu.maxvalue': "write {name: 'hardTanh', min: 0, max: ...}",
  'relu.negativeslope': leaky,
  'relu.slope': leaky,
  'relu.alpha': leaky,
  'relu.threshold': "write {expression: 'x * step(x - 1)'} with your threshold",
  'silu.beta': withBeta,
  'silu.alpha': withBeta,
  'selu.alpha': fixedSelu,
  'selu.scale': fixedSelu,
  'softplus.threshold': 'leave it out: beyond it other libraries give x, which is within rounding of float32',
  'prelu.numparameters': 'leave it out: here all units have one slope',
};

/** The rest of the sentence `Unknown key "…" in activation …`. */
export function parameterHint(stranger: string, known: readonly string[], activation = ''): string {
  if (fold(stranger) === 'inplace') return '; leave it out: it is about memory, not about the function.';
  const form = foreignForms[`${fold(activation)}.${fold(stranger)}`];
  if (form !== undefined) return `; ${form}.`;
  const meant = foreignParameters[fold(stranger)]?.find((candidate) => known.includes(candidate));
  if (meant !== undefined) return `; here it is \`${meant}\`.`;
  const near = nearest(
    stranger,
    known.filter((key) => key.length > 2),
  );
  if (near !== undefined && near !== 'name') return `; did you mean \`${near}\`?`;
  const names = known.filter((key) => key !== 'name');
  const own = names.length === 0 ? 'it has no parameters' : `known: ${names.join(', ')}`;
  return known.includes('expression') ? `; ${own}.` : `; ${own}. Any other function is an {expression: '...'} of x.`;
}

/** Functions elsewhere → how an expression says them. */
const foreignFunctions: Readonly<Record<string, string>> = {
  ln: '`log`',
  pow: '`x^2`',
  power: '`x^2`',
  square: '`x^2`',
  phi: '`(1 + erf(x / sqrt(2))) / 2`',
  cdf: '`(1 + erf(x / sqrt(2))) / 2`',
  normcdf: '`(1 + erf(x / sqrt(2))) / 2`',
  gelu: '`x * (1 + erf(x / sqrt(2))) / 2`',
  silu: '`x * sigmoid(x)`',
  swish: '`x * sigmoid(x)`',
  mish: '`x * tanh(softplus(x))`',
  elu: '`max(x, 0) + expm1(min(x, 0))`',
  leakyrelu: '`max(x, 0.01 * x)`',
  relu6: '`min(max(x, 0), 6)`',
  clip: '`min(max(x, 0), 6)` with your bounds',
  clamp: '`min(max(x, 0), 6)` with your bounds',
  hardtanh: '`min(max(x, -1), 1)`',
  heaviside: '`step`',
  sgn: '`sign`',
  maximum: '`max`',
  minimum: '`min`',
  arctan: '`atan`',
  logistic: '`sigmoid`',
  erfc: '`1 - erf(x)`',
  tan: '`sin(x) / cos(x)`',
  sech: '`1 / cosh(x)`',
  logsigmoid: '`-softplus(-x)`',
  softsign: '`x / (1 + abs(x))`',
  tanhshrink: '`x - tanh(x)`',
  softshrink: '`relu(x - 0.5) - relu(-x - 0.5)`',
  hardshrink: '`x * step(abs(x) - 0.5)`',
  hardsigmoid: '`min(max(x / 6 + 0.5, 0), 1)`',
  hardswish: '`x * min(max(x / 6 + 0.5, 0), 1)`',
  fabs: '`abs`',
  sqr: '`x^2`',
  cbrt: '`sign(x) * abs(x)^(1/3)`',
  asinh: '`sign(x) * log(abs(x) + sqrt(x^2 + 1))`',
  logcosh: '`abs(x) + log1p(exp(-2 * abs(x))) - log(2)`',
  exp2: '`exp(log(2) * x)`',
  log2: '`log(x) / log(2)`',
  log10: '`log(x) / log(10)`',
  sigma: '`sigmoid`',
  where: '`step`: `x * step(x)` is x where x > 0',
  if: '`step`: `x * step(x)` is x where x > 0',
  z: '`x`',
  u: '`x`',
  t: '`x`',
};

/** The rest of the sentence `Unknown name "…" at position … of the expression`. */
export function expressionHint(name: string, known: readonly string[]): string {
  const meant = foreignFunctions[fold(name)] ?? known.find((candidate) => fold(candidate) === fold(name));
  if (meant !== undefined) return `; write ${meant}.`;
  const near = name.length > 2 ? slip(name, known) : undefined;
  return near === undefined ? `; known: ${known.join(', ')}.` : `; did you mean \`${near}\`?`;
}
