// The figures of system `recurrent`.
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { isUndefined } from '../../core/results.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { predict } from './predict.js';
import { quantities } from './quantities.js';
import { simulate } from './simulate.js';
import { spectrum } from './spectra.js';
import type { ResolvedRecurrentRun, ResolvedRecurrentSpec } from './spec.js';
import { fixedPoints, memoryTimescale } from './theory.js';

/** Both second moments over time, theory as lines, trials as points with twice their standard error. */
async function profile(
  spec: ResolvedRecurrentSpec,
  run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predict(spec, options.signal === undefined ? {} : { signal: options.signal })).observables;
  const measured = (await simulate(spec, run, options)).observables;
  const points: CurvePoint[] = [];
  for (const name of ['stateVariance', 'stateCovariance'] as const) {
    const hidden = new Set(theory[name]?.undefinedAt?.map(({ index }) => index));
    for (const [x, y] of theory[name]?.values.entries() ?? [])
      if (!hidden.has(x)) points.push({ x, y, series: `${name}, theory` });
    for (const [x, y] of measured[name]?.values.entries() ?? []) {
      const margin = 2 * (measured[name]?.standardError[x] ?? 0);
      points.push({ x, y, low: y - margin, high: y + margin, mark: 'point', series: `${name}, simulation` });
    }
  }
  return figureCurves(points, { title: 'Second moments of two sequences', x: 'time', y: 'second moment' });
}

const biasGrid = Array.from({ length: 41 }, (_, i) => -4 + 0.3 * i);

/** Of a spec with its `biasMean` replaced, where the gate that keeps has no mean of its own. */
const withBias = (spec: ResolvedRecurrentSpec, biasMean: number): ResolvedRecurrentSpec => ({ ...spec, biasMean });

/** τ over the bias of the gate that keeps, without weight sharing; points without a memory are left out. */
async function timescale(
  spec: ResolvedRecurrentSpec,
  _run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (const bias of biasGrid) {
    options.signal?.throwIfAborted();
    const tau = await memoryTimescale(withBias(spec, bias), spec.inputCorrelation).catch(() => undefined);
    if (tau === undefined || isUndefined(tau) || !Number.isFinite(tau as number)) continue;
    points.push({ x: bias, y: tau as number, series: 'squares' });
    points.push({ x: bias, y: 2 * (tau as number), series: 'amplitude' });
  }
  return figureCurves(points, {
    title: 'Memory time scale',
    x: 'mean of the bias',
    y: 'steps',
    ...(points.every(({ y }) => y > 0) ? { yScale: 'log' as const } : {}),
  });
}

/** All fixed points of the second moment over the bias: where there are three, small and large initial states stay apart. */
async function bistability(
  spec: ResolvedRecurrentSpec,
  _run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (const bias of biasGrid) {
    options.signal?.throwIfAborted();
    const found = await fixedPoints(withBias(spec, bias)).catch(() => []);
    for (const { second, isStable } of found)
      points.push({ x: bias, y: second, mark: 'point', series: isStable ? 'stable' : 'unstable' });
  }
  return figureCurves(points, { title: 'Fixed points of the state', x: 'mean of the bias', y: 'second moment' });
}

/** Overlap with a copy that shares the state of t steps ago and has had other inputs since, one network and new ones. */
async function memory(
  spec: ResolvedRecurrentSpec,
  _run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const { memoryCurve } = quantities;
  const points: CurvePoint[] = [];
  for (const weightSharing of ['tied', 'untied'] as const) {
    const fields = Object.entries({ ...spec, weightSharing, samples: 131_072 }).filter(([name]) =>
      Object.hasOwn(memoryCurve.parameters.shape, name),
    );
    const curve = await memoryCurve.evaluate(memoryCurve.resolve(Object.fromEntries(fields), 'spec') as never, options);
    for (const [lag, overlap] of Array.isArray(curve) ? curve.entries() : [])
      if (typeof overlap === 'number') points.push({ x: lag, y: overlap, series: `weights ${weightSharing}` });
  }
  return figureCurves(points, { title: 'Memory', x: 'lag', y: 'overlap with the past' });
}

export const figures = {
  profile: {
    description: 'Second moments of the states of two sequences over time: theory and simulation.',
    usesSpec: true,
    simulates: true,
    build: profile,
  },
  timescale: {
    description: 'Steps of memory over the mean of the bias of the gate that keeps.',
    usesSpec: true,
    simulates: false,
    build: timescale,
  },
  memory: {
    description: 'Overlap with the past over the lag, weights shared over time and drawn anew at every step.',
    usesSpec: true,
    simulates: false,
    build: memory,
  },
  bistability: {
    description: 'All fixed points of the second moment of the state over the mean of the bias.',
    usesSpec: true,
    simulates: false,
    build: bistability,
  },
  spectrum: {
    description: 'Singular values of the Jacobian of the last step: the Dyson equation and simulated networks.',
    usesSpec: true,
    simulates: true,
    build: spectrum,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedRecurrentSpec, ResolvedRecurrentRun>>>;
