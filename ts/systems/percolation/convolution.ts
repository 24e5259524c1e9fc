// Stacks of one-dimensional convolutions: channels reduce to a keep probability per position, positions are exact over subsets.
import type { ControlOptions } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { type Lattice, type LogProbabilities, latticeLaws, logProbabilities } from './chain.js';
import { positionKeep } from './formulas.js';
import { checkLength, layerRuns } from './network.js';

interface ConvolutionParameters {
  readonly width: number;
  readonly depth: number;
  readonly kernel: number;
  readonly channels: number;
  readonly periodic: boolean;
  readonly keepProbability: number | readonly number[];
  readonly edgeKeepProbability: number | readonly number[];
  readonly inputKeepProbability: number;
}

/** The largest width the exact chain over subsets takes. */
export const largestExactPositions = 16;

function all(value: number | readonly number[], test: (x: number) => boolean): boolean {
  return typeof value === 'number' ? test(value) : value.every(test);
}

/** Why this convolution has no exact chain, or undefined when it has one. */
export function whyNotExact(parameters: ConvolutionParameters): string | undefined {
  if (parameters.width > largestExactPositions) return `exact only for at most ${largestExactPositions} positions`;
  if (parameters.channels > 1 && !all(parameters.edgeKeepProbability, (b) => b === 0 || b === 1))
    return 'with more than one channel exact only without dropped edges';
  return undefined;
}

/** The chain over subsets of positions; a position is kept when one of its channels is. */
export function latticeOf(parameters: ConvolutionParameters): Lattice {
  const { width, depth, kernel, channels, periodic, keepProbability, edgeKeepProbability } = parameters;
  checkLength('keepProbability', keepProbability, depth);
  checkLength('edgeKeepProbability', edgeKeepProbability, depth + 1);
  if (channels > 1 && !all(edgeKeepProbability, (b) => b === 0 || b === 1)) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected `edgeKeepProbability` to be 1 where `channels` is above 1: the reduction of channels to positions needs dropout only.',
      { parameter: 'edgeKeepProbability', expected: '1', received: edgeKeepProbability },
    );
  }
  const keep =
    typeof keepProbability === 'number'
      ? positionKeep(keepProbability, channels)
      : keepProbability.map((s) => positionKeep(s, channels));
  return {
    positions: width,
    kernel,
    periodic,
    inputKeepProbability: positionKeep(parameters.inputKeepProbability, channels),
    runs: layerRuns({ depth, width, outputWidth: width, keepProbability: keep, edgeKeepProbability }),
  };
}

/** P(path) of the stack. */
export async function convolutionPath(
  parameters: ConvolutionParameters,
  options: ControlOptions = {},
): Promise<LogProbabilities> {
  const laws = await latticeLaws(latticeOf(parameters), [parameters.depth + 1], options);
  return logProbabilities(laws.logHazard[0] as number);
}
