// Layer profiles: theory as lines, simulation as points with error bars, one panel per observable.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { readOnce } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { wholeField } from '../core/fields.js';
import { givenResult } from '../core/result-checks.js';
import type { Observable, Prediction, Simulation, Estimated } from '../core/results.js';
import type { VegaLiteFigure } from '../core/system.js';
import { figure, palette, titled } from './vega-lite.js';

interface ProfileRow {
  readonly observable: string;
  readonly source: 'theory' | 'simulation';
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** Rows of an observable over its first axis; further axes become series. ±2 standard errors for estimates. */
export function profileRows(
  name: string,
  observable: Observable | Estimated,
  source: ProfileRow['source'],
): ProfileRow[] {
  const hidden = new Set((observable.undefinedAt ?? []).map((point) => point.index));
  const [first, ...others] = observable.axes;
  const inner = others.reduce((product, axis) => product * axis.values.length, 1);
  const rows: ProfileRow[] = [];
  for (let i = 0; i < observable.values.length; i++) {
    const y = observable.values[i] as number;
    if (hidden.has(i) || !Number.isFinite(y)) continue;
    const series =
      others.length === 0 || inner === 1
        ? ''
        : others.map((axis) => `${axis.name} ${axis.values[i % inner]}`).join(', ');
    const error = 'standardError' in observable ? (observable.standardError[i] as number) : Number.NaN;
    const bar = errorBar(y, error, observable.scale);
    rows.push({ observable: name, source, series, x: first?.values[Math.floor(i / inner)] ?? 0, y, ...bar });
  }
  return rows;
}

/** ±2 standard errors; on a log scale they are relative, and a value within 2 of them of zero has no bar. */
function errorBar(
  y: number,
  error: number,
  scale: Observable['scale'],
): { readonly low?: number; readonly high?: number } {
  if (!Number.isFinite(error)) return {};
  if (scale === 'linear') return { low: y - 2 * error, high: y + 2 * error };
  return 2 * error < 1 ? { low: y + Math.log1p(-2 * error), high: y + Math.log1p(2 * error) } : {};
}

/** Whether the values are logarithms: on a log scale, or means of logarithms. */
function isLogarithm(observable: Observable | Estimated | undefined): boolean {
  return (
    observable !== undefined &&
    (observable.scale === 'log' || ('estimator' in observable && observable.estimator === 'meanLog'))
  );
}

interface ProfileOptions {
  readonly observables?: readonly string[];
  readonly title?: string;
  readonly columns?: number;
}

const profileOptions = z.strictObject({
  observables: z.array(z.string()).optional().meta({ expected: 'a list of names', description: 'Which, in order.' }),
  title: z.string().optional().meta({ expected: 'a text', description: 'The title.' }),
  columns: wholeField(1, 100, 'Panels side by side.').optional(),
});

/** What a profile needs of a prediction or a simulation. */
type ProfileResult = Pick<Prediction, 'kind' | 'observables'> | Pick<Simulation, 'kind' | 'observables'>;

/**
 * A figure of layer profiles, small multiples by observable: theory (lines) and simulation (points, ±2 standard errors).
 *
 * @param results a prediction, a simulation, or both, of one spec
 * @param options which observables, in order (default: those that the first result has), and the title
 * @returns a Vega-Lite specification (plain JSON)
 * @throws MftError ERR_MFT_INVALID_ARGUMENT for what is no result, ERR_MFT_OUT_OF_RANGE
 *
 * **Numerics**: bars are two standard errors; on a log scale those of the logarithm.
 * **Source**: ours.
 *
 * @example
 * import { figureProfile, predict } from 'mft-native';
 * const drawn = figureProfile([await predict({ system: 'feedforward', activation: 'tanh' })], { observables: ['variance'] });
 */
export function figureProfile(results: readonly ProfileResult[], options: ProfileOptions = {}): VegaLiteFigure {
  if (!readOnce('results', () => Array.isArray(results)))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'results', 'a list of results', results);
  const given = Array.from(results, (result, i) =>
    givenResult(result as Prediction | Simulation, `results.${i}`, ['prediction', 'simulation']),
  );
  return profile(given, parse(profileOptions, options, 'options') as ProfileOptions);
}

function profile(results: readonly ProfileResult[], options: ProfileOptions): VegaLiteFigure {
  const names = options.observables ?? Object.keys(results[0]?.observables ?? {});
  const axisName = results[0]?.observables[names[0] ?? '']?.axes[0]?.name ?? 'layer';
  const panels = names.map((name) => {
    const rows = results.flatMap((result) => {
      const observable = result.observables[name];
      return observable === undefined
        ? []
        : profileRows(name, observable, result.kind === 'prediction' ? 'theory' : 'simulation');
    });
    const isLog = results.some(({ observables }) => isLogarithm(observables[name]));
    return panel(name, rows, axisName, isLog);
  });
  return figure({
    ...titled(options.title),
    columns: options.columns ?? 3,
    concat: panels,
    resolve: { scale: { color: 'independent' } },
  });
}

function panel(name: string, rows: readonly ProfileRow[], axisName: string, isLog: boolean): Record<string, unknown> {
  const series = [...new Set(rows.map((row) => row.series))].filter((label) => label !== '');
  const color =
    series.length > 0
      ? { color: { field: 'series', type: 'nominal', title: null, scale: { range: palette } } }
      : { color: { value: palette[0] } };
  const x = { field: 'x', type: 'quantitative', title: axisName, scale: { zero: false, nice: false } };
  const y = { field: 'y', type: 'quantitative', title: isLog ? `log ${name}` : null, scale: { zero: false } };
  const layer = (
    source: string,
    mark: Record<string, unknown>,
    encoding: Record<string, unknown>,
  ): Record<string, unknown> => ({
    transform: [{ filter: `datum.source === '${source}'` }],
    mark,
    encoding: { x, y, ...color, ...encoding },
  });
  return {
    title: name,
    width: 260,
    height: 180,
    data: { values: rows },
    layer: [
      layer(
        'simulation',
        { type: 'rule', opacity: 0.5, clip: true },
        { y: { ...y, field: 'low' }, y2: { field: 'high' } },
      ),
      layer('simulation', { type: 'point', size: 14, filled: true, opacity: 0.75 }, {}),
      layer('theory', { type: 'line', strokeWidth: 1.6 }, {}),
    ],
  };
}
