// How every file of a result is written: beside its place, synced, then renamed. A reader sees the old file or the new one whole,
// and so does whoever runs out of disk.
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Milliseconds. */
const leftAfter = 600_000;
let count = 0;

/** What a file is written of, as it comes. */
type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Puts a file in its place, or leaves what was there. A link stays a link; its target is replaced. What is no regular file (a pipe,
 * /dev/stdout) is written as it is.
 *
 * @throws the error of the file system; no part is left behind
 */
export async function replaceFile(path: string, chunks: Chunks): Promise<void> {
  await replaceBy(path, async (name) => {
    const file = await open(name, 'w');
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  });
}

/** The same where something else writes under the name that it is given, of a file that is there and empty. */
export async function replaceBy(path: string, write: (name: string) => Promise<void>): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) return write(path);
  const place = there === undefined ? path : await realpath(path);
  const [folder, name] = [dirname(place), basename(place)];
  await removeLeftParts(folder, name);
  const beside = join(folder, `.${name}.${process.pid}-${count++}.partial`);
  try {
    await withOpen(beside, 'wx', async () => undefined, there === undefined ? undefined : there.mode & 0o777);
    await write(beside);
    await withOpen(beside, 'r+', (file) => file.sync());
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // Some file systems cannot sync a folder; the file's own sync is then all there is.
  await withOpen(folder, 'r', (opened) => opened.sync()).catch(() => undefined);
}

async function withOpen(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** Parts of a file that killed processes left: the process is gone, and nothing was written for a while (it may run elsewhere). */
async function removeLeftParts(folder: string, name: string): Promise<void> {
  const start = `.${name}.`;
  for (const found of await readdir(folder).catch((): string[] => [])) {
    const writer = found.startsWith(start) ? /^(\d+)-\d+\.partial$/.exec(found.slice(start.length))?.[1] : undefined;
    if (writer === undefined || isAlive(Number(writer))) continue;
    const part = join(folder, found);
    const { mtimeMs } = await stat(part).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > leftAfter) await rm(part, { force: true });
  }
}

function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
