// Which figures a report has, and that they show the numbers of the rows.
import t from 'tap';
import { compare, predict, simulate } from '../../dist/index.js';
import { figurePoint, reportFigures } from '../../dist/sweep/report-figures.js';
import type { SweepRow } from '../../dist/sweep/rows.js';

interface Drawn {
  readonly title?: { readonly text: string };
  readonly layer?: readonly {
    readonly mark: { readonly type: string; readonly strokeWidth?: unknown };
    readonly encoding: Readonly<
      Record<string, { readonly scale?: Readonly<Record<string, unknown>>; readonly title?: string }>
    >;
    readonly data?: { readonly values: readonly { readonly value: number }[] };
  }[];
  readonly concat?: readonly (Drawn & { readonly title: string })[];
  readonly data?: {
    readonly values: readonly {
      readonly x: number;
      readonly y: number;
      readonly series: string;
      readonly mark: string;
      readonly low?: number;
    }[];
  };
}

function row(spec: object, result: object): SweepRow {
  return {
    key: '',
    verb: 'predict',
    system: 'feedforward',
    systemVersion: 1,
    spec: { ...spec },
    meta: { seconds: 0 },
    status: 'done',
    result: { ...result },
  };
}

function figuresOf(rows: readonly SweepRow[], axes: readonly string[]): Drawn[] {
  return reportFigures(
    rows.flatMap((each) => figurePoint(each, axes) ?? []),
    axes,
  ) as unknown as Drawn[];
}

/** Rows of quantity `a` over a grid. */
function grid(
  axes: Readonly<Record<string, readonly (number | string)[]>>,
  value: (point: Readonly<Record<string, number | string>>) => number,
): SweepRow[] {
  const points = Object.entries(axes).reduce<Record<string, number | string>[]>(
    (made, [name, values]) => made.flatMap((point) => values.map((item) => ({ ...point, [name]: item }))),
    [{}],
  );
  return points.map((point) => row(point, { kind: 'evaluation', quantities: { a: value(point) } }));
}

const many = Array.from({ length: 12 }, (_, i) => i + 1);

t.test('few values of an axis are series, many a heat map, further axes panels', (t) => {
  const [curves] = figuresOf(
    grid({ few: [0.5, 1], x: many, kind: ['p', 'q'] }, ({ x }) => Number(x)),
    ['few', 'x', 'kind'],
  );
  t.equal(curves?.layer?.[1]?.encoding.x?.title, 'x', 'the axis with most values lies');
  t.same([...new Set(curves?.data?.values.map(({ series }) => series))], ['0.5, p', '0.5, q', '1, p', '1, q']);
  const color = curves?.layer?.[1]?.encoding.color as { title?: string };
  t.equal(color.title, 'few, kind', 'the legend names the axes once');
  const [map] = figuresOf(
    grid({ x: many, y: many, kind: ['p', 'q'] }, ({ x, y }) => Number(x) * Number(y)),
    ['x', 'y', 'kind'],
  );
  t.same(
    map?.concat?.map((panel) => panel.title),
    ['kind p', 'kind q'],
  );
  t.equal(map?.concat?.[0]?.layer?.[0]?.data?.values.length, 144);
  const crowded = figuresOf(
    grid({ x: many, s: [1, 2, 3], k: ['a', 'b', 'c', 'd'] }, ({ x }) => Number(x)),
    ['x', 's', 'k'],
  );
  t.same(
    crowded[0]?.concat?.map((panel) => panel.title),
    ['k a', 'k b', 'k c', 'k d'],
    'series that would be too many become panels',
  );
  const large = figuresOf(
    grid({ x: many, y: many, z: many }, ({ x }) => Number(x)),
    ['x', 'y', 'z'],
  );
  t.match(large[0]?.title, { text: 'a (9 of 12 panels)' }, 'what is left out is said');
  t.end();
});

t.test('what spans orders of magnitude gets a logarithmic scale', (t) => {
  const wide = [1, 10, 100, 1000];
  const [curves] = figuresOf(
    grid({ width: wide }, ({ width }) => 1 / Number(width)),
    ['width'],
  );
  t.match(curves?.layer?.[1]?.encoding, { x: { scale: { type: 'log' } }, y: { scale: { type: 'log' } } });
  const [signed] = figuresOf(
    grid({ width: wide }, ({ width }) => 10 - Number(width)),
    ['width'],
  );
  t.match(signed?.layer?.[1]?.encoding.y?.scale, { type: 'linear' }, 'not with both signs');
  const [map] = figuresOf(
    grid({ variance: many.map((i) => 10 ** -i), x: many }, ({ x }) => Number(x) ** 4),
    ['variance', 'x'],
  );
  t.match(map?.layer?.[0]?.encoding, {
    x: { title: 'x' },
    y: { title: 'variance', scale: { type: 'log' } },
    color: { scale: { type: 'log' } },
  });
  t.end();
});

t.test('a series keeps its colour where another one has nothing to show; curves on each other differ in width', (t) => {
  const [figure] = figuresOf(
    grid({ x: many, kind: ['p', 'q', 'r'] }, ({ x, kind }) => (kind === 'p' ? Number.NaN : Number(x))),
    ['x', 'kind'],
  );
  const [whole] = figuresOf(
    grid({ x: many, kind: ['p', 'q', 'r'] }, ({ x, kind }) => Number(x) * (kind === 'p' ? 1 : kind === 'q' ? 2 : 3)),
    ['x', 'kind'],
  );
  const colorsOf = (drawn: Drawn | undefined): Map<string, string> => {
    const scale = drawn?.layer?.[1]?.encoding.color?.scale as { domain: string[]; range: string[] } | undefined;
    return new Map(scale?.domain.map((name, i) => [name, scale.range[i] as string]));
  };
  t.equal(colorsOf(figure).get('r'), colorsOf(whole).get('r'));
  t.type(figure?.layer?.[1]?.mark.strokeWidth, 'object', 'q and r are the same curve');
  t.type(whole?.layer?.[1]?.mark.strokeWidth, 'number');
  t.end();
});

t.test('a comparison shows theory as lines and simulation as points', async (t) => {
  const spec = {
    system: 'feedforward',
    activation: 'tanh',
    weightVariance: 1.5,
    biasVariance: 0.1,
    width: 100,
    depth: 8,
  } as const;
  const [theory, simulation] = [await predict(spec), await simulate(spec, { trials: 10, seed: 1 })];
  const figures = figuresOf([row({ ...spec, weightVariance: 1.5 }, compare(theory, simulation))], ['weightVariance']);
  const correlation = figures.find((figure) => figure.title?.text === 'correlation');
  const values = correlation?.data?.values ?? [];
  const heights = (mark: string): number[] => values.filter((value) => value.mark === mark).map(({ y }) => y);
  t.same(heights('line'), [...(theory.observables.correlation?.values ?? [])]);
  t.same(heights('point'), [...(simulation.observables.correlation?.values ?? [])]);
  t.ok(
    values.every(({ mark, low }) => (mark === 'point') === (low !== undefined)),
    'points have bars',
  );
});
