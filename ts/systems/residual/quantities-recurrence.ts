// Quantities: the recurrences (3.2) to (3.5) of docs/systems/residual.md and the fluctuations (3.9) at the last layer.
import type { ControlOptions } from '../../core/control.js';
import * as z from 'zod';
import { expectedError, MftError } from '../../core/errors.js';
import { choiceField, numberField, spelled, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import type { QuantityValue } from '../../core/results.js';
import { canonicalActivation } from '../../gaussian/activations.js';
import { recurrenceBytes } from './cost.js';
import { fisherLogConditionBound, gateDisagreement, requireFiniteGradient } from './measures.js';
import type { NativeResidualNetwork, Recurrence } from './native.js';
import {
  logParameterGradient,
  nativeNetwork,
  type ParameterKind,
  parameterKinds,
  recurrence,
  type ResidualNetwork,
} from './network.js';
import { type BlockKind, checkNetwork, dropsBranches, networkParameters } from './spec.js';

/** A drawn pair of inputs, as quantities take it. */
export const inputParameters = {
  inputSecondMoment: numberField({ low: 0 }, 'Mean square of an input component.', 'p_0').default(1),
  inputCorrelation: numberField({ low: -1, high: 1 }, 'Cosine of the two inputs.', 'e_0').optional(),
  inputOneMinusCorrelation: numberField(
    { low: 0, high: 2 },
    'One minus the cosine, for nearly parallel inputs.',
    '1 − e_0',
  ).optional(),
} as const;

export interface InputParameters {
  readonly inputSecondMoment: number;
  readonly inputCorrelation?: number | undefined;
  readonly inputOneMinusCorrelation?: number | undefined;
}

/** 1 − e_0. @throws MftError when both forms are given, or a correlation with a zero input. */
export function angularDeficitOf(p: InputParameters): number {
  if (p.inputCorrelation !== undefined && p.inputOneMinusCorrelation !== undefined) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'inputCorrelation',
      'absent beside inputOneMinusCorrelation',
      p.inputCorrelation,
    );
  }
  if (p.inputSecondMoment === 0 && (p.inputCorrelation !== undefined || p.inputOneMinusCorrelation !== undefined)) {
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Expected `inputSecondMoment` to be > 0 with a correlation: the correlation is undefined for zero input.',
      { parameter: 'inputCorrelation' },
    );
  }
  return p.inputOneMinusCorrelation ?? 1 - (p.inputCorrelation ?? 0.5);
}

const architecture = spelled(
  choiceField(['full', 'reduced', 'generalized', 'plain'], 'Kind of block; plain has no shortcut.').default('full'),
  { generalised: 'generalized' },
);
const plainFields = {
  weightVariance: numberField({ low: 0 }, 'Plain: weight variance.', 'σ_w²').optional(),
  biasVariance: numberField({ low: 0 }, 'Plain: bias variance.', 'σ_b²').optional(),
  firstVariance: numberField({ low: 0 }, 'Plain: variance of the first pre-activations.', 'q_1').optional(),
  firstCorrelation: numberField(
    { low: -1, high: 1 },
    'Plain: correlation of the first pre-activations.',
    'c_1',
  ).optional(),
  firstOneMinusCorrelation: numberField(
    { low: 0, high: 2 },
    'Plain: one minus that correlation.',
    '1 − c_1',
  ).optional(),
} as const;

const base = { architecture, ...networkParameters, ...inputParameters, ...plainFields } as const;
const parameters = z.strictObject(base);
type Parameters = z.output<typeof parameters>;

/** The network that parameters describe; plain networks are generalized blocks with skip strength 0. */
export function networkOf(
  p: Omit<Parameters, 'inputSecondMoment' | 'inputCorrelation' | 'inputOneMinusCorrelation'>,
): ResidualNetwork {
  const {
    architecture,
    weightVariance,
    biasVariance,
    firstVariance,
    firstCorrelation,
    firstOneMinusCorrelation,
    ...rest
  } = p;
  const {
    inputSecondMoment: _p,
    inputCorrelation: _c,
    inputOneMinusCorrelation: _d,
    ...network
  } = rest as typeof rest & Partial<InputParameters>;
  const given = { ...network, activation: canonicalActivation(network.activation) };
  if (architecture === 'plain') {
    return {
      ...given,
      block: 'generalized',
      skipStrength: 0,
      innerWeightVariance: weightVariance ?? given.innerWeightVariance,
      innerBiasVariance: biasVariance ?? given.innerBiasVariance,
      outerWeightVariance: 1,
      outerBiasVariance: 0,
    };
  }
  const foreign = Object.entries({
    weightVariance,
    biasVariance,
    firstVariance,
    firstCorrelation,
    firstOneMinusCorrelation,
  }).find(([, value]) => value !== undefined);
  if (foreign !== undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', foreign[0], "absent unless `architecture` is 'plain'", foreign[1]);
  return { ...given, block: architecture as BlockKind };
}

interface Evaluated {
  readonly network: NativeResidualNetwork;
  readonly block: BlockKind;
  readonly depth: number;
  readonly isPlain: boolean;
  readonly result: Recurrence;
}

async function evaluated(
  p: Parameters,
  wants: { readonly pair?: boolean; readonly fluctuations?: boolean; readonly gradient?: boolean },
  control?: ControlOptions,
): Promise<Evaluated> {
  const isPlain = p.architecture === 'plain';
  const described = networkOf(p);
  checkNetwork(described);
  if (dropsBranches(described) && (isPlain || wants.pair === true || wants.fluctuations === true))
    throw expectedError(
      'ERR_MFT_UNSUPPORTED',
      'branchKeepProbability',
      '1 for pairs of inputs, spreads over networks and plain networks',
      described.branchKeepProbability,
    );
  if (wants.gradient === true) requireFiniteGradient(described.activation);
  const network = nativeNetwork(described);
  const angularDeficit = wants.pair === true && !isPlain ? angularDeficitOf(p) : 0;
  const first = isPlain
    ? {
        firstVariance: p.firstVariance ?? 1,
        firstDeficit: p.firstOneMinusCorrelation ?? 1 - (p.firstCorrelation ?? 0.5),
      }
    : {};
  const options = {
    secondMoment: p.inputSecondMoment,
    angularDeficit,
    pair: wants.pair ?? false,
    fluctuations: wants.fluctuations ?? false,
    interpolate: true,
    ...first,
  };
  const result = await recurrence(network, options, control);
  return { network, block: described.block, depth: described.depth, isPlain, result };
}

const source = 'Yang & Schoenholz 2018, theorems C.2 and C.3, re-derived; docs 3.2, 3.3, 3.4, 3.5, 3.9';

function ofLastLayer<V extends QuantityValue>(
  symbol: string,
  description: string,
  wants: { readonly pair?: boolean; readonly fluctuations?: boolean; readonly gradient?: boolean },
  pick: (e: Evaluated, p: Parameters) => V,
): Quantity<V> {
  return quantity({
    symbol,
    description,
    source,
    parameters,
    bytes: (p) => recurrenceBytes(p, wants),
    evaluate: async (p, options) => pick(await evaluated(p, wants, options), p),
  });
}

const last = (list: Float64Array): number => list[list.length - 1] as number;
const finite = (log: number, name: string): number => {
  const value = Math.exp(log);
  if (value === Infinity)
    throw new MftError(
      'ERR_MFT_NOT_FINITE',
      `This value exceeds the range of double precision; ask for \`${name}\` instead.`,
      { parameter: 'depth' },
    );
  return value;
};
const logDeficit = ({ result }: Evaluated): number => last(result.logMetricExpressivity) - last(result.logSecondMoment);
const parameter = choiceField(parameterKinds, 'Kind of parameter.');

/** log χ at layer `from` over the last layer. */
function gradientFrom(e: Evaluated, from: number): number {
  const { result, depth, isPlain } = e;
  // Plain networks have no χ_L after the last pre-activation: the ratio runs over blocks 1..L−1.
  const end = isPlain ? Math.max(0, depth - 1) : depth;
  if (from > end) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'fromLayer', `a whole number in [0, ${end}]`, from);
  return (result.logGradient[from] as number) - (result.logGradient[end] as number);
}

function kindIn(block: BlockKind, kind: ParameterKind): ParameterKind {
  if (block === 'reduced' && kind.startsWith('outer'))
    throw expectedError('ERR_MFT_UNSUPPORTED', 'parameter', 'innerWeight or innerBias in the reduced block', kind);
  return kind;
}

function blockIn(depth: number, block: number): number {
  if (block < 1 || block > depth)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'layer',
      depth === 0 ? 'a block; there is none at depth 0' : `a whole number in [1, ${depth}]`,
      block,
    );
  return block;
}

export const recurrenceQuantities = {
  secondMoment: ofLastLayer('p_L', 'Mean square of an activation of the last layer.', {}, ({ result }) =>
    finite(last(result.logSecondMoment), 'logSecondMoment'),
  ),
  logSecondMoment: ofLastLayer('log p_L', 'Its logarithm.', {}, ({ result }) => last(result.logSecondMoment)),
  metricExpressivity: ofLastLayer(
    's_L',
    'Half the mean square distance of two inputs at the last layer.',
    { pair: true },
    ({ result }) => finite(last(result.logMetricExpressivity), 'logMetricExpressivity'),
  ),
  logMetricExpressivity: ofLastLayer('log s_L', 'Its logarithm.', { pair: true }, ({ result }) =>
    last(result.logMetricExpressivity),
  ),
  angularExpressivity: ofLastLayer(
    'e_L',
    'Cosine of two inputs at the last layer.',
    { pair: true },
    (e) => -Math.expm1(logDeficit(e)),
  ),
  logAngularExpressivity: ofLastLayer('log e_L', 'Its logarithm, for a positive cosine.', { pair: true }, (e) => {
    const deficit = Math.exp(logDeficit(e));
    return deficit < 1 ? Math.log1p(-deficit) : { reason: 'the cosine is not positive' };
  }),
  angularDeficit: ofLastLayer('1 − e_L', 'One minus that cosine, without cancellation.', { pair: true }, (e) =>
    Math.exp(logDeficit(e)),
  ),
  logAngularDeficit: ofLastLayer('log(1 − e_L)', 'Its logarithm.', { pair: true }, logDeficit),
  preactivationVariance: ofLastLayer(
    'q_L',
    'Variance of the pre-activations of the last block.',
    {},
    ({ result, depth }) => {
      blockIn(depth, depth);
      return finite(last(result.logPreactivationVariance), 'logPreactivationVariance');
    },
  ),
  logPreactivationVariance: ofLastLayer('log q_L', 'Its logarithm.', {}, ({ result, depth }) => {
    blockIn(depth, depth);
    return last(result.logPreactivationVariance);
  }),
  preactivationCorrelationDeficit: ofLastLayer(
    '1 − λ_L/q_L',
    'One minus the correlation of the pre-activations of the last block.',
    { pair: true },
    ({ result, depth }) => {
      blockIn(depth, depth);
      return last(result.preactivationDeficit);
    },
  ),
  gateDisagreement: ofLastLayer(
    'Σ arccos(c_l)/π',
    'Expected number of blocks in which a gate differs between the two inputs.',
    { pair: true },
    ({ result }) => gateDisagreement(result),
  ),
  logGradientRatio: quantity({
    symbol: 'log χ_from/χ_L',
    description: 'Log ratio of the mean square gradients at a layer and at the last one, per coordinate.',
    source,
    parameters: z.strictObject({ ...base, fromLayer: wholeField(0, 10_000_000, 'Layer of the gradient.').default(0) }),
    bytes: (p) => recurrenceBytes(p),
    evaluate: async (p, options) => gradientFrom(await evaluated(p, { gradient: true }, options), p.fromLayer),
  }),
  logParameterGradientRatio: quantity({
    symbol: 'log χ_•,1 − log χ_•,L',
    description: 'Log ratio of the mean square parameter gradients of the first and the last block.',
    source,
    parameters: z.strictObject({ ...base, parameter: parameter.default('innerWeight') }),
    bytes: (p) => recurrenceBytes(p),
    evaluate: async (p, options) => {
      const { network, result, depth, block } = await evaluated(p, { gradient: true }, options);
      const kind = kindIn(block, p.parameter);
      blockIn(depth, 1);
      return logParameterGradient(kind, 1, network, result) - logParameterGradient(kind, depth, network, result);
    },
  }),
  logParameterGradient: quantity({
    symbol: 'log χ_•,layer/χ_L',
    description: 'Log mean square gradient of one parameter of a block, relative to the gradient of the last layer.',
    source,
    parameters: z.strictObject({ ...base, parameter, layer: wholeField(1, 10_000_000, 'Block, counted from 1.', 'l') }),
    bytes: (p) => recurrenceBytes(p),
    evaluate: async (p, options) => {
      const { network, result, depth, block } = await evaluated(p, { gradient: true }, options);
      return logParameterGradient(kindIn(block, p.parameter), blockIn(depth, p.layer), network, result);
    },
  }),
  fisherLogConditionBound: ofLastLayer(
    'max − min log χ_•',
    'Lower bound of the log condition number of the Fisher matrix (heuristic): spread of log parameter gradients over blocks and kinds.',
    { gradient: true },
    ({ network, result, depth, block }) => {
      blockIn(depth, depth);
      return fisherLogConditionBound(network, result, block);
    },
  ),
  relativeStandardDeviationOfSecondMoment: ofLastLayer(
    'sd(|x_L|²/N)/p_L',
    'Predicted relative spread over networks of the measured second moment, to leading order in 1/width.',
    { fluctuations: true },
    ({ result }, p) => fluctuation(Math.sqrt(last(result.secondMomentVariance)), p),
  ),
  varianceOfLogGradient: ofLastLayer(
    'Var log |∂E/∂x_0|²',
    'Predicted variance over networks of the log squared gradient at the input, to leading order in 1/width.',
    { fluctuations: true, gradient: true },
    ({ result }, p) => fluctuation(result.logGradientVariance[0] as number, p),
  ),
} as const;

function fluctuation(value: number, p: Parameters): QuantityValue {
  if (p.architecture === 'plain')
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected `architecture` to have a shortcut: the fluctuation formulas are those of residual blocks.',
      { parameter: 'architecture' },
    );
  return Number.isFinite(value) ? value : { reason: 'infinite: the fourth moment of the derivative diverges' };
}
