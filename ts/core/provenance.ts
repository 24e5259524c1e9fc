// What produced a result: versions, BLAS, instruction set, CPU.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon, type NativeEnvironment, packageRoot } from './addon.js';
import type { Provenance, Warning } from './results.js';

let version: string | undefined;

/** The version of this package. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
  return version;
}

/** Provenance of a result made now by the given version of a system. */
export function provenance(systemVersion: number): Provenance {
  const environment = addon().environment();
  return {
    package: packageVersion(),
    systemVersion,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    blas: environment.blasConfiguration,
    blasCore: environment.blasCore,
    instructionSet: environment.instructionSet,
    cpu: environment.cpu,
    date: new Date().toISOString(),
  };
}

/** What is wrong with the core of OpenBLAS that runs and what helps, or undefined. */
export function blasCoreWarning(environment: NativeEnvironment): Warning | undefined {
  const { blasCore, blasCoreFound, blasCoreBest, blasCoreStatus, isBlasCoreUsers } = environment;
  if (blasCoreStatus === 'suitable') return undefined;
  const cure =
    isBlasCoreUsers && blasCoreFound !== blasCoreBest
      ? 'Unset OPENBLAS_CORETYPE.'
      : 'Use the prebuilt addon, or a newer OpenBLAS built for all processors (DYNAMIC_ARCH).';
  const message =
    blasCoreStatus === 'below'
      ? `OpenBLAS runs its ${blasCore} kernels, which use less than this processor has: matrix products can take several ` +
        `times as long as with ${blasCoreBest}.`
      : `OpenBLAS's ${blasCoreBest === blasCore ? blasCoreFound : blasCoreBest} kernels computed wrong products here and were ` +
        `refused: ${blasCore} runs instead.`;
  return { id: blasCoreStatus === 'below' ? 'blas-core-below' : 'blas-core-refused', message: `${message} ${cure}` };
}

/** What every simulation and training says of the machine it ran on. */
export function machineWarnings(): readonly Warning[] {
  const warning = blasCoreWarning(addon().environment());
  return warning === undefined ? [] : [warning];
}
