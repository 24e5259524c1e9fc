// The figures of a sweep's report, chosen from its axes: quantities against the axes, profiles of the observables.
import type { Axis, Estimated, Observable } from '../core/results.js';
import type { VegaLiteFigure } from '../core/system.js';
import { type CurvePoint, figureCurves } from '../figures/curves.js';
import { figureHeatMap, type HeatCell } from '../figures/heat-map.js';
import { profileRows } from '../figures/profile.js';
import type { ComparedObservable } from '../statistics/compare.js';
import type { SweepRow } from './rows.js';
import { spread } from './spread.js';

const mostFigures = 24;
const mostSeries = 8;
const mostPanels = 9;

/** An observable as a figure shows it: what theory says, what was measured, or both. */
interface Shown {
  readonly theory?: Observable;
  readonly simulation?: Observable;
}

/** One job as a figure sees it. */
interface Point {
  readonly at: Readonly<Record<string, unknown>>;
  readonly quantities: Readonly<Record<string, unknown>>;
  readonly observables: Readonly<Record<string, Shown>>;
}

/** The value of an axis in a row: a field of the spec, or of the run with the prefix `run.`. */
function axisValue(row: SweepRow, name: string): unknown {
  return name.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], {
    ...row.spec,
    run: row.run,
  });
}

/** What of a row the figures need; the rest of it may be forgotten. */
export function figurePoint(row: SweepRow, axisNames: readonly string[]): Point | undefined {
  if (row.status !== 'done') return undefined;
  const {
    kind,
    quantities = {},
    observables = {},
    largestZ,
  } = row.result as {
    kind?: string;
    quantities?: Record<string, unknown>;
    observables?: Record<string, unknown>;
    largestZ?: number;
  };
  return {
    at: Object.fromEntries(axisNames.map((name) => [name, axisValue(row, name)])),
    quantities: largestZ === undefined ? quantities : { ...quantities, largestZ },
    observables: Object.fromEntries(
      Object.entries(observables).flatMap(([name, observable]) =>
        shownAs(kind, observable).map((shown) => [name, shown]),
      ),
    ),
  };
}

function shownAs(kind: string | undefined, observable: unknown): Shown[] {
  if (kind === 'prediction') return [{ theory: observable as Observable }];
  if (kind === 'simulation') return [{ simulation: observable as Estimated }];
  return kind === 'comparison' ? [bothSides(observable as ComparedObservable)] : [];
}

/** Both sides of a comparison, on the whole axes again; points that were not compared are NaN and not drawn. */
function bothSides({ axes, scale, index, expected, estimate, standardError }: ComparedObservable): Shown {
  const size = axes.reduce((product: number, axis: Axis) => product * axis.values.length, 1);
  const whole = (part: Float64Array): Float64Array => {
    const values = new Float64Array(size).fill(Number.NaN);
    index.forEach((at, i) => {
      values[at] = part[i] as number;
    });
    return values;
  };
  return {
    theory: { axes, scale, values: whole(expected) },
    simulation: { axes, scale, values: whole(estimate), standardError: whole(standardError) } as Observable,
  };
}

/** Figures of the points: Vega-Lite JSON. */
export function reportFigures(points: readonly Point[], axisNames: readonly string[]): VegaLiteFigure[] {
  const varying = axisNames.filter((name) => new Set(points.map((point) => JSON.stringify(point.at[name]))).size > 1);
  const numeric = varying.filter((name) => points.every((point) => typeof point.at[name] === 'number'));
  return [...quantityFigures(points, varying, numeric), ...profileFigures(points, varying)].slice(0, mostFigures);
}

function quantityFigures(
  points: readonly Point[],
  varying: readonly string[],
  numeric: readonly string[],
): VegaLiteFigure[] {
  const names = [
    ...new Set(
      points.flatMap((point) =>
        Object.keys(point.quantities).filter((name) => typeof point.quantities[name] === 'number'),
      ),
    ),
  ];
  const distinct = (axis: string): number => new Set(points.map((point) => point.at[axis])).size;
  const [first, second] = [...numeric].sort((one, other) => distinct(other) - distinct(one));
  if (first === undefined) return [];
  const isMap = second !== undefined && distinct(second) > mostSeries;
  return names.map((name) =>
    isMap ? mapOf(name, points, first, second, varying) : curvesOf(name, points, first, varying),
  );
}

/** Curves over one axis; the others are series, and all but one of them panels where that would be too many. */
function curvesOf(name: string, points: readonly Point[], x: string, varying: readonly string[]): VegaLiteFigure {
  const others = varying.filter((axis) => axis !== x);
  const isCrowded = new Set(points.map((point) => label(point, others))).size > mostSeries;
  const series = isCrowded ? others.slice(0, 1) : others;
  const { panelOf, panels, title } = panelled(name, points, isCrowded ? others.slice(1) : []);
  const curve = points.map((point) => ({
    x: point.at[x] as number,
    y: numberAt(point, name),
    series: label(point, series),
    panel: panelOf(point),
  }));
  return figureCurves(
    curve.filter(({ panel }) => panels.has(panel)),
    {
      title,
      x,
      y: name,
      xScale: spacing(points, x),
      yScale: scaleOf(curve.map((point) => point.y)),
      legend: series.join(', '),
    },
  );
}

/** The panels that the values of some axes make, at most so many, which the title then says. */
function panelled(
  name: string,
  points: readonly Point[],
  axes: readonly string[],
): { readonly panelOf: (point: Point) => string; readonly panels: ReadonlySet<string>; readonly title: string } {
  const panelOf = (point: Point): string => axes.map((axis) => `${axis} ${text(point.at[axis])}`).join(', ');
  const all = [...new Set(points.map(panelOf))];
  const panels = new Set(spread(all, mostPanels));
  return {
    panelOf,
    panels,
    title: all.length > panels.size ? `${name} (${panels.size} of ${all.length} panels)` : name,
  };
}

/** A heat map over two axes, a panel for every point of the others. The axis that spans orders of magnitude is the upright one. */
function mapOf(
  name: string,
  points: readonly Point[],
  first: string,
  second: string,
  varying: readonly string[],
): VegaLiteFigure {
  const [x, y] =
    spacing(points, first) === 'log' && spacing(points, second) !== 'log' ? [second, first] : [first, second];
  const { panelOf, panels, title } = panelled(
    name,
    points,
    varying.filter((axis) => axis !== x && axis !== y),
  );
  const cells: HeatCell[] = points.map((point) => ({
    x: point.at[x] as number,
    y: point.at[y] as number,
    value: numberAt(point, name),
    panel: panelOf(point),
  }));
  return figureHeatMap(
    cells.filter(({ panel = '' }) => panels.has(panel)),
    { title, x, y, value: name, yScale: spacing(points, y), valueScale: scaleOf(cells.map((cell) => cell.value)) },
  );
}

function profileFigures(points: readonly Point[], varying: readonly string[]): VegaLiteFigure[] {
  const shown = spread(points, mostSeries);
  const names = [...new Set(shown.flatMap((point) => Object.keys(point.observables)))];
  return names.map((name) => {
    const sides = shown.flatMap(
      (point) => Object.entries(point.observables[name] ?? {}) as [keyof Shown, Observable][],
    );
    const isLog = sides.some(([, observable]) => observable.scale === 'log');
    const curve = shown.flatMap((point): CurvePoint[] => {
      const both = point.observables[name] ?? {};
      return (Object.entries(both) as [keyof Shown, Observable][]).flatMap(([side, observable]) =>
        profileRows(name, observable, side).map(({ x, y, low, high, series }) => ({
          x,
          y,
          series: label(point, varying),
          panel: series,
          mark: side === 'simulation' && both.theory !== undefined ? 'point' : 'line',
          ...(low === undefined || high === undefined ? {} : { low, high }),
        })),
      );
    });
    const title = points.length > shown.length ? `${name} (${shown.length} of ${points.length} jobs)` : name;
    return figureCurves(curve, {
      title,
      x: sides[0]?.[1].axes[0]?.name ?? 'layer',
      y: isLog ? `log ${name}` : name,
      legend: varying.join(', '),
    });
  });
}

function numberAt(point: Point, name: string): number {
  const value = point.quantities[name];
  return typeof value === 'number' ? value : Number.NaN;
}

const wideRatio = 50;

/** A logarithmic axis for an axis of the plan that spans orders of magnitude. */
function spacing(points: readonly Point[], axis: string): 'linear' | 'log' {
  return scaleOf(points.map((point) => point.at[axis] as number));
}

function scaleOf(numbers: readonly number[]): 'linear' | 'log' {
  const values = numbers.filter(Number.isFinite);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), 0)];
  return low > 0 && high / low > wideRatio ? 'log' : 'linear';
}

function label(point: Point, axes: readonly string[]): string {
  return axes.map((name) => text(point.at[name])).join(', ');
}

function text(value: unknown): string {
  return typeof value === 'number'
    ? String(Number(value.toPrecision(4)))
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}
