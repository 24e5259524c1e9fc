// The figures of system `kernel`.
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { linearGrid } from '../../numeric/grids.js';
import { crossKernels } from './kernels.js';
import { predict } from './predict.js';
import { simulate } from './simulate.js';
import { modelOf, type ResolvedKernelRun, type ResolvedKernelSpec } from './spec.js';

/** Cosine of the first two inputs, layer by layer: theory, and networks with the law of the spec. */
async function profile(
  spec: ResolvedKernelSpec,
  run: ResolvedKernelRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predict(spec, options)).observables.normalizedKernel;
  const measured = (await simulate(spec, { ...run, hasTangent: false }, options)).observables.normalizedKernel;
  const pairs = theory?.axes[1]?.values.length ?? 0;
  const points: CurvePoint[] = [];
  for (let l = 0; l <= spec.depth; l++) {
    const at = l * pairs;
    if (theory !== undefined) points.push({ x: l + 1, y: theory.values[at] as number, series: 'theory' });
    if (measured === undefined) continue;
    const [y, margin] = [measured.values[at] as number, 2 * (measured.standardError[at] as number)];
    points.push({ x: l + 1, y, low: y - margin, high: y + margin, mark: 'point', series: 'simulation' });
  }
  return figureCurves(points, { title: 'Normalised kernel', x: 'layer', y: 'cosine of the first two inputs' });
}

const angles = 61;
const largestCurves = 8;

/** cos θ behind 1, 2, 4, … layers against the angle of the inputs. */
async function curves(
  spec: ResolvedKernelSpec,
  _run: ResolvedKernelRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const grid = linearGrid(0, Math.PI, angles);
  const [variances, points]: [number, CurvePoint[]] = [Math.SQRT2, []];
  const values = new Float64Array(2 * (angles + 1));
  values[0] = variances;
  grid.forEach((angle, i) => values.set([variances * Math.cos(angle), variances * Math.sin(angle)], 2 * (i + 1)));
  const data = { count: angles + 1, dimension: 2, values };
  const first = { count: 1, dimension: 2, values: values.subarray(0, 2) };
  await crossKernels(modelOf(spec, 2), first, data, {
    ...options,
    normalize: true,
    onLayer: (layer, { gap }) => {
      const depth = layer - 1;
      if (depth !== 0 && (depth & (depth - 1)) !== 0 && depth !== spec.depth) return;
      if (Math.log2(Math.max(1, depth)) > largestCurves && depth !== spec.depth) return;
      grid.forEach((angle, i) =>
        points.push({ x: angle, y: 1 - (gap[i + 1] as number), series: depth === 1 ? '1 layer' : `${depth} layers` }),
      );
    },
  });
  return figureCurves(points, { title: 'Normalised kernel over depth', x: 'angle between the inputs', y: 'cosine' });
}

export const figures = {
  profile: {
    description: 'Cosine of two inputs, layer by layer: theory and simulated networks with the law of the weights.',
    usesSpec: true,
    simulates: true,
    build: profile,
  },
  normalizedKernel: {
    description: 'Cosine behind 0, 1, 2, 4, … hidden layers against the angle of inputs of mean square 1.',
    usesSpec: true,
    simulates: false,
    build: curves,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedKernelSpec, ResolvedKernelRun>>>;
