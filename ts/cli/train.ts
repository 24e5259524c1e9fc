// mft train DATASET: trains the network of a spec.
import { existsSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { isUndefined, type Undefined } from '../core/results.js';
import { printable, separated } from '../core/text.js';
import type { z } from 'zod';
import type { System } from '../core/system.js';
import { trainOptionsSchema } from '../training/options.js';
import type { Training } from '../training/result.js';
import { train } from '../verbs/train.js';
import { interruptSignal } from './exit.js';
import { addFlags, readFlags, specCommand } from './flags.js';
import { printJson, printWarnings, shown, shownQuantities, table } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  const configure = (command: Command): void => {
    command
      .addArgument(
        new Argument(
          '[dataset]',
          'mnist, cifar10, cifar100, emnist-…, synthetic, gratings, a .npz, or ptb (words)',
        ).default('synthetic'),
      )
      .option('--data <folder>', 'folder of the data sets (default: environment variable MFT_DATA)')
      .option('--pixel-maximum <number>', 'of a .npz archive: the component that means white', Number)
      .option('--channel-axis <axis>', 'of a .npz archive: first, last or none');
  };
  specCommand(
    program,
    'train',
    'train the network of a spec on images',
    false,
    configure,
    async ({ system, spec, options, words }) => {
      const bar = await progressBar('train');
      const data = {
        ...(options.data === undefined ? {} : { data: String(options.data) }),
        ...(options.pixelMaximum === undefined ? {} : { pixelMaximum: Number(options.pixelMaximum) }),
        ...(options.channelAxis === undefined ? {} : { channelAxis: options.channelAxis as 'first' }),
      };
      const chosen = readFlags(options, optionsOf(system));
      const training = (await train(spec as never, words[0] ?? 'synthetic', {
        ...chosen,
        ...data,
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      })
        .catch((error: unknown) => {
          sayWhatIsSaved(error, chosen.checkpoint);
          throw error;
        })
        .finally(bar.stop)) as Training;
      printWarnings(training.warnings);
      if (options.json === true) printJson(training);
      else printTraining(training);
    },
    (command, system) => addFlags(command, optionsOf(system), 'Training:'),
  );
}

/** An interrupted run with a checkpoint is not lost: says so, and how to go on. */
function sayWhatIsSaved(error: unknown, checkpoint: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError' || typeof checkpoint !== 'string') return;
  if (existsSync(checkpoint))
    process.stderr.write(
      `\nmft: the state of the training is in ${printable(checkpoint)}; the same command goes on from there\n`,
    );
}

/** What the system's trainer is told; of a system without one what gradient descent is told, and `train` refuses it. */
function optionsOf({ training }: System<unknown, unknown>): z.ZodObject {
  return (training?.optionsSchema ?? trainOptionsSchema) as z.ZodObject;
}

function printTraining(training: Training): void {
  const { dataset, reports, test, stopped } = training;
  const name = dataset.test?.split ?? 'test';
  const rows = reports.map((report) => [
    shown(Number(report.epoch.toFixed(2))),
    shown(report.step),
    shown(report.trainLoss),
    report.trainAccuracy === undefined ? '' : percent(report.trainAccuracy),
    loss(report.testLoss),
    report.testAccuracy === undefined ? '' : percent(report.testAccuracy),
  ]);
  process.stdout.write(
    `${table(['epoch', 'step', 'train loss', 'train accuracy', `${name} loss`, `${name} accuracy`], rows)}\n\n`,
  );
  const { accuracy, count } = training.train;
  const things = 'trainPerplexity' in (training.quantities ?? {}) ? 'words' : 'images';
  if (accuracy !== undefined)
    process.stdout.write(`train accuracy without dropout: ${percent(accuracy)} of ${count} ${things}\n`);
  if (test?.accuracy !== undefined)
    process.stdout.write(`${name} accuracy: ${percent(test.accuracy)} of ${test.count} ${things}\n`);
  for (const [name, value] of shownQuantities(training.quantities ?? {}))
    process.stdout.write(`${separated(name, ' ')}: ${value}\n`);
  for (const [name, value] of Object.entries(training.counters ?? {}))
    process.stdout.write(`${separated(name, ' ')}: ${shown(value)}\n`);
  process.stdout.write(`checksum of the parameters: ${training.checksum}\n`);
  if (stopped !== undefined) process.stdout.write(`stopped: ${stopped.reason}\n`);
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function loss(value: number | Undefined | undefined): string {
  return isUndefined(value) ? value.reason : shown(value);
}
