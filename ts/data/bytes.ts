// Bytes of a data file as a stream: at most one chunk and what the caller asked for are in memory. Compressed data is
// unpacked on the way, and never further than the caller says it may go.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflateRaw, crc32 } from 'node:zlib';
import type { ControlOptions } from '../core/control.js';
import { MftError } from '../core/errors.js';

/** Where data sets are read from, and control. */
export interface DataOptions extends ControlOptions {
  /** Folder that holds the data sets; default: the environment variable MFT_DATA. */
  readonly data?: string;
}

/** A part of an open file: bytes [start, start + length), packed in the given way. */
interface Section {
  readonly start: number;
  readonly length: number;
  readonly packing: 'none' | 'gzip' | 'deflate';
}

/** The unpacked bytes of a section, in order. */
export interface ByteReader {
  /** Name of the file, for messages. */
  readonly name: string;
  /** The next bytes, all of them; refuses a shorter file. */
  fill(target: Uint8Array): Promise<void>;
  /** The next bytes as a new buffer; for headers. */
  take(count: number): Promise<Buffer>;
  /** Says that `count` bytes follow; refuses, before anything is allocated, when the size of the file contradicts. */
  expect(count: number): Promise<void>;
  /** Refuses data after what was read. */
  end(): Promise<void>;
}

/** Deflate packs at most 1032 bytes into one. */
const largestDeflateRatio = 1032;
const chunkBytes = 65536;

export function formatError(name: string, problem: string, cause?: unknown): MftError {
  return new MftError('ERR_MFT_DATA_FORMAT', `${name}: ${problem}`, {
    parameter: name,
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Reads a whole file, gzip or plain (told by its first two bytes), and hashes it on the way.
 *
 * @returns what `read` returned, and the SHA-256 of the file as it lies on the disk
 * @throws MftError ERR_MFT_DATA_FORMAT for a truncated, corrupt or overlong file, and what `read` throws
 */
export async function readWhole<T>(
  path: string,
  options: ControlOptions,
  read: (bytes: ByteReader) => Promise<T>,
): Promise<{ value: T; sha256: string }> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const magic = Buffer.alloc(2);
    if (size >= 2) await readAt(handle, magic, 0, basename(path));
    const packing = magic[0] === 0x1f && magic[1] === 0x8b ? 'gzip' : 'none';
    const hash = createHash('sha256');
    const value = await readSection(
      handle,
      basename(path),
      { start: 0, length: size, packing },
      options,
      read,
      (chunk) => hash.update(chunk),
    );
    return { value, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a file. */
export async function hashFile(path: string, options: ControlOptions = {}): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const { size } = await handle.stat();
    for await (const chunk of rawChunks(handle, basename(path), { start: 0, length: size, packing: 'none' }, options))
      hash.update(chunk);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** Fills the buffer from a position of the file, or refuses the file as truncated. */
export async function readAt(handle: FileHandle, target: Buffer, position: number, name: string): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0)
      throw formatError(
        name,
        `is truncated: ${position + target.length} bytes were expected, ${position + filled} are there.`,
      );
    filled += bytesRead;
  }
}

/** Reads a section through `read`; the whole of it must be consumed. */
export async function readSection<T>(
  handle: FileHandle,
  name: string,
  section: Section,
  options: ControlOptions,
  read: (bytes: ByteReader) => Promise<T>,
  onRaw: (chunk: Buffer) => void = () => {},
): Promise<T> {
  const raw = rawChunks(handle, name, section, options, onRaw);
  const chunks = section.packing === 'none' ? raw : unpacked(raw, section.packing);
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let done = 0;
  let checksum = 0;
  const next = async (): Promise<boolean> => {
    try {
      const step = await iterator.next();
      if (step.done === true) return false;
      held = step.value;
      return true;
    } catch (error) {
      throw unpackingError(error, name, options);
    }
  };
  const trailer = section.packing === 'gzip' ? await gzipTrailer(handle, section, name) : undefined;
  const bytes: ByteReader = {
    name,
    fill: async (target) => {
      for (let filled = 0; filled < target.length; ) {
        if (held.length === 0 && !(await next())) {
          throw formatError(
            name,
            `is truncated: ${done + target.length - filled} bytes were expected, ${done} are there.`,
          );
        }
        const part = held.subarray(0, target.length - filled);
        target.set(part, filled);
        if (trailer !== undefined) checksum = crc32(part, checksum);
        held = held.subarray(part.length);
        filled += part.length;
        done += part.length;
      }
    },
    take: async (count) => {
      const buffer = Buffer.alloc(count);
      await bytes.fill(buffer);
      return buffer;
    },
    expect: async (count) => {
      const declared = done + count;
      const wrong = (held: string): MftError =>
        formatError(name, `its header declares ${declared} bytes, the file holds ${held}.`);
      if (section.packing === 'none' && declared !== section.length) throw wrong(`${section.length}`);
      if (section.packing !== 'none' && declared > section.length * largestDeflateRatio)
        throw wrong(`at most ${section.length * largestDeflateRatio}`);
      if (trailer !== undefined && declared % 2 ** 32 !== trailer.size)
        throw wrong(
          `${trailer.size} (unpacked, says the end of its gzip data; it may be cut off or have something appended)`,
        );
    },
    end: async () => {
      if (held.length > 0 || (await next())) throw formatError(name, `has data after its ${done} declared bytes.`);
      // Node stops silently at bytes that follow a gzip member: only the file's own last bytes tell.
      if (trailer !== undefined && (trailer.checksum !== checksum || trailer.size !== done % 2 ** 32)) {
        throw new MftError(
          'ERR_MFT_DATA_CHECKSUM',
          `${name}: its gzip checksum does not fit its data, or something follows the data.`,
          { parameter: name },
        );
      }
    },
  };
  try {
    const value = await read(bytes);
    await bytes.end();
    return value;
  } finally {
    await iterator.return?.(undefined);
  }
}

async function* rawChunks(
  handle: FileHandle,
  name: string,
  section: Section,
  options: ControlOptions,
  onRaw: (chunk: Buffer) => void = () => {},
): AsyncGenerator<Buffer, void, undefined> {
  for (let offset = 0; offset < section.length; ) {
    if (options.signal?.aborted) throw options.signal.reason;
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, section.length - offset));
    await readAt(handle, chunk, section.start + offset, name);
    onRaw(chunk);
    offset += chunk.length;
    yield chunk;
  }
}

async function* unpacked(
  raw: AsyncIterable<Buffer>,
  packing: 'gzip' | 'deflate',
): AsyncGenerator<Buffer, void, undefined> {
  const unpacker =
    packing === 'gzip' ? createGunzip({ chunkSize: chunkBytes }) : createInflateRaw({ chunkSize: chunkBytes });
  // Errors reach the reader through the iteration below.
  pipeline(Readable.from(raw, { objectMode: false, highWaterMark: chunkBytes }), unpacker, () => {});
  for await (const chunk of unpacker) yield chunk as Buffer;
}

async function gzipTrailer(
  handle: FileHandle,
  section: Section,
  name: string,
): Promise<{ checksum: number; size: number }> {
  if (section.length < 18) throw formatError(name, `is truncated: ${section.length} bytes are no gzip file.`);
  const tail = Buffer.alloc(8);
  await readAt(handle, tail, section.start + section.length - 8, name);
  return { checksum: tail.readUInt32LE(0), size: tail.readUInt32LE(4) };
}

function unpackingError(error: unknown, name: string, options: ControlOptions): unknown {
  if (options.signal?.aborted || error instanceof MftError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('incorrect data check') || message.includes('incorrect length check')) {
    return new MftError('ERR_MFT_DATA_CHECKSUM', `${name}: its compressed data is corrupt (${message}).`, {
      parameter: name,
      cause: error,
    });
  }
  return formatError(name, `its compressed data is corrupt or truncated (${message}).`, error);
}
