// What produced a result: versions, BLAS, instruction set, CPU.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon, packageRoot } from './addon.js';
import type { Provenance } from './results.js';

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
