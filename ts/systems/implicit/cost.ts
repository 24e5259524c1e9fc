// What predictions and simulations of `implicit` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { leftBehind, leftByRows } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { nativeSimulation } from './simulate.js';
import type { ResolvedImplicitRun, ResolvedImplicitSpec } from './spec.js';

/** A Gaussian integral, and the search of fixed points in integrals. */
const [perIntegral, integrals] = [1e5, 2000] as const;
/** Of an entry of an observable, in doubles. */
const perEntry = 20;
/** Theory: bytes of objects that a term leaves behind; doubles that it keeps. */
const [perTermLeft, perTerm] = [900, 15] as const;
/** Drawing a weight, in operations; products that a solve takes beside those of the recorded terms. */
const [perWeight, products] = [12, 120] as const;

export const predictionFlops = ({ termCount, width }: ResolvedImplicitSpec): number =>
  perIntegral * (integrals + termCount) + width / 1000;
export const predictionBytes = ({ termCount }: ResolvedImplicitSpec): number =>
  leftBehind(2 ** 19 + perTermLeft * termCount) + 8 * perTerm * termCount;

export function simulationFlops(
  { width: n, termCount }: ResolvedImplicitSpec,
  { trials }: ResolvedImplicitRun,
): number {
  return trials * (n * n * (perWeight + 2 * (products + 2 * termCount)) + 1000 * n);
}

export function simulationBytes(spec: ResolvedImplicitSpec, run: ResolvedImplicitRun): number {
  const native = nativeSimulation(spec, run);
  const { rowLength } = addon().implicitLayout({ ...native, trials: 1 });
  const engines = addon().implicitMemory({ ...native, trials: Math.min(run.trials, trialsAtOnce(rowLength)) });
  const raw = run.rawTrials ? 8 * run.trials * rowLength : 0;
  const held = 1.15 * (engines + rowBytes(rowLength, run.trials) + raw) + 8 * perEntry * rowLength;
  return leftByRows(rowLength, run.trials, 'spreads') + held;
}

export const simulationLower = (spec: ResolvedImplicitSpec, run: ResolvedImplicitRun): readonly string[] => {
  const native = nativeSimulation(spec, run);
  const { rowLength } = addon().implicitLayout({ ...native, trials: 1 });
  const rows = rowBytes(rowLength, run.trials) * (run.rawTrials ? 2 : 1);
  return rows > addon().implicitMemory(native) ? ['trials', 'termCount', 'width'] : ['width', 'threads', 'termCount'];
};
