// Standard output that is a file: Node writes a chunk once and drops what did not fit, so on a disk that fills up the text would end
// in its middle with exit code 0.
import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** Makes a stream over a regular file write every byte or fail. */
export function writeWhole(stream: Writable & { readonly fd: number }): void {
  if (!isFile(stream.fd)) return;
  stream._write = (chunk: Uint8Array | string, _encoding, done) => {
    try {
      let left = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      while (left.length > 0) left = left.subarray(writeSync(stream.fd, left));
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
