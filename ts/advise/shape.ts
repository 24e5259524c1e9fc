// shape: an activation made for a depth (DKS, TAT), so that a network without normalisation or shortcuts passes signals through it.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { expectedError, type MftError } from '../core/errors.js';
import { choiceField, numberField, wholeField } from '../core/fields.js';
import { type ActivationSpec, canonicalActivation } from '../gaussian/activations.js';
import { type ActivationTransform, transformed } from '../gaussian/expression-text.js';
import {
  dksTransform,
  leakyCorrelation,
  leakySlope,
  type ShapedMaps,
  shapedMaps,
  tatTransform,
} from '../gaussian/shaping.js';
import { rootBetween } from '../numeric/roots.js';
import { type FeedforwardSpec, isOneActivation, resolveFeedforwardSpec } from '../systems/feedforward/spec.js';
import { type ResidualSpec, resolveResidualSpec } from '../systems/residual/spec.js';

/** `count` blocks alike: w of the shortcut, √(1 − w²) of a branch, each with so many activations one after the other. */
export interface ShapedBlocks {
  readonly count: number;
  /** w in [0, 1). */
  readonly shortcutWeight: number;
  /** Activations of the branch. */
  readonly branch: number;
  /** Activations of the shortcut. Default 0. */
  readonly shortcut?: number;
}

/** What an activation is shaped to. */
export interface ShapeOptions {
  /** 'dks': deep kernel shaping; 'tat': tailored activation transformation. */
  readonly method: 'dks' | 'tat';
  /**
   * Of the whole network. dks: the slope ζ > 1 of its correlation map at 1, default 1.5; tat: the curvature τ > 0 of that map at 1,
   * default 0.3; tat of relu, leakyRelu, prelu: the correlation η in (0, 1) to which orthogonal inputs are taken, default 0.9.
   */
  readonly target?: number;
}

/** An activation shaped for a network that is described by its activations alone. */
export interface ShapeActivationOptions extends ShapeOptions {
  /** Activations outside of blocks, one after the other. Default 0. */
  readonly layers?: number;
  readonly blocks?: readonly ShapedBlocks[];
}

/** γ (φ(α x + β) + δ), or for tat of relu-like functions a leaky ReLU of another slope. */
export interface ShapedActivation {
  readonly kind: 'shapedActivation';
  readonly method: 'dks' | 'tat';
  readonly target: number;
  /** The activation as data for any spec: an expression. */
  readonly activation: ActivationSpec;
  readonly base: ActivationSpec;
  readonly transform: ActivationTransform;
  /** Q(1), Q'(1), C(0), C'(0), C'(1), C''(1) of one layer. */
  readonly maps: ShapedMaps;
}

/** A spec with its shaped activation. */
export interface ShapedSpec<Spec> extends ShapedActivation {
  /** σ_w² = 1, no biases (and σ_v² = 1 − κ² in blocks): what the maps are made for. */
  readonly spec: Spec;
}

const defaults = { dks: 1.5, tat: 0.3, leaky: 0.9 } as const;

const baseFields = {
  method: choiceField(['dks', 'tat'], 'Deep kernel shaping, or tailored activation transformation.'),
  target: numberField({ low: 0, above: true }, 'Slope, curvature or correlation of the whole network.').optional(),
};
const optionsSchema = z.strictObject(baseFields);
const blockSchema = z.strictObject({
  count: wholeField(1, 1_000_000, 'Blocks alike.'),
  shortcutWeight: z.number().min(0).lt(1),
  branch: wholeField(1, 1000, 'Activations of the branch.'),
  shortcut: wholeField(0, 1000, 'Activations of the shortcut.').default(0),
});
const networkSchema = z.strictObject({
  ...baseFields,
  layers: wholeField(0, 1_000_000, 'Activations outside of blocks.').default(0),
  blocks: z
    .array(blockSchema)
    .meta({ expected: 'a list of {count, shortcutWeight in [0, 1), branch, shortcut}', description: 'Blocks.' })
    .default([]),
});

interface Network {
  readonly layers: number;
  readonly blocks: readonly (ShapedBlocks & { readonly shortcut: number })[];
}

/** f after itself so many times. */
function iterated(f: (c: number) => number, times: number, start: number): number {
  let c = start;
  for (let i = 0; i < times; i++) c = f(c);
  return c;
}

/** log of the slope of the network's map at 1, all layers with log slope `s`: products along paths, weighted sums of both ways. */
function logSlope({ layers, blocks }: Network, s: number): number {
  return blocks.reduce((sum, { count, shortcutWeight: w, branch, shortcut }) => {
    const both = w * w * Math.expm1(shortcut * s) + (1 - w * w) * Math.expm1(branch * s);
    return sum + count * Math.log1p(both);
  }, layers * s);
}

/** Curvature of the network's map at 1 in that of a layer: sums along paths where every slope is 1. */
const curvatures = ({ layers, blocks }: Network): number =>
  blocks.reduce(
    (sum, { count, shortcutWeight: w, branch, shortcut }) => sum + count * (w * w * shortcut + (1 - w * w) * branch),
    layers,
  );

/** The network's map of correlations. */
const through =
  ({ layers, blocks }: Network, start: number) =>
  (map: (c: number) => number): number => {
    const passed = blocks.reduce(
      (c, { count, shortcutWeight: w, branch, shortcut }) =>
        iterated((x) => w * w * iterated(map, shortcut, x) + (1 - w * w) * iterated(map, branch, x), count, c),
      start,
    );
    return iterated(map, layers, passed);
  };

const isLeaky = (activation: ActivationSpec): boolean => {
  const name = typeof activation === 'string' ? activation : 'name' in activation ? activation.name : '';
  return ['relu', 'leakyRelu', 'prelu'].includes(name);
};

/**
 * An activation shaped for a network of so many activations: γ (φ(α x + β) + δ) whose maps Q of variances and C of correlations keep a
 * variance of 1 and take the correlations of the *whole* network where `target` says. Weights must have σ_w² = 1 and no biases, inputs
 * a mean square of 1, and shortcuts and branches weights w and √(1 − w²).
 *
 * dks: Q(1) = Q'(1) = 1, C(0) = 0, C'(1) = s with μ(s) = ζ, μ the slope of the network's C at 1 (positively homogeneous φ: β = ±1 and
 * Q'(1) = 1 holds already). tat: Q(1) = Q'(1) = C'(1) = 1, C''(1) = κ with M(κ) = τ; relu, leakyRelu, prelu: slope a with
 * C_network(0) = η and γ = √(2/(1 + a²)).
 *
 * @param activation φ, a named activation that can be written as an expression, or {expression}
 * @param options `method`, `target`, and the network: `layers`, `blocks`
 * @returns the activation as data, α, β, γ, δ, the maps of a layer
 * @throws MftError ERR_MFT_INVALID_ARGUMENT; ERR_MFT_OUT_OF_RANGE for a target that cannot be met (the message says what can);
 *   ERR_MFT_UNSUPPORTED for tat of an activation with other kinks than relu's
 * **Numerics**: graded Gauss–Legendre panels, Newton's method; the conditions hold to 1e-10. Of several solutions the one with the
 * smallest α whose slope γ α sup |φ'| is below 2 is taken, β ≥ 0 where two are mirror images.
 * **Source**: Martens et al. 2021 (DKS), Zhang et al. 2022 (TAT); slopes of the maps derived.
 *
 * @example
 * import { shapeActivation } from 'mft-native';
 * shapeActivation('leakyRelu', { method: 'tat', target: 0.9, layers: 50 }).activation; // slope 0.430522948502
 */
export function shapeActivation(activation: ActivationSpec, options: ShapeActivationOptions): ShapedActivation {
  const base = canonicalActivation(plainCopy(activation, 'activation'));
  const { method, target, ...network } = parse(networkSchema, options, 'options');
  return shaped(base, method, target, network);
}

function shaped(
  base: ActivationSpec,
  method: 'dks' | 'tat',
  given: number | undefined,
  network: Network,
): ShapedActivation {
  if (network.layers === 0 && network.blocks.length === 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'layers', 'at least one activation in `layers` or `blocks`', 0);
  if (method === 'tat' && isLeaky(base)) return shapedLeaky(given ?? defaults.leaky, network, base);
  // An activation that no expression writes is refused before anything is sought.
  transformed(base, { inputScale: 1, inputShift: 0, outputShift: 0, outputScale: 1 });
  const target = given ?? defaults[method];
  const transform = method === 'dks' ? dksOf(base, target, network) : tatTransform(base, target / curvatures(network));
  return {
    kind: 'shapedActivation',
    method,
    target,
    activation: transformed(base, transform),
    base,
    transform,
    maps: shapedMaps(base, transform),
  };
}

function dksOf(base: ActivationSpec, target: number, network: Network): ActivationTransform {
  if (!(target > 1)) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'target', 'a slope above 1 for method dks', target);
  const wanted = Math.log(target);
  // A layer alone has at most that slope, and at least the share of one of all activations of the longest path.
  const log = rootBetween((s) => ({ value: logSlope(network, s) - wanted, slope: Number.NaN }), 0, 2 * wanted + 700);
  return dksTransform(base, Math.exp(log));
}

function shapedLeaky(target: number, network: Network, base: ActivationSpec): ShapedActivation {
  if (!(target < 1))
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'target',
      'a correlation below 1 for tat of relu-like activations',
      target,
    );
  const slope = leakySlope(through(network, 0), target);
  const leaky: ActivationSpec = { name: 'leakyRelu', slope };
  const scale = Math.sqrt(2 / (1 + slope * slope));
  const transform = { inputScale: 1, inputShift: 0, outputShift: 0, outputScale: scale };
  return {
    kind: 'shapedActivation',
    method: 'tat',
    target,
    activation: canonicalActivation({ name: 'abRelu', a: scale * slope, b: scale }),
    base,
    transform,
    maps: { ...shapedMaps(leaky, transform), correlationAtZero: leakyCorrelation(slope, 0) },
  };
}

/**
 * The spec with an activation shaped for its depth, so that gradients neither vanish nor explode and inputs stay apart, without
 * normalisation: `predict`, `simulate`, `compare` and `train` take it as any other. Weights become σ_w² = 1 without biases; of a
 * generalized residual block with skip strength κ the outer weights σ_v² = 1 − κ².
 *
 * @param spec of `feedforward` (depth − 1 activations), or of `residual` with block 'generalized' and |κ| < 1 (one a block);
 *   `activation` is the base, inputs have a mean square of 1
 * @param options `method` and `target`, as in `shapeActivation`
 * @returns the spec, α, β, γ, δ, the maps of a layer
 * @throws MftError like `shapeActivation`; ERR_MFT_UNSUPPORTED for dropout, several activations, other weight variances than can be set
 * **Numerics**: as `shapeActivation`.
 * **Source**: Martens et al. 2021, Zhang et al. 2022.
 *
 * @example
 * import { predict, shape } from 'mft-native';
 * const { spec, transform } = shape({ system: 'feedforward', activation: 'tanh', depth: 100 }, { method: 'dks' });
 * console.log(transform, (await predict(spec)).observables.correlation);
 */
export function shape(
  spec: FeedforwardSpec & { readonly system: 'feedforward' },
  options: ShapeOptions,
): ShapedSpec<FeedforwardSpec & { readonly system: 'feedforward' }>;
export function shape(
  spec: ResidualSpec & { readonly system: 'residual' },
  options: ShapeOptions,
): ShapedSpec<ResidualSpec & { readonly system: 'residual' }>;
export function shape(
  spec: (FeedforwardSpec & { readonly system: 'feedforward' }) | (ResidualSpec & { readonly system: 'residual' }),
  options: ShapeOptions,
): ShapedSpec<object> {
  const given = plainCopy(spec, 'spec');
  const { method, target } = parse(optionsSchema, options, 'options');
  if (given?.system === 'residual') {
    const resolved = resolveResidualSpec(given);
    const { skipStrength: kappa, depth } = resolved;
    refuse(resolved, ['keepProbability', 'branchKeepProbability'], 1);
    refuse(resolved, ['innerWeightDecay', 'outerWeightDecay', 'depthPower'], 0);
    if (resolved.block !== 'generalized' || !(Math.abs(kappa) < 1))
      throw unsupported(
        'skipStrength',
        "below 1 in block 'generalized': the variance of a shaped network stays 1",
        kappa,
      );
    requireUnitInputs(resolved.inputs);
    const blocks = [{ count: Math.max(1, depth), shortcutWeight: Math.abs(kappa), branch: 1, shortcut: 0 }];
    const found = shaped(resolved.activation, method, target, { layers: 0, blocks });
    const weights = {
      innerWeightVariance: 1,
      innerBiasVariance: 0,
      outerWeightVariance: 1 - kappa * kappa,
      outerBiasVariance: 0,
    };
    return { ...found, spec: { ...given, activation: found.activation, ...weights } };
  }
  const resolved = resolveFeedforwardSpec(given);
  const { activation, depth, output } = resolved;
  if (!isOneActivation(activation)) throw unsupported('activation', 'one for all layers', activation);
  refuse(resolved, ['keepProbability', 'inputKeepProbability'], 1);
  requireUnitInputs(resolved.inputs);
  const layers = output === 'postactivation' ? depth : depth - 1;
  const found = shaped(activation, method, target, { layers, blocks: [] });
  return {
    ...found,
    spec: { ...given, activation: found.activation, weightVariance: 1, biasVariance: 0, biasMean: 0 },
  };
}

const unsupported = (parameter: string, expected: string, received: unknown): MftError =>
  expectedError('ERR_MFT_UNSUPPORTED', parameter, expected, received);

function refuse(spec: object, names: readonly string[], value: number): void {
  for (const name of names) {
    const found = (spec as Readonly<Record<string, unknown>>)[name];
    if (!(Array.isArray(found) ? found : [found]).every((one) => one === value))
      throw unsupported(name, `${value} in a network that is shaped`, found);
  }
}

function requireUnitInputs(inputs: object): void {
  const { secondMoment = 1 } = inputs as { readonly secondMoment?: number };
  if (secondMoment !== 1) throw unsupported('inputs', 'of mean square 1: the shaped maps keep that variance', inputs);
}
