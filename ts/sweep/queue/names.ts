// Names in Redis. Ids may not be integers and may not contain ':'.
import { sha256 } from '../../core/codec.js';
import { packageVersion } from '../../core/provenance.js';
import { loadSystem, systemNames } from '../../systems/registry.js';

export const queuePrefix = 'mft';

export function queueIdOf(key: string): string {
  return `job-${key}`;
}

/**
 * The queue of sweeps and workers that understand each other: the version of the package and of every system, and a fingerprint of
 * the secret, are in its name, so that others never meet these jobs.
 */
export async function queueNameFor(secret: string): Promise<string> {
  const systems = await Promise.all(systemNames.map(loadSystem));
  const versions = systems.map(({ name, version }) => `${name} ${version}`).join(', ');
  const kind = sha256(`${packageVersion()}: ${versions}`).slice(0, 12);
  return `jobs-${packageVersion()}-${kind}-${sha256(`queue of ${secret}`).slice(0, 12)}`;
}
