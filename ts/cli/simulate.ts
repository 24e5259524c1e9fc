// mft simulate: Monte Carlo of a spec on the native kernels.
import type { Command } from 'commander';
import type { Simulation } from '../core/results.js';
import { simulate } from '../verbs/predict.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { positionText, printJson, printWarnings, shown, shownAt, shownPositions, table } from './output.js';
import { progressBar } from './progress.js';

const rowsShown = 12;

export function register(program: Command): void {
  specCommand(
    program,
    'simulate',
    'exact simulation of random networks',
    true,
    () => undefined,
    async ({ spec, run, options }) => {
      const bar = await progressBar('simulate');
      const simulation = (await simulate(spec as never, run as never, {
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop)) as Simulation;
      printWarnings(simulation.warnings);
      if (options.json === true) printJson(simulation);
      else printSimulation(simulation);
    },
  );
}

function printSimulation(simulation: Simulation): void {
  for (const [name, observable] of Object.entries(simulation.observables)) {
    if (observable === undefined) continue;
    const scale = observable.scale === 'log' ? ' (log)' : '';
    const rows = shownPositions(observable, rowsShown).map((i) => [
      positionText(observable, i),
      shownAt(observable, i),
      shown(observable.standardError[i]),
      shown(observable.variance[i]),
      shown(observable.count[i]),
    ]);
    process.stdout.write(
      `${table([`${name}${scale}`, observable.estimator, 'standard error', 'variance', 'trials'], rows)}\n\n`,
    );
  }
}
