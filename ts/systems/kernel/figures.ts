// The figures of system `kernel`.
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { predict } from './predict.js';
import { simulate } from './simulate.js';
import type { ResolvedKernelRun, ResolvedKernelSpec } from './spec.js';

async function profile(
  spec: ResolvedKernelSpec,
  run: ResolvedKernelRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predict(spec)).observables.secondMoment?.values ?? [];
  const measured = (await simulate(spec, run, options)).observables.secondMoment;
  const points: CurvePoint[] = [...theory].map((y, x) => ({ x, y, series: 'theory' }));
  for (const [x, y] of measured?.values.entries() ?? []) {
    const margin = 2 * (measured?.standardError[x] ?? 0);
    points.push({ x, y, low: y - margin, high: y + margin, mark: 'point', series: 'simulation' });
  }
  return figureCurves(points, { title: 'Second moment', x: 'layer', y: 'second moment' });
}

export const figures = {
  profile: {
    description: 'Second moment of the spec, layer by layer: theory and simulation.',
    usesSpec: true,
    simulates: true,
    build: profile,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedKernelSpec, ResolvedKernelRun>>>;
