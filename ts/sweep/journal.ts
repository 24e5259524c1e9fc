// The journal of a sweep: an append-only file of JSON lines with one writer, safe against being killed at any byte.
import { checkPath } from '../core/checks.js';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { addon } from '../core/addon.js';
import { canonicalJson } from '../core/codec.js';
import { MftError } from '../core/errors.js';
import { type Disk, disk as realDisk, onDisk } from './disk.js';
import { lineText, manifestLine, manifestPrefix, type RowHead, type ScannedLine, scanLines } from './lines.js';
import { isRecord } from './point.js';
import { hasSideFiles, removePartialFiles, type SideFile } from './side-files.js';

/** Where the newest row of a key lies. */
export interface IndexEntry extends RowHead {
  readonly line: number;
  readonly offset: number;
  readonly length: number;
}

/** A line that cannot be used, and why. Its bytes stay in the file. */
export interface DamagedLine {
  readonly line: number;
  readonly reason: string;
  /** The job it held, when that can still be read. */
  readonly key?: string;
}

/** What a journal holds. */
export interface JournalIndex {
  /** Key → its newest row; a finished row is never replaced by a failed one. */
  readonly rows: Map<string, IndexEntry>;
  readonly damaged: readonly DamagedLine[];
  readonly manifests: readonly string[];
  /** Bytes up to the end of the last whole line. */
  readonly end: number;
  /** True when the last line lacks only its newline. */
  readonly lacksNewline: boolean;
  readonly isJournal: boolean;
}

/** A journal open for writing. */
interface Journal {
  readonly path: string;
  readonly index: JournalIndex;
  /** The text of a stored row. */
  readonly read: (entry: IndexEntry) => Promise<string>;
  /** Appends lines; resolves once they are on the medium. Lines that arrive together share one sync. */
  readonly append: (line: string) => Promise<void>;
  /** Resolves, with an error that says so, when the file is deleted, replaced or cut while it is open; looked at every second. */
  readonly lost: Promise<MftError>;
  /** @throws MftError (rejects) ERR_MFT_DISK when the file is no longer there */
  readonly close: () => Promise<void>;
}

/** Reads the lines of an open journal into an index. */
export async function indexJournal(handle: FileHandle, path: string): Promise<JournalIndex> {
  const rows = new Map<string, IndexEntry>();
  const damaged: DamagedLine[] = [];
  const manifests: string[] = [];
  let end = 0;
  let lacksNewline = false;
  let first: ScannedLine | undefined;
  for await (const lines of scanLines(handle)) {
    for (const line of lines) {
      first ??= line;
      const { number, offset, length, behind, isEnded, head } = line;
      // A last line that was cut off counts as not written.
      if (line.kind === 'damaged' && !isEnded) break;
      end = behind;
      lacksNewline = !isEnded;
      if (line.kind === 'manifest') manifests.push(lineText(line));
      if (line.kind === 'damaged')
        damaged.push({
          line: number,
          reason: 'its checksum does not fit its content',
          ...(head === undefined ? {} : { key: head.key }),
        });
      if (line.kind !== 'row' || head === undefined) continue;
      if (head.hasFiles && !(await hasSideFiles(path, sideFilesOf(lineText(line))))) {
        damaged.push({ line: number, reason: 'a side file it names is missing or has another size', key: head.key });
        continue;
      }
      const { key, point, version, status, hasFiles } = head;
      if (rows.get(key)?.status !== 'done' || status === 'done')
        rows.set(key, { key, point, version, status, hasFiles, line: number, offset, length });
    }
  }
  const start = first === undefined ? '' : lineText(first, manifestPrefix.length);
  const isTornHead = first?.isEnded === false && (start.startsWith(manifestPrefix) || manifestPrefix.startsWith(start));
  const isJournal =
    first === undefined || rows.size > 0 || manifests.length > 0 || start === manifestPrefix || isTornHead;
  return { rows, damaged, manifests, end, lacksNewline, isJournal };
}

function sideFilesOf(line: string): readonly SideFile[] {
  const { files } = JSON.parse(line) as { files: unknown };
  const isFile = (file: unknown): boolean =>
    isRecord(file) && typeof file.file === 'string' && typeof file.type === 'string' && typeof file.length === 'number';
  // A name that no sweep writes: such a file is not there.
  return Array.isArray(files) && files.every(isFile) ? files : [{ file: '', type: 'int8', length: 0, sha256: '' }];
}

/** The manifest of a line of the journal; nothing when there is none. @throws MftError ERR_MFT_JOURNAL_MISMATCH */
export function manifestOf(line: string | undefined, path: string): Readonly<Record<string, unknown>> {
  if (line === undefined) return {};
  const { manifest } = JSON.parse(line) as { manifest: unknown };
  if (isRecord(manifest)) return manifest;
  throw new MftError('ERR_MFT_JOURNAL_MISMATCH', `A manifest of ${path} is no record of a sweep.`, {
    parameter: 'journal',
  });
}

function notAJournal(path: string): MftError {
  return new MftError(
    'ERR_MFT_JOURNAL_MISMATCH',
    `The file ${path} is not the journal of a sweep; it was left as it is. Name another file.`,
    { parameter: 'journal' },
  );
}

/**
 * Opens a journal for its one writer, making it when it is not there. A torn last line is cut off; damaged lines are
 * reported and left alone.
 *
 * @throws MftError (rejects) ERR_MFT_JOURNAL_LOCKED (another run writes it), ERR_MFT_JOURNAL_MISMATCH (not a journal),
 * ERR_MFT_UNSUPPORTED (a file system without locks), ERR_MFT_DISK
 */
export async function openJournal(
  path: string,
  manifest: Readonly<Record<string, unknown>>,
  disk: Disk = realDisk,
): Promise<Journal> {
  const handle = await onDisk(path, () =>
    open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK, 0o644),
  );
  try {
    if (!(await handle.stat()).isFile()) throw notAJournal(path);
    if (!addon().lockFile(handle.fd)) {
      throw new MftError(
        'ERR_MFT_JOURNAL_LOCKED',
        `Another run is writing the journal ${path}. Wait for it, or give this run its own journal and merge them.`,
        { parameter: 'journal' },
      );
    }
    const index = await onDisk(path, () => indexJournal(handle, path));
    if (!index.isJournal) throw notAJournal(path);
    await removePartialFiles(path);
    await onDisk(path, async () => {
      await handle.truncate(index.end);
      const opening = `${index.lacksNewline ? '\n' : ''}${isNews(manifest, index.manifests.at(-1), path) ? manifestLine(manifest) : ''}`;
      if (opening !== '') await disk.write(handle, Buffer.from(opening));
      await disk.sync(handle);
      if (index.end === 0) await disk.syncFolder(dirname(path));
    });
    return { path, index, read: rowReader(handle), ...groupCommit(handle, path, disk, index.rows.size) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether a manifest says more than the newest one in the file (other than its date). */
function isNews(manifest: Readonly<Record<string, unknown>>, newest: string | undefined, path: string): boolean {
  if (newest === undefined) return true;
  const old = manifestOf(newest, path);
  return canonicalJson({ ...old, date: '' }) !== canonicalJson({ ...manifest, date: '' });
}

const lookEveryMilliseconds = 1000;

function groupCommit(
  handle: FileHandle,
  path: string,
  disk: Disk,
  rowsBefore: number,
): Pick<Journal, 'append' | 'lost' | 'close'> {
  let waiting: string[] = [];
  let commit: Promise<void> = Promise.resolve();
  let scheduled: Promise<void> | undefined;
  let rows = rowsBefore;
  let smallest = 0;
  let tell: (error: MftError) => void = () => undefined;
  const lost = new Promise<MftError>((resolve) => (tell = resolve));
  // The open file lives on when its name is gone: what is written then is on no disk that anyone can read later.
  const look = async (): Promise<void> => {
    const [open, named] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
    const what =
      named === undefined
        ? 'was deleted'
        : named.ino !== open.ino || named.dev !== open.dev
          ? 'was replaced by another file'
          : open.size < smallest
            ? 'was cut'
            : undefined;
    smallest = Math.max(smallest, open.size);
    if (what === undefined) return;
    const error = new MftError(
      'ERR_MFT_DISK',
      `The journal ${path} ${what} while the sweep wrote it: ${what === 'was cut' ? 'rows' : `its ${rows} rows`} are lost. ` +
        'Put it back from a copy, or run the sweep again: jobs without a row run again.',
      { parameter: 'journal' },
    );
    tell(error);
    throw error;
  };
  const flush = async (): Promise<void> => {
    scheduled = undefined;
    const lines = waiting;
    waiting = [];
    await onDisk(path, async () => {
      await look();
      await disk.write(handle, Buffer.from(lines.join('')));
      await disk.sync(handle);
    });
    rows += lines.length;
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMilliseconds);
  timer.unref();
  return {
    append: (line) => {
      waiting.push(line);
      // Whatever arrives while one group is being written forms the next one.
      scheduled ??= commit = commit.then(flush);
      return scheduled;
    },
    lost,
    close: async () => {
      clearInterval(timer);
      try {
        await commit;
        await look();
      } finally {
        await handle.close();
      }
    },
  };
}

/**
 * A journal opened to read, without a lock: what is in it now. The caller closes the handle.
 *
 * @throws MftError (rejects) ERR_MFT_DISK, ERR_MFT_JOURNAL_MISMATCH
 */
export async function readableJournal(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly index: JournalIndex }> {
  checkPath(path, 'path');
  const handle = await onDisk(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    if (!(await handle.stat()).isFile()) throw notAJournal(path);
    const index = await onDisk(path, () => indexJournal(handle, path));
    if (!index.isJournal) throw notAJournal(path);
    return { handle, index };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Point → newest version of the system it was run with. */
export function newestVersions(index: JournalIndex): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const { point, version } of index.rows.values())
    versions.set(point, Math.max(version, versions.get(point) ?? 0));
  return versions;
}

/** The rows that count, in the order of the file: without those whose point was run again with a newer version of its system. */
export function currentRows(index: JournalIndex): IndexEntry[] {
  const versions = newestVersions(index);
  return [...index.rows.values()].filter(({ point, version }) => version === versions.get(point));
}

/** Bytes read at a time: rows are mostly asked for in the order in which they lie. */
const windowBytes = 2 ** 18;

/** Reads stored rows of an open journal: the text of the one asked for. */
export function rowReader(handle: FileHandle): (entry: IndexEntry) => Promise<string> {
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  return async ({ offset, length }) => {
    if (offset < start || offset + length > start + window.length) {
      const bytes = Buffer.allocUnsafe(Math.max(length, windowBytes));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      [window, start] = [bytes.subarray(0, bytesRead), offset];
    }
    return window.toString('utf8', offset - start, offset - start + length);
  };
}
