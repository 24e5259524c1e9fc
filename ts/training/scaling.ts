// Scaling rules: factors of rates and products by width and depth, so that rates found for a small network hold for a large one.
import * as z from 'zod';
import { expectedError, MftError } from '../core/errors.js';
import { choiceField, numberField, wholeField } from '../core/fields.js';
import type { LayerPlan, TrainingPlan } from './plan.js';

/** A rule and the size that the rates were found at. */
export interface ScalingRule {
  /** 'standard': no factors; 'muP': maximal update; 'completeP': muP with branches that scale with the depth (`residual` only). */
  readonly rule: 'standard' | 'muP' | 'completeP';
  /** The width at which every factor is 1. */
  readonly baseWidth: number;
  /** completeP: the depth at which every factor is 1. Default: that of the spec. */
  readonly baseDepth?: number;
  /** completeP: α in [1/2, 1] of the branches' factor (depth/baseDepth)^−α. Default 1. */
  readonly depthExponent?: number;
}

export const scalingField: z.ZodOptional<z.ZodType<ScalingRule>> = z
  .strictObject({
    rule: choiceField(['standard', 'muP', 'completeP'], 'Scaling rule.'),
    baseWidth: wholeField(1, 100_000_000, 'Width at which every factor is 1.'),
    baseDepth: wholeField(1, 1_000_000, 'Depth at which every factor is 1.').optional(),
    depthExponent: numberField({ low: 0.5, high: 1 }, 'Exponent of the factor of branches.').optional(),
  })
  .meta({
    expected: '{rule: standard, muP or completeP, baseWidth, baseDepth, depthExponent}',
    description: 'Factors of rates and products for this width (and depth), as {"rule": "muP", "baseWidth": 128}.',
  })
  .optional() as never;

type Optimizer = 'sgd' | 'momentum' | 'nesterov' | 'rmsProp' | 'adam';

/** Rules whose steps do not depend on the size of the gradient. */
const isNormalised = (optimizer: Optimizer): boolean => optimizer === 'adam' || optimizer === 'rmsProp';

interface Options {
  readonly scaling?: ScalingRule | undefined;
  readonly optimizer: Optimizer;
  readonly weightDecay: number;
}

/**
 * The plan with the factors of a rule. Weights keep their variances σ_w²/fan-in: where muP has a readout of variance σ_w² times 1/m,
 * the product has the factor m^−1/2 and the rate what belongs to it, which trains alike.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED (layers, optimizers and weight decay that the rule does not cover)
 */
export function scaled(plan: TrainingPlan, { scaling, optimizer, weightDecay }: Options): TrainingPlan {
  if (scaling === undefined || scaling.rule === 'standard') return plan;
  const { rule, baseWidth, depthExponent = 1 } = scaling;
  if (weightDecay !== 0)
    throw expectedError('ERR_MFT_UNSUPPORTED', 'weightDecay', `0 with \`scaling\` ${rule}`, weightDecay);
  if (rule === 'completeP' && !isNormalised(optimizer))
    throw expectedError('ERR_MFT_UNSUPPORTED', 'optimizer', 'adam or rmsProp with `scaling` completeP', optimizer);
  const depth = plan.layers.filter(({ kind }) => kind === 'block').length;
  if (rule === 'completeP' && depth === 0)
    throw expectedError('ERR_MFT_UNSUPPORTED', 'scaling', 'standard or muP in a network without branches', rule);
  const depthFactor = rule === 'completeP' ? depth / (scaling.baseDepth ?? depth) : 1;
  const isAdaptive = isNormalised(optimizer);
  const branch = { factor: depthFactor ** -depthExponent, rate: depthFactor ** (depthExponent - 1) };
  const inputs = plan.input.reduce((product, size) => product * size, 1);
  const last = plan.layers.length - 1;
  let widest = 1;
  const layers = plan.layers.map((layer, l): LayerPlan => {
    const before = l === 0 ? inputs : sizeOf(plan.layers[l - 1] as LayerPlan);
    const [fanIn, fanOut] = [before / baseWidth, sizeOf(layer) / baseWidth];
    widest = Math.max(widest, l < last ? fanOut : 1);
    if (layer.kind === 'block') return scaledBlock(layer, fanIn, baseWidth, isAdaptive, branch);
    if (layer.kind !== 'dense')
      throw new MftError(
        'ERR_MFT_UNSUPPORTED',
        `Scaling rules are for dense layers and blocks, not for ${layer.kind}.`,
        {
          parameter: 'scaling',
        },
      );
    // Of a network of one layer nothing grows.
    if (l === last) {
      const m = l === 0 ? 1 : fanIn;
      return factors(layer, { weight: isAdaptive ? m ** -0.5 : 1, bias: 1 }, { '': m ** -0.5 });
    }
    if (l === 0) return factors(layer, { weight: isAdaptive ? 1 : fanOut, bias: isAdaptive ? 1 : fanOut }, {});
    return factors(layer, { weight: isAdaptive ? 1 / fanIn : fanOut / fanIn, bias: isAdaptive ? 1 : fanOut }, {});
  });
  return {
    ...plan,
    layers,
    ...(rule === 'completeP' ? { epsilonFactor: branch.factor / widest } : {}),
  };
}

type Block = Extract<LayerPlan, { readonly kind: 'block' }>;

/** Inner and outer weights are hidden ones; the branch has a factor, its own biases too. */
function scaledBlock(
  layer: Block,
  fanIn: number,
  baseWidth: number,
  isAdaptive: boolean,
  branch: { readonly factor: number; readonly rate: number },
): LayerPlan {
  const [hidden, units] = [layer.hidden / baseWidth, layer.units / baseWidth];
  const inner = isAdaptive ? branch.rate / fanIn : hidden / fanIn;
  const outer = isAdaptive ? branch.rate / hidden : units / hidden;
  if (!layer.hasOuter && branch.factor !== 1)
    throw expectedError('ERR_MFT_UNSUPPORTED', 'block', 'one with outer weights for `scaling` completeP', 'reduced');
  const rates = {
    'inner.weight': inner,
    'inner.bias': isAdaptive ? branch.rate : hidden,
    ...(layer.hasOuter
      ? { 'outer.weight': outer, 'outer.bias': isAdaptive ? branch.rate * branch.factor : units }
      : {}),
  };
  return factors(
    { ...layer, outerBiasVariance: layer.outerBiasVariance * branch.factor ** 2 },
    rates,
    layer.hasOuter ? { outer: branch.factor } : {},
  );
}

/** A layer with further factors; biases that it has not are left out. */
function factors<L extends LayerPlan>(
  layer: L,
  rates: Readonly<Record<string, number>>,
  forward: Readonly<Record<string, number>>,
): L {
  const product = (own: Readonly<Record<string, number>> = {}, more: Readonly<Record<string, number>>) => ({
    ...own,
    ...Object.fromEntries(
      Object.entries(more)
        .filter(([name, factor]) => factor !== 1 && (layer.hasBiases || !name.endsWith('bias')))
        .map(([name, factor]) => [name, factor * (own[name] ?? 1)]),
    ),
  });
  return {
    ...layer,
    rateMultipliers: product(layer.rateMultipliers, rates),
    forwardMultipliers: product(layer.forwardMultipliers, forward),
  };
}

const sizeOf = ({ output }: LayerPlan): number => output.reduce((product, size) => product * size, 1);
