// What predictions and simulations of `residual` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { inputCount } from '../../core/inputs.js';
import { leftBehind, leftByRows } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { givenVectors } from './inputs.js';
import { nativeNetwork } from './network.js';
import { nativeSimulation } from './simulate.js';
import type { ResolvedResidualRun, ResolvedResidualSpec } from './spec.js';

/**
 * In products with a vector, of which a core does about 1e10 a second (measured on one core of an AVX2 machine): what a unit
 * costs an input beside its products; a weight that is drawn twice; an entry of an observable in the statistics of a trial;
 * a layer of a trial.
 */
const [perUnit, perWeight, perStatistic, perLayerOfTrial] = [110, 34, 600, 15_000] as const;
/** A layer of the recurrences, and one whose moments the tables have by then. */
const [perLayer, perSettled] = [650_000, 100_000] as const;
/** Layers before the recurrences settle. */
const unsettledLayers = 1000;
/** Tables of moments that are built once for an activation. */
const perTable = 2e7;
/** Observables of an input and of a pair. */
const [perInput, perPair] = [14, 4] as const;
/** Of an entry of an observable, in doubles: sums, values and errors of a simulation; value, allowance and spread of theory. */
const [perEntry, perPredicted] = [14, 3] as const;
/** Of a layer, in doubles: axes. The corrections that are zero are shared, and pages that are never written to take nothing. */
const perLayerOfAxes = 9;
/** Bytes of objects that theory makes and drops: at all, in a layer of the first, before its code is compiled, and of the rest. */
const [perTheory, perEarly, perLate, early] = [2.5 * 2 ** 20, 13_000, 6000, 300] as const;
/** Of a layer, in doubles: the network's eight lists, gone behind the border when results are made, and up to 17 of the recurrences. */
const perRecurrence = 8 + 17;
/**
 * The same of one run alone: sizes and gradients; a pair of inputs beside them; fluctuations, with the moments that each block keeps for
 * the way back.
 */
const [perGradient, perPairOfInputs, perFluctuation] = [8 + 8 + 12, 4, 20] as const;
/** Bytes of objects that a recurrence alone makes of a layer and drops. */
const perLeftOfRecurrence = 200;

export function predictionFlops(spec: ResolvedResidualSpec): number {
  const early = Math.min(spec.depth + 1, unsettledLayers);
  return perTable + inputCount(spec.inputs) * (perLayer * early + perSettled * (spec.depth + 1 - early));
}

export function predictionBytes(spec: ResolvedResidualSpec): number {
  const layers = perEarly * Math.min(early, spec.depth) + perLate * Math.max(0, spec.depth - early);
  const left = perTheory + layers * Math.max(1, inputCount(spec.inputs) / 2);
  // Inputs that are given have recurrences of their own.
  const runs = 'count' in spec.inputs ? 1 : inputCount(spec.inputs);
  const perRun = 17 * (runs - 1) + perRecurrence + perLayerOfAxes;
  return leftBehind(left) + 8 * (perPredicted * entriesOf(spec) + perRun * (spec.depth + 1));
}

/** Of one run of the recurrences, of which a quantity takes a number; it says what else they carry. */
export function recurrenceBytes(
  { depth }: { readonly depth: number },
  carries: { readonly pair?: boolean; readonly fluctuations?: boolean } = {},
): number {
  const lists = perGradient + (carries.pair ? perPairOfInputs : 0) + (carries.fluctuations ? perFluctuation : 0);
  return leftBehind(perLeftOfRecurrence * depth) + 8 * lists * depth;
}

/** trials × blocks × (N + M) (without weight matrices) or × N M (with them), and the statistics of what every trial gives. */
export function simulationFlops(spec: ResolvedResidualSpec, run: ResolvedResidualRun): number {
  const { width: widths, hiddenWidth } = nativeNetwork(spec);
  const n = inputCount(spec.inputs);
  let perTrial =
    n * perUnit * (widths[0] as number) + perLayerOfTrial * (spec.depth + 1) + perStatistic * entriesOf(spec);
  for (const [i, hidden] of hiddenWidth.entries()) {
    const [before, after] = [widths[i] as number, widths[i + 1] as number];
    perTrial += n * (perUnit + 8 * n) * (hidden + after);
    if (run.engine === 'dense')
      perTrial += (perWeight + n / 2) * (hidden * (before + after) + (before === after ? 0 : before * after));
  }
  return run.trials * perTrial;
}

/** The engine's own plan, the statistics, and the trials that were asked for. */
export function simulationBytes(spec: ResolvedResidualSpec, run: ResolvedResidualRun): number {
  const [native, network] = [nativeSimulation(spec, run, givenVectors(spec, undefined)), nativeNetwork(spec)];
  const { rowLength } = addon().residualLayout({ ...native, trials: 1 }, network);
  const trials = Math.min(run.trials, trialsAtOnce(rowLength));
  const engine = addon().residualMemory({ ...native, trials }, network) - 8 * rowLength * trials;
  const entries = entriesOf(spec);
  const raw = run.rawTrials ? 8 * run.trials * entries : 0;
  const held = 1.02 * (engine + rowBytes(rowLength, run.trials) + raw) + 8 * perEntry * entries;
  return leftByRows(rowLength, run.trials, 'spreads') + held;
}

export function simulationLower(spec: ResolvedResidualSpec, run: ResolvedResidualRun): readonly string[] {
  const rows = run.rawTrials ? 8 * run.trials * entriesOf(spec) : 0;
  return 2 * rows > simulationBytes(spec, run) ? ['trials', 'depth', 'width'] : ['width', 'threads', 'trials'];
}

/** Values of all observables together. */
function entriesOf(spec: ResolvedResidualSpec): number {
  const n = inputCount(spec.inputs);
  return (spec.depth + 1) * (perInput * n + (n > 1 ? perPair : 0));
}
