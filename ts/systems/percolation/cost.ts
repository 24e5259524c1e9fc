// What predictions and simulations of `percolation` take: arithmetic and memory.
import { threadsFor, youngGeneration } from '../../core/memory.js';
import { connectionCount, edgeCounts, layerShapes } from './masks.js';
import { resolveWidths } from './network.js';
import { allLayersUpTo } from './predict.js';
import { lanes } from './simulate.js';
import type { ResolvedPercolationRun, ResolvedPercolationSpec } from './spec.js';

/** A lattice's exact chain has a state per set of reached positions. */
const largestLattice = 20;
/** Bytes of a layer: its description here and behind the border, and its entries in the results. */
const [perReportedLayer, perSimulatedLayer] = [800, 800] as const;

/** The chain's transition from one number of reached nodes to the next, in every layer that differs from the one before. */
export function predictionFlops(spec: ResolvedPercolationSpec): number {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(spec);
  if (typeof spec.topology === 'object') return 2 ** Math.min(spec.width as number, largestLattice) * (depth + 1);
  const widths = [inputWidth, ...(typeof hidden === 'number' ? [hidden, hidden] : hidden), outputWidth];
  const layers = typeof hidden === 'number' ? Math.max(1, Math.log2(depth + 1)) : 1;
  return widths.slice(1).reduce((sum, width, i) => sum + layers * (1 + width) * (1 + (widths[i] as number)), 1000);
}

/** Laws of a layer that is reported, its place and its values; the law in hand, forward and backward; sets of positions. */
export function predictionBytes(spec: ResolvedPercolationSpec): number {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(spec);
  const widest = (typeof hidden === 'number' ? [hidden] : hidden).reduce((a, b) => Math.max(a, b), 1);
  const sets = typeof spec.topology === 'object' ? 2 ** Math.min(spec.width as number, largestLattice) : 0;
  const layers = Math.min(depth + 2, allLayersUpTo);
  return youngGeneration + perReportedLayer * layers + 64 * (Math.max(inputWidth, outputWidth, widest) + sets);
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
  // Parents as the addon gets them, and three times as 32-bit numbers on their way into the task.
  const connections =
    20 * connectionCount(spec.topology, spec.width as number) + 24 * largest + perSimulatedLayer * nodes.length;
  const raw = run.rawTrials ? 8 * run.trials * (nodes.length + 1) : 0;
  return youngGeneration + ((2 * held * lanes) / 8) * threadsFor(run.threads) + connections + raw;
}

export function simulationLower(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): readonly string[] {
  const raw = run.rawTrials ? 8 * run.trials * layerShapes(spec).length : 0;
  return 2 * raw > simulationBytes(spec, run) ? ['trials', 'depth', 'width'] : ['width', 'threads', 'depth'];
}
