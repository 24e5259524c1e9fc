// The exact chains, run natively off the event loop: laws of the reached nodes at chosen layers.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { processorsAllowed } from '../../core/memory.js';
import type { ReachLaws } from './native.js';
import { logComplement, logProbability } from './logarithms.js';
import type { LayerRun, Network } from './network.js';

/** log P(path) and log P(no path). */
export interface LogProbabilities {
  readonly logHazard: number;
  readonly logPath: number;
  readonly logBlocked: number;
}

/** Laws of a fully connected network at ascending layers (0 = input, depth + 1 = output). */
export async function reachLaws(
  network: Network,
  layers: ArrayLike<number>,
  options: ControlOptions = {},
): Promise<ReachLaws> {
  const { inputWidth, inputKeepProbability, runs } = network;
  const request = {
    network: { inputWidth, inputKeepProbability, runs },
    layers: Float64Array.from(layers),
    threads: processorsAllowed(),
  };
  return controlled(options, layers.length, (slots) => addon().percolationReach(request, slots));
}

/** The chain of one repeated layer at infinite depth: logHazard is log(−log λ), mean that of the quasi-stationary law. */
export async function stationaryLaw(
  layer: Omit<LayerRun, 'count'>,
  options: ControlOptions = {},
): Promise<{ logDecayRate: number; mean: number }> {
  const request = { layer: { ...layer, count: 1 }, threads: processorsAllowed() };
  const laws = await controlled(options, 1, (slots) => addon().percolationStationary(request, slots));
  return { logDecayRate: laws.logHazard[0] as number, mean: laws.mean[0] as number };
}

/** A stack of one-dimensional convolutions; `runs` hold the keep probability of a position, their width is not used. */
export interface Lattice {
  readonly positions: number;
  readonly kernel: number;
  readonly periodic: boolean;
  readonly inputKeepProbability: number;
  readonly runs: readonly LayerRun[];
}

/** Laws of reached positions, exact over all subsets of at most 16 positions. */
export async function latticeLaws(
  lattice: Lattice,
  layers: ArrayLike<number>,
  options: ControlOptions = {},
): Promise<ReachLaws> {
  const { positions, kernel, periodic, inputKeepProbability, runs } = lattice;
  const request = {
    lattice: { positions, kernel, periodic, inputKeepProbability, runs },
    layers: Float64Array.from(layers),
    threads: processorsAllowed(),
  };
  return controlled(options, layers.length, (slots) => addon().percolationLattice(request, slots));
}

export function logProbabilities(logHazard: number): LogProbabilities {
  return { logHazard, logPath: logProbability(logHazard), logBlocked: logComplement(logHazard) };
}

/** P(a directed path from input to output survives), both logarithms. */
export async function pathProbability(network: Network, options: ControlOptions = {}): Promise<LogProbabilities> {
  return logProbabilities((await reachLaws(network, [network.depth + 1], options)).logHazard[0] as number);
}
