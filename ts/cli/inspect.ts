// mft inspect: what the weights of a file are, layer by layer.
import type { Command } from 'commander';
import { isUndefined, type Undefined } from '../core/results.js';
import { boundLines, type InspectedNetwork } from '../inspect/bounds.js';
import { cellLines, type InspectedSequence } from '../inspect/cells/report.js';
import { type Inspection, inspect } from '../inspect/inspect.js';
import type { InitialVerdict, LayerReport } from '../inspect/report.js';
import { interruptSignal } from './exit.js';
import { printJson, printWarnings, shown, table } from './output.js';
import type { ActivationSpec } from '../gaussian/activations.js';
import { parseJson, printable } from '../core/text.js';
import { progressBar } from './progress.js';

interface Options {
  memoryLimit?: number;
  activation?: string;
  keepProbability?: number;
  network?: string;
  recurrent?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('inspect')
    .description('what the weights of a file are: variances, spectra, and whether they are as initialised')
    .argument('<file>', 'safetensors, PyTorch .pt or .pth, ONNX, tfjs model.json or its folder, .npz, .npy')
    .option('--memory-limit <bytes>', 'bytes that the content of the file may take in memory', Number)
    .option(
      '--activation <name>',
      'the activation of the hidden layers, where the file does not say it: a name or JSON',
    )
    .option('--keep-probability <number>', 'probability of keeping a unit in training, for the spec', Number)
    .option(
      '--network <json>',
      'what no file says of a convolutional network, for the bounds on its gap: input, stride, pool, pooling, padding, ' +
        'activation, samples',
    )
    .option(
      '--recurrent <json>',
      'sequences through the recurrent cells, for their fixed points and Jacobians: {}, or inputVariance, steps, sequences, seed, ' +
        'cell (of one gate: vanilla or minimal), activation',
    )
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const bar = await progressBar('inspect');
      const found = await inspect(file, {
        ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
        ...(options.activation === undefined ? {} : { activation: activationOf(options.activation) }),
        ...(options.keepProbability === undefined ? {} : { keepProbability: options.keepProbability }),
        ...(options.network === undefined
          ? {}
          : { network: parseJson(options.network, '--network') as InspectedNetwork }),
        ...(options.recurrent === undefined
          ? {}
          : { recurrent: parseJson(options.recurrent, '--recurrent') as InspectedSequence }),
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      printWarnings(found.warnings);
      if (options.json === true) printJson(found);
      else print(found);
    });
}

/** A name, or JSON for an activation with parameters. */
const activationOf = (text: string): ActivationSpec =>
  (text.trim().startsWith('{') ? parseJson(text, '--activation') : text) as ActivationSpec;

function print({ format, layers, others, spec, bounds, cells }: Inspection): void {
  const rows = layers.map((layer) => [
    [layer.name, ...(isCell(layer) ? [layer.role] : []), ...(layer.gate === undefined ? [] : [layer.gate])].join(' '),
    layer.shape.join(' x '),
    brief(layer.weightVariance),
    brief(layer.biasVariance),
    brief(layer.weightKurtosis),
    `${brief(layer.topSingularValue)} / ${brief(layer.randomEdge)}`,
    brief(layer.stableRank),
    said(layer.weights),
    isUndefined(layer.biases) ? '' : said(layer.biases),
  ]);
  const header = [
    'layer',
    'shape',
    'weight var',
    'bias var',
    'kurtosis',
    'top / edge',
    'stable rank',
    'weights',
    'biases',
  ];
  process.stdout.write(`${format}, ${layers.length} matrices\n${table(header, rows)}\n`);
  process.stdout.write(
    isUndefined(spec) ? `\nNo spec: ${printable(spec.reason)}.\n` : `\nSpec: ${JSON.stringify(spec)}\n`,
  );
  if (bounds !== undefined) process.stdout.write(`\n${boundLines(bounds).join('\n')}\n`);
  if (cells !== undefined) process.stdout.write(`\n${cellLines(cells).join('\n')}\n`);
  if (others.length > 0)
    process.stdout.write(
      `\nOther arrays: ${others.map(({ name, shape }) => `${name} (${shape.join(', ')})`).join(', ')}\n`,
    );
}

const isCell = ({ role }: LayerReport): boolean => role === 'input' || role === 'recurrent';

/** Four digits are more than a variance of some thousand weights is worth. */
const brief = (value: number | Undefined): string =>
  typeof value === 'number' ? shown(Number(value.toPrecision(4))) : '';

function said({ verdict, law }: InitialVerdict): string {
  if (verdict === 'undecided') return 'too few to tell';
  return verdict === 'moved' ? 'moved' : `as initialised: ${law}`;
}
