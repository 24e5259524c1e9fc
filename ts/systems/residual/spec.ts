// The spec and the run of system `residual`: random residual networks with width and variance variation.
import * as z from 'zod';
import { checkPerLayer, parse, perLayer } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import {
  activationNames,
  depthNames,
  dropNames,
  aliased,
  also,
  biasDeviationNames,
  choiceField,
  numberField,
  perLayerField,
  perLayerWholeField,
  runFields,
  spelled,
  weightDeviationNames,
  wholeField,
} from '../../core/fields.js';
import { type InputRow, type Inputs, inputsField, resolveInputs } from '../../core/inputs.js';
import { type ActivationSpec, activationField, canonicalActivation } from '../../gaussian/activations.js';

/** Widths that halve: `start` up to the first listed layer, half of that from it on, and so forth. */
export interface HalvingWidths {
  readonly start: number;
  /** Layers at which the width becomes half of the one before; whole numbers in [1, depth]. */
  readonly halveAt: readonly number[];
}

export type BlockKind = 'full' | 'reduced' | 'generalized';

/**
 * A random residual network of `depth` blocks. Full block: h = w x + b, x' = v φ(h) + S x + a with S the identity, or a
 * random projection where the width changes; reduced: x' = x + φ(w x + b); generalized: the full block with κ x in place
 * of x. w_kj ~ N(0, σ_w²/N), v_ik ~ N(0, σ_v²/M), b_k ~ N(0, σ_b²), a_i ~ N(0, σ_a²); in block l every variance carries
 * the factor l^−decay, the outer ones also depth^−depthPower. Dropout in the branch puts (m/ρ) φ(h) for φ(h), m ~ Bernoulli(ρ)
 * per hidden unit; stochastic depth puts (β/τ) (v φ(h) + a) for the branch, β ~ Bernoulli(τ) per block.
 */
export interface ResidualSpec {
  /** 'full' (default), 'reduced' or 'generalized'. */
  readonly block?: BlockKind;
  /** φ. Default 'tanh'. */
  readonly activation?: ActivationSpec;
  /** σ_w² ≥ 0; a number or one per block. Default 1. */
  readonly innerWeightVariance?: number | readonly number[];
  /** σ_b² ≥ 0; a number or one per block. Default 0. */
  readonly innerBiasVariance?: number | readonly number[];
  /** σ_v² ≥ 0; a number or one per block; not in the reduced block. Default 1. */
  readonly outerWeightVariance?: number | readonly number[];
  /** σ_a² ≥ 0; a number or one per block; not in the reduced block. Default 0. */
  readonly outerBiasVariance?: number | readonly number[];
  /** β_w: the variance of block l carries l^−β_w. Default 0; negative: it grows. */
  readonly innerWeightDecay?: number;
  /** β_b. Default 0. */
  readonly innerBiasDecay?: number;
  /** β_v. Default 0. */
  readonly outerWeightDecay?: number;
  /** β_a. Default 0. */
  readonly outerBiasDecay?: number;
  /** Further factor depth^−depthPower on σ_v² and σ_a²; 1 is the 1/√L scaling of branches. Default 0. */
  readonly depthPower?: number;
  /** κ, the factor of the shortcut; only in the generalized block. Default 1. */
  readonly skipStrength?: number;
  /** N_0..N_L: a number, a list of depth + 1, or {start, halveAt}. Default 1000. */
  readonly width?: number | readonly number[] | HalvingWidths;
  /** M_1..M_L: a number or a list of depth. Default: the width of the block's output. */
  readonly hiddenWidth?: number | readonly number[];
  /** L, the number of blocks; 0 is allowed. Default 50. */
  readonly depth?: number;
  /** ρ in (0, 1], the probability of keeping a hidden unit of a branch; a number or one per block. Default 1. */
  readonly keepProbability?: number | readonly number[];
  /** τ in (0, 1], the probability of keeping a branch (stochastic depth, DropPath); not in the reduced block. Default 1. */
  readonly branchKeepProbability?: number | readonly number[];
  /** Whether the two inputs have the same masks. Default 'independent'. */
  readonly maskSharing?: 'independent' | 'shared';
  /** One or two inputs. Default: a drawn pair with mean square 1 and correlation 0.5. */
  readonly inputs?: Inputs | readonly InputRow[];
}

/** How a simulation of `residual` runs. */
export interface ResidualRun {
  /** 'conditioned': exact without weight matrices; 'dense': real matrices; 'auto' is conditioned. */
  readonly engine?: 'auto' | 'conditioned' | 'dense';
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const largestWidth = 100_000_000;
const largestDepth = 10_000_000;
const oneWidth = z.int().gte(1).lte(largestWidth);

const widthsField = z
  .union([oneWidth, z.array(oneWidth).min(1), z.strictObject({ start: oneWidth, halveAt: z.array(z.int().gte(1)) })])
  .meta({
    expected: `a whole number in [1, ${largestWidth}], a list of depth + 1 of them, or {start, halveAt: [layers]}`,
    description: 'Widths of layers 0 to depth.',
    symbol: 'N',
    kind: 'list',
  });

/** Fields of the network, shared by specs and by the parameters of quantities. */
const networkFields = {
  activation: also(activationField, activationNames),
  innerWeightVariance: also(
    perLayerField({ low: 0 }, 'Variance of an inner weight times its fan-in.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  innerBiasVariance: also(perLayerField({ low: 0 }, 'Variance of an inner bias.', 'σ_b²'), biasDeviationNames).default(
    0,
  ),
  outerWeightVariance: perLayerField({ low: 0 }, 'Variance of an outer weight times its fan-in.', 'σ_v²').default(1),
  outerBiasVariance: perLayerField({ low: 0 }, 'Variance of an outer bias.', 'σ_a²').default(0),
  innerWeightDecay: numberField({}, 'Exponent of the decay of the inner weight variance.', 'β_w').default(0),
  innerBiasDecay: numberField({}, 'Exponent of the decay of the inner bias variance.', 'β_b').default(0),
  outerWeightDecay: numberField({}, 'Exponent of the decay of the outer weight variance.', 'β_v').default(0),
  outerBiasDecay: numberField({}, 'Exponent of the decay of the outer bias variance.', 'β_a').default(0),
  depthPower: numberField({}, 'Exponent of the factor depth^-depthPower on the outer variances.').default(0),
  skipStrength: numberField({ low: -1e6, high: 1e6 }, 'Factor of the shortcut in the generalized block.', 'κ').default(
    1,
  ),
  width: widthsField.default(1000),
  hiddenWidth: perLayerWholeField(1, largestWidth, 'Hidden units per block.', 'M').optional(),
  depth: also(wholeField(0, largestDepth, 'Number of blocks.', 'L'), {
    ...depthNames,
    blocks: '',
    numBlocks: '',
  }).default(50),
  keepProbability: also(
    perLayerField({ low: 0, high: 1, above: true }, 'Probability of keeping a hidden unit of a branch.', 'ρ'),
    dropNames,
  ).default(1),
  branchKeepProbability: also(
    perLayerField({ low: 0, high: 1, above: true }, 'Probability of keeping the branch of a block.', 'τ'),
    {
      dropPath: ' = 1 - dropPath, a probability of keeping',
      dropPathRate: ' = 1 - dropPathRate, a probability of keeping',
      stochasticDepth: ' = 1 - the probability of dropping a branch',
      survivalProbability: ', the same probability',
      survivalProb: ', the same probability',
    },
  ).default(1),
  maskSharing: choiceField(['independent', 'shared'], 'Whether both inputs have the same masks.').default(
    'independent',
  ),
} as const;

/** The same fields as parameters of a quantity, where the names they had before are taken too. */
export const networkParameters = {
  ...networkFields,
  width: aliased(networkFields.width, 'widths'),
  hiddenWidth: aliased(networkFields.hiddenWidth, 'hiddenWidths'),
} as const;

export const residualSpecSchema = z.strictObject({
  system: z.literal('residual').default('residual'),
  block: spelled(
    choiceField(
      ['full', 'reduced', 'generalized'],
      'Kind of block: with outer weights, without, or with a skip strength.',
    ).default('full'),
    { generalised: 'generalized' },
  ),
  ...networkFields,
  inputs: inputsField,
});

export const residualRunSchema = z.strictObject({
  engine: also(
    choiceField(['auto', 'conditioned', 'dense'], 'Exact conditioning without weight matrices, or real matrices.'),
    { method: '' },
  ).default('auto'),
  ...runFields,
});

export type ResolvedResidualSpec = z.output<typeof residualSpecSchema>;
export type ResolvedResidualRun = z.output<typeof residualRunSchema> & { readonly engine: 'conditioned' | 'dense' };

/** The widths N_0..N_L as a list. @throws MftError ERR_MFT_SHAPE, ERR_MFT_OUT_OF_RANGE */
export function widthList(widths: ResolvedResidualSpec['width'], depth: number): Float64Array {
  if (typeof widths === 'number') return new Float64Array(depth + 1).fill(widths);
  if ('start' in widths) {
    const list = new Float64Array(depth + 1).fill(widths.start);
    for (const layer of widths.halveAt) {
      if (layer > depth) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'width.halveAt', `layers in [1, ${depth}]`, layer);
      const half = Math.floor((list[layer] as number) / 2);
      if (half < 1)
        throw expectedError(
          'ERR_MFT_OUT_OF_RANGE',
          'width.halveAt',
          'layers at which the width is still 2 or more',
          layer,
        );
      for (let l = layer; l <= depth; l++) list[l] = Math.floor((list[l] as number) / 2);
    }
    return list;
  }
  if (widths.length !== depth + 1) {
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`width\` to be a list of depth + 1 = ${depth + 1}, received a list of ${widths.length}.`,
      { parameter: 'width', expected: `a list of ${depth + 1}`, received: widths.length },
    );
  }
  return Float64Array.from(widths);
}

/** Fields of the outer affine map with the value that says nothing. */
const outerFields = [
  ['outerWeightVariance', 1],
  ['outerBiasVariance', 0],
  ['outerWeightDecay', 0],
  ['outerBiasDecay', 0],
  ['depthPower', 0],
  ['branchKeepProbability', 1],
] as const;

/** Fields that may be lists, one number per block. */
const perBlock = [
  'innerWeightVariance',
  'innerBiasVariance',
  'outerWeightVariance',
  'outerBiasVariance',
  'keepProbability',
  'branchKeepProbability',
] as const;

/** Whether some branch may be dropped: sizes then stay random at every width. */
export function dropsBranches({
  branchKeepProbability: keep,
}: Pick<ResolvedResidualSpec, 'branchKeepProbability'>): boolean {
  return typeof keep === 'number' ? keep < 1 : keep.some((probability) => probability < 1);
}

/** Cross-checks between the fields of a network. @throws MftError */
export function checkNetwork(network: Omit<ResolvedResidualSpec, 'system' | 'inputs'>): void {
  const { depth, block, skipStrength } = network;
  for (const name of perBlock) checkPerLayer(name, network[name], depth);
  const widths = widthList(network.width, depth);
  if (network.hiddenWidth !== undefined) checkPerLayer('hiddenWidth', network.hiddenWidth, depth);
  if (block !== 'generalized' && skipStrength !== 1) {
    throw expectedError(
      'ERR_MFT_UNSUPPORTED',
      'skipStrength',
      `1 in the ${block} block (block 'generalized' has a skip strength)`,
      skipStrength,
    );
  }
  const varies = typeof network.width !== 'number' && widths.some((n) => n !== widths[0]);
  if (varies && (block === 'reduced' || skipStrength !== 1)) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected \`width\` to be constant in ` +
        `${block === 'reduced' ? 'the reduced block' : 'a block with skip strength other than 1'}: ` +
        `only the full block has projections.`,
      { parameter: 'width' },
    );
  }
  if (block === 'reduced') {
    for (const [name, neutral] of outerFields) {
      if (network[name] !== neutral)
        throw expectedError(
          'ERR_MFT_UNSUPPORTED',
          name,
          `${neutral} in the reduced block, which has no outer parameters`,
          network[name],
        );
    }
    const hidden = network.hiddenWidth === undefined ? [] : perLayer('hiddenWidth', network.hiddenWidth, depth);
    if (hidden.some((m) => m !== widths[0]))
      throw expectedError(
        'ERR_MFT_UNSUPPORTED',
        'hiddenWidth',
        'the width itself in the reduced block',
        network.hiddenWidth,
      );
  }
}

/** A spec with defaults filled in and every cross-check done. */
export function resolveResidualSpec(input: unknown): ResolvedResidualSpec {
  const spec = parse(residualSpecSchema, input, 'spec');
  checkNetwork(spec);
  const inputs = resolveInputs(spec.inputs);
  const first = widthList(spec.width, spec.depth)[0];
  if ('values' in inputs) {
    if (inputs.values.length > 2)
      throw expectedError('ERR_MFT_UNSUPPORTED', 'inputs.values', 'one or two rows', inputs.values.length);
    if (inputs.values[0]?.length !== first)
      throw expectedError(
        'ERR_MFT_SHAPE',
        'inputs.values',
        `rows of ${first} numbers, the first of \`width\``,
        inputs.values[0]?.length,
      );
  }
  if ('dataset' in inputs && inputs.indices.length > 2)
    throw expectedError('ERR_MFT_UNSUPPORTED', 'inputs.indices', 'one or two images', inputs.indices.length);
  return { ...spec, activation: canonicalActivation(spec.activation), inputs };
}

/** A run with the engine chosen. */
export function resolveResidualRun(input: unknown, _spec: ResolvedResidualSpec): ResolvedResidualRun {
  const run = parse(residualRunSchema, input, 'run');
  return { ...run, engine: run.engine === 'auto' ? 'conditioned' : run.engine };
}
