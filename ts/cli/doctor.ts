// mft doctor: what a bug report needs.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { addon, addonFile, type NativeEnvironment } from '../core/addon.js';
import { memoryAllowed, processorsAllowed } from '../core/memory.js';
import { blasCoreWarning, packageVersion } from '../core/provenance.js';
import { printJson, table } from './output.js';

const optionalModules = ['vega', 'vega-lite', '@resvg/resvg-js', 'bullmq', 'ioredis'];

export function register(program: Command): void {
  program
    .command('doctor')
    .description('versions, addon, BLAS, CPU, threads, memory, data: what a bug report needs')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => {
      const report = diagnose();
      if (options.json === true) printJson(report);
      else
        process.stdout.write(
          `${table(
            ['what', 'value'],
            Object.entries(report).map(([key, value]) => [key, String(value)]),
          )}\n`,
        );
    });
}

function diagnose(): Record<string, string | number> {
  const environment = addon().environment();
  const require = createRequire(import.meta.url);
  const found = optionalModules.map((name) => {
    try {
      return `${name} ${(require(`${name}/package.json`) as { version: string }).version}`;
    } catch {
      return existsInParents(name) ? `${name} (found)` : `${name} (absent)`;
    }
  });
  const data = process.env.MFT_DATA;
  return {
    'mft-native': packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    'C library': glibcVersion(),
    addon: `${addonFile()}, compiled with ${environment.compiler}`,
    BLAS: environment.blasConfiguration.trim(),
    'BLAS core': blasCore(environment),
    CPU: environment.cpu,
    'instruction set': `${environment.instructionSet} (best: ${environment.bestInstructionSet})`,
    'processors allowed': processorsAllowed(),
    'memory allowed': `${(memoryAllowed() / 2 ** 30).toFixed(1)} GiB`,
    'optional modules': found.join(', '),
    data:
      data === undefined
        ? 'MFT_DATA is not set'
        : existsSync(data)
          ? `MFT_DATA: ${readdirSync(data).join(', ')}`
          : 'MFT_DATA names a folder that does not exist',
  };
}

/** The core that runs; which one OpenBLAS took by itself where that is another; what is wrong with it. */
function blasCore(environment: NativeEnvironment): string {
  const { blasCore: core, blasCoreFound: found, isBlasCoreUsers } = environment;
  const origin = isBlasCoreUsers ? ' (OPENBLAS_CORETYPE)' : core === found ? '' : ` (OpenBLAS by itself: ${found})`;
  const warning = blasCoreWarning(environment);
  return `${core}${origin}${warning === undefined ? '' : `. WARNING: ${warning.message}`}`;
}

function existsInParents(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return existsSync(join(process.cwd(), 'node_modules', name));
  }
}

function glibcVersion(): string {
  const header = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header;
  return header?.glibcVersionRuntime === undefined ? 'not glibc' : `glibc ${header.glibcVersionRuntime}`;
}
