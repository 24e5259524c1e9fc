// What predictions and simulations of `feedforward` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import { inputCount } from '../../core/inputs.js';
import { youngGeneration } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { nativeParameters } from './simulate.js';
import { inputWidthOf, largestPaired, type ResolvedFeedforwardRun, type ResolvedFeedforwardSpec } from './spec.js';

/** Operations of a normal number, an activation and its derivative: what a unit costs beside its products. */
const perUnit = 60;
/** Operations of a Gaussian expectation of two variables by quadrature. */
const perExpectation = 20_000;
/** Of an entry of an observable, in doubles: sums, values and errors of a simulation; values and steps of the recursion. */
const [perEntry, perPredicted] = [8, 4] as const;

/** Moments of each input and pair, layer by layer. */
export function predictionFlops(spec: ResolvedFeedforwardSpec): number {
  const n = inputCount(spec.inputs);
  return perExpectation * (20 + spec.depth * (n + pairsOf(n)));
}

export function predictionBytes(spec: ResolvedFeedforwardSpec): number {
  return youngGeneration + 8 * perPredicted * entriesOf(spec);
}

/** trials × layers × N (without weight matrices) or × N² (with them). */
export function simulationFlops(spec: ResolvedFeedforwardSpec, run: ResolvedFeedforwardRun): number {
  const n = inputCount(spec.inputs);
  const widths = [inputWidthOf(spec), ...perLayer('width', spec.width, spec.depth)];
  let perTrial = 0;
  for (let l = 1; l < widths.length; l++) {
    const [before, after] = [widths[l - 1] as number, widths[l] as number];
    perTrial += n * (perUnit + 8 * n) * after;
    if (run.engine === 'dense') perTrial += (perUnit + 4 * n) * before * after;
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
  const raw = run.rawTrials ? 8 * run.trials * entries : 0;
  return youngGeneration + 1.02 * (engine + rowBytes(rowLength, run.trials)) + 8 * perEntry * entries + raw;
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
