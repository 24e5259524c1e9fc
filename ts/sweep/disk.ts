// The few operations that change the disk, in one record, so that a test can make each of them fail or be the last.
import { open, rename } from 'node:fs/promises';
import { MftError } from '../core/errors.js';

/** An open file, as far as a journal needs it. */
interface OpenFile {
  readonly writeFile: (bytes: Uint8Array) => Promise<void>;
  readonly datasync: () => Promise<void>;
}

export interface Disk {
  /** Writes all bytes at the handle's position (its end, for files opened to append). */
  readonly write: (handle: OpenFile, bytes: Uint8Array) => Promise<void>;
  /** Returns when everything written is on the medium. */
  readonly sync: (handle: OpenFile) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Makes new names in a folder durable. */
  readonly syncFolder: (folder: string) => Promise<void>;
}

export const disk: Disk = {
  write: async (handle, bytes) => handle.writeFile(bytes),
  sync: (handle) => handle.datasync(),
  rename,
  syncFolder: async (folder) => {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } catch {
      // Some file systems cannot sync a folder; the file's own sync is then all there is.
    } finally {
      await handle.close();
    }
  },
};

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run the same command again: it resumes',
  EDQUOT: 'the disk quota is used up; free some space and run the same command again: it resumes',
  EFBIG: 'the file would exceed the largest size allowed here',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'the file or its folder does not exist',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EIO: 'the device reported an input/output error',
};

/** Runs file work; a failure of the file system becomes an MftError ERR_MFT_DISK that names the file and says what to do. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MftError || !(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const code = 'code' in cause ? String(cause.code) : 'unknown';
    throw new MftError('ERR_MFT_DISK', `Could not use ${path}: ${reasons[code] ?? cause.message} (${code}).`, {
      parameter: 'journal',
      cause,
    });
  }
}
