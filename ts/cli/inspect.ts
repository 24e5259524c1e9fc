// mft inspect: what the weights of a file are, layer by layer.
import type { Command } from 'commander';
import { isUndefined, type Undefined } from '../core/results.js';
import { type Inspection, inspect } from '../inspect/inspect.js';
import type { InitialVerdict, LayerReport } from '../inspect/report.js';
import { interruptSignal } from './exit.js';
import { printJson, printWarnings, shown, table } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  program
    .command('inspect')
    .description('what the weights of a file are: variances, spectra, and whether they are as initialised')
    .argument('<file>', 'safetensors, PyTorch .pt or .pth, ONNX, tfjs model.json or its folder, .npz, .npy')
    .option('--memory-limit <bytes>', 'bytes that the content of the file may take in memory', Number)
    .option('--json', 'print JSON')
    .action(async (file: string, options: { memoryLimit?: number; json?: boolean }) => {
      const bar = await progressBar('inspect');
      const found = await inspect(file, {
        ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      printWarnings(found.warnings);
      if (options.json === true) printJson(found);
      else print(found);
    });
}

function print({ format, layers, others }: Inspection): void {
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
