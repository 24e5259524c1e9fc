// Opening a data file: only regular files, never waiting for one, and errors of the file system as errors of ours.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedError, MftError, type MftErrorCode } from '../core/errors.js';
import { printable } from '../core/text.js';

/** A problem of a file's content. Names of foreign files and members are shown without control characters. */
export function formatError(name: string, problem: string, cause?: unknown): MftError {
  return dataError('ERR_MFT_DATA_FORMAT', name, problem, cause);
}

export function dataError(code: MftErrorCode, name: string, problem: string, cause?: unknown): MftError {
  return new MftError(code, printable(`${name}: ${problem}`), {
    parameter: printable(name),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Opens a regular file and hands it to `use`, with its size; closes it afterwards.
 *
 * @throws MftError ERR_MFT_DATA_NOT_FOUND; ERR_MFT_DATA_FORMAT for a folder, pipe, socket, device or a loop of links;
 * ERR_MFT_DISK for what the file system refuses (permission, a failing disk); and what `use` throws
 */
export async function withFile<T>(path: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'path', 'the path of a file', path);
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a pipe waits for its writer, out of reach of any signal.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw fileError(cause, path);
  }
  try {
    const status = await handle.stat();
    const kind = status.isFile()
      ? undefined
      : status.isDirectory()
        ? 'a folder'
        : status.isFIFO()
          ? 'a pipe'
          : status.isSocket()
            ? 'a socket'
            : 'a device';
    if (kind !== undefined) throw formatError(basename(path), `is ${kind}, not a regular file.`);
    return await use(handle, status.size);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await handle.close();
  }
}

/** The error as one of ours when it is the file system's, else itself. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof MftError || !(error instanceof Error) || !('syscall' in error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(code))
    return dataError('ERR_MFT_DATA_NOT_FOUND', path, 'was not found.', error);
  const name = basename(path);
  if (code === 'ELOOP') return formatError(name, 'is a loop of symbolic links.', error);
  if (code === 'EISDIR') return formatError(name, 'is a folder, not a regular file.', error);
  // A socket cannot be opened at all.
  if (code === 'ENXIO') return formatError(name, 'is a socket or device, not a regular file.', error);
  const why =
    code === 'EACCES' || code === 'EPERM' ? 'may not be read (permission denied)' : `cannot be read (${code})`;
  return dataError('ERR_MFT_DISK', name, `${why}.`, error);
}
