// Heat maps of accuracy over hyperparameter × depth with level curves of the predictors.
import { figureHeatMap, type HeatLine } from '../../figures/heat-map.js';
import { linearGrid } from '../../numeric/grids.js';
import type { NamedFigure, ReproductionOptions } from '../types.js';
import {
  failedAccuracy,
  type MeasuredPath,
  type Predictor,
  type Predictors,
  predictorNames,
  predictorsAlong,
} from './level-sets.js';

const finePoints = 61;

/** Where the predictor passes the level, going deeper; nothing where it does not. */
function crossing(values: readonly number[], level: number): number | undefined {
  const i = values.findIndex((value, at) => at > 0 && (value - level) * ((values[at - 1] as number) - level) <= 0);
  if (i < 1) return undefined;
  const [low, high] = [values[i - 1] as number, values[i] as number];
  return i + (high === low ? 0 : (level - low) / (high - low));
}

async function levelCurves(
  path: MeasuredPath,
  levels: Readonly<Partial<Record<Predictor, readonly number[]>>>,
  options: ReproductionOptions,
): Promise<HeatLine[]> {
  const values = path.cells.map(({ value }) => value);
  const [low, high, depth] = [
    Math.min(...values),
    Math.max(...values),
    Math.max(...path.cells.map((cell) => cell.depth)) * 2,
  ];
  const fine = linearGrid(low, high, finePoints);
  const along: (readonly Predictors[])[] = [];
  for (const value of fine) along.push(await predictorsAlong(path, value, depth, options));
  return (Object.entries(levels) as [Predictor, readonly number[]][]).flatMap(([predictor, wanted]) =>
    wanted.map((level) => ({
      series: `${predictorNames[predictor]} = ${level}`,
      panel: path.name,
      points: fine.flatMap((x, i) => {
        const y = crossing(
          (along[i] as (typeof along)[number]).map((predictors) => predictors[predictor]),
          level,
        );
        return y === undefined ? [] : [{ x, y }];
      }),
    })),
  );
}

export async function levelSetFigure(
  name: string,
  title: string,
  paths: readonly MeasuredPath[],
  levels: Readonly<Partial<Record<Predictor, readonly number[]>>>,
  options: ReproductionOptions,
): Promise<NamedFigure> {
  const lines: HeatLine[] = [];
  for (const path of paths) lines.push(...(await levelCurves(path, levels, options)));
  const cells = paths.flatMap((path) =>
    path.cells.map(({ value, depth, accuracy }) => ({
      x: value,
      y: depth,
      value: accuracy < failedAccuracy ? Number.NaN : accuracy,
      panel: path.name,
    })),
  );
  const figure = figureHeatMap(cells, {
    title: `${title} (white: does not train)`,
    x: paths[0]?.hyperparameter ?? '',
    y: 'depth L',
    yScale: 'log',
    value: 'accuracy',
    lines,
    lineColors: ['#ff2d55', '#ff8fa3', '#111111', '#9fd3ff'],
    columns: 3,
    width: 250,
    height: 220,
  });
  return { name, figure };
}
