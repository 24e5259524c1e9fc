// What predictions and simulations of `percolation` take: arithmetic and memory.
import { threadsFor } from '../../core/memory.js';
import { edgeCounts, layerShapes } from './masks.js';
import { resolveWidths } from './network.js';
import { lanes } from './simulate.js';
import type { ResolvedPercolationRun, ResolvedPercolationSpec } from './spec.js';

/** A lattice's exact chain has a state per set of reached positions. */
const largestLattice = 20;

/** The chain's transition from one number of reached nodes to the next, in every layer that differs from the one before. */
export function predictionFlops(spec: ResolvedPercolationSpec): number {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(spec);
  if (typeof spec.topology === 'object') return 2 ** Math.min(spec.width as number, largestLattice) * (depth + 1);
  const widths = [inputWidth, ...(typeof hidden === 'number' ? [hidden, hidden] : hidden), outputWidth];
  const layers = typeof hidden === 'number' ? Math.max(1, Math.log2(depth + 1)) : 1;
  return widths.slice(1).reduce((sum, width, i) => sum + layers * (1 + width) * (1 + (widths[i] as number)), 1000);
}

export function predictionBytes(spec: ResolvedPercolationSpec): number {
  const { inputWidth, hidden, outputWidth } = resolveWidths(spec);
  const widest = (typeof hidden === 'number' ? [hidden] : hidden).reduce((a, b) => Math.max(a, b), 1);
  return 2 ** 24 + 8 * Math.min(2 ** 27, Math.max(inputWidth, outputWidth, widest) ** 2);
}

/** A random number for every kept node and edge of every trial. */
export function simulationFlops(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): number {
  const edges = edgeCounts(spec).reduce((sum, count) => sum + count, 0);
  const nodes = layerShapes(spec).reduce((sum, { positions, channels }) => sum + positions * channels, 0);
  const ways = run.engine === 'masks' && run.backward ? 2 : 1;
  return run.trials * (10 * nodes + ways * edges);
}

/** Per thread: kept and reached nodes of all layers (of three without the way back), a bit per trial of a block. */
export function simulationBytes(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): number {
  const nodes = layerShapes(spec).map(({ positions, channels }) => positions * channels);
  const largest = nodes.reduce((a, b) => Math.max(a, b), 0);
  const held = run.engine === 'masks' && run.backward ? nodes.reduce((sum, n) => sum + n, 0) : 3 * largest;
  const connections = 8 * edgeCounts(spec).length + 12 * largest;
  const raw = run.rawTrials ? 8 * run.trials * (nodes.length + 1) : 0;
  return 2 ** 23 + ((2 * held * lanes) / 8) * threadsFor(run.threads) + connections + raw;
}

export function simulationLower(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): readonly string[] {
  const raw = run.rawTrials ? 8 * run.trials * layerShapes(spec).length : 0;
  return 2 * raw > simulationBytes(spec, run) ? ['trials', 'depth', 'width'] : ['width', 'threads', 'depth'];
}
