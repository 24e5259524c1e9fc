// Joins journals: those of the shards of one sweep, or of several sweeps.
import { checkPath } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { access, constants, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../core/codec.js';
import { expectedError, MftError } from '../core/errors.js';
import { onDisk } from './disk.js';
import { manifestOf, openJournal, readableJournal, rowReader } from './journal.js';
import { readSideFile, sideFolder, type SideFile } from './side-files.js';

export interface MergeSummary {
  readonly rows: number;
  readonly failed: number;
  /** Rows that another input had already given. */
  readonly repeated: number;
  /** Keys with two different results: of other CPUs or BLAS versions, or a defect. The first one is kept. */
  readonly conflicts: readonly string[];
  readonly damaged: number;
}

const rowsPerSync = 1000;

/**
 * Writes the rows of several journals into one, each job once; a finished row wins over a failed one. Side files are copied
 * and their checksums verified.
 *
 * @param target journal to make; it may not be one of the sources
 * @param sources journals to read
 * @returns how many rows were written, failed, given twice or damaged, and the keys with two different results
 * @throws MftError (rejects) ERR_MFT_DISK (also when the target exists), ERR_MFT_JOURNAL_MISMATCH, ERR_MFT_DATA_CHECKSUM
 *
 * **Numerics**: rows are copied byte for byte.
 * **Source**: ours.
 *
 * @example
 * await mergeJournals('all.jsonl', ['part-1.jsonl', 'part-2.jsonl']);
 */
export async function mergeJournals(target: string, sources: readonly string[]): Promise<MergeSummary> {
  checkPath(target, 'target');
  const files = plainCopy(sources, 'sources');
  if (!Array.isArray(files)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'sources', 'a list of files', files);
  files.forEach((file, i) => checkPath(file, `sources.${i}`));
  const isThere = await access(target, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new MftError('ERR_MFT_DISK', `The file ${target} exists; name a new file to merge into.`, {
      parameter: 'target',
    });
  const inputs = await Promise.all(
    files.map((source) => readableJournal(source).then((input) => ({ source, ...input }))),
  );
  try {
    const manifest = manifestOf(inputs.flatMap(({ index }) => index.manifests).at(-1), files.at(-1) ?? target);
    const { shard: _, ...joined } = manifest;
    const journal = await openJournal(target, { ...joined, mergedFrom: files.length });
    const taken = new Map<string, { isDone: boolean; essence: string }>();
    let [rows, failed, repeated] = [0, 0, 0];
    const conflicts: string[] = [];
    const writes: Promise<void>[] = [];
    try {
      // Finished rows first, so that no failed row of one shard hides another shard's result.
      for (const status of ['done', 'failed'] as const) {
        for (const { source, handle, index } of inputs) {
          const read = rowReader(handle);
          for (const entry of index.rows.values()) {
            if (entry.status !== status) continue;
            const line = await read(entry);
            const known = taken.get(entry.key);
            const essence = sha256(line.slice(0, line.lastIndexOf(',"meta":')));
            if (known !== undefined) {
              repeated++;
              if (known.isDone && status === 'done' && known.essence !== essence) conflicts.push(entry.key);
              continue;
            }
            taken.set(entry.key, { isDone: status === 'done', essence });
            if (entry.hasFiles) await copySideFiles(source, target, line);
            writes.push(journal.append(`${line}\n`));
            if (writes.length >= rowsPerSync) await Promise.all(writes.splice(0));
            rows++;
            if (status === 'failed') failed++;
          }
        }
      }
      await Promise.all(writes);
    } finally {
      await journal.close();
    }
    return {
      rows,
      failed,
      repeated,
      conflicts,
      damaged: inputs.reduce((sum, { index }) => sum + index.damaged.length, 0),
    };
  } finally {
    for (const { handle } of inputs) await handle.close();
  }
}

async function copySideFiles(source: string, target: string, line: string): Promise<void> {
  const { files } = JSON.parse(line) as { files: readonly SideFile[] };
  await onDisk(sideFolder(target), async () => {
    await mkdir(sideFolder(target), { recursive: true });
    for (const reference of files) {
      await readSideFile(source, reference);
      await copyFile(join(sideFolder(source), reference.file), join(sideFolder(target), reference.file));
    }
  });
}
