// mft data: the data sets on this machine.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { checkData } from '../data/check.js';
import { syntheticFiles } from '../data/synthetic.js';
import { expectedError } from '../core/errors.js';
import { printable } from '../core/text.js';
import { interruptSignal } from './exit.js';
import { printJson, table, writeOutput } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  const data = program.command('data').description('data sets: check the files, write the synthetic set');
  data
    .command('check')
    .description('which of the well-known files are there, whole and published')
    .option('--data <folder>', 'folder of the data sets (default: environment variable MFT_DATA)')
    .option('--json', 'print JSON')
    .action(async (options: { data?: string; json?: boolean }) => {
      const bar = await progressBar('check');
      const checks = await checkData({
        ...(options.data === undefined ? {} : { data: options.data }),
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      if (options.json === true) printJson(checks);
      else
        process.stdout.write(
          `${table(
            ['file', 'status', 'images', 'SHA-256'],
            checks.map((check) => [check.path, check.status, String(check.count ?? ''), check.sha256 ?? '']),
          )}\n`,
        );
      for (const check of checks)
        if (check.reason !== undefined) process.stderr.write(`mft: ${printable(`${check.path}: ${check.reason}`)}\n`);
      if (checks.some((check) => check.status === 'damaged')) process.exitCode = 4;
    });
  data
    .command('synthetic')
    .description('write the synthetic data set as files')
    .argument('<folder>', 'a folder; its subfolder mnist or cifar10 is written')
    .option('--format <name>', 'mnist (IDX) or cifar10 (binary batches)', 'mnist')
    .action(async (folder: string, options: { format: string }) => {
      if (options.format !== 'mnist' && options.format !== 'cifar10')
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'format', 'mnist or cifar10', options.format);
      mkdirSync(join(folder, options.format), { recursive: true });
      for (const [name, bytes] of syntheticFiles(options.format))
        await writeOutput(join(folder, options.format, name), bytes);
    });
}
