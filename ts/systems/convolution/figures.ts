// The figures of system `convolution`.
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { throwIfAborted } from '../../core/control.js';
import { boundsOf } from './bounds.js';
import { predict } from './predict.js';
import { simulate } from './simulate.js';
import { networkFromSpec, type ResolvedConvolutionRun, type ResolvedConvolutionSpec } from './spec.js';

/** Mean square and gradient, layer by layer. */
async function profile(
  spec: ResolvedConvolutionSpec,
  run: ResolvedConvolutionRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predict(spec, options)).observables;
  const measured = (await simulate(spec, run, options)).observables;
  const points: CurvePoint[] = [];
  for (const [name, series] of [
    ['variance', 'mean square'],
    ['cornerVariance', 'mean square in the corner'],
    ['gradient', 'squared gradient'],
  ] as const) {
    const shown = (value: number): number => (name === 'gradient' ? Math.exp(value) : value);
    const [predicted, estimated] = [theory[name], measured[name]];
    const hidden = new Set(predicted?.undefinedAt?.map(({ index }) => index));
    predicted?.values.forEach((value, l) => {
      if (!hidden.has(l) && shown(value) > 0) points.push({ x: l + 1, y: shown(value), series });
    });
    const absent = new Set(estimated?.undefinedAt?.map(({ index }) => index));
    estimated?.values.forEach((value, l) => {
      if (absent.has(l) || !(shown(value) > 0)) return;
      points.push({ x: l + 1, y: shown(value), series, mark: 'point' });
    });
  }
  return figureCurves(points, { title: 'Signals and gradients', x: 'layer', y: 'mean square', yScale: 'log' });
}

const decades = 11;

/** Every bound against the number of samples. */
async function bounds(
  spec: ResolvedConvolutionSpec,
  _run: ResolvedConvolutionRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const network = networkFromSpec(spec);
  const points: CurvePoint[] = [];
  for (let i = 0; i < 4 * decades + 1; i++) {
    throwIfAborted(options);
    const samples = Math.round(10 ** (1 + i / 4));
    for (const [series, { value }] of Object.entries(boundsOf(network, { ...spec, samples })))
      if (typeof value === 'number' && value > 0) points.push({ x: samples, y: value, series });
    points.push({ x: samples, y: 1, series: 'says nothing above', mark: 'dashed' });
  }
  return figureCurves(points, {
    title: 'Bounds on the generalisation gap',
    x: 'training examples',
    y: 'gap',
    xScale: 'log',
    yScale: 'log',
    legend: 'bound',
  });
}

export const figures = {
  profile: {
    description: 'Mean squares and squared gradients, layer by layer: theory (lines) and simulation (points).',
    usesSpec: true,
    simulates: true,
    build: profile,
  },
  bounds: {
    description: 'Every bound on the generalisation gap against the number of training examples.',
    usesSpec: true,
    simulates: false,
    build: bounds,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedConvolutionSpec, ResolvedConvolutionRun>>>;
