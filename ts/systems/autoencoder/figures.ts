// The figures of system `autoencoder`.
import type { Estimated, Predicted } from '../../core/results.js';
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { modesOf, predict } from './predict.js';
import { simulate } from './simulate.js';
import type { ResolvedAutoencoderRun, ResolvedAutoencoderSpec } from './spec.js';

/** At most so many directions are drawn: the first, and then ever fewer. */
const drawn = [0, 1, 2, 3, 5, 7, 11, 15, 23, 31];

/** Lines of theory, with the band over single starts where it is given, and points of the simulation. */
function pointsOf(
  theory: Predicted | undefined,
  measured: Estimated | undefined,
  names: ReadonlyMap<number, string>,
  band: { readonly low?: Predicted | undefined; readonly high?: Predicted | undefined } = {},
): CurvePoint[] {
  const [steps, inner] = theory?.axes ?? [];
  const width = inner?.values.length ?? 1;
  const points: CurvePoint[] = [];
  for (const [mode, series] of names) {
    for (const [i, x] of (steps?.values ?? []).entries()) {
      const at = i * width + mode;
      const [low, high] = [band.low?.values[at], band.high?.values[at]];
      const ends = low === undefined || high === undefined ? {} : { low, high };
      points.push({ x, y: theory?.values[at] as number, series, ...ends });
      if (measured === undefined) continue;
      const margin = 2 * (measured.standardError[at] as number);
      const y = measured.values[at] as number;
      points.push({
        x,
        y,
        series,
        mark: 'point',
        ...(Number.isFinite(margin) ? { low: y - margin, high: y + margin } : {}),
      });
    }
  }
  return points;
}

/** Theory takes no time beside the runs: its progress is not that of the figure. */
const quiet = ({ onProgress: _progress, ...options }: SystemOptions): SystemOptions => options;

async function learning(
  spec: ResolvedAutoencoderSpec,
  run: ResolvedAutoencoderRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = await predict(spec, quiet(options));
  const measured = await simulate(spec, run, options);
  const modes = modesOf(spec);
  const names = new Map(
    drawn.filter((i) => i < modes.length).map((i) => [i, `ν = ${(modes[i]?.inputVariance ?? 0).toPrecision(3)}`]),
  );
  const { modeMapping, modeMappingLow: low, modeMappingHigh: high } = theory.observables;
  return figureCurves(pointsOf(modeMapping, measured.observables.modeMapping, names, { low, high }), {
    title: 'What is learnt when',
    x: 'step',
    y: 'mapping',
    legend: 'direction',
  });
}

async function loss(
  spec: ResolvedAutoencoderSpec,
  run: ResolvedAutoencoderRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const theory = await predict(spec, quiet(options));
  const measured = await simulate(spec, run, options);
  const names = new Map([[0, 'loss']]);
  return figureCurves(pointsOf(theory.observables.loss, measured.observables.loss, names), {
    title: 'Training loss',
    x: 'step',
    y: 'loss',
  });
}

export const figures = {
  learning: {
    description:
      'Mapping of each direction by step: theory (lines, with the band of nine in ten starts) and simulation (points).',
    usesSpec: true,
    simulates: true,
    build: learning,
  },
  loss: {
    description: 'Training loss by step: theory and simulation.',
    usesSpec: true,
    simulates: true,
    build: loss,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedAutoencoderSpec, ResolvedAutoencoderRun>>>;
