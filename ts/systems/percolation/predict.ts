// Theory of `percolation`: the exact chain forward and backward, and what a training run loses.
import type { ControlOptions } from '../../core/control.js';
import type { Axis, Predicted, QuantityValue, UndefinedPoint, Warning } from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import { latticeLaws, logProbabilities, reachLaws, stationaryLaw } from './chain.js';
import type { ReachLaws } from './native.js';
import { latticeOf, whyNotExact } from './convolution.js';
import {
  edgeParticipation,
  logExpectedPaths,
  logSecondMomentLowerBound,
  meanFieldFixedPoint,
  meanFraction,
} from './formulas.js';
import { layerHazard } from './logarithms.js';
import { layerAt, type LayerRun, type Network, resolveNetwork, reversed } from './network.js';
import type { PercolationObservable } from './observables.js';
import { breakdownDepth } from './solve.js';
import type { ResolvedConvolution, ResolvedPercolationSpec } from './spec.js';
import * as run from './training-run.js';

/** Stated error of probabilities (relative) and of logarithms (relative to their size). */
const statedError = 1e-12;
export const allLayersUpTo = 100_000;
const sampledLayers = 1000;
/** Path probabilities this near to 1 make percolation irrelevant. */
export const irrelevantBlocked = 1e-6;

/** The hidden layer of a network whose hidden layers are all alike, or why it is none. */
export function repeatedLayer(spec: ResolvedPercolationSpec): Omit<LayerRun, 'count'> | { readonly reason: string } {
  if (spec.topology !== 'dense') return { reason: 'defined for fully connected layers' };
  const network = resolveNetwork(spec);
  const first = network.runs[0] as LayerRun;
  const isUniform =
    network.depth > 0 &&
    network.runs.every(
      (layer, i) =>
        layer.edgeKeepProbability === first.edgeKeepProbability &&
        (i === network.runs.length - 1 ||
          (layer.width === first.width && layer.keepProbability === first.keepProbability)),
    );
  return isUniform
    ? { width: first.width, keepProbability: first.keepProbability, edgeKeepProbability: first.edgeKeepProbability }
    : { reason: 'needs equal hidden widths and keep rates' };
}

/**
 * Layers at which observables are given: all, or for a very deep network about 1000 on a logarithmic scale. Not as a JavaScript
 * array, which of many layers makes V8's young generation double now and then.
 */
function chosenLayers(depth: number): Float64Array {
  if (depth <= allLayersUpTo) return Float64Array.from({ length: depth + 2 }, (_, i) => i);
  const sampled = Array.from({ length: sampledLayers }, (_, i) => Math.round((depth + 1) ** (i / (sampledLayers - 1))));
  return Float64Array.from(new Set([0, ...sampled, depth, depth + 1])).sort();
}

interface Theory {
  readonly layers: Float64Array;
  /** k = log(−log P(layer reached)) and mean fraction of nodes, or why there is none. */
  readonly forward: { readonly logHazard: Float64Array; readonly fraction: Float64Array } | { readonly reason: string };
  readonly backward:
    | { readonly logHazard: Float64Array; readonly fraction: Float64Array }
    | { readonly reason: string };
  readonly participation:
    | { readonly layers: Float64Array; readonly values: Float64Array }
    | { readonly reason: string };
}

async function denseTheory(network: Network, options: ControlOptions): Promise<Theory> {
  const layers = chosenLayers(network.depth);
  const last = network.depth + 1;
  const isWhole = network.depth <= allLayersUpTo;
  const weightLayers = isWhole ? layers.slice(0, -1) : layers.filter((i) => i <= network.depth);
  const ends = isWhole ? layers : Float64Array.from(new Set([...layers, ...weightLayers.map((i) => i + 1)])).sort();
  const mirror = ends.map((i) => last - i).reverse();
  const [forward, mirrored] = await Promise.all([
    reachLaws(network, ends, options),
    reachLaws(reversed(network), mirror, options),
  ]);
  const backward = { logHazard: mirrored.logHazard.slice().reverse(), mean: mirrored.mean.slice().reverse() };
  // Of all layers each stands at its own place: a table of them would be the largest thing held.
  const place = isWhole ? undefined : new Map(Array.from(ends, (layer, i) => [layer, i]));
  const law = (laws: ReachLaws, layer: number): { logHazard: number; mean: number } => {
    const i = place === undefined ? layer : (place.get(layer) as number);
    return { logHazard: laws.logHazard[i] as number, mean: laws.mean[i] as number };
  };
  const side = (laws: ReachLaws): { logHazard: Float64Array; fraction: Float64Array } => ({
    logHazard: Float64Array.from(layers, (i) => law(laws, i).logHazard),
    fraction: Float64Array.from(layers, (i) => meanFraction(law(laws, i), layerAt(network, i).width)),
  });
  const values = Float64Array.from(weightLayers, (i) =>
    edgeParticipation(network, i, law(forward, i), law(backward, i + 1)),
  );
  return { layers, forward: side(forward), backward: side(backward), participation: { layers: weightLayers, values } };
}

/** Identity connections keep all that the input keeps; only the output's own edges can cut. */
async function residualTheory(
  spec: ResolvedPercolationSpec,
  network: Network,
  options: ControlOptions,
): Promise<Theory> {
  const layers = chosenLayers(network.depth);
  if (spec.inputKeepProbability !== 1)
    return unknown(layers, 'for residual connections known with `inputKeepProbability` 1 only');
  const output = network.runs.at(-1) as LayerRun;
  const readout: Network = { ...network, depth: 0, runs: [{ ...output, count: 1 }] };
  const laws = await reachLaws(readout, [0, 1], options);
  const isOutput = (i: number): boolean => i === network.depth + 1;
  return {
    layers,
    forward: {
      logHazard: Float64Array.from(layers, (i) => laws.logHazard[isOutput(i) ? 1 : 0] as number),
      fraction: Float64Array.from(layers, (i) =>
        isOutput(i)
          ? meanFraction({ logHazard: laws.logHazard[1] as number, mean: laws.mean[1] as number }, output.width)
          : 1,
      ),
    },
    backward: { reason: 'not known for residual connections' },
    participation: { reason: 'not known for residual connections' },
  };
}

function unknown(layers: Float64Array, reason: string): Theory {
  return { layers, forward: { reason }, backward: { reason }, participation: { reason } };
}

async function convolutionTheory(
  spec: ResolvedPercolationSpec,
  topology: ResolvedConvolution,
  options: ControlOptions,
): Promise<Theory> {
  const parameters = {
    ...topology,
    width: spec.width as number,
    depth: spec.depth as number,
    keepProbability: scaled(spec.keepProbability, spec.activeProbability),
    edgeKeepProbability: spec.edgeKeepProbability,
    inputKeepProbability: spec.inputKeepProbability,
  };
  const layers = chosenLayers(parameters.depth);
  const reason =
    topology.kind === 'conv2d' ? 'no exact chain for two-dimensional convolution: simulate' : whyNotExact(parameters);
  if (reason !== undefined) return unknown(layers, reason);
  const laws = await latticeLaws(latticeOf(parameters), layers, options);
  const keepOf = (i: number): number =>
    i === 0
      ? parameters.inputKeepProbability
      : i > parameters.depth
        ? 1
        : typeof parameters.keepProbability === 'number'
          ? parameters.keepProbability
          : (parameters.keepProbability[i - 1] as number);
  const fraction = Float64Array.from(layers, (i, at) => {
    // Of a reached position a channel is kept with s given that one of them is.
    const keep = keepOf(i);
    const share = keep === 0 ? 0 : keep / Math.exp(-Math.exp(layerHazard(topology.channels, keep)));
    return (
      share * meanFraction({ logHazard: laws.logHazard[at] as number, mean: laws.mean[at] as number }, parameters.width)
    );
  });
  return {
    layers,
    forward: { logHazard: laws.logHazard, fraction },
    backward: { reason: 'not computed for convolutions: simulate' },
    participation: { reason: 'not computed for convolutions: simulate' },
  };
}

function scaled(keep: number | readonly number[], factor: number): number | readonly number[] {
  return typeof keep === 'number' ? keep * factor : keep.map((s) => s * factor);
}

/** Laws of every layer, whatever the topology. */
export function theoryOf(spec: ResolvedPercolationSpec, options: ControlOptions): Promise<Theory> {
  if (typeof spec.topology === 'object') return convolutionTheory(spec, spec.topology, options);
  const network = resolveNetwork(spec);
  return spec.topology === 'residual' ? residualTheory(spec, network, options) : denseTheory(network, options);
}

function observable(
  axes: readonly [Axis],
  scale: 'linear' | 'log',
  values: Float64Array | { readonly reason: string },
): Predicted {
  if (values instanceof Float64Array) {
    const largest =
      scale === 'linear' ? 1 : values.reduce((size, x) => (Number.isFinite(x) ? Math.max(size, Math.abs(x)) : size), 1);
    return { axes, scale, values, error: statedError * largest };
  }
  const { length } = axes[0].values;
  const undefinedAt: UndefinedPoint[] = Array.from({ length }, (_, index) => ({ index, reason: values.reason }));
  return { axes, scale, values: new Float64Array(length), error: 0, undefinedAt };
}

/**
 * The least relative variance of a number that is zero in all but a share π of the masks: with mean E its square has a mean of at
 * least E²/π, so it is 1/π − 1, from k = log(−log π).
 */
const spreadOf = (logHazard: number): number => (logHazard === Infinity ? 0 : Math.expm1(Math.exp(logHazard)));

function observablesOf(theory: Theory): Record<string, Predicted> {
  const { forward, backward, participation } = theory;
  const axesOf = (values: Float64Array): readonly [Axis] => [{ name: 'layer', values }];
  const layers = axesOf(theory.layers);
  const scattered = (found: Predicted, side: Theory['forward'], hazard: (i: number) => number): Predicted =>
    'reason' in side ? found : { ...found, spread: found.values.map((_, i) => spreadOf(hazard(i))) };
  const ofSide = (side: Theory['forward']): Predicted =>
    scattered(observable(layers, 'linear', fraction(side)), side, (i) =>
      'reason' in side ? 0 : (side.logHazard[i] as number),
    );
  const mapped = (side: Theory['forward'], value: (k: number) => number): Float64Array | { readonly reason: string } =>
    'reason' in side ? side : side.logHazard.map(value);
  const fraction = (side: Theory['forward']): Float64Array | { readonly reason: string } =>
    'reason' in side ? side : side.fraction;
  return {
    pathProbability: observable(
      layers,
      'linear',
      mapped(forward, (k) => Math.exp(-Math.exp(k))),
    ),
    rarePathProbability: observable(
      layers,
      'log',
      mapped(forward, (k) => logProbabilities(k).logPath),
    ),
    blockedProbability: observable(
      layers,
      'log',
      mapped(forward, (k) => logProbabilities(k).logBlocked),
    ),
    reachFraction: ofSide(forward),
    outputReachProbability: observable(
      layers,
      'linear',
      mapped(backward, (k) => Math.exp(-Math.exp(k))),
    ),
    outputReachFraction: ofSide(backward),
    edgeParticipation:
      'reason' in participation
        ? observable(axesOf(theory.layers.slice(0, -1)), 'linear', participation)
        : // An edge takes part in some mask only where input and output are connected.
          scattered(observable(axesOf(participation.layers), 'linear', participation.values), forward, () =>
            'reason' in forward ? 0 : (forward.logHazard.at(-1) as number),
          ),
  };
}

export async function predictPercolation(
  spec: ResolvedPercolationSpec,
  options: SystemOptions,
): Promise<PredictionBody<PercolationObservable>> {
  const theory = await theoryOf(spec, options);
  const quantities: Record<string, QuantityValue> = {};
  const warnings: Warning[] = [];
  if ('reason' in theory.forward) {
    for (const name of ['pathProbability', 'blockedProbability', 'logPathProbability', 'logBlockedProbability'])
      quantities[name] = { reason: theory.forward.reason };
  } else {
    const { logPath, logBlocked } = logProbabilities(theory.forward.logHazard.at(-1) as number);
    Object.assign(quantities, pathQuantities(logPath, logBlocked, spec));
    if (Math.exp(logBlocked) < irrelevantBlocked) {
      warnings.push({
        id: 'percolationIrrelevant',
        message: `Percolation is irrelevant for this network: a mask is blocked with probability ${exponent(logBlocked)}.`,
      });
    }
  }
  return {
    quantities: { ...quantities, ...(await structureQuantities(spec, options)) },
    observables: observablesOf(theory),
    warnings,
  };
}

function pathQuantities(
  logPath: number,
  logBlocked: number,
  { training: { steps, masksPerStep } }: ResolvedPercolationSpec,
): Record<string, number> {
  return {
    pathProbability: Math.exp(logPath),
    blockedProbability: Math.exp(logBlocked),
    logPathProbability: logPath,
    logBlockedProbability: logBlocked,
    expectedLostSteps: run.expectedLostSteps(logBlocked, steps, masksPerStep),
    expectedEffectiveSteps: run.expectedEffectiveSteps(logBlocked, steps, masksPerStep),
    expectedLostExamples: run.expectedLostExamples(logBlocked, steps, masksPerStep),
    probabilityNoLostStep: Math.exp(run.logProbabilityNoLostStep(logBlocked, steps, masksPerStep)),
    logProbabilityAllLost: run.logProbabilityAllLost(logBlocked, steps, masksPerStep),
  };
}

async function structureQuantities(
  spec: ResolvedPercolationSpec,
  options: ControlOptions,
): Promise<Record<string, QuantityValue>> {
  const layer = repeatedLayer(spec);
  const moments: Record<string, QuantityValue> = {};
  if (spec.topology === 'dense') {
    const network = resolveNetwork(spec);
    moments.logExpectedPaths = logExpectedPaths(network);
    moments.secondMomentLowerBound = Math.exp(logSecondMomentLowerBound(network));
  }
  if ('reason' in layer) {
    return {
      ...moments,
      decayRate: layer,
      logDecayRate: layer,
      quasiStationaryMean: layer,
      meanFieldFixedPoint: layer,
      breakdownDepth: layer,
    };
  }
  const { logDecayRate, mean } = await stationaryLaw(layer, options);
  return {
    ...moments,
    decayRate: Math.exp(logDecayRate),
    logDecayRate,
    quasiStationaryMean: logDecayRate === Infinity ? { reason: 'with keep rate 0 no layer is ever reached' } : mean,
    meanFieldFixedPoint: meanFieldFixedPoint(layer.width * layer.edgeKeepProbability, layer.keepProbability),
    breakdownDepth: await breakdownDepth(layer, spec.training.steps * spec.training.masksPerStep, options),
  };
}

/** e^logValue as text, also far below the smallest double: "about 1e-154". */
export function exponent(logValue: number): string {
  if (logValue === -Infinity) return '0';
  return `about 1e${Math.round(logValue / Math.LN10)}`;
}
