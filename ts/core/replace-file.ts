// How every file of a result is written: beside its place, synced, then renamed. A reader sees the old file or the new one whole,
// and so does whoever runs out of disk.
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
  const there = await stat(path).catch(() => undefined);
  const write = async (name: string, mode?: number): Promise<void> => {
    const file = await open(name, 'w', mode);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      if (there === undefined || there.isFile()) await file.sync();
    } finally {
      await file.close();
    }
  };
  if (there !== undefined && !there.isFile()) return write(path);
  const place = there === undefined ? path : await realpath(path);
  const beside = join(dirname(place), `.${basename(place)}.${process.pid}-${count++}.partial`);
  try {
    await write(beside, there === undefined ? undefined : there.mode & 0o777);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // Some file systems cannot sync a folder; the file's own sync is then all there is.
  const folder = await open(dirname(place), 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
