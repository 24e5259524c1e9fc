// Curves of y against x by series, with optional uncertainty bands, reference lines and log axes.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { choiceField } from '../core/fields.js';
import type { VegaLiteFigure } from '../core/system.js';
import { givenPoints, pairField, sizeFields, textField } from './given.js';
import { figure, palette, titled } from './vega-lite.js';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly series?: string;
  /** Ends of the uncertainty band. */
  readonly low?: number;
  readonly high?: number;
  /** 'line' (theory), 'point' (measurement) or 'dashed' (a line to compare with). Default 'line'. */
  readonly mark?: 'line' | 'point' | 'dashed';
  /** Small multiple the point belongs to. */
  readonly panel?: string;
}

export interface CurveOptions {
  readonly title?: string;
  readonly x: string;
  readonly y: string;
  readonly xScale?: 'linear' | 'log';
  readonly yScale?: 'linear' | 'log';
  /** Range of y that is shown; the rest is clipped. Default: all. */
  readonly yDomain?: readonly [number, number];
  /** Heading of the legend: what the names of the series are values of. */
  readonly legend?: string;
  readonly width?: number;
  readonly height?: number;
  readonly columns?: number;
}

const curveOptions = z.strictObject({
  ...sizeFields,
  x: textField('Name of the x axis.'),
  y: textField('Name of the y axis.'),
  xScale: choiceField(['linear', 'log'], 'Scale of x.').optional(),
  yScale: choiceField(['linear', 'log'], 'Scale of y.').optional(),
  yDomain: pairField('Range of y that is shown.'),
  legend: textField('Heading of the legend.').optional(),
});

/** A logarithmic axis has no zero to leave out. */
function scaleType(type: 'linear' | 'log' = 'linear'): Readonly<Record<string, unknown>> {
  return type === 'log' ? { type } : { type, zero: false };
}

const mostTicks = 9;

/** Ticks of a logarithmic axis: powers of ten, thinned out when there are many; 1, 2, 5 when there are few. */
function powers(
  type: 'linear' | 'log' | undefined,
  numbers: readonly number[],
  domain?: readonly [number, number],
): Readonly<Record<string, unknown>> {
  if (type !== 'log' || numbers.length === 0) return {};
  const [lowest, highest] = domain ?? [
    numbers.reduce((a, b) => Math.min(a, b)),
    numbers.reduce((a, b) => Math.max(a, b)),
  ];
  const [low, high] = [Math.floor(Math.log10(lowest) + 1e-9), Math.ceil(Math.log10(highest) - 1e-9)];
  const step = Math.max(1, Math.ceil((high - low) / mostTicks));
  const decades = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
  const values = decades.flatMap((decade) => (high - low <= 2 ? [1, 2, 5] : [1]).map((digit) => digit * 10 ** decade));
  return { axis: { values, format: '~g' } };
}

/**
 * A figure of curves: lines for theory, points with bars for measurements, small multiples by `panel`.
 * Points that are not finite, or not positive on a log axis, are left out.
 *
 * @param points x, y, ends of the bar, the series, the mark and the panel
 * @param options title, names of the axes, log scales
 * @returns a Vega-Lite specification (plain JSON)
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE for points and options of another form
 *
 * **Numerics**: numbers are written as they are given.
 * **Source**: ours.
 *
 * @example
 * figureCurves([{ x: 1, y: 2 }, { x: 2, y: 3 }], { x: 'σ_w²', y: 'ξ_c' });
 */
export function figureCurves(points: readonly CurvePoint[], options: CurveOptions): VegaLiteFigure {
  return curves(
    givenPoints(points, 'points', ['x', 'y'], ['low', 'high']),
    parse(curveOptions, options, 'options') as CurveOptions,
  );
}

function curves(points: readonly CurvePoint[], options: CurveOptions): VegaLiteFigure {
  const isShown = ({ x, y }: CurvePoint): boolean =>
    Number.isFinite(x) &&
    Number.isFinite(y) &&
    (options.xScale !== 'log' || x > 0) &&
    (options.yScale !== 'log' || y > 0);
  const values = points.filter(isShown).map((point) => ({ series: '', mark: 'line' as const, panel: '', ...point }));
  const panels = [...new Set(values.map((value) => value.panel))];
  const series = [...new Set(values.map((value) => value.series))];
  // Series that are only dashed are lines to compare with: grey, and last in the legend.
  const isReference = (name: string): boolean =>
    values.every((value) => value.series !== name || value.mark === 'dashed');
  const [references, measured] = [series.filter(isReference), series.filter((name) => !isReference(name))];
  const greys = ['#777777', '#aaaaaa', '#444444'];
  // Series that have nothing to show here keep their colour, so that figures of the same series agree.
  const given = [...new Set(points.map((point) => point.series ?? ''))].filter((name) => !references.includes(name));
  const colors = {
    domain: [...measured, ...references],
    range: [
      ...measured.map((name) => palette[given.indexOf(name) % palette.length]),
      ...references.map((_, i) => greys[i % greys.length]),
    ],
  };
  // Curves that lie on each other stay visible when the lower ones are wider.
  const isCovered = haveCoinciding(values, options.yScale === 'log' ? Math.log : Number);
  const strokeOf = (name: string): number =>
    1.6 + (3 * (measured.length - 1 - measured.indexOf(name))) / Math.max(1, measured.length - 1);
  const strokeWidth = isCovered ? { expr: 'datum.stroke' } : 1.6;
  const drawn = isCovered ? values.map((value) => ({ ...value, stroke: strokeOf(value.series) })) : values;
  // Nothing lies outside unless a part of y is shown; a point on the edge is then shown whole.
  const clip = options.yDomain !== undefined;
  const body = (rows: readonly CurvePoint[]): Record<string, unknown> => {
    const x = {
      field: 'x',
      type: 'quantitative',
      title: options.x,
      scale: { ...scaleType(options.xScale), nice: false },
      ...powers(
        options.xScale,
        rows.map((row) => row.x),
      ),
    };
    const domain = options.yDomain === undefined ? {} : { domain: options.yDomain, nice: false };
    const y = {
      field: 'y',
      type: 'quantitative',
      title: options.y,
      scale: { ...scaleType(options.yScale), ...domain },
      ...powers(
        options.yScale,
        rows.map((row) => row.y),
        options.yDomain,
      ),
    };
    const color =
      series.length > 1
        ? {
            color: {
              field: 'series',
              type: 'nominal',
              title: options.legend || null,
              scale: colors,
              legend: {
                labelLimit: 300,
                titleLimit: 300,
                symbolType: 'stroke',
                symbolOpacity: 1,
                symbolStrokeWidth: 3,
              },
            },
          }
        : { color: { value: palette[0] } };
    const of = (mark: string): Record<string, unknown>[] => [{ filter: `datum.mark === '${mark}'` }];
    return {
      width: options.width ?? 320,
      height: options.height ?? 220,
      data: { values: rows },
      layer: [
        {
          transform: [...of('line'), { filter: 'isValid(datum.low)' }],
          mark: { type: 'area', opacity: 0.2, clip },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, ...color },
        },
        {
          transform: of('line'),
          mark: { type: 'line', strokeWidth, clip },
          encoding: { x, y, ...color, order: { field: 'x' } },
        },
        {
          transform: of('dashed'),
          mark: { type: 'line', strokeWidth: 1.2, strokeDash: [5, 4], clip },
          encoding: { x, y, ...color, order: { field: 'x' } },
        },
        {
          transform: [...of('point'), { filter: 'isValid(datum.low)' }],
          mark: { type: 'rule', opacity: 0.6, clip },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, ...color },
        },
        {
          transform: of('point'),
          mark: { type: 'point', size: 18, filled: true, clip },
          encoding: { x, y, ...color },
        },
      ],
    };
  };
  if (panels.length <= 1) return figure({ ...titled(options.title, (options.width ?? 320) + 80), ...body(drawn) });
  return figure({
    ...titled(options.title),
    columns: options.columns ?? 3,
    concat: panels.map((panel) => ({ title: panel, ...body(drawn.filter((value) => value.panel === panel)) })),
  });
}

/** Whether two lines of one panel cannot be told apart: equal at every x within half a per cent of the range of y. */
function haveCoinciding(
  points: readonly (CurvePoint & { readonly panel: string; readonly series: string })[],
  scale: (y: number) => number,
): boolean {
  const lines = new Map<string, Map<number, number>[]>();
  for (const panel of new Set(points.map((point) => point.panel))) {
    const own = points.filter((point) => point.panel === panel && point.mark === 'line');
    lines.set(
      panel,
      [...new Set(own.map((point) => point.series))].map(
        (name) => new Map(own.filter((point) => point.series === name).map(({ x, y }) => [x, scale(y)])),
      ),
    );
  }
  return [...lines.values()].some((curves) => {
    const heights = curves.flatMap((curve) => [...curve.values()]);
    const nearness =
      0.005 *
      (heights.reduce((a, b) => Math.max(a, b), -Infinity) - heights.reduce((a, b) => Math.min(a, b), Infinity));
    return curves.some((one, i) =>
      curves
        .slice(i + 1)
        .some(
          (other) =>
            one.size === other.size && [...one].every(([x, y]) => Math.abs((other.get(x) ?? Infinity) - y) <= nearness),
        ),
    );
  });
}
