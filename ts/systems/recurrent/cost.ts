// What predictions and simulations of `recurrent` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { leftBehind, leftByRows } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { nativeCell } from './cell.js';
import { isIntegrated, siteOptions } from './predict.js';
import { nativeSimulation } from './simulate.js';
import { siteBytes, siteFlops } from './sites.js';
import type { ResolvedRecurrentRun, ResolvedRecurrentSpec } from './spec.js';

/** A pair of sequences one step on: two-dimensional integrals. */
const perStep = 1e7;
/** Of an entry of an observable, in doubles. */
const [perEntry, perPredicted] = [20, 8] as const;
/** Bytes of objects that theory leaves behind: it is native. */
const perTheory = 1.5 * 2 ** 20;
/** Drawing a weight, in operations. */
const perWeight = 12;

const isSampled = (spec: ResolvedRecurrentSpec): boolean => !isIntegrated(spec);

export function predictionFlops(spec: ResolvedRecurrentSpec): number {
  const observables = isSampled(spec) ? siteFlops(nativeCell(spec), siteOptions(spec)) : perStep * spec.steps;
  return 1e8 + observables + spec.width;
}

export function predictionBytes(spec: ResolvedRecurrentSpec): number {
  const sites = isSampled(spec) ? siteBytes(spec, siteOptions(spec)) : 0;
  return leftBehind(perTheory) + sites + 32 * perPredicted * (spec.steps + 1);
}

/** Steps × (two sequences, the perturbation or all N of them) × products; untied: the weights of every step. */
export function simulationFlops(spec: ResolvedRecurrentSpec, run: ResolvedRecurrentRun): number {
  const { width: n, inputWidth: m, steps } = spec;
  const gates = nativeCell(spec).gates.length;
  const tangents = 1 + (run.jacobian ? n : 0);
  const products = gates * (2 * n * n * (2 + tangents) + 4 * n * m) + (run.jacobian ? 2 * n ** 3 : 0);
  const draws = perWeight * gates * n * (n + m) * (spec.weightSharing === 'untied' ? steps : 1);
  const frames = spec.weights === 'orthogonal' ? 4 * gates * n ** 3 * (spec.weightSharing === 'untied' ? steps : 1) : 0;
  return run.trials * (steps * (products + 100 * n * gates) + draws + frames + 1000 * steps);
}

/** The engines' own plan, the statistics, and the trials that were asked for. */
export function simulationBytes(spec: ResolvedRecurrentSpec, run: ResolvedRecurrentRun): number {
  const cell = nativeCell(spec);
  const native = nativeSimulation(spec, run);
  const { rowLength } = addon().recurrentLayout({ ...native, trials: 1 }, cell);
  const engines = addon().recurrentMemory({ ...native, trials: Math.min(run.trials, trialsAtOnce(rowLength)) }, cell);
  const raw = run.rawTrials ? 8 * run.trials * rowLength : 0;
  const held = 1.1 * (engines + rowBytes(rowLength, run.trials) + raw) + 8 * perEntry * rowLength;
  return leftByRows(rowLength, run.trials) + held;
}

export const simulationLower = (spec: ResolvedRecurrentSpec, run: ResolvedRecurrentRun): readonly string[] => {
  const { rowLength } = addon().recurrentLayout({ ...nativeSimulation(spec, run), trials: 1 }, nativeCell(spec));
  const rows = rowBytes(rowLength, run.trials) * (run.rawTrials ? 2 : 1);
  const engines = addon().recurrentMemory(nativeSimulation(spec, run), nativeCell(spec));
  return rows > engines ? ['trials', 'steps', 'width'] : ['width', 'threads', 'steps'];
};
