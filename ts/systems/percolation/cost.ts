// What predictions and simulations of `percolation` take: arithmetic and memory.
import { leftBehind, threadsFor } from '../../core/memory.js';
import { connectionCount, edgeCounts, layerShapes } from './masks.js';
import { resolveNetwork, resolveWidths } from './network.js';
import { allLayersUpTo } from './predict.js';
import { lanes } from './simulate.js';
import type { ResolvedPercolationRun, ResolvedPercolationSpec } from './spec.js';

/** A lattice's exact chain has a state per set of reached positions. */
const largestLattice = 20;
/**
 * Bytes of a layer: its entries in the results and in the laws they are made from; why it has none, in each of seven observables;
 * of a simulation its description here and behind the border, and its entries in the results.
 */
const [perReportedLayer, perUndefinedLayer, perSimulatedLayer] = [512, 7 * 40, 1000] as const;
/** Bytes of objects that theory or a simulation makes of a layer and drops. */
const perLeft = 3300;
/** Of theory: bytes of objects that it makes and drops at all. */
const perTheory = 2 ** 19;

/**
 * In operations on 64 trials, of which a core does about 1e10 a second (measured on one core of an AVX2 machine): a node of
 * a trial; an edge that may be dropped; an edge that is always there, forward and on the way back, where those that
 * participate are counted; a layer's description and results, whatever the trials.
 */
const [perNode, perDroppedEdge, perEdgeForward, perEdgeBack, perLayer] = [10, 1.2, 0.05, 0.8, 40_000] as const;
/** Theory: what every point costs, a layer and its results, an entry of a transition, a product with it, a set of a lattice. */
const [perPoint, perLayerOfTheory, perTransition, perProduct, perSet] = [1.5e7, 60_000, 1700, 14, 33_000] as const;
/** Reached nodes times edgeKeepProbability from which on a node of the next layer is reached almost surely. */
const certain = 20;

/** A transition from one number of reached nodes to the next for every layer that differs, and a product with it a layer. */
export function predictionFlops(spec: ResolvedPercolationSpec): number {
  const { depth, runs, inputWidth } = resolveNetwork(spec);
  const layers = perPoint + perLayerOfTheory * Math.min(depth + 2, allLayersUpTo);
  if (typeof spec.topology === 'object')
    return layers + perSet * 2 ** Math.min(spec.width as number, largestLattice) * (depth + 1);
  let [sum, before] = [layers, inputWidth];
  for (const { width, edgeKeepProbability, count } of runs) {
    const widest = Math.max(before, width);
    const rows = edgeKeepProbability === 1 ? 1 : Math.min(widest, certain / Math.max(edgeKeepProbability, 1e-9));
    sum += rows * (1 + width) * (perTransition + perProduct * Math.min(count, allLayersUpTo));
    before = width;
  }
  return sum;
}

/** Laws of a layer that is reported, its place and its values; the law in hand, forward and backward; sets of positions. */
export function predictionBytes(spec: ResolvedPercolationSpec): number {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(spec);
  const widest = (typeof hidden === 'number' ? [hidden] : hidden).reduce((a, b) => Math.max(a, b), 1);
  const sets = typeof spec.topology === 'object' ? 2 ** Math.min(spec.width as number, largestLattice) : 0;
  const layers = Math.min(depth + 2, allLayersUpTo);
  return (
    leftBehind(perTheory + perLeft * layers, spec.topology === 'dense' ? 0 : perUndefinedLayer * layers) +
    perReportedLayer * layers +
    64 * (Math.max(inputWidth, outputWidth, widest) + sets)
  );
}

/** Nodes and edges of every trial, 1024 trials a block; edges that are never dropped are not drawn. */
export function simulationFlops(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): number {
  const nodes = layerShapes(spec).reduce((sum, { positions, channels }) => sum + positions * channels, 0);
  const goesBack = run.engine === 'masks' && run.backward;
  const { edgeKeepProbability: keep } = spec;
  const perKeptEdge = perEdgeForward + (goesBack ? perEdgeBack : 0);
  const perDrawnEdge = perDroppedEdge * (goesBack ? 2 : 1);
  const edges = edgeCounts(spec).reduce((sum, count, layer) => {
    const isDrawn = (typeof keep === 'number' ? keep : (keep[layer] ?? 1)) < 1;
    return sum + count * (isDrawn ? perDrawnEdge : perKeptEdge);
  }, 0);
  const trials = lanes * Math.ceil(run.trials / lanes);
  return perLayer * layerShapes(spec).length + trials * (perNode * nodes + edges);
}

/** Per thread: kept and reached nodes of all layers (of three without the way back), a bit per trial of a block. */
export function simulationBytes(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): number {
  const nodes = layerShapes(spec).map(({ positions, channels }) => positions * channels);
  const largest = nodes.reduce((a, b) => Math.max(a, b), 0);
  const held = run.engine === 'masks' && run.backward ? nodes.reduce((sum, n) => sum + n, 0) : 3 * largest;
  // Parents as the addon gets them, three times as 32-bit numbers on their way into the task, and a tenth for rounding up.
  const connections =
    23 * connectionCount(spec.topology, spec.width as number) + 24 * largest + perSimulatedLayer * nodes.length;
  // The twentieth is what arrays of a layer each round up to.
  const raw = run.rawTrials ? 8.4 * run.trials * (nodes.length + 1) : 0;
  return leftBehind(perLeft * nodes.length) + ((2 * held * lanes) / 8) * threadsFor(run.threads) + connections + raw;
}

export function simulationLower(spec: ResolvedPercolationSpec, run: ResolvedPercolationRun): readonly string[] {
  const raw = run.rawTrials ? 8 * run.trials * layerShapes(spec).length : 0;
  return 2 * raw > simulationBytes(spec, run) ? ['trials', 'depth', 'width'] : ['width', 'threads', 'depth'];
}
