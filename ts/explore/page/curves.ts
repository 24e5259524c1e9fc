// The curves: one panel an observable, lines of theory, points of simulated networks, depth scales as vertical lines.
import * as Plot from '@observablehq/plot';
import type { Answer, Curve, Point } from '../protocol.js';
import { element } from './element.js';

const size = { width: 340, height: 220, marginLeft: 52 };

/** Draws all panels anew. */
export function showCurves(into: HTMLElement, { curves, scales }: Answer, points: readonly Point[]): void {
  into.replaceChildren(
    ...curves.map((curve) => {
      const own = points.filter((point) => point.curve === curve.name);
      return element(
        'figure',
        { 'data-curve': curve.name },
        panel(curve, scales, own),
        element('figcaption', {}, caption(curve, own)),
      );
    }),
  );
}

function panel(curve: Curve, scales: Answer['scales'], points: readonly Point[]): SVGSVGElement | HTMLElement {
  const rows = curve.lines.flatMap(({ name, x, y }) => x.map((at, i) => ({ name, x: at, y: y[i] ?? Number.NaN })));
  const end = rows.reduce((largest, { x }) => Math.max(largest, x), 0);
  const shown = scales.filter(({ value }) => value <= end);
  const isAlone = curve.lines.length === 1;
  return Plot.plot({
    ...size,
    ariaLabel: caption(curve, points),
    x: { label: curve.axis },
    y: {
      label: curve.isLog ? `ln ${curve.name}` : curve.name,
      grid: true,
      ticks: 5,
      domain: domain([...rows, ...points]),
      tickFormat: (value: number) => String(Number(value.toPrecision(3))),
    },
    color: { legend: !isAlone },
    marks: [
      Plot.ruleX(shown, { x: 'value', strokeDasharray: '3 3', strokeOpacity: 0.6 }),
      Plot.text(shown, {
        x: 'value',
        text: 'name',
        frameAnchor: 'top',
        textAnchor: 'end',
        rotate: -90,
        dx: -5,
        fontSize: 8,
        fillOpacity: 0.7,
        title: ({ name, value }) => `${name} ${value}`,
      }),
      Plot.line(rows, { x: 'x', y: 'y', z: 'name', clip: true, ...(isAlone ? {} : { stroke: 'name' }) }),
      Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', clip: true }),
      Plot.dot(points, {
        x: 'x',
        y: 'y',
        r: 2,
        ...(isAlone ? { fill: 'currentColor' } : { fill: 'line' }),
        title: ({ x, y, z }: Point) =>
          `${curve.axis} ${x}: ${y.toPrecision(4)}${z === null ? '' : `, z = ${z.toFixed(2)}`}`,
      }),
    ],
  });
}

/** From the lowest to the highest; a curve that is 0 or constant but for rounding is shown flat. */
function domain(rows: readonly { readonly y: number }[]): [number, number] {
  const values = rows.flatMap(({ y }) => (Number.isFinite(y) ? [y] : []));
  const low = values.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const high = values.reduce((largest, y) => Math.max(largest, y), Number.NEGATIVE_INFINITY);
  if (values.length === 0) return [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (size < 1e-12) return [-1, 1];
  return high - low > 1e-9 * size ? [low, high] : [low - size / 2, high + size / 2];
}

/** In words: what the line does from its beginning to its end, and how far points are from it. */
function caption({ name, axis, isLog, lines }: Curve, points: readonly Point[]): string {
  const known = (lines[0]?.y ?? []).filter((value) => value !== null);
  const ends = [known[0], known.at(-1)].map((value) => value?.toPrecision(4) ?? 'undefined');
  const z = points.flatMap((point) => (point.z === null ? [] : [Math.abs(point.z)]));
  const scores = z.length === 0 ? '' : `; largest |z| ${Math.max(...z).toFixed(2)}`;
  return `${isLog ? 'ln ' : ''}${name}: ${ends.join(' to ')} by ${axis}${scores}`;
}
