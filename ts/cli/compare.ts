// mft compare: theory beside simulation, with a verdict; from flags, or from two JSON files.
import type { Command } from 'commander';
import type { Axis, Prediction, Simulation } from '../core/results.js';
import { figureProfile } from '../figures/profile.js';
import type { BandShare } from '../statistics/band.js';
import { type Comparison, compare } from '../statistics/compare.js';
import { predict, simulate } from '../verbs/predict.js';
import { interruptSignal } from './exit.js';
import { requireFigureFiles, writeFigure } from './figure.js';
import { specCommand } from './flags.js';
import { positionText, printJson, printWarnings, shown, shownPositions, table } from './output.js';
import { progressBar } from './progress.js';

const rowsShown = 8;

export function register(program: Command): void {
  specCommand(
    program,
    'compare',
    'theory beside simulation: expected, estimate, standard error, z, verdict',
    true,
    (command) => {
      command.option('--figure <file...>', 'also draw the profiles (.svg, .png, .html or .json)');
      command.option('--observables <names>', 'only these, separated by commas');
    },
    async ({ spec, run, options }) => {
      const files = (options.figure as string[] | undefined) ?? [];
      requireFigureFiles(files);
      const signal = interruptSignal();
      const bar = await progressBar('simulate');
      const prediction = (await predict(spec as never, { signal })) as Prediction;
      const simulation = (await simulate(spec as never, run as never, { signal, onProgress: bar.onProgress }).finally(
        bar.stop,
      )) as Simulation;
      printWarnings([...prediction.warnings, ...simulation.warnings]);
      const observables =
        options.observables === undefined ? {} : { observables: String(options.observables).split(',') };
      const comparison = compare(prediction, simulation as never, observables);
      if (options.json === true) printJson(comparison);
      else printComparison(comparison);
      for (const file of files)
        await writeFigure(
          figureProfile([prediction, simulation], {
            ...observables,
            title: `${simulation.system}: theory (lines) and simulation (points, ±2 standard errors)`,
          }),
          file,
        );
    },
  );
}

/** Single networks in the band of theory; with many directions the first of them. */
function bandTable(name: string, axis: Axis | undefined, band: readonly BandShare[]): string {
  const rows = band
    .slice(0, rowsShown)
    .map(({ position, points, inside }) => [
      `${axis?.name ?? 'position'} ${axis?.values[position] ?? position}`,
      String(points),
      `${(100 * inside).toFixed(1)} %`,
    ]);
  return table([`${name}: networks in the band of theory`, 'points', 'inside (theory: 90 %)'], rows);
}

function printComparison(comparison: Comparison): void {
  for (const [name, observable] of Object.entries(comparison.observables)) {
    const place = new Map(Array.from(observable.index, (position, i) => [position, i]));
    const rows = shownPositions(observable, rowsShown, observable.index).map((position) => {
      const i = place.get(position) as number;
      return [
        positionText(observable, position),
        shown(observable.expected[i]),
        shown(observable.estimate[i]),
        shown(observable.standardError[i]),
        (observable.z[i] as number).toFixed(2),
        observable.verdicts[i] ?? '',
      ];
    });
    const scale = observable.scale === 'log' ? ' (log)' : '';
    process.stdout.write(
      `${table([`${name}${scale}: ${observable.verdict}`, 'theory', 'simulation', 'standard error', 'z', 'verdict'], rows)}\n\n`,
    );
    if (observable.band !== undefined && observable.band.length > 0)
      process.stdout.write(`${bandTable(name, observable.axes.at(-1), observable.band)}\n\n`);
  }
  process.stdout.write(
    `verdict: ${comparison.verdict} (${comparison.tests} points, family-wise significance ` +
      `${comparison.significance}, largest |z| ${comparison.largestZ.toFixed(2)})\n`,
  );
}
