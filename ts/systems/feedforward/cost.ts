// What predictions and simulations of `feedforward` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import { inputCount } from '../../core/inputs.js';
import { leftBehind, leftByRows } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { nativeParameters } from './simulate.js';
import { inputWidthOf, largestPaired, type ResolvedFeedforwardRun, type ResolvedFeedforwardSpec } from './spec.js';

/**
 * In products with a vector, of which a core does about 1e10 a second (measured on one core of an AVX2 machine): what a unit
 * costs an input beside its products; a weight that is drawn twice; an entry of an observable in the statistics of a trial;
 * a layer of a trial.
 */
const [perUnit, perWeight, perStatistic, perLayerOfTrial] = [100, 13, 750, 2000] as const;
/** A Gaussian expectation of two variables by quadrature, and one that has settled: its arguments were seen before. */
const [perExpectation, perSettled] = [1.5e7, 2.3e6] as const;
/** Layers before the recursion settles, and expectations for the quantities of the point. */
const [unsettledLayers, expectationsOfPoint] = [100, 20] as const;
/** Of an entry of an observable, in doubles: sums, values and errors of a simulation; values and steps of the recursion. */
const [perEntry, perPredicted] = [8, 4] as const;
/**
 * Of theory, in bytes: the objects that the recursion keeps of a layer (a dozen short lists), of an input or pair in it, and those that a
 * layer leaves; lists outside V8's heap that wait for a collection, of a layer and at most.
 */
const [perKeptLayer, perKept, perLeft, perDead, mostDead] = [1600, 900, 5e6, 2 ** 14, 8 * 2 ** 20] as const;

/** Moments of each input and pair, layer by layer. */
export function predictionFlops(spec: ResolvedFeedforwardSpec): number {
  const n = inputCount(spec.inputs);
  const early = Math.min(spec.depth, unsettledLayers);
  const perLayerOfTheory = perExpectation * early + perSettled * (spec.depth - early);
  return perExpectation * expectationsOfPoint + perLayerOfTheory * (n + pairsOf(n));
}

export function predictionBytes(spec: ResolvedFeedforwardSpec): number {
  const n = inputCount(spec.inputs);
  const kept = spec.depth * (perKeptLayer + perKept * (n + pairsOf(n)));
  const lists = Math.min(mostDead, perDead * spec.depth) + 8 * perPredicted * entriesOf(spec);
  return leftBehind(perLeft * spec.depth, kept) + lists;
}

/** trials × layers × N (without weight matrices) or × N² (with them), and the statistics of what every trial gives. */
export function simulationFlops(spec: ResolvedFeedforwardSpec, run: ResolvedFeedforwardRun): number {
  const n = inputCount(spec.inputs);
  const widths = [inputWidthOf(spec), ...perLayer('width', spec.width, spec.depth)];
  let perTrial = perLayerOfTrial * spec.depth + perStatistic * entriesOf(spec);
  for (let l = 1; l < widths.length; l++) {
    const [before, after] = [widths[l - 1] as number, widths[l] as number];
    perTrial += n * (perUnit + 4 * n) * after;
    if (run.engine === 'dense') perTrial += (perWeight + n / 2) * before * after;
  }
  return run.trials * perTrial;
}

/** The engine's own plan, the statistics, and the trials that were asked for. */
export function simulationBytes(spec: ResolvedFeedforwardSpec, run: ResolvedFeedforwardRun): number {
  const parameters = nativeParameters(spec, run, undefined);
  const { rowLength } = addon().feedforwardLayout({ ...parameters, trials: 1 });
  const trials = Math.min(run.trials, trialsAtOnce(rowLength));
  const engine = addon().feedforwardMemory({ ...parameters, trials }) - 8 * rowLength * trials;
  const entries = entriesOf(spec);
  const raw = run.rawTrials ? run.trials * (8 * entries + spec.depth * pairsOf(inputCount(spec.inputs))) : 0;
  const held = 1.02 * (engine + rowBytes(rowLength, run.trials)) + 8 * perEntry * entries + raw;
  return leftByRows(rowLength, run.trials) + held;
}

/** Rows and raw trials grow with trials and depth, everything else with the width. */
export function simulationLower(spec: ResolvedFeedforwardSpec, run: ResolvedFeedforwardRun): readonly string[] {
  const raw = run.rawTrials ? 8 * run.trials * entriesOf(spec) : 0;
  return 2 * raw > simulationBytes(spec, run) ? ['trials', 'depth', 'width'] : ['width', 'threads', 'trials'];
}

/** Values of all observables together. */
function entriesOf(spec: ResolvedFeedforwardSpec): number {
  const n = inputCount(spec.inputs);
  return spec.depth * (4 * n + 5 * pairsOf(n));
}

function pairsOf(inputs: number): number {
  const paired = Math.min(inputs, largestPaired);
  return (paired * (paired - 1)) / 2;
}
