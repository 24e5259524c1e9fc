// A job: plain JSON data that any worker can run, named by the hash of everything that decides its result.
import { canonicalHash, sha256 } from '../core/codec.js';
import { expectedError, MftError } from '../core/errors.js';
import { isRecord } from './point.js';
import type { VerbTable, Work } from './verb.js';

/** Version of the form of jobs and journal rows. */
const jobFormat = 2;

/** One unit of a sweep. `key` names it for ever: same key, same result. */
export interface Job extends Work {
  readonly format: typeof jobFormat;
  readonly key: string;
  /** The key without the system's version: tells a changed version from a new job. */
  readonly point: string;
  readonly verb: string;
  /** The sweep's seed, for verbs that draw; `run.seed` follows from it and the key. */
  readonly sweepSeed?: number;
}

/** The job of a resolved point. */
export function makeJob(verb: string, isRandom: boolean, work: Work, sweepSeed: number): Job {
  const { systemVersion, ...identity } = work;
  const seeded = isRandom ? { sweepSeed } : {};
  const point = canonicalHash({ format: jobFormat, verb, ...identity, ...seeded });
  const key = sha256(`${point} version ${systemVersion}`);
  const run =
    work.run === undefined ? {} : { run: isRandom ? { ...work.run, seed: jobSeed(sweepSeed, key) } : work.run };
  return { format: jobFormat, key, point, verb, ...work, ...run, ...seeded };
}

/** The seed of a job: a whole number in [0, 2^52) that follows from the sweep's seed and the job's key. */
export function jobSeed(sweepSeed: number, key: string): number {
  return Number.parseInt(sha256(`seed ${sweepSeed} of job ${key}`).slice(0, 13), 16);
}

const jobFields = new Set([
  'format',
  'key',
  'point',
  'verb',
  'system',
  'systemVersion',
  'spec',
  'run',
  'quantity',
  'outputs',
  'fit',
  'dataset',
  'sweepSeed',
]);

/**
 * A job from a source that is not trusted: every field is checked, spec and run pass through their system again, and the
 * key must be the hash of what is asked. Nothing in a job can be a function or name a file.
 *
 * @throws MftError ERR_MFT_QUEUE saying why the job is refused, ERR_MFT_UNSUPPORTED for another system version
 */
export async function checkedJob(value: unknown, verbs: VerbTable): Promise<Job> {
  if (!isRecord(value)) throw refused('it is not an object');
  const unknown = Object.keys(value).find((name) => !jobFields.has(name));
  if (unknown !== undefined) throw refused(`it has the unknown field ${JSON.stringify(unknown.slice(0, 60))}`);
  if (value.format !== jobFormat)
    throw refused(`it has format ${JSON.stringify(value.format)}, this worker reads format ${jobFormat}`);
  const verb = typeof value.verb === 'string' && Object.hasOwn(verbs, value.verb) ? verbs[value.verb] : undefined;
  if (verb === undefined)
    throw refused(
      `its verb ${JSON.stringify(value.verb)?.slice(0, 60)} is not one of ${Object.keys(verbs).join(', ')}`,
    );
  refusePaths(value, 'job');
  const { seed: givenSeed, ...run } = isRecord(value.run) ? value.run : {};
  const work = await verb.resolve({
    spec: isRecord(value.spec) ? value.spec : {},
    run,
    quantity: value.quantity,
    fit: value.fit,
    dataset: value.dataset,
    outputs: Array.isArray(value.outputs) ? value.outputs.map(String) : undefined,
  });
  if (value.systemVersion !== work.systemVersion) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Job refused: it asks for version ${String(value.systemVersion)} of system ${work.system}, this worker ` +
        `has version ${work.systemVersion}.`,
      { parameter: 'systemVersion' },
    );
  }
  const sweepSeed = value.sweepSeed ?? 0;
  if (!Number.isSafeInteger(sweepSeed)) throw expectedError('ERR_MFT_QUEUE', 'sweepSeed', 'a whole number', sweepSeed);
  const job = makeJob(value.verb as string, verb.isRandom, work, sweepSeed as number);
  if (job.key !== value.key) throw refused('its key is not the hash of its content');
  if (verb.isRandom && job.run?.seed !== givenSeed) throw refused('its seed does not follow from its key');
  return job;
}

function refused(why: string): MftError {
  return new MftError('ERR_MFT_QUEUE', `Job refused: ${why}.`, { parameter: 'job' });
}

/** Strings of a job name things; only an activation's `expression` may hold a slash (a division). */
function refusePaths(value: unknown, at: string): void {
  if (typeof value === 'string' && /[/\\\0]|^~|\.\./.test(value))
    throw refused(`${at} looks like a path: ${JSON.stringify(value.slice(0, 60))}`);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, item] of Object.entries(value)) if (name !== 'expression') refusePaths(item, `${at}.${name}`);
}
