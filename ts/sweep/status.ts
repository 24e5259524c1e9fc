// What a journal holds, and what of its plan is missing.
import { MftError } from '../core/errors.js';
import { currentRows, type DamagedLine, manifestOf, readableJournal, rowReader } from './journal.js';
import { pendingJobs } from './pending.js';
import { expandPlan, type SweepPlan } from './plan.js';
import { isRecord } from './point.js';
import { jobError, type JobError, storedError } from './rows.js';
import type { VerbTable } from './verb.js';
import { verbs as allVerbs } from './verbs.js';

interface JournalStatus {
  readonly done: number;
  readonly failed: number;
  /** Rows of points that were run again with a newer version of their system; exports leave them out. */
  readonly superseded: number;
  /** Jobs of the newest plan without a finished or failed row; undefined when the plan cannot be expanded. */
  readonly missing?: number;
  readonly planProblem?: string;
  readonly planHash?: string;
  readonly damaged: readonly DamagedLine[];
  /** Failures by code, with the message of the first one. */
  readonly failures: readonly (JobError & { readonly count: number })[];
}

/** The state of a journal. @throws MftError (rejects) ERR_MFT_DISK, ERR_MFT_JOURNAL_MISMATCH */
export async function journalStatus(path: string, verbs: VerbTable = allVerbs): Promise<JournalStatus> {
  const { handle, index } = await readableJournal(path);
  try {
    const failures = new Map<string, JobError & { count: number }>();
    let done = 0;
    const read = rowReader(handle);
    const entries = currentRows(index);
    for (const entry of entries) {
      if (entry.status === 'done') done++;
      else {
        const error = storedError(await read(entry), path, entry.line);
        const known = failures.get(error.code);
        if (known === undefined) failures.set(error.code, { ...error, count: 1 });
        else known.count++;
      }
    }
    const common = {
      done,
      failed: entries.length - done,
      superseded: index.rows.size - entries.length,
      damaged: index.damaged,
      failures: [...failures.values()],
    };
    try {
      const { jobs, hash } = await expandPlan(planIn(path, index.manifests), verbs);
      return {
        ...common,
        missing: pendingJobs(jobs, index).filter(({ reason }) => reason !== 'failed').length,
        planHash: hash,
      };
    } catch (error) {
      return { ...common, planProblem: jobError(error).message };
    }
  } finally {
    await handle.close();
  }
}

/** The newest plan of a journal. @throws MftError (rejects) ERR_MFT_JOURNAL_MISMATCH when no manifest can be read */
export async function journalPlan(path: string): Promise<SweepPlan> {
  const { handle, index } = await readableJournal(path);
  await handle.close();
  return planIn(path, index.manifests);
}

function planIn(path: string, manifests: readonly string[]): SweepPlan {
  const newest = manifests.at(-1);
  if (newest === undefined)
    throw new MftError(
      'ERR_MFT_JOURNAL_MISMATCH',
      `The journal ${path} has no readable manifest, so its plan is not known; give the plan to \`mft sweep run\`.`,
      { parameter: 'journal' },
    );
  const { plan } = manifestOf(newest, path);
  if (!isRecord(plan) || !isRecord(plan.base) || !['string', 'undefined'].includes(typeof plan.title))
    throw new MftError('ERR_MFT_JOURNAL_MISMATCH', `The manifest of ${path} holds no plan of a sweep.`, {
      parameter: 'journal',
    });
  return plan as unknown as SweepPlan;
}
