// mft infer WEIGHTS DATASET: what a trained network says of images.
import type { Command } from 'commander';
import { readDataset } from '../data/dataset.js';
import { infer } from '../verbs/infer.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson, table } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  specCommand(
    program,
    'infer',
    'outputs and classes of a trained network for the test images of a data set',
    false,
    (command) =>
      command
        .argument('<weights>', 'file of weights, as train --save-weights writes it')
        .argument('[dataset]', 'mnist, cifar10, synthetic, a .npz archive, …', 'synthetic')
        .option('--data <folder>', 'folder of the data sets (default: environment variable MFT_DATA)')
        .option('--normalization <name>', 'unit, centered or standard, as in training', 'standard')
        .option('--no-biases', 'the network was trained without biases')
        .option('--count <number>', 'only the first images; 0 = all', Number, 0),
    async ({ spec, options, words }) => {
      const [weights, name = 'synthetic'] = words as [string, string?];
      const where = options.data === undefined ? {} : { data: String(options.data) };
      const normalization = options.normalization as 'standard';
      const test = await readDataset(name as 'synthetic', 'test', where);
      const trainedOn =
        normalization === 'standard' ? await readDataset(name as 'synthetic', 'train', where) : undefined;
      const bar = await progressBar('infer');
      const found = await infer(
        { spec, weights, options: { normalization, ...(options.biases === false ? { hasBiases: false } : {}) } },
        test,
        {
          ...(trainedOn === undefined ? {} : { trainedOn }),
          count: options.count as number,
          signal: interruptSignal(),
          onProgress: bar.onProgress,
        },
      ).finally(bar.stop);
      if (options.json === true) {
        printJson(found);
        return;
      }
      const { classes, labels, probabilities, accuracy } = found;
      const rows = Array.from(labels.subarray(0, 20), (label, a) => [
        String(a),
        String(label),
        (probabilities[a * classes + label] as number).toFixed(4),
      ]);
      process.stdout.write(`${table(['image', 'class', 'probability'], rows)}\n`);
      if (accuracy !== undefined) process.stdout.write(`\naccuracy ${accuracy.toFixed(4)} of ${found.count} images\n`);
    },
  );
}
