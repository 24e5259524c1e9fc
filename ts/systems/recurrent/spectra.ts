// Singular values of the state-to-state Jacobian of simulated networks, and their law beside them.
import { addon } from '../../core/addon.js';
import { controlled, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { nativeCell } from './cell.js';
import { quantities } from './quantities.js';
import { nativeSimulation } from './simulate.js';
import type { ResolvedRecurrentRun, ResolvedRecurrentSpec } from './spec.js';

/** Singular values of this many numbers of a state take seconds each. */
const largest = 2048;

/**
 * Singular values of ∂h_T/∂h_{T−1} of every network, decreasing, network after network: N each, of the lstm 2N, whose state is (c, h).
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE above 2048 units
 */
export async function singularValues(
  spec: ResolvedRecurrentSpec,
  run: ResolvedRecurrentRun,
  options: SystemOptions = {},
): Promise<readonly Float64Array[]> {
  if (spec.width > largest)
    throw new MftError('ERR_MFT_OUT_OF_RANGE', `Expected at most ${largest} units where singular values are found.`, {
      parameter: 'width',
      expected: `at most ${largest}`,
      received: spec.width,
    });
  throwIfAborted(options);
  const simulation = { ...nativeSimulation(spec, run), singularValues: true };
  const cell = nativeCell(spec);
  const { rowLength } = addon().recurrentLayout(simulation, cell);
  const rows = await controlled(options, run.trials * spec.steps, (slots) =>
    addon().recurrentSimulate(simulation, cell, slots),
  );
  return Array.from({ length: run.trials }, (_, i) => rows.subarray(i * rowLength, (i + 1) * rowLength));
}

/** Share of values up to s: mean over the networks and its standard error. */
export function shareUpTo(networks: readonly Float64Array[], s: number): { mean: number; standardError: number } {
  const shares = networks.map((values) => values.reduce((count, x) => count + (x <= s ? 1 : 0), 0) / values.length);
  const n = shares.length;
  const mean = shares.reduce((sum, x) => sum + x, 0) / n;
  const squares = shares.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0 };
}

const bins = 24;
/** Samples of a unit behind a curve of the figure: its errors are within the width of the line. */
const curveSamples = 4096;

/** Density of singular values in bins: the law of weights drawn anew as a line, simulated networks as points with twice their error. */
export async function spectrum(
  spec: ResolvedRecurrentSpec,
  run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const networks = await singularValues(spec, run, options);
  const top = Math.max(...networks.map((values) => values[0] as number));
  const width = top > 0 ? (1.05 * top) / bins : 1 / bins;
  const { singularValueCdf } = quantities;
  const fields = Object.fromEntries(
    Object.entries(spec).filter(([name]) => Object.hasOwn(singularValueCdf.parameters.shape, name)),
  );
  const share = async (singularValue: number): Promise<number> => {
    const asked = singularValueCdf.resolve({ ...fields, samples: curveSamples, singularValue }, 'spec');
    const value = await singularValueCdf.evaluate(asked as never, options);
    return typeof value === 'number' ? value : Number.NaN;
  };
  const points: CurvePoint[] = [];
  let [below, measured] = [0, networks.map(() => 0)];
  for (let bin = 1; bin <= bins; bin++) {
    const x = (bin - 0.5) * width;
    const above = await share(bin * width);
    points.push({ x, y: (above - below) / width, series: 'theory' });
    const counted = networks.map((values) => shareUpTo([values], bin * width).mean);
    const densities = counted.map((value, i) => (value - (measured[i] as number)) / width);
    const y = densities.reduce((sum, value) => sum + value, 0) / densities.length;
    const scatter = densities.reduce((sum, value) => sum + (value - y) ** 2, 0);
    const margin = densities.length > 1 ? 2 * Math.sqrt(scatter / (densities.length - 1) / densities.length) : 0;
    points.push({ x, y, low: y - margin, high: y + margin, mark: 'point', series: 'simulation' });
    [below, measured] = [above, counted];
  }
  return figureCurves(points, { title: 'Singular values of the Jacobian of a step', x: 's', y: 'density' });
}
