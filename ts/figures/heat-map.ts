// Heat maps over two parameters, with theory curves drawn over them.
import type { VegaLiteFigure } from '../core/system.js';
import { figure, palette, titled } from './vega-lite.js';

export interface HeatCell {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

export interface HeatLine {
  readonly series: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface HeatMapOptions {
  readonly title?: string;
  readonly x: string;
  readonly y: string;
  readonly value: string;
  /** Curves drawn over the cells. */
  readonly lines?: readonly HeatLine[];
  readonly scheme?: string;
  /** Colours of the lines, first line first. */
  readonly lineColors?: readonly string[];
  /** Turns the colour scheme round. */
  readonly isReversed?: boolean;
  /** Range of the colours; default: of the values. */
  readonly domain?: readonly [number, number];
  readonly width?: number;
  readonly height?: number;
}

/**
 * A heat map of value over (x, y) with optional theory curves. Cells without a finite value stay white.
 *
 * @param cells one per grid point; the grid must be regular in x and y
 * @returns a Vega-Lite specification (plain JSON)
 *
 * @example
 * figureHeatMap([{ x: 1, y: 1, value: 0 }, { x: 2, y: 1, value: 1 }], { x: 'σ_w²', y: 'L', value: 'accuracy' });
 */
export function figureHeatMap(cells: readonly HeatCell[], options: HeatMapOptions): VegaLiteFigure {
  const [halfX, halfY] = [halfStep(cells.map((cell) => cell.x)), halfStep(cells.map((cell) => cell.y))];
  // Cells overlap by a little: otherwise the renderer leaves hairlines of background between them.
  const [edgeX, edgeY] = [1.06 * halfX, 1.06 * halfY];
  const values = cells
    .filter((cell) => Number.isFinite(cell.value))
    .map((cell) => ({ x0: cell.x - edgeX, x1: cell.x + edgeX, y0: cell.y - edgeY, y1: cell.y + edgeY, value: cell.value }));
  const [lowX, highX] = extent(cells.map((cell) => cell.x), halfX);
  const [lowY, highY] = extent(cells.map((cell) => cell.y), halfY);
  const lines = (options.lines ?? []).flatMap((line) => line.points.filter(({ x, y }) => x >= lowX && x <= highX && Number.isFinite(y)).map((point) => ({ ...point, series: line.series })));
  const x = { type: 'quantitative', title: options.x, scale: { domain: [lowX, highX], nice: false } };
  const y = { type: 'quantitative', title: options.y, scale: { domain: [lowY, highY], nice: false } };
  const color = { field: 'value', type: 'quantitative', title: options.value, scale: { scheme: options.scheme ?? 'viridis', ...(options.isReversed === true ? { reverse: true } : {}), ...(options.domain === undefined ? {} : { domain: options.domain, clamp: true }) } };
  const layers: Record<string, unknown>[] = [
    { data: { values }, mark: { type: 'rect', clip: true, strokeWidth: 0 }, encoding: { x: { ...x, field: 'x0' }, x2: { field: 'x1' }, y: { ...y, field: 'y0' }, y2: { field: 'y1' }, color } },
  ];
  if (lines.length > 0) {
    const stroke = { field: 'series', type: 'nominal', title: null, scale: { range: options.lineColors ?? ['#ffffff', '#D55E00', '#E69F00', '#CC79A7', ...palette] }, sort: null, legend: { labelLimit: 400, symbolStrokeWidth: 3 } };
    layers.push({ data: { values: lines }, mark: { type: 'line', clip: true, strokeWidth: 2 }, encoding: { x: { ...x, field: 'x' }, y: { ...y, field: 'y' }, order: { field: 'x' }, stroke } });
  }
  return figure({ ...titled(options.title, (options.width ?? 360) + 60), width: options.width ?? 360, height: options.height ?? 280, layer: layers });
}

function halfStep(coordinates: readonly number[]): number {
  const distinct = [...new Set(coordinates)].sort((a, b) => a - b);
  const steps = distinct.slice(1).map((value, i) => value - (distinct[i] as number));
  return steps.length === 0 ? 0.5 : Math.min(...steps) / 2;
}

function extent(coordinates: readonly number[], margin: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of coordinates) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low - margin, high + margin];
}
