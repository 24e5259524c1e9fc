// Simulation of `percolation`: arguments for the native masks, statistics of their counts.
import { addon, seedHalves } from '../../core/addon.js';
import { controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import { axis, type Axis, type Estimated, type UndefinedPoint } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { edgeCounts, layerShapes, nativeNetwork } from './masks.js';
import { logAddExp } from '../../numeric/log-sums.js';
import type { RowTable } from '../../statistics/trials.js';
import type { PercolationObservable } from './observables.js';
import type { ResolvedPercolationRun, ResolvedPercolationSpec } from './spec.js';

/** Trials of a native block, the unit of its random streams. */
export const lanes = 1024;

export async function simulatePercolation(
  spec: ResolvedPercolationSpec,
  run: ResolvedPercolationRun,
  options: SystemOptions,
): Promise<SimulationBody<PercolationObservable>> {
  const request = {
    network: nativeNetwork(spec),
    run: {
      seed: seedHalves(run.seed),
      firstTrial: run.firstTrial,
      trials: run.trials,
      threads: threadsFor(run.threads),
      backward: run.backward,
      deathLayers: run.rawTrials,
    },
  };
  const blocks = Math.ceil((run.firstTrial + run.trials) / lanes) - Math.floor(run.firstTrial / lanes);
  if (run.engine === 'splitting') {
    const { logEstimates } = await controlled(options, blocks, (slots) => addon().percolationSplit(request, slots));
    return splitBody(logEstimates, addon().percolationLayout(request));
  }
  const counts = await controlled(options, blocks, (slots) => addon().percolationCount(request, slots));
  const nodes = layerShapes(spec).map(({ positions, channels }) => positions * channels);
  const layers = axis('layer', nodes.length);
  const { trials } = run;
  const observables: Record<string, Estimated> = {
    pathProbability: {
      ...proportion(layers, counts.alive, trials),
      ...(run.rawTrials ? { trials: survival(counts.deathLayer, nodes.length) } : {}),
    },
    reachFraction: meanOf(layers, counts.reached, counts.reachedSquares, nodes, trials),
  };
  if (run.backward) {
    const edges = edgeCounts(spec);
    const weightLayers = edges.length;
    observables.outputReachProbability = proportion(layers, counts.leadingAlive, trials);
    observables.outputReachFraction = meanOf(layers, counts.leading, counts.leadingSquares, nodes, trials);
    observables.edgeParticipation = meanOf(
      axis('layer', weightLayers),
      counts.participating.subarray(0, weightLayers),
      counts.participatingSquares.subarray(0, weightLayers),
      edges,
      trials,
    );
  }
  return { observables, warnings: [] };
}

/** Of every trial and layer: was the layer reached? */
function survival(deathLayer: Float64Array, layers: number): Float64Array {
  return Float64Array.from({ length: deathLayer.length * layers }, (_, i) =>
    i % layers < (deathLayer[Math.floor(i / layers)] as number) ? 1 : 0,
  );
}

function proportion(layers: Axis, successes: Float64Array, trials: number): Estimated {
  const values = successes.map((count) => count / trials);
  const variance = values.map((p) => p * (1 - p));
  return {
    axes: [layers],
    scale: 'linear',
    estimator: 'binomial',
    values,
    count: values.map(() => trials),
    variance,
    standardError: variance.map((v) => standardError(v, trials)),
  };
}

/** Mean of (number / size) from exact sums of the number and its square. */
function meanOf(
  layers: Axis,
  sums: Float64Array,
  squares: Float64Array,
  sizes: readonly number[],
  trials: number,
): Estimated {
  const values = sums.map((sum, i) => sum / trials / (sizes[i] as number));
  const variance = squares.map((square, i) => {
    const spread = square - ((sums[i] as number) * (sums[i] as number)) / trials;
    return trials < 2 ? 0 : Math.max(0, spread) / (trials - 1) / (sizes[i] as number) ** 2;
  });
  return {
    axes: [layers],
    scale: 'linear',
    estimator: 'mean',
    values,
    count: values.map(() => trials),
    variance,
    standardError: variance.map((v) => standardError(v, trials)),
  };
}

/** Trials that all agree still leave room for an event rarer than one in `trials`. */
function standardError(variance: number, trials: number): number {
  if (trials < 2) return Infinity;
  return variance > 0 ? Math.sqrt(variance / trials) : 1 / trials;
}

/** Independent blocks of 1024 particles: the mean of their unbiased estimates, its relative error from their scatter. */
function splitBody(logEstimates: Float64Array, table: RowTable<'logEstimate'>): SimulationBody {
  const { rowLength, places } = table;
  const { offset, stride } = places.logEstimate;
  const layers = places.logEstimate.axes[0].count;
  const blocks = logEstimates.length / rowLength;
  const values = new Float64Array(layers);
  const variance = new Float64Array(layers);
  const errors = new Float64Array(layers);
  const undefinedAt: UndefinedPoint[] = [];
  let extinct = 0;
  for (let layer = 0; layer < layers; layer++) {
    const logs = Array.from(
      { length: blocks },
      (_, block) => logEstimates[block * rowLength + offset + layer * stride] as number,
    );
    const logMean = logs.reduce(logAddExp, -Infinity) - Math.log(blocks);
    if (logMean === -Infinity) {
      undefinedAt.push({ index: layer, reason: 'all particles died on the way' });
      continue;
    }
    if (layer === layers - 1) extinct = logs.filter((log) => log === -Infinity).length;
    const relative = logs.map((log) => Math.exp(log - logMean) - 1);
    values[layer] = logMean;
    variance[layer] = blocks < 2 ? 0 : relative.reduce((sum, r) => sum + r * r, 0) / (blocks - 1);
    errors[layer] =
      blocks < 2 ? Infinity : Math.max(Math.sqrt((variance[layer] as number) / blocks), 1 / (blocks * lanes));
  }
  const warnings =
    extinct > 0
      ? [
          {
            id: 'extinctBlocks',
            message:
              `In ${extinct} of ${blocks} blocks all particles died before the output: the scatter of the blocks ` +
              `says little about the error.`,
          },
        ]
      : [];
  const rarePathProbability: Estimated = {
    axes: [axis('layer', layers)],
    scale: 'log',
    estimator: 'splitting',
    values,
    count: new Float64Array(layers).fill(blocks),
    variance,
    standardError: errors,
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
  return { observables: { rarePathProbability }, warnings };
}
