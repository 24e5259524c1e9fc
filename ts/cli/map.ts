// mft map: quantities over a grid of a spec's fields, as a table, JSON or heat maps.
import type { Command } from 'commander';
import { expectedError } from '../core/errors.js';
import { figureHeatMap } from '../figures/heat-map.js';
import { type MapAxis, map, type QuantityMap } from '../verbs/map.js';
import { axisSyntax, parseAxis } from './axis-text.js';
import { interruptSignal } from './exit.js';
import { requireFigureFiles, writeFigure } from './figure.js';
import { specCommand } from './flags.js';
import { printJson, shown, spreadIndices, table } from './output.js';
import { progressBar } from './progress.js';

const rowsShown = 40;

export function register(program: Command): void {
  specCommand(
    program,
    'map',
    'quantities over a grid: mft map --axis weightVariance=1:3:60 --axis biasVariance=0.01,0.05,0.1 --quantities depthScaleCorrelation',
    false,
    (command) => {
      command.requiredOption(
        '--axis <field=values>',
        `an axis: ${axisSyntax} (one to three)`,
        (text: string, before: string[] = []) => [...before, text],
      );
      command.option('--quantities <names>', 'separated by commas; default: all that the system maps');
      command.option('--figure <file>', 'heat map of the first quantity over two axes (.svg, .png, .html or .json)');
    },
    async ({ spec, options }) => {
      if (options.figure !== undefined) requireFigureFiles([String(options.figure)]);
      const axes = (options.axis as string[]).map((text): MapAxis => parseAxis(text, Number));
      const names = options.quantities === undefined ? {} : { quantities: String(options.quantities).split(',') };
      const bar = await progressBar('map');
      const result = (await map(spec as never, axes as never, {
        ...(names as object),
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop)) as QuantityMap;
      if (options.json === true) printJson(result);
      else printMap(result);
      if (options.figure !== undefined) await writeFigure(heatMap(result), String(options.figure));
    },
  );
}

/** The coordinates of point `index` of a row-major grid. */
function coordinates(result: QuantityMap, index: number): number[] {
  const found: number[] = [];
  let rest = index;
  for (const axis of [...result.axes].reverse()) {
    found.unshift(axis.values[rest % axis.values.length] as number);
    rest = Math.floor(rest / axis.values.length);
  }
  return found;
}

function printMap(result: QuantityMap): void {
  const names = Object.keys(result.quantities);
  const hidden = new Map(
    names.map((name) => [
      name,
      new Map((result.quantities[name]?.undefinedAt ?? []).map((point) => [point.index, point.reason])),
    ]),
  );
  const points = result.axes.reduce((product, axis) => product * axis.values.length, 1);
  const rows = spreadIndices(points, rowsShown).map((i) => [
    ...coordinates(result, i).map((value) => shown(value)),
    ...names.map((name) => (hidden.get(name)?.has(i) ? 'undefined' : shown(result.quantities[name]?.values[i]))),
  ]);
  process.stdout.write(`${table([...result.axes.map((axis) => axis.field), ...names], rows)}\n`);
  if (points > rowsShown) process.stdout.write(`(${rowsShown} of ${points} points; --json for all)\n`);
}

function heatMap(result: QuantityMap): ReturnType<typeof figureHeatMap> {
  const name = Object.keys(result.quantities)[0] as string;
  const quantity = result.quantities[name];
  if (result.axes.length !== 2 || quantity === undefined || !(quantity.values instanceof Float64Array)) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'figure',
      'a map of a numeric quantity over two axes',
      result.axes.map((axis) => axis.field),
    );
  }
  const hidden = new Set((quantity.undefinedAt ?? []).map((point) => point.index));
  const cells = Array.from(quantity.values, (value, i) => {
    const [y, x] = coordinates(result, i) as [number, number];
    return { x, y, value: hidden.has(i) ? Number.NaN : value };
  });
  return figureHeatMap(cells, {
    x: result.axes[1]?.field ?? '',
    y: result.axes[0]?.field ?? '',
    value: name,
    title: `${result.system}: ${name}`,
  });
}
