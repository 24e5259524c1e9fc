// What the numbers were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { addon } from '../../dist/core/addon.js';

/** Facts of this machine for the file of results. */
export function machine() {
  const environment = addon().environment();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    package: JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
    blas: environment.blasConfiguration,
    blasCore: environment.blasCore,
    blasCoreFound: environment.blasCoreFound,
    instructionSet: environment.instructionSet,
    compiler: environment.compiler,
    date: new Date().toISOString(),
    loadAverage: loadAverage(),
  };
}

/**
 * OpenBLAS's core of a competitor: the one the package runs, so that an old OpenBLAS on a new processor is not what is measured.
 * Rows with `core: 'as-installed'` get what the library takes by itself.
 */
export function coreSetting({ core }) {
  return core === 'as-installed' || process.env.OPENBLAS_CORETYPE !== undefined
    ? {}
    : { OPENBLAS_CORETYPE: addon().environment().blasCore };
}

/** Load over the last minute: how busy the machine is besides us. */
export function loadAverage() {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

/** Processors this process may use, for pinning the competitors; undefined where taskset is missing. */
export function allowedProcessors() {
  try {
    const list =
      execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
        .split(':')
        .at(-1) ?? '';
    return list
      .trim()
      .split(',')
      .flatMap((range) => {
        const [first, last] = range.split('-').map(Number);
        return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
      });
  } catch {
    return undefined;
  }
}
