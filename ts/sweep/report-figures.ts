// The figures of a sweep's report, chosen from its axes: quantities against the axes, profiles of the observables.
import type { VegaLiteFigure } from '../core/system.js';
import { type CurvePoint, figureCurves } from '../figures/curves.js';
import { figureHeatMap, type HeatCell } from '../figures/heat-map.js';
import { profileRows } from '../figures/profile.js';
import type { Observable } from '../core/results.js';
import type { SweepRow } from './rows.js';

const mostFigures = 24;
const mostSeries = 8;

/** One job as a figure sees it. */
interface Point {
  readonly at: Readonly<Record<string, unknown>>;
  readonly quantities: Readonly<Record<string, unknown>>;
  readonly observables: Readonly<Record<string, Observable>>;
  readonly isTheory: boolean;
}

/** The value of an axis in a row: a field of the spec, or of the run with the prefix `run.`. */
export function axisValue(row: SweepRow, name: string): unknown {
  return name.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], { ...row.spec, run: row.run });
}

/** What of a row the figures need; the rest of it may be forgotten. */
export function figurePoint(row: SweepRow, axisNames: readonly string[]): Point | undefined {
  if (row.status !== 'done') return undefined;
  const { quantities = {}, observables = {}, kind } = row.result as { quantities?: Record<string, unknown>; observables?: Record<string, Observable>; kind?: string };
  const drawn = kind === 'prediction' || kind === 'simulation' ? observables : {};
  return { at: Object.fromEntries(axisNames.map((name) => [name, axisValue(row, name)])), quantities, observables: drawn, isTheory: kind === 'prediction' };
}

/** Figures of the points: Vega-Lite JSON. */
export function reportFigures(points: readonly Point[], axisNames: readonly string[]): VegaLiteFigure[] {
  const varying = axisNames.filter((name) => new Set(points.map((point) => JSON.stringify(point.at[name]))).size > 1);
  const numeric = varying.filter((name) => points.every((point) => typeof point.at[name] === 'number'));
  return [...quantityFigures(points, varying, numeric), ...profileFigures(points, varying)].slice(0, mostFigures);
}

function quantityFigures(points: readonly Point[], varying: readonly string[], numeric: readonly string[]): VegaLiteFigure[] {
  const [first, second] = numeric;
  if (first === undefined) return [];
  const names = [...new Set(points.flatMap((point) => Object.keys(point.quantities).filter((name) => typeof point.quantities[name] === 'number')))];
  return names.map((name) => {
    const value = (point: Point): number => (typeof point.quantities[name] === 'number' ? point.quantities[name] : Number.NaN);
    if (second !== undefined && varying.length === 2) {
      const cells: HeatCell[] = points.map((point) => ({ x: point.at[first] as number, y: point.at[second] as number, value: value(point) }));
      return figureHeatMap(cells, { title: name, x: first, y: second, value: name });
    }
    const others = varying.filter((axis) => axis !== first);
    const curve: CurvePoint[] = points.map((point) => ({ x: point.at[first] as number, y: value(point), series: label(point, others) }));
    return figureCurves(curve, { title: name, x: first, y: name });
  });
}

function profileFigures(points: readonly Point[], varying: readonly string[]): VegaLiteFigure[] {
  const shown = points.length <= mostSeries ? points : Array.from({ length: mostSeries }, (_, i) => points[Math.round((i * (points.length - 1)) / (mostSeries - 1))] as Point);
  const names = [...new Set(shown.flatMap((point) => Object.keys(point.observables)))];
  return names.map((name) => {
    const isLog = shown.some((point) => point.observables[name]?.scale === 'log');
    const curve = shown.flatMap((point): CurvePoint[] => {
      const observable = point.observables[name];
      if (observable === undefined) return [];
      return profileRows(name, observable, point.isTheory ? 'theory' : 'simulation').map((row) => ({
        x: row.x,
        y: row.y,
        series: label(point, varying),
        panel: row.series,
        ...(row.low === undefined || row.high === undefined ? {} : { low: row.low, high: row.high }),
      }));
    });
    const axis = shown.find((point) => point.observables[name] !== undefined)?.observables[name]?.axes[0]?.name ?? 'layer';
    return figureCurves(curve, { title: name, x: axis, y: isLog ? `log ${name}` : name });
  });
}

function label(point: Point, axes: readonly string[]): string {
  return axes.map((name) => `${name} ${typeof point.at[name] === 'number' ? Number(point.at[name].toPrecision(4)) : JSON.stringify(point.at[name])}`).join(', ');
}
