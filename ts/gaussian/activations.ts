// The catalogue of activations: names, parameters, kinks and the facts that the theory needs.
import { z } from 'zod';
import { describe, expectedError, MftError, nearest } from '../core/errors.js';

/** Names without parameters. */
export type PlainActivationName =
  | 'linear' | 'tanh' | 'erf' | 'erfUnitSlope' | 'relu' | 'hardTanh' | 'sigmoid' | 'softplus' | 'gelu' | 'silu' | 'selu' | 'sin' | 'abs' | 'step' | 'sign' | 'cos';

/** A user's own activation as text; see ts/gaussian/expression.ts for the grammar. */
export interface ExpressionActivation {
  readonly expression: string;
  /** Points where the derivative jumps and that cannot be found from the text. */
  readonly kinks?: readonly number[];
}

/** φ in a spec: a name, a name with parameters, or an expression. */
export type ActivationSpec =
  | PlainActivationName
  | 'leakyRelu' | 'elu'
  | { readonly name: PlainActivationName }
  | { readonly name: 'leakyRelu'; readonly slope?: number }
  | { readonly name: 'elu'; readonly alpha?: number }
  | { readonly name: 'alphaRelu'; readonly alpha: number }
  | { readonly name: 'abRelu'; readonly a: number; readonly b: number }
  | { readonly name: 'rectifiedMonomial'; readonly degree: number }
  | ExpressionActivation;

interface Parameter {
  readonly name: string;
  readonly default?: number;
  readonly low: number;
  readonly high: number;
}

interface CatalogueEntry {
  /** Number of the kind in native/core/activation.h. */
  readonly kind: number;
  readonly parameters: readonly Parameter[];
  /** Points where φ or φ' jumps. */
  readonly kinks: readonly number[];
  readonly isOdd: boolean;
  readonly docs: string;
}

const none: readonly Parameter[] = [];
const entry = (kind: number, docs: string, kinks: readonly number[] = [], isOdd = false, parameters = none): CatalogueEntry => ({ kind, docs, kinks, isOdd, parameters });

/** Every named activation. */
export const activationCatalogue: Readonly<Record<string, CatalogueEntry>> = {
  linear: entry(0, 'x', [], true),
  tanh: entry(1, 'tanh x', [], true),
  erf: entry(2, 'erf x', [], true),
  erfUnitSlope: entry(3, 'erf(√π x/2)', [], true),
  relu: entry(4, 'max(x, 0)', [0]),
  leakyRelu: entry(5, 'x for x > 0, slope·x otherwise', [0], false, [{ name: 'slope', default: 0.01, low: -1e6, high: 1e6 }]),
  hardTanh: entry(6, 'x clipped to [−1, 1]', [-1, 1], true),
  sigmoid: entry(7, '1/(1 + e^−x)'),
  softplus: entry(8, 'log(1 + e^x)'),
  gelu: entry(9, 'x Φ(x)'),
  silu: entry(10, 'x/(1 + e^−x)'),
  elu: entry(11, 'x for x > 0, α(e^x − 1) otherwise', [0], false, [{ name: 'alpha', default: 1, low: -1e6, high: 1e6 }]),
  selu: entry(12, 'λ elu(x; α), λ = 1.0507…, α = 1.6733…', [0]),
  sin: entry(13, 'sin x', [], true),
  alphaRelu: entry(14, 'x^α for x > 0, 0 otherwise', [0], false, [{ name: 'alpha', low: 1e-6, high: 20 }]),
  abRelu: entry(15, 'a x for x < 0, b x otherwise', [0], false, [{ name: 'a', low: -1e6, high: 1e6 }, { name: 'b', low: -1e6, high: 1e6 }]),
  abs: entry(16, '|x|', [0]),
  step: entry(17, '1 for x > 0, 0 otherwise', [0]),
  sign: entry(18, 'sign x', [0], true),
  cos: entry(19, 'cos x'),
  rectifiedMonomial: entry(20, 'x^degree for x > 0, 0 otherwise', [0], false, [{ name: 'degree', low: 0, high: 20 }]),
};

/** An activation as the native code takes it (native/node/activation.cc) with the facts the theory needs. */
export interface ResolvedActivation {
  readonly kind: number;
  readonly parameters: Float64Array;
  readonly kinks: Float64Array;
  readonly isOdd: boolean;
}

/** The activation's schema field, shared by all systems. */
export const activationField = z
  .custom<ActivationSpec>((value) => value !== undefined)
  .default('tanh')
  .meta({ expected: `an activation: one of ${Object.keys(activationCatalogue).join(', ')}, {name, ...parameters}, or {expression}`, description: 'Activation function.', symbol: 'φ' });

/**
 * The canonical form of an activation in a spec: a plain name where it has no parameters, else an object with every
 * parameter filled in.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (unknown name, unknown or missing parameter, a JavaScript function), ERR_MFT_OUT_OF_RANGE
 */
export function canonicalActivation(spec: unknown): ActivationSpec {
  if (typeof spec === 'function') {
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`activation\` in a spec to be data, received ${describe(spec)}; use {expression: '...'} instead, or the Gaussian moments, which take functions.`, { parameter: 'activation' });
  }
  if (typeof spec !== 'string' && (typeof spec !== 'object' || spec === null || !('name' in spec))) {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'activation', 'a name, {name, ...parameters} or {expression}', spec);
  }
  const given = (typeof spec === 'string' ? { name: spec } : spec) as Readonly<Record<string, unknown>>;
  const name = String(given.name);
  const found = Object.hasOwn(activationCatalogue, name) ? activationCatalogue[name] : undefined;
  if (found === undefined) {
    const near = nearest(name, Object.keys(activationCatalogue));
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Unknown activation ${describe(name)}${near === undefined ? '' : `; did you mean \`${near}\`?`} Known: ${Object.keys(activationCatalogue).join(', ')}.`, { parameter: 'activation', received: name });
  }
  const result: Record<string, unknown> = { name };
  for (const parameter of found.parameters) {
    const value = given[parameter.name] ?? parameter.default;
    if (typeof value !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', `activation.${parameter.name}`, 'a number', value);
    if (!(value >= parameter.low && value <= parameter.high)) throw expectedError('ERR_MFT_OUT_OF_RANGE', `activation.${parameter.name}`, `a number in [${parameter.low}, ${parameter.high}]`, value);
    result[parameter.name] = value;
  }
  for (const key of Object.keys(given)) {
    if (!(key in result)) throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Unknown key "${key}" in activation ${name}; it takes ${found.parameters.map((p) => p.name).join(', ') || 'no parameters'}.`, { parameter: `activation.${key}` });
  }
  return (found.parameters.length === 0 ? name : result) as ActivationSpec;
}

/** The activation as native code and theory take it. @throws like `canonicalActivation` */
export function resolveActivation(spec: ActivationSpec): ResolvedActivation {
  const canonical = canonicalActivation(spec);
  const named = (typeof canonical === 'string' ? { name: canonical } : canonical) as Readonly<Record<string, unknown>>;
  const found = activationCatalogue[String(named.name)] as CatalogueEntry;
  const parameters = new Float64Array(2);
  found.parameters.forEach((parameter, i) => {
    parameters[i] = named[parameter.name] as number;
  });
  return { kind: found.kind, parameters, kinks: Float64Array.from(found.kinks), isOdd: found.isOdd };
}
