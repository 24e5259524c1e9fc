// The network as the native code takes it: variances block by block, widths as lists; and the recurrences.
import { addon } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { type NativeGaussianFunction, gaussianFunctionOf } from '../../gaussian/expectation.js';
import type { NativeResidualNetwork, Recurrence, RecurrenceOptions } from './native.js';
import { type BlockKind, type ResolvedResidualSpec, widthList } from './spec.js';

/** Everything about a network but its inputs. */
export type ResidualNetwork = Omit<ResolvedResidualSpec, 'system' | 'inputs'>;

/** The variance of each block: base · l^−decay · factor. */
function schedule(
  parameter: string,
  base: number | readonly number[],
  decay: number,
  factor: number,
  depth: number,
): Float64Array {
  const list = new Float64Array(depth);
  if (typeof base === 'number') list.fill(base * factor);
  else perLayer(parameter, base, depth).forEach((variance, i) => void (list[i] = variance * factor));
  if (decay !== 0) for (let i = 0; i < depth; i++) list[i] = (list[i] as number) * (i + 1) ** -decay;
  return list;
}

/** The arguments of the native recurrences and engines. */
export function nativeNetwork(network: ResidualNetwork): NativeResidualNetwork {
  const { depth } = network;
  const factor = network.depthPower === 0 || depth === 0 ? 1 : depth ** -network.depthPower;
  const widths = widthList(network.width, depth);
  return {
    activation: gaussianFunctionOf(network.activation).native as NativeGaussianFunction,
    block: network.block,
    skipStrength: network.skipStrength,
    innerWeightVariance: schedule(
      'innerWeightVariance',
      network.innerWeightVariance,
      network.innerWeightDecay,
      1,
      depth,
    ),
    innerBiasVariance: schedule('innerBiasVariance', network.innerBiasVariance, network.innerBiasDecay, 1, depth),
    outerWeightVariance: schedule(
      'outerWeightVariance',
      network.outerWeightVariance,
      network.outerWeightDecay,
      factor,
      depth,
    ),
    outerBiasVariance: schedule('outerBiasVariance', network.outerBiasVariance, network.outerBiasDecay, factor, depth),
    width: widths,
    hiddenWidth:
      network.hiddenWidth === undefined
        ? widths.slice(1)
        : Float64Array.from(perLayer('hiddenWidth', network.hiddenWidth, depth)),
    keepProbability: Float64Array.from(perLayer('keepProbability', network.keepProbability, depth)),
    branchKeepProbability: Float64Array.from(perLayer('branchKeepProbability', network.branchKeepProbability, depth)),
    hasSharedMasks: network.maskSharing === 'shared',
  };
}

/** The recurrences of a network, on a worker thread. */
export function recurrence(
  network: NativeResidualNetwork,
  options: RecurrenceOptions,
  control: ControlOptions = {},
): Promise<Recurrence> {
  return controlled(control, 1, (slots) => addon().residualRecurrence(options, network, slots));
}

/** The four kinds of parameters of a block. */
export const parameterKinds = ['outerWeight', 'innerWeight', 'outerBias', 'innerBias'] as const;
export type ParameterKind = (typeof parameterKinds)[number];

/** Kinds a block has: the reduced block has no outer parameters. */
export function kindsOf(block: BlockKind): readonly ParameterKind[] {
  return block === 'reduced' ? ['innerWeight', 'innerBias'] : parameterKinds;
}

/** log of E (∂E/∂one entry)² of a parameter kind in block l = 1..L, relative to the last layer's χ. */
export function logParameterGradient(
  kind: ParameterKind,
  block: number,
  network: NativeResidualNetwork,
  result: Recurrence,
): number {
  const i = block - 1;
  const at = (list: Float64Array, index: number): number => list[index] as number;
  if (result.logOuterBiasGradient.length > 0)
    return at(
      {
        outerWeight: result.logOuterWeightGradient,
        outerBias: result.logOuterBiasGradient,
        innerWeight: result.logInnerWeightGradient,
        innerBias: result.logInnerBiasGradient,
      }[kind],
      i,
    );
  const chi = at(result.logGradient, block);
  if (kind === 'outerBias') return chi;
  if (kind === 'outerWeight') return chi + at(result.logActivationMoment, i);
  const isReduced = network.block === 'reduced';
  const outer = isReduced
    ? 0
    : Math.log(at(network.outerWeightVariance, i)) + Math.log(at(network.width, block) / at(network.hiddenWidth, i));
  const bias = chi + outer + at(result.logDerivativeMoment, i);
  return kind === 'innerBias' ? bias : bias + at(result.logSecondMoment, i);
}
