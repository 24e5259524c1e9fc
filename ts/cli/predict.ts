// mft predict: theory of a spec.
import type { Command } from 'commander';
import type { Prediction } from '../core/results.js';
import { predict } from '../verbs/predict.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { positionText, printJson, printWarnings, shownAt, shownPositions, shownQuantities, table } from './output.js';

const rowsShown = 12;

export function register(program: Command): void {
  specCommand(
    program,
    'predict',
    'theory of a network: fixed points, depth scales, layer profiles',
    false,
    () => undefined,
    async ({ spec, options }) => {
      const prediction = (await predict(spec as never, { signal: interruptSignal() })) as Prediction;
      printWarnings(prediction.warnings);
      if (options.json === true) printJson(prediction);
      else printPrediction(prediction);
    },
  );
}

function printPrediction(prediction: Prediction): void {
  process.stdout.write(`${table(['quantity', 'value'], shownQuantities(prediction.quantities))}\n`);
  for (const [name, observable] of Object.entries(prediction.observables)) {
    if (observable === undefined) continue;
    const scale = observable.scale === 'log' ? ' (log)' : '';
    const rows = shownPositions(observable, rowsShown).map((i) => [
      positionText(observable, i),
      shownAt(observable, i),
    ]);
    process.stdout.write(`\n${table([`${name}${scale}`, 'value'], rows)}\n`);
  }
}
