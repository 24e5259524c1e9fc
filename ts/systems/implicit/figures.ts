// The figures of system `implicit`.
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { meanField, singularEdges } from './mean-field.js';
import { predict } from './predict.js';
import { simulate } from './simulate.js';
import type { ResolvedImplicitRun, ResolvedImplicitSpec } from './spec.js';

/** Error over the number of terms: theory as a line, trials as points with twice their standard error. */
async function convergence(
  spec: ResolvedImplicitSpec,
  run: ResolvedImplicitRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predict(spec, options)).observables.neumannError;
  const measured = (await simulate(spec, run, options)).observables.neumannError;
  const points: CurvePoint[] = [];
  const hidden = new Set(theory?.undefinedAt?.map(({ index }) => index));
  for (const [i, y] of theory?.values.entries() ?? [])
    if (!hidden.has(i) && Number.isFinite(y)) points.push({ x: i + 1, y: Math.exp(y), series: 'theory' });
  const missing = new Set(measured?.undefinedAt?.map(({ index }) => index));
  for (const [i, y] of measured?.values.entries() ?? []) {
    if (missing.has(i) || !Number.isFinite(y)) continue;
    const margin = 2 * (measured?.standardError[i] ?? 0);
    points.push({
      x: i + 1,
      y: Math.exp(y),
      low: Math.exp(y - margin),
      high: Math.exp(y + margin),
      mark: 'point',
      series: 'simulation',
    });
  }
  return figureCurves(points, {
    title: 'Error of the Neumann series',
    x: 'terms',
    y: 'relative error of the adjoint',
    ...(points.every(({ y }) => y > 0) ? { yScale: 'log' as const } : {}),
  });
}

/** Products per digit of the error, of the series and of conjugate gradient on the normal equations, over σ_w². */
async function cost(
  spec: ResolvedImplicitSpec,
  _run: ResolvedImplicitRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (let i = 1; i <= 40; i++) {
    options.signal?.throwIfAborted();
    const weightVariance = (i / 20) * Math.max(spec.weightVariance, 1e-3);
    const found = await Promise.resolve({ ...spec, weightVariance })
      .then(meanField)
      .catch(() => undefined);
    if (found === undefined || found.chi >= 1 || found.chi <= 0) continue;
    const [smallest, largest] = singularEdges(Math.sqrt(found.chi));
    const kappa = largest / smallest;
    const digits = (rate: number): number => Math.LN10 / -Math.log(rate);
    points.push({ x: weightVariance, y: digits(Math.sqrt(found.chi)), series: 'Neumann' });
    points.push({ x: weightVariance, y: 2 * digits((kappa - 1) / (kappa + 1)), series: 'CG, normal equations' });
  }
  return figureCurves(points, {
    title: 'Cost of the adjoint solve',
    x: 'weight variance',
    y: 'products per digit',
    ...(points.length > 0 ? { yScale: 'log' as const } : {}),
  });
}

export const figures = {
  convergence: {
    description: 'Relative error of the adjoint over the number of Neumann terms: theory and simulation.',
    usesSpec: true,
    simulates: true,
    build: convergence,
  },
  cost: {
    description: 'Products per digit of the adjoint over the weight variance: Neumann series and conjugate gradient.',
    usesSpec: true,
    simulates: false,
    build: cost,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedImplicitSpec, ResolvedImplicitRun>>>;
