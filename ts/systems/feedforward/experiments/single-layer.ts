// One simulated layer against its map: what the first figures of all three papers show.
import type { CurvePoint } from '../../../figures/curves.js';
import { varianceMap } from '../../../gaussian/variance-map.js';
import { correlationMap, singleLayerSpec } from '../figure-maps.js';
import type { Estimated } from '../../../core/results.js';
import { type ExperimentOptions, type Network, simulated } from './network.js';

interface SimulatedMap {
  /** Theory (line) and simulation (points with a band of ±1 standard deviation, as the paper draws them). */
  readonly points: readonly CurvePoint[];
  /** (mean − theory)/standard error at each simulated abscissa. */
  readonly z: readonly number[];
}

interface Task {
  readonly network: Network;
  readonly series: string;
  readonly panel?: string;
  readonly width: number;
  readonly trials: number;
  readonly theoryAt: readonly number[];
  readonly simulatedAt: readonly number[];
  /** Number of the curve in its figure: curves and points draw from different trials, so that their errors are independent. */
  readonly curve: number;
}

const pointsPerCurve = 1000;

/** The variance map V(q); one network and one input per trial. */
export async function simulatedVarianceMap(task: Task, options: ExperimentOptions): Promise<SimulatedMap> {
  const { network, width, trials } = task;
  return mapOf(
    task,
    (q) => varianceMap(network, q),
    async (q, firstTrial) => {
      const { observables } = await simulated(
        singleLayerSpec(network, width, q, { count: 1 }),
        { trials, firstTrial },
        options,
      );
      return observables.variance;
    },
  );
}

/** The correlation map at variance q*. */
export async function simulatedCorrelationMap(
  task: Task & { readonly variance: number },
  options: ExperimentOptions,
): Promise<SimulatedMap> {
  const { network, width, trials, variance } = task;
  return mapOf(
    task,
    (c) => correlationMap(network, variance, 1 - c),
    async (c, firstTrial) => {
      const { observables } = await simulated(
        singleLayerSpec(network, width, variance, { correlation: c }),
        { trials, firstTrial },
        options,
      );
      return observables.correlation;
    },
  );
}

async function mapOf(
  task: Task,
  theory: (x: number) => number,
  measure: (x: number, firstTrial: number) => Promise<Estimated | undefined>,
): Promise<SimulatedMap> {
  const common = { series: task.series, ...(task.panel === undefined ? {} : { panel: task.panel }) };
  const points: CurvePoint[] = task.theoryAt.map((x) => ({ x, y: theory(x), ...common }));
  const z: number[] = [];
  for (const [i, x] of task.simulatedAt.entries()) {
    const observable = await measure(x, (task.curve * pointsPerCurve + i) * task.trials);
    // Layer 2 of the two: its first input or pair.
    const at = observable === undefined ? 0 : observable.values.length / 2;
    const y = observable?.values[at] ?? 0;
    const deviation = Math.sqrt(observable?.variance[at] ?? 0);
    points.push({ x, y, low: y - deviation, high: y + deviation, mark: 'point', ...common });
    const error = observable?.standardError[at] ?? 0;
    const difference = y - theory(x);
    // Parallel inputs stay parallel without a single bit of noise.
    z.push(Math.abs(difference) < 1e-12 ? 0 : difference / error);
  }
  return { points, z };
}
