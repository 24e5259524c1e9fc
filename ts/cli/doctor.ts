// mft doctor: what a bug report needs.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { addon, addonFile, type NativeEnvironment } from '../core/addon.js';
import { MftError } from '../core/errors.js';
import { memoryAllowed, processorsAllowed } from '../core/memory.js';
import { blasCoreWarning, packageVersion } from '../core/provenance.js';
import { exitCodes } from './exit.js';
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
  const data = process.env.MFT_DATA;
  return {
    'mft-native': packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    'C library': glibcVersion(),
    ...nativeReport(),
    'processors allowed': processorsAllowed(),
    'memory allowed': `${(memoryAllowed() / 2 ** 30).toFixed(1)} GiB`,
    'optional modules': optionalModules.map(moduleReport).join(', '),
    data:
      data === undefined
        ? 'MFT_DATA is not set'
        : existsSync(data)
          ? `MFT_DATA: ${readdirSync(data).join(', ')}`
          : 'MFT_DATA names a folder that does not exist',
  };
}

/** What the addon says of itself and the machine; where it does not load, why, and the rest of the report stands all the same. */
function nativeReport(): Record<string, string> {
  try {
    const environment = addon().environment();
    return {
      addon: `${addonFile()}, compiled with ${environment.compiler}`,
      BLAS: environment.blasConfiguration.trim(),
      'BLAS core': blasCore(environment),
      CPU: environment.cpu,
      'instruction set': `${environment.instructionSet} (best: ${environment.bestInstructionSet})`,
    };
  } catch (error) {
    if (!(error instanceof MftError)) throw error;
    process.exitCode = exitCodes.environment;
    return { addon: `NOT LOADED. ${error.message}`, CPU: cpus()[0]?.model ?? 'unknown' };
  }
}

/** Version of an optional package; one with a binary of its own is loaded, for its manifest says nothing of this machine. */
function moduleReport(name: string): string {
  const require = createRequire(import.meta.url);
  let found = `${name} (found)`;
  try {
    found = `${name} ${(require(`${name}/package.json`) as { version: string }).version}`;
  } catch {
    if (!existsInParents(name)) return `${name} (absent)`;
  }
  if (name !== '@resvg/resvg-js') return found;
  try {
    require(name);
    return found;
  } catch (error) {
    return `${found} (does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
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
