// Heat maps of training accuracy with the theory's curves and the measured boundary over them; fitted multiples.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figureHeatMap, type HeatLine, type HeatMark } from '../../figures/heat-map.js';
import {
  accuracyThresholds,
  fitFormulas,
  formulaLengths,
  type LengthColumn,
  type LengthFormula,
  lengthFormulas,
} from '../../systems/feedforward/experiments/trainable-length.js';
import { linearGrid, linearWithPeaks } from '../../numeric/grids.js';
import { quantity } from '../../systems/feedforward/experiments/network.js';
import { type MeasuredMap, mapBoundaries, network } from './trainability.js';
import type { NamedFigure } from '../types.js';

/** Threshold of the boundary that the heat maps show. */
const shownThreshold = 0.5;
const axes = {
  y: 'depth L',
  yScale: 'log',
  value: 'training accuracy',
  domain: [0, 1],
  width: 250,
  height: 220,
  lineColors: ['#ff2d55', '#ff9500', '#ffb3d9'],
} as const;
const boundaryName = `boundary: accuracy ${shownThreshold} of the best (95 %)`;

/** A curve over a heat map: its name, and the depth it has in a column. */
export interface TheoryCurve {
  readonly name: string;
  readonly depth: (column: LengthColumn) => number;
}

export function formulaCurves(formulas: readonly LengthFormula[]): readonly TheoryCurve[] {
  return formulas.map((formula) => ({
    name: lengthFormulas[formula].label,
    depth: (column) => formulaLengths(column)[formula],
  }));
}

/** Depth × σ_w², one panel per map. */
export async function accuracyMaps(
  name: string,
  title: string,
  maps: readonly MeasuredMap[],
  curves: readonly TheoryCurve[],
  columns = 2,
): Promise<NamedFigure[]> {
  if (maps.length === 0) return [];
  const lines: HeatLine[] = [];
  for (const map of maps) {
    const [low, high] = [Math.min(...map.weightVariances), Math.max(...map.weightVariances)];
    const critical = await quantity('criticalWeightVariance', { ...network, keepProbability: map.keepProbability });
    const fine = linearWithPeaks(low - 0.5, high + 0.5, 101, [critical]).map((weightVariance) => ({
      ...network,
      weightVariance,
      keepProbability: map.keepProbability,
    }));
    lines.push(
      ...curves.map((curve) => ({
        series: curve.name,
        panel: map.name,
        points: fine.map((column) => ({ x: column.weightVariance, y: curve.depth(column) })),
      })),
    );
  }
  const figure = figureHeatMap(
    cellsOf(maps, ({ weightVariance }) => weightVariance),
    {
      title: maps.length === 1 ? `${title}: ${maps[0]?.name}` : title,
      x: 'σ_w²',
      ...axes,
      ...(maps.length === 1 ? { width: 420, height: 300 } : {}),
      lines,
      columns,
      marks: { name: boundaryName, points: marksOf(maps, ({ weightVariance }) => weightVariance) },
    },
  );
  return [{ name, figure }];
}

/** Depth × keep probability at one σ_w², one panel per data set. */
export function keepMap(
  name: string,
  title: string,
  groups: readonly (readonly MeasuredMap[])[],
  weightVariance: number,
  curves: readonly TheoryCurve[],
): NamedFigure[] {
  const at = ({ keepProbability }: LengthColumn): number => Math.sqrt(1 - keepProbability);
  const narrowed = groups.flatMap((maps) =>
    maps.flatMap((map) => {
      const index = map.weightVariances.indexOf(weightVariance);
      return index < 0
        ? []
        : [
            {
              ...map,
              name: map.name.split(',')[0] as string,
              columns: [map.columns[index] as LengthColumn],
              cells: map.cells.filter((cell) => cell.column === index).map((cell) => ({ ...cell, column: 0 })),
              best: bestOf(map),
            },
          ];
    }),
  );
  if (narrowed.length === 0) return [];
  const lines = [...new Set(narrowed.map((map) => map.name))].flatMap((panel): HeatLine[] =>
    curves.map((curve) => ({
      series: curve.name,
      panel,
      points: linearGrid(0, 0.5, 81).map((x) => ({
        x,
        y: curve.depth({ ...network, weightVariance, keepProbability: 1 - x * x }),
      })),
    })),
  );
  const points = groups.flatMap((maps) =>
    marksOf(maps, at, weightVariance).map((mark) => ({ ...mark, panel: (mark.panel ?? '').split(',')[0] as string })),
  );
  const xTicks = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
  const x = '√(1 − ρ)   (0, 0.1, 0.22, 0.32, 0.45: ρ = 1, 0.99, 0.95, 0.9, 0.8)';
  return [
    {
      name,
      figure: figureHeatMap(cellsOf(narrowed, at), {
        title,
        x,
        xTicks,
        ...axes,
        width: 340,
        lines,
        columns: 2,
        marks: { name: boundaryName, points },
      }),
    },
  ];
}

/** Fitted multiples against √(1 − ρ), one panel per data set and threshold. */
export function multiplesFigure(maps: readonly MeasuredMap[]): NamedFigure {
  const series = { twelveCorrelation: 'of ξ_c', twelveGradient: 'of ξ_1', twelveMinimum: 'of min(ξ_1, ξ_c)' } as const;
  const shown = Object.keys(series) as (keyof typeof series)[];
  const points = maps.flatMap((map) =>
    accuracyThresholds.flatMap((threshold) =>
      fitFormulas(
        map.columns,
        mapBoundaries(map, threshold).map(({ boundary }) => boundary),
      ).flatMap((fit): CurvePoint[] => {
        const place = (shown as readonly string[]).indexOf(fit.formula);
        if (place < 0 || fit.columns < 3) return [];
        const [x, panel] = [
          Math.sqrt(1 - map.keepProbability) + 0.008 * (place - 1),
          `${map.name.split(',')[0]}, accuracy ${threshold} of the best`,
        ];
        return [
          {
            x,
            y: fit.multiple,
            low: fit.low,
            high: fit.high,
            mark: 'point',
            series: series[shown[place] as keyof typeof series],
            panel,
          },
        ];
      }),
    ),
  );
  const panels = [...new Set(points.map((point) => point.panel as string))];
  const papers = panels.flatMap((panel) =>
    [6, 12].flatMap((y) =>
      [-0.03, 0.48].map((x): CurvePoint => ({ x, y, mark: 'dashed', series: `${y}: the papers`, panel })),
    ),
  );
  return {
    name: 'multiples',
    figure: figureCurves([...points, ...papers], {
      title: 'Depth of the boundary as a multiple of the depth scales (95 % intervals over σ_w²)',
      x: '√(1 − ρ)',
      y: 'multiple',
      yScale: 'log',
      yDomain: [0.3, 40],
      columns: 3,
      width: 240,
      height: 200,
    }),
  };
}

function bestOf(map: MeasuredMap): number {
  return Math.max(...map.cells.flatMap((cell) => cell.accuracies));
}

function cellsOf(
  maps: readonly MeasuredMap[],
  x: (column: LengthColumn) => number,
): { x: number; y: number; value: number; panel: string }[] {
  return maps.flatMap((map) =>
    map.cells.map((cell) => ({
      x: x(map.columns[cell.column] as LengthColumn),
      y: cell.depth,
      value: cell.accuracies.reduce((sum, value) => sum + value, 0) / cell.accuracies.length,
      panel: map.name,
    })),
  );
}

function marksOf(
  maps: readonly MeasuredMap[],
  x: (column: LengthColumn) => number,
  weightVariance?: number,
): HeatMark[] {
  return maps.flatMap((map) =>
    mapBoundaries(map, shownThreshold).flatMap(({ column, boundary }) =>
      'censored' in boundary || (weightVariance !== undefined && column.weightVariance !== weightVariance)
        ? []
        : [{ x: x(column), y: boundary.depth, low: boundary.low, high: boundary.high, panel: map.name }],
    ),
  );
}
