// φ in a spec: read, put into canonical form, and resolved to the plain data that native code and theory take.
import { numberList, plainCopy } from '../core/copy.js';
import * as z from 'zod';
import { addon } from '../core/addon.js';
import { describe, expectedError, MftError } from '../core/errors.js';
import {
  type ActivationEntry,
  type ActivationFacts,
  type ActivationParameter,
  activationCatalogue,
} from './activation-catalogue.js';
import { activationHint, parameterHint } from './activation-hints.js';
import { type ExpressionNode, parseExpression, printExpression } from './expression.js';
import { boundOf, featureScale, findKinks, parityOf } from './expression-facts.js';
import { compileExpression, type ExpressionPrograms } from './expression-program.js';

export { activationCatalogue } from './activation-catalogue.js';

/** Names without parameters. */
type PlainActivationName =
  | 'linear'
  | 'tanh'
  | 'erf'
  | 'erfUnitSlope'
  | 'relu'
  | 'hardTanh'
  | 'sigmoid'
  | 'softplus'
  | 'gelu'
  | 'silu'
  | 'selu'
  | 'sin'
  | 'abs'
  | 'step'
  | 'sign'
  | 'cos'
  | 'relu6'
  | 'hardSwish'
  | 'mish'
  | 'softsign';

/** Names whose parameters all have a default. */
type ParametrizedActivationName = 'leakyRelu' | 'prelu' | 'elu' | 'celu' | 'swish' | 'hardSigmoid' | 'snake';

/**
 * A user's own activation as text; `parseExpression` says what it may hold.
 *
 * @example
 * const smooth: ExpressionActivation = { expression: 'x * sigmoid(1.702 * x)' };
 */
export interface ExpressionActivation {
  readonly expression: string;
  /**
   * Points where φ or φ' jumps. Those of abs, sign, step, relu, max and min of arguments a x + b are found from the text;
   * others must be listed here.
   */
  readonly kinks?: readonly number[];
}

/** φ in a spec: a name, a name with parameters, or an expression. */
export type ActivationSpec =
  | PlainActivationName
  | ParametrizedActivationName
  | { readonly name: PlainActivationName }
  | { readonly name: 'leakyRelu' | 'prelu' | 'hardSigmoid'; readonly slope?: number }
  | { readonly name: 'elu' | 'celu' | 'snake'; readonly alpha?: number }
  | { readonly name: 'swish' | 'softplus'; readonly beta?: number }
  | { readonly name: 'hardTanh'; readonly min?: number; readonly max?: number }
  | { readonly name: 'gelu'; readonly approximate?: 'none' | 'tanh' }
  | { readonly name: 'alphaRelu'; readonly alpha: number }
  | { readonly name: 'abRelu'; readonly a: number; readonly b: number }
  | { readonly name: 'rectifiedMonomial'; readonly degree: number }
  | ExpressionActivation;

/** φ as JavaScript functions: accepted by the Gaussian moments only, refused in specs (a spec is data). */
export interface ActivationFunction {
  value(x: number): number;
  derivative(x: number): number;
  secondDerivative?(x: number): number;
  /** Points where φ or φ' jumps; [] when there are none. */
  readonly kinks: readonly number[];
}

/** An activation as the native code takes it (native/node/activation.cc), with the facts the theory needs. Plain data. */
export interface ResolvedActivation {
  /** The catalogue name, or 'expression'. */
  readonly name: string;
  readonly kind: number;
  /** Two numbers; unused ones are 0. */
  readonly parameters: Float64Array;
  /** Only for expressions. */
  readonly programs?: ExpressionPrograms;
  /** Shift, scale and offset of scale φ(x + shift) + offset; left out: φ itself. */
  readonly affine?: Float64Array;
  readonly kinks: Float64Array;
  readonly isOdd: boolean;
  readonly facts: ActivationFacts;
}

const expressionKind = 21;

/** The activation's schema field, shared by all systems. */
export const activationField = z
  .custom<ActivationSpec>((value) => value !== undefined)
  .default('tanh')
  .meta({
    expected: `an activation: one of ${Object.keys(activationCatalogue).join(', ')}, {name, ...parameters}, or {expression}`,
    description: 'Activation function.',
    symbol: 'φ',
  });

/** The same field for a system whose layers may differ. */
export const activationPerLayerField = z
  .custom<ActivationSpec | readonly ActivationSpec[]>((value) => value !== undefined)
  .default('tanh')
  .meta({
    kind: 'list',
    expected:
      `an activation: one of ${Object.keys(activationCatalogue).join(', ')}, {name, ...parameters}, or {expression}; ` +
      'or a list with one per hidden layer',
    description: 'Activation function.',
    symbol: 'φ',
  });

/**
 * The canonical form of an activation in a spec: a plain name where it has no parameters, else an object with every
 * parameter filled in; an expression as its canonical text with all its kinks.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (unknown name, unknown or missing parameter, a JavaScript function, a text that
 *   is no expression, kinks that cannot be found and are not listed), ERR_MFT_OUT_OF_RANGE
 */
export function canonicalActivation(spec: unknown): ActivationSpec {
  refuseFunctions(spec);
  if (typeof spec === 'string') return canonicalName({ name: spec });
  if (typeof spec === 'object' && spec !== null && Object.hasOwn(spec, 'expression'))
    return canonicalExpression(spec as Readonly<Record<string, unknown>>).spec;
  if (typeof spec !== 'object' || spec === null || !Object.hasOwn(spec, 'name')) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'activation',
      'a name, {name, ...parameters} or {expression}',
      spec,
    );
  }
  return canonicalName(spec as Readonly<Record<string, unknown>>);
}

function refuseFunctions(spec: unknown): void {
  const isFunction =
    typeof spec === 'function' ||
    (typeof spec === 'object' && spec !== null && Object.values(spec).some((member) => typeof member === 'function'));
  if (!isFunction) return;
  throw new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `Expected \`activation\` in a spec to be data, received ` +
      `${typeof spec === 'function' ? describe(spec) : 'an object of functions'}; ` +
      `use {expression: '...'} instead, or the Gaussian moments, which take functions.`,
    {
      parameter: 'activation',
    },
  );
}

function catalogueEntry(name: string): ActivationEntry {
  const found = Object.hasOwn(activationCatalogue, name) ? activationCatalogue[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(activationCatalogue);
  throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Unknown activation ${describe(name)}${activationHint(name, known)}`, {
    parameter: 'activation',
    received: name,
  });
}

function canonicalName(given: Readonly<Record<string, unknown>>): ActivationSpec {
  if (typeof given.name !== 'string')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'activation.name', 'a name', given.name);
  const { name } = given;
  const { parameters, variant, choices } = catalogueEntry(name);
  const known = [...parameters, ...(variant?.parameters ?? [])];
  const allowed = [
    'name',
    ...known.map((parameter) => parameter.name),
    ...(choices === undefined ? [] : [choices.name]),
  ];
  refuseUnknownKeys(given, allowed, `activation ${name}`, name);
  const result: Record<string, unknown> = { name };
  for (const parameter of known) result[parameter.name] = parameterOf(given, parameter);
  if (choices !== undefined) {
    const choice = given[choices.name] ?? 'none';
    const words = ['none', ...Object.keys(choices.entries)];
    if (!words.includes(choice as string))
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        `activation.${choices.name}`,
        `one of ${words.join(', ')}`,
        choice,
      );
    return (choice === 'none' ? name : { name, [choices.name]: choice }) as ActivationSpec;
  }
  if (name === 'hardTanh' && !((result.min as number) < (result.max as number)))
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'activation.max',
      `a number above min ${String(result.min)}`,
      result.max,
    );
  const isPlain = parameters.length === 0 && known.every((parameter) => result[parameter.name] === parameter.default);
  return (isPlain ? name : result) as ActivationSpec;
}

function parameterOf(given: Readonly<Record<string, unknown>>, parameter: ActivationParameter): number {
  const value = given[parameter.name] ?? parameter.default;
  const path = `activation.${parameter.name}`;
  const expected = `a number in [${parameter.low}, ${parameter.high}]`;
  if (typeof value !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', path, expected, value);
  if (!(value >= parameter.low && value <= parameter.high))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', path, expected, value);
  return value;
}

function refuseUnknownKeys(given: object, known: readonly string[], where: string, name?: string): void {
  const stranger = Object.keys(given).find((key) => !known.includes(key));
  if (stranger === undefined) return;
  throw new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `Unknown key ${describe(stranger)} in ${where}${parameterHint(stranger, known, name)}`,
    { parameter: `activation.${stranger}` },
  );
}

function canonicalExpression(given: Readonly<Record<string, unknown>>): {
  spec: ExpressionActivation & { kinks: readonly number[] };
  tree: ExpressionNode;
} {
  refuseUnknownKeys(given, ['expression', 'kinks'], 'activation');
  if (typeof given.expression !== 'string')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'activation.expression', 'a text', given.expression);
  const tree = parseExpression(given.expression);
  const listed: unknown = given.kinks;
  if (
    listed !== undefined &&
    !(Array.isArray(listed) && listed.length <= 1000 && listed.every((kink) => Number.isFinite(kink)))
  ) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'activation.kinks',
      'a list of at most 1000 finite numbers',
      listed,
    );
  }
  const found = findKinks(tree);
  const lost = found.unknown[0];
  if (lost !== undefined && listed === undefined) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected \`activation.kinks\` to list the points where ${printExpression(lost)} ` +
        `has a kink ([] if nowhere): they cannot be found from the text.`,
      {
        parameter: 'activation.kinks',
      },
    );
  }
  const kinks = [
    ...new Set([...found.kinks, ...((listed ?? []) as readonly number[]).map((kink) => (kink === 0 ? 0 : kink))]),
  ].sort((a, b) => a - b);
  return { spec: { expression: printExpression(tree), kinks }, tree };
}

/** The activation as native code and theory take it. @throws MftError like `canonicalActivation` */
export function resolveActivation(spec: ActivationSpec): ResolvedActivation {
  const canonical = canonicalActivation(spec);
  if (typeof canonical === 'object' && 'expression' in canonical) return resolveExpression(canonical);
  const named = (typeof canonical === 'string' ? { name: canonical } : canonical) as Readonly<Record<string, unknown>>;
  const { variant, choices, ...plain } = catalogueEntry(String(named.name));
  const isVariant = variant !== undefined && typeof canonical === 'object';
  const choice = choices !== undefined && typeof canonical === 'object' ? String(named[choices.name]) : 'none';
  const found = (isVariant ? variant.entry : choices?.entries[choice]) ?? plain;
  const values = (isVariant ? variant.parameters : found.parameters).map(
    (parameter) => named[parameter.name] as number,
  );
  const parameters = new Float64Array(2);
  parameters.set([...values, ...found.fixed]);
  const facts = found.facts(values);
  return {
    name: String(named.name),
    kind: found.kind,
    parameters,
    kinks: Float64Array.from(facts.kinks),
    isOdd: facts.isOdd,
    facts,
  };
}

function resolveExpression(given: ExpressionActivation): ResolvedActivation {
  const { spec, tree } = canonicalExpression({ ...given });
  const parameters = new Float64Array(2);
  const kinks = Float64Array.from(spec.kinks);
  const isOdd = parityOf(tree) === 'odd';
  const bare = { kind: expressionKind, parameters, programs: compileExpression(tree) };
  return { name: 'expression', ...bare, kinks, isOdd, facts: expressionFacts(bare, tree, spec.kinks, isOdd) };
}

function expressionFacts(
  bare: NativeActivation,
  tree: ExpressionNode,
  kinks: readonly number[],
  isOdd: boolean,
): ActivationFacts {
  // On both sides of 0, nearer than any kink that could be meant.
  const z = Float64Array.of(-1e-300, 0, 1e-300);
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  const value = finite(addon().activate({ activation: bare, z, order: 0 })[1]);
  const slopes = addon().activate({ activation: bare, z, order: 1 });
  const second = addon().activate({ activation: bare, z, order: 2 });
  const bound = boundOf(tree);
  return {
    kinks,
    isOdd,
    // Which of φ, φ' jumps at a kink is not known: the cautious answer.
    isContinuous: kinks.length === 0,
    hasContinuousDerivative: kinks.length === 0,
    valueAtZero: value,
    derivativeBelowZero: finite(slopes[0]),
    derivativeAboveZero: finite(slopes[2]),
    secondDerivativeAtZero: kinks.includes(0) ? null : finite(second[1]),
    homogeneousDegree: null,
    limitBelow: null,
    limitAbove: null,
    isBounded: bound < Infinity ? true : null,
    bound,
    scale: featureScale(tree),
  };
}

/** The part of a resolved activation that native code reads. */
type NativeActivation = Pick<ResolvedActivation, 'kind' | 'parameters' | 'programs' | 'affine'>;

declare module '../core/addon.js' {
  interface NativeAddon {
    /** φ (order 0), φ' (1) or φ'' (2) at every z. */
    activate(
      options: {
        readonly activation: NativeActivation;
        readonly z: Float64Array;
        readonly order: 0 | 1 | 2;
      },
      into?: Float64Array,
    ): Float64Array;
  }
}

/**
 * φ, φ' or φ'' at every z: `activate(tanh)(z)`, natively.
 *
 * @param activation a spec's activation, or the resolved one (resolve once when calling often)
 * @param z points
 * @param order 0: φ, 1: φ' (at a kink from the left), 2: φ'' away from kinks
 * @returns as many numbers; NaN where an expression has no value (the logarithm of a negative number) or z is NaN
 * @throws MftError like `canonicalActivation`
 * **Numerics**: own elementary functions, the same bits on every instruction set; errors of at most 9 units in the last place, also
 * in the tails. Expressions: every operation in them has such an error, and the errors of composed operations add up.
 * **Source**: the activations of docs/symbols.md; kernels derived.
 *
 * @example
 * evaluateActivation('tanh', Float64Array.of(0, 1)); // [0, 0.7615941559557649]
 */
export function evaluateActivation(
  activation: ActivationSpec | ResolvedActivation,
  z: Float64Array,
  order: 0 | 1 | 2 = 0,
): Float64Array {
  const given = plainCopy(activation, 'activation');
  const isResolved = typeof given === 'object' && given !== null && 'kind' in given;
  const resolved = isResolved ? given : resolveActivation(given);
  if (![0, 1, 2].includes(order)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'order', '0, 1 or 2', order);
  return addon().activate({ activation: resolved, z: numberList(z, 'z'), order });
}
