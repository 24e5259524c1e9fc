// Heat maps over two parameters, with theory curves drawn over them.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { expectedError } from '../core/errors.js';
import { booleanField, choiceField } from '../core/fields.js';
import type { VegaLiteFigure } from '../core/system.js';
import { givenLines, givenPoints, pairField, sizeFields, textField } from './given.js';
import { figure, palette, titled } from './vega-lite.js';

export interface HeatCell {
  readonly x: number;
  readonly y: number;
  readonly value: number;
  /** Small multiple the cell belongs to. */
  readonly panel?: string;
}

export interface HeatLine {
  readonly series: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly panel?: string;
}

/** A measured point over the cells, with the ends of its interval. */
export interface HeatMark {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  readonly panel?: string;
}

export interface HeatMapOptions {
  readonly title?: string;
  readonly x: string;
  readonly y: string;
  readonly value: string;
  /** Curves drawn over the cells. */
  readonly lines?: readonly HeatLine[];
  readonly scheme?: string;
  /** Measured points with bars, and their name in the legend. */
  readonly marks?: { readonly name: string; readonly points: readonly HeatMark[] };
  /** Where the x axis has its ticks. */
  readonly xTicks?: readonly number[];
  /** Default 'linear'. */
  readonly yScale?: 'linear' | 'log';
  /** Of the colours; on 'log', cells that are not positive stay white. Default 'linear'. */
  readonly valueScale?: 'linear' | 'log';
  /** Panels beside each other. Default 3. */
  readonly columns?: number;
  /** Colours of the lines, first line first. */
  readonly lineColors?: readonly string[];
  /** Whether the points of a line are joined in the order in which they are given (a path), not from left to right. */
  readonly isPath?: boolean;
  /** Turns the colour scheme round. */
  readonly isReversed?: boolean;
  /** Range of the colours; default: of the values. */
  readonly domain?: readonly [number, number];
  readonly width?: number;
  readonly height?: number;
}

/**
 * A heat map of value over (x, y) with optional theory curves and measured points, small multiples by `panel`. Cells without a
 * finite value stay white.
 *
 * @param cells one per grid point; a cell reaches halfway to its neighbours (in log y when `yScale` is 'log')
 * @param options title, names of the axes and of the value, curves and points to lay over it
 * @returns a Vega-Lite specification (plain JSON)
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE for cells and options of another form
 *
 * **Numerics**: numbers are written as they are given.
 * **Source**: ours.
 *
 * @example
 * figureHeatMap([{ x: 1, y: 1, value: 0 }, { x: 2, y: 1, value: 1 }], { x: 'σ_w²', y: 'L', value: 'accuracy' });
 */
export function figureHeatMap(cells: readonly HeatCell[], options: HeatMapOptions): VegaLiteFigure {
  const { lines, marks, ...rest } = parse(heatMapOptions, options, 'options') as HeatMapOptions;
  if (marks !== undefined && (typeof marks !== 'object' || marks === null))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'marks', 'an object with `name` and `points`', marks);
  return heatMap(givenPoints(cells, 'cells', ['x', 'y', 'value']), {
    ...rest,
    ...(lines === undefined ? {} : { lines: givenLines(lines) }),
    ...(marks === undefined
      ? {}
      : { marks: { ...marks, points: givenPoints(marks.points, 'marks.points', ['x', 'y', 'low', 'high']) } }),
  });
}

function heatMap(cells: readonly HeatCell[], options: HeatMapOptions): VegaLiteFigure {
  const panels = [...new Set(cells.map((cell) => cell.panel ?? ''))];
  const series = [...new Set((options.lines ?? []).map((line) => line.series))];
  const body = (panel: string): Readonly<Record<string, unknown>> => {
    const own = <T extends { readonly panel?: string }>(items: readonly T[]): readonly T[] =>
      items.filter((item) => (item.panel ?? '') === panel);
    return panelBody(own(cells), own(options.lines ?? []), own(options.marks?.points ?? []), series, options);
  };
  if (panels.length <= 1)
    return figure({ ...titled(options.title, (options.width ?? 360) + 60), ...body(panels[0] ?? '') });
  return figure({
    ...titled(options.title),
    columns: options.columns ?? 3,
    concat: panels.map((panel) => ({ title: panel, ...body(panel) })),
  });
}

const texts = (description: string) =>
  z.array(z.string()).optional().meta({ expected: 'a list of texts', description });

const heatMapOptions = z.strictObject({
  ...sizeFields,
  x: textField('Name of the x axis.'),
  y: textField('Name of the y axis.'),
  value: textField('Name of the value.'),
  lines: z.unknown().optional(),
  marks: z.unknown().optional(),
  scheme: textField('Color scheme.').optional(),
  xTicks: z.array(z.number()).optional().meta({ expected: 'a list of numbers', description: 'Ticks of the x axis.' }),
  yScale: choiceField(['linear', 'log'], 'Scale of y.').optional(),
  valueScale: choiceField(['linear', 'log'], 'Scale of the colors.').optional(),
  lineColors: texts('Colors of the lines.'),
  isPath: booleanField('Whether points of a line are joined in the order given.').optional(),
  isReversed: booleanField('Turns the color scheme round.').optional(),
  domain: pairField('Range of the colors.'),
});

const lineColors = ['#ffffff', '#D55E00', '#E69F00', '#CC79A7', ...palette];

function panelBody(
  cells: readonly HeatCell[],
  given: readonly HeatLine[],
  marks: readonly HeatMark[],
  series: readonly string[],
  options: HeatMapOptions,
): Readonly<Record<string, unknown>> {
  const isLog = options.yScale === 'log';
  const [up, down] = isLog ? [Math.exp, Math.log] : [same, same];
  const edgesX = edges(cells.map((cell) => cell.x));
  const edgesY = edges(cells.map((cell) => down(cell.y)));
  const values = cells
    .filter(({ value }) => Number.isFinite(value) && (options.valueScale !== 'log' || value > 0))
    .map((cell) => ({
      x0: edgesX.low(cell.x),
      x1: edgesX.high(cell.x),
      y0: up(edgesY.low(down(cell.y))),
      y1: up(edgesY.high(down(cell.y))),
      value: cell.value,
    }));
  const [lowX, highX] = edgesX.domain;
  const [lowY, highY] = [up(edgesY.domain[0]), up(edgesY.domain[1])];
  const lines = given.flatMap((line) =>
    line.points
      .filter(({ x, y }) => x >= lowX && x <= highX && Number.isFinite(y))
      .map((point, at) => ({ ...point, series: line.series, ...(options.isPath ? { at } : {}) })),
  );
  const x = {
    type: 'quantitative',
    title: options.x,
    scale: { domain: [lowX, highX], nice: false },
    ...(options.xTicks === undefined ? {} : { axis: { values: options.xTicks, format: '~g' } }),
  };
  const y = {
    type: 'quantitative',
    title: options.y,
    scale: { ...(isLog ? { type: 'log' } : {}), domain: [lowY, highY], nice: false },
    ...(isLog ? { axis: { values: [...new Set(cells.map((cell) => cell.y))], format: '.3~g' } } : {}),
  };
  const color = {
    field: 'value',
    type: 'quantitative',
    title: options.value,
    scale: {
      ...(options.valueScale === 'log' ? { type: 'log' } : {}),
      scheme: options.scheme ?? 'viridis',
      ...(options.isReversed === true ? { reverse: true } : {}),
      ...(options.domain === undefined ? {} : { domain: options.domain, clamp: true }),
    },
  };
  const layers: Record<string, unknown>[] = [
    {
      data: { values },
      mark: { type: 'rect', clip: true, strokeWidth: 0 },
      encoding: { x: { ...x, field: 'x0' }, x2: { field: 'x1' }, y: { ...y, field: 'y0' }, y2: { field: 'y1' }, color },
    },
  ];
  const names = marks.length > 0 ? [...series, options.marks?.name as string] : series;
  const colors = options.lineColors ?? lineColors;
  const range = marks.length > 0 ? [...colors.slice(0, series.length), '#000000'] : colors;
  const stroke = {
    field: 'series',
    type: 'nominal',
    title: null,
    scale: { ...(marks.length > 0 ? { domain: names } : {}), range },
    sort: null,
    legend: { labelLimit: 400, symbolStrokeWidth: 3 },
  };
  if (lines.length > 0)
    layers.push({
      data: { values: lines },
      mark: { type: 'line', clip: true, strokeWidth: 2 },
      encoding: {
        x: { ...x, field: 'x' },
        y: { ...y, field: 'y' },
        order: { field: options.isPath ? 'at' : 'x' },
        stroke,
      },
    });
  if (marks.length > 0) {
    const data = { values: marks.map(({ panel: _, ...mark }) => ({ ...mark, series: options.marks?.name })) };
    layers.push({
      data,
      mark: { type: 'rule', clip: true, strokeWidth: 2 },
      encoding: { x: { ...x, field: 'x' }, y: { ...y, field: 'low' }, y2: { field: 'high' }, stroke },
    });
    layers.push({
      data,
      mark: { type: 'point', filled: true, fill: 'white', size: 30, clip: true, strokeWidth: 2, opacity: 1 },
      encoding: { x: { ...x, field: 'x' }, y: { ...y, field: 'y' }, stroke },
    });
  }
  return { width: options.width ?? 360, height: options.height ?? 280, layer: layers };
}

function same(value: number): number {
  return value;
}

/** Cells reach this much over half the way to their neighbours: otherwise the renderer leaves hairlines of background between them. */
const overlap = 1.06;

/** The sides of cells: halfway to the neighbours; at the ends as far as on the other side. */
function edges(coordinates: readonly number[]): {
  readonly low: (at: number) => number;
  readonly high: (at: number) => number;
  readonly domain: readonly [number, number];
} {
  const distinct = [...new Set(coordinates)].sort((a, b) => a - b);
  const half = (index: number): number => ((distinct[index + 1] as number) - (distinct[index] as number)) / 2;
  const last = distinct.length - 1;
  const below = (at: number): number => (last === 0 ? 0.5 : half(Math.max(0, distinct.indexOf(at) - 1)));
  const above = (at: number): number => (last === 0 ? 0.5 : half(Math.min(last - 1, distinct.indexOf(at))));
  const [first, final] = [distinct[0] as number, distinct[last] as number];
  return {
    low: (at) => at - overlap * below(at),
    high: (at) => at + overlap * above(at),
    domain: [first - below(first), final + above(final)],
  };
}
