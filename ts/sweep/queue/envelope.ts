// What travels through Redis: JSON text with a keyed hash, so that neither side takes anything from a stranger.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../../core/codec.js';
import { MftError } from '../../core/errors.js';
import { packageVersion } from '../../core/provenance.js';
import { isRecord } from '../point.js';
import { checkedJob, type Job } from '../job.js';
import { checkedError, checkedResult } from '../row-checks.js';
import type { Outcome, RowMeta } from '../rows.js';
import type { VerbTable } from '../verb.js';

/** A job is at most this long; a row at most `largestRow`. */
const largestJob = 2 ** 20;
const largestRow = 64 * 2 ** 20;

interface Envelope {
  readonly payload: string;
  readonly hmac: string;
}

/** The secret both sides share. @throws MftError ERR_MFT_QUEUE when it is missing or short */
export function queueSecret(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const secret = environment.MFT_QUEUE_SECRET ?? '';
  if (secret.length >= 16) return secret;
  throw new MftError(
    'ERR_MFT_QUEUE',
    'Expected the environment variable MFT_QUEUE_SECRET to hold a secret of at least 16 characters, ' +
      'the same for the sweep and ' +
      'its workers: `export ' +
      'MFT_QUEUE_SECRET=$(openssl ' +
      'rand -hex 32)`.',
    { parameter: 'MFT_QUEUE_SECRET' },
  );
}

type Label = 'job' | 'row';

function sealed(label: Label, content: object, secret: string): Envelope {
  const payload = canonicalJson(content);
  return { payload, hmac: keyedHash(label, payload, secret) };
}

// The label keeps a job from being passed off as a row.
function keyedHash(label: Label, payload: string, secret: string): string {
  return createHmac('sha256', secret).update(`mft-native ${label}\n`).update(payload).digest('hex');
}

function opened(label: Label, envelope: unknown, limit: number, secret: string): Readonly<Record<string, unknown>> {
  if (!isRecord(envelope) || typeof envelope.payload !== 'string' || typeof envelope.hmac !== 'string')
    throw refused(label, 'it is not a signed envelope');
  if (Buffer.byteLength(envelope.payload) > limit) throw refused(label, `it is longer than ${limit} bytes`);
  const [given, expected] = [Buffer.from(envelope.hmac), Buffer.from(keyedHash(label, envelope.payload, secret))];
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw refused(label, 'its signature is wrong (is MFT_QUEUE_SECRET the same on both sides?)');
  const content: unknown = JSON.parse(envelope.payload);
  if (!isRecord(content)) throw refused(label, 'it is not an object');
  if (content.package !== packageVersion())
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `${label === 'job' ? 'Job' : 'Row'} refused: it comes from mft-native ` +
        `${String(content.package).slice(0, 40)}, this is ` +
        `${packageVersion()}; sweep and workers need the same version.`,
      { parameter: 'package' },
    );
  return content;
}

function refused(label: Label, why: string): MftError {
  return new MftError('ERR_MFT_QUEUE', `${label === 'job' ? 'Job' : 'Row'} refused: ${why}.`, { parameter: label });
}

const rowRefused = (why: string): MftError => refused('row', why);

/** A job for the queue. @throws MftError ERR_MFT_QUEUE when it is too long */
export function sealJob(job: Job, secret: string): Envelope {
  const envelope = sealed('job', { package: packageVersion(), job }, secret);
  if (Buffer.byteLength(envelope.payload) > largestJob)
    throw refused('job', `it is longer than ${largestJob} bytes; give large inputs as a data set`);
  return envelope;
}

/** The job of an envelope, everything in it checked again. @throws MftError saying why it is refused */
export async function openJob(envelope: unknown, secret: string, verbs: VerbTable): Promise<Job> {
  return checkedJob(opened('job', envelope, largestJob, secret).job, verbs);
}

/** An outcome on its way back. One that is too long becomes a failure that says so. */
export function sealOutcome(outcome: Outcome, secret: string): Envelope {
  const envelope = sealed('row', { package: packageVersion(), outcome }, secret);
  if (Buffer.byteLength(envelope.payload) <= largestRow) return envelope;
  const error = {
    code: 'ERR_MFT_QUEUE',
    message: `The result is longer than ${largestRow} bytes; keep less of it with \`outputs\`, or run it locally.`,
  } as const;
  return sealed(
    'row',
    { package: packageVersion(), outcome: { key: outcome.key, status: 'failed', error, meta: outcome.meta } },
    secret,
  );
}

/** The outcome of an envelope, for the job with this key. @throws MftError saying why it is refused */
export function openOutcome(envelope: unknown, key: string, secret: string): Outcome {
  const { outcome } = opened('row', envelope, largestRow, secret);
  if (!isRecord(outcome) || outcome.key !== key) throw refused('row', 'it answers another job');
  const meta = checkedMeta(outcome.meta);
  if (outcome.status === 'failed')
    return { key, status: 'failed', error: checkedError(outcome.error, rowRefused), meta };
  if (outcome.status !== 'done' || typeof outcome.result !== 'string')
    throw refused('row', 'it is neither done nor failed');
  // What is stored is what this side understood: read and written again.
  return { key, status: 'done', result: canonicalJson(checkedResult(JSON.parse(outcome.result), rowRefused)), meta };
}

function checkedMeta(meta: unknown): RowMeta {
  const { seconds, host, attempts, provenance } = isRecord(meta) ? meta : {};
  const origin =
    isRecord(provenance) && Object.values(provenance).every((value) => ['string', 'number'].includes(typeof value))
      ? { provenance: provenance as unknown as NonNullable<RowMeta['provenance']> }
      : {};
  return {
    seconds: typeof seconds === 'number' && seconds >= 0 ? seconds : 0,
    ...(typeof host === 'string' ? { host: host.slice(0, 255) } : {}),
    ...(typeof attempts === 'number' ? { attempts } : {}),
    ...origin,
  };
}
