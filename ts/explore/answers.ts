// What the explorer's server answers: the verbs of the package, cut to what the page draws.
import type { ControlOptions } from '../core/control.js';
import type { Observable, QuantityValue } from '../core/results.js';
import { separated } from '../core/text.js';
import { advise } from '../advise/advise.js';
import { linearGrid } from '../numeric/grids.js';
import { compare } from '../statistics/compare.js';
import { map } from '../verbs/map.js';
import { predict, simulate } from '../verbs/predict.js';
import type { AdviceLine, Answer, Curve, Line, MapAnswer, Point, Round, State } from './protocol.js';

/** More lines than this in one panel hide one another. */
const mostLines = 6;

const specOf = ({ system, spec }: State): never => ({ ...spec, system }) as never;

/** Theory of a spec: curves, scales, numbers, code. */
export async function answerFor(state: State, control: ControlOptions = {}): Promise<Answer> {
  const { quantities, observables, warnings, spec } = await predict(specOf(state), control);
  const numbers = Object.entries(quantities as Readonly<Record<string, QuantityValue>>);
  return {
    curves: Object.entries(observables as Readonly<Record<string, Observable>>).flatMap(([name, one]) =>
      (one.axes[0]?.values.length ?? 0) > 1 && one.axes[0]?.name !== 'input' ? [curve(name, one)] : [],
    ),
    scales: numbers.flatMap(([name, value]) =>
      typeof value === 'number' && Number.isFinite(value) && value > 0 && /^depthScale|timescale$/i.test(name)
        ? [{ name, value }]
        : [],
    ),
    numbers: numbers.flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !('reason' in value) ? [] : [{ name, text: text(value) }],
    ),
    warnings: warnings.map(({ message }) => message),
    code: { typescript: typescript(state), command: command(state) },
    spec,
  };
}

const text = (value: unknown): string =>
  typeof value === 'number'
    ? String(Number(value.toPrecision(6)))
    : typeof value === 'object'
      ? `undefined: ${(value as { reason: string }).reason}`
      : String(value);

function curve(name: string, observable: Observable): Curve {
  const [first, ...inner] = observable.axes;
  const count = inner.reduce((product, axis) => product * axis.values.length, 1);
  const x = Array.from(first?.values ?? []);
  const hidden = new Set((observable.undefinedAt ?? []).map(({ index }) => index));
  const lines = Array.from(
    { length: Math.min(count, mostLines) },
    (_, place): Line => ({
      name: lineName(inner, place),
      x,
      y: x.map((_, i) => {
        const value = observable.values[i * count + place] as number;
        return hidden.has(i * count + place) || !Number.isFinite(value) ? null : value;
      }),
    }),
  );
  return { name, axis: first?.name ?? '', isLog: observable.scale === 'log', lines };
}

/** "input 0", or nothing where there is one only. */
function lineName(axes: Observable['axes'], place: number): string {
  let rest = place;
  const names: string[] = [];
  for (const axis of [...axes].reverse()) {
    const at = rest % axis.values.length;
    rest = Math.floor(rest / axis.values.length);
    if (axis.values.length > 1) names.unshift(`${axis.name} ${axis.values[at]}`);
  }
  return names.join(', ');
}

/** What advise says, one line a finding; of a network it has nothing to say about, why. */
export async function adviceFor(state: State, control: ControlOptions = {}): Promise<readonly AdviceLine[]> {
  const { sections } = await advise(specOf(state), control);
  return sections.flatMap(({ findings }) =>
    'reason' in findings
      ? [{ severity: 'info', text: findings.reason }]
      : findings.map(({ severity, claim }) => ({ severity, text: claim })),
  );
}

/** A quantity over two fields. */
export async function mapFor(
  state: State,
  axes: readonly { readonly field: string; readonly low: number; readonly high: number; readonly count: number }[],
  quantity: string,
  control: ControlOptions = {},
): Promise<MapAnswer> {
  const [x, y] = axes.map(({ field, low, high, count }) => ({ field, values: [...linearGrid(low, high, count)] }));
  const result = await map(specOf(state), [x, y] as never, { ...control, quantities: [quantity] as never });
  const { values, undefinedAt = [] } = (
    result.quantities as Readonly<
      Record<string, { values: ArrayLike<number | string>; undefinedAt?: readonly { readonly index: number }[] }>
    >
  )[quantity] as { values: ArrayLike<number | string>; undefinedAt?: readonly { readonly index: number }[] };
  const hidden = new Set(undefinedAt.map(({ index }) => index));
  return {
    x: x as MapAnswer['x'],
    y: y as MapAnswer['y'],
    quantity,
    values: Array.from(values, (value, i) =>
      hidden.has(i) || (typeof value === 'number' && !Number.isFinite(value)) ? null : value,
    ),
  };
}

/** Rounds of ever more simulated networks, each told when it is there; the next one is left out where it would take too long. */
export async function* roundsFor(state: State, control: ControlOptions = {}): AsyncGenerator<Round> {
  const theory = await predict(specOf(state), control);
  for (const trials of [4, 16, 64, 256]) {
    const started = performance.now();
    const simulation = await simulate(specOf(state), { trials, seed: 1 } as never, control);
    yield roundOf(trials, compare(theory as never, simulation as never) as unknown as Compared);
    if (performance.now() - started > largestSeconds * 250) return;
  }
}

/** A round is left out where four times the last one would take longer. */
const largestSeconds = 20;

interface Compared {
  readonly observables: Readonly<Record<string, ComparedCurve>>;
  readonly verdict: string;
  readonly largestZ: number;
}

interface ComparedCurve {
  readonly axes: Observable['axes'];
  readonly index: ArrayLike<number>;
  readonly estimate: ArrayLike<number>;
  readonly standardError: ArrayLike<number>;
  readonly z: ArrayLike<number>;
}

function roundOf(trials: number, { observables, verdict, largestZ }: Compared): Round {
  const points = Object.entries(observables).flatMap(
    ([curve, { axes, index, estimate, standardError, z }]): Point[] => {
      const [first, ...inner] = axes;
      const count = inner.reduce((product, axis) => product * axis.values.length, 1);
      return Array.from({ length: index.length }, (_, n): Point => {
        const at = index[n] as number;
        const [y, error, score] = [estimate[n] as number, standardError[n] as number, z[n] as number];
        return {
          curve,
          line: lineName(inner, at % count),
          x: first?.values[Math.floor(at / count)] as number,
          y,
          low: y - error,
          high: y + error,
          z: Number.isFinite(score) ? score : null,
        };
      }).filter(({ y, low, high }) => [y, low, high].every(Number.isFinite));
    },
  );
  return { trials, points, verdict, largestZ };
}

/** The spec as code that asks the same. */
function typescript({ system, spec }: State): string {
  const fields = Object.entries({ system, ...spec }).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`);
  return ["import { predict } from 'mft-native';", '', 'const theory = await predict({', ...fields, '});', ''].join(
    '\n',
  );
}

/** The same as a command line. */
function command({ system, spec }: State): string {
  const flags = Object.entries(spec).map(([name, value]) => flag(separated(name, '-'), value));
  return ['mft predict', `--system ${system}`, ...flags].join(' ');
}

const flag = (name: string, value: unknown): string =>
  typeof value === 'boolean' ? `--${value ? '' : 'no-'}${name}` : `--${name} ${word(value)}`;

const word = (value: unknown): string => {
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w.+-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
};
