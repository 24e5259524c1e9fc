// mft fit: a law through columns of numbers, or a depth scale of an observable of a result.
import type { Command } from 'commander';
import { numberFromJson } from '../core/codec.js';
import { expectedError, MftError } from '../core/errors.js';
import { fitDepthScale } from '../fit/depth-scale.js';
import { type FitOptions, fitExponential, fitPower } from '../fit/laws.js';
import { fitLogistic } from '../fit/logistic.js';
import { fitStretched } from '../fit/stretched.js';
import { readJson } from './flags.js';
import { printJson, table, shown } from './output.js';

const laws = { exponential: fitExponential, power: fitPower, stretched: fitStretched, logistic: fitLogistic };

export function register(program: Command): void {
  program
    .command('fit')
    .description(
      'fit a law to {"x": [...], "y": [...], "standardErrors": [...]}, or to an observable of a result (JSON of mft predict or simulate)',
    )
    .argument('<file>', 'JSON file, - for standard input')
    .option(
      '--law <name>',
      'exponential, power, stretched, logistic (half-times), or depthScale (weighted log-linear fit with window selection)',
      'exponential',
    )
    .option('--observable <name>', 'observable of a result')
    .option('--series <index>', 'which input or pair of the observable', '0')
    .option('--offset <value>', 'constant added to the law: a number, or free', '0')
    .option('--limit <value>', 'depthScale: the value the profile tends to', '0')
    .option('--from <layer>', 'first layer (or x) of the window')
    .option('--to <layer>', 'last layer (or x) of the window')
    .option('--json', 'print JSON')
    .action((file: string, options: Readonly<Record<string, string | boolean | undefined>>) => {
      const { x, y, standardErrors } = columns(readJson(file, 'file'), options);
      const number = (name: string, fallback: number): number => {
        const text = options[name];
        const value = text === undefined ? fallback : Number(text);
        if (Number.isNaN(value)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a number', text);
        return value;
      };
      const [from, to] = [number('from', -Infinity), number('to', Infinity)];
      const law = String(options.law);
      let result: object;
      if (law === 'depthScale') {
        const inWindow = (values: readonly number[]): number[] => values.filter((_, i) => (x[i] as number) <= to);
        result = fitDepthScale(inWindow(x), inWindow(y), inWindow(standardErrors ?? x.map(() => 0)), {
          limit: number('limit', 0),
          ...(options.from === undefined ? {} : { from }),
        });
      } else {
        if (!Object.hasOwn(laws, law))
          throw expectedError(
            'ERR_MFT_INVALID_ARGUMENT',
            'law',
            'one of exponential, power, stretched, logistic, depthScale',
            law,
          );
        const fitOptions: FitOptions = {
          offset: options.offset === 'free' ? 'free' : number('offset', 0),
          window: [from, to],
          ...(standardErrors === undefined ? {} : { standardErrors }),
        };
        result = laws[law as keyof typeof laws](x, y, fitOptions);
      }
      if (options.json === true) printJson(result);
      else
        process.stdout.write(
          `${table(
            ['fit', 'value'],
            Object.entries(result).map(([key, value]) => [key, shown(value as never)]),
          )}\n`,
        );
    });
}

interface Columns {
  readonly x: number[];
  readonly y: number[];
  readonly standardErrors?: number[];
}

function numbers(value: unknown, name: string): number[] {
  if (!Array.isArray(value)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a list of numbers', value);
  return value.map(numberFromJson);
}

function columns(data: unknown, options: Readonly<Record<string, unknown>>): Columns {
  const object = (data ?? {}) as Readonly<Record<string, unknown>>;
  if (object.x !== undefined) {
    return {
      x: numbers(object.x, 'x'),
      y: numbers(object.y, 'y'),
      ...(object.standardErrors === undefined
        ? {}
        : { standardErrors: numbers(object.standardErrors, 'standardErrors') }),
    };
  }
  const observables = object.observables as
    | Readonly<Record<string, { axes: { values: unknown }[]; values: unknown; standardError?: unknown }>>
    | undefined;
  if (observables === undefined)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      'Expected the file to hold {"x", "y"} or the JSON of a prediction or simulation.',
      { parameter: 'file' },
    );
  const observable = observables[String(options.observable)];
  if (observable === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'observable',
      `one of ${Object.keys(observables).join(', ')}`,
      options.observable,
    );
  const layers = numbers(observable.axes[0]?.values, 'axes');
  const inner = observable.axes.slice(1).reduce((product, axis) => product * numbers(axis.values, 'axes').length, 1);
  const series = Number(options.series);
  if (!Number.isInteger(series) || series < 0 || series >= inner)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'series', `a whole number in [0, ${inner - 1}]`, options.series);
  const take = (values: unknown): number[] => numbers(values, 'values').filter((_, i) => i % inner === series);
  return {
    x: layers,
    y: take(observable.values),
    ...(observable.standardError === undefined ? {} : { standardErrors: take(observable.standardError) }),
  };
}
