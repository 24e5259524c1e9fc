// Bytes of a data file as a stream: at most one chunk and what the caller asked for are in memory. Compressed data is
// unpacked on the way, and never further than the caller says it may go.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import type { ControlOptions } from '../core/control.js';
import { MftError } from '../core/errors.js';
import { memoryAllowed } from '../core/memory.js';
import { dataError, formatError, withFile } from './files.js';
import { gunzipped } from './gzip.js';

/** Where data sets are read from, and control. */
export interface DataOptions extends ControlOptions {
  /** Folder that holds the data sets; default: the environment variable MFT_DATA. */
  readonly data?: string;
  /** Of a .npz archive: the component that means white, what `unit` maps to 1; default: 255 for whole numbers of 0 to 255, else 1. */
  readonly pixelMaximum?: number;
  /** Of a .npz archive: which axis of an image holds its colours; default: from the shape. */
  readonly channelAxis?: 'first' | 'last' | 'none';
  /** Bytes that the values of one file may take; default: four fifths of the memory allowed. */
  readonly memoryLimit?: number;
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
  /**
   * Says that `count` bytes follow, for which `memory` bytes will be allocated; refuses, before that happens, when the
   * size of the file or the memory allowed contradicts.
   */
  expect(count: number, memory?: number): Promise<void>;
  /** Refuses data after what was read. */
  end(): Promise<void>;
}

/** Deflate packs at most 1032 bytes into one. */
const largestDeflateRatio = 1032;
const chunkBytes = 65536;

/** Packed data that declares more than this, and more than four times the file, is measured before it is believed. */
const believedBytes = 2 ** 24;

/**
 * Reads a whole file, gzip or plain (told by its first two bytes), and hashes it on the way.
 *
 * @returns what `read` returned, and the SHA-256 of the file as it lies on the disk
 * @throws MftError ERR_MFT_DATA_FORMAT for a truncated, corrupt or overlong file, and what `read` throws
 */
export async function readWhole<T>(
  path: string,
  options: DataOptions,
  read: (bytes: ByteReader) => Promise<T>,
): Promise<{ value: T; sha256: string }> {
  return withFile(path, async (handle, size) => {
    const name = basename(path);
    const magic = Buffer.alloc(2);
    if (size >= 2) await readAt(handle, magic, 0, name);
    const packing = magic[0] === 0x1f && magic[1] === 0x8b ? 'gzip' : 'none';
    const hash = createHash('sha256');
    const section = { start: 0, length: size, packing } as const;
    const value = await readSection(handle, name, section, options, read, (chunk) => hash.update(chunk));
    return { value, sha256: hash.digest('hex') };
  });
}

/** SHA-256 of a file. */
export async function hashFile(path: string, options: ControlOptions = {}): Promise<string> {
  return withFile(path, async (handle, size) => {
    const hash = createHash('sha256');
    for await (const chunk of rawChunks(handle, basename(path), { start: 0, length: size, packing: 'none' }, options))
      hash.update(chunk);
    return hash.digest('hex');
  });
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
  options: DataOptions,
  read: (bytes: ByteReader) => Promise<T>,
  onRaw: (chunk: Buffer) => void = () => {},
): Promise<T> {
  const raw = rawChunks(handle, name, section, options, onRaw);
  const chunks = unpackedChunks(raw, section, name);
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let done = 0;
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
    expect: async (count, memory = count) => {
      const declared = done + count;
      const wrong = (held: string): MftError =>
        formatError(name, `its header declares ${declared} bytes, the file holds ${held}.`);
      if (section.packing === 'none' && declared !== section.length) throw wrong(`${section.length}`);
      if (section.packing !== 'none' && declared > section.length * largestDeflateRatio)
        throw wrong(`at most ${section.length * largestDeflateRatio}`);
      const limit = options.memoryLimit ?? 0.8 * memoryAllowed();
      if (memory > limit)
        throw dataError(
          'ERR_MFT_MEMORY',
          name,
          `its values need ${Math.ceil(memory)} bytes of memory, more than the ${Math.floor(limit)} allowed.`,
        );
      if (section.packing !== 'none' && declared > Math.max(believedBytes, 4 * section.length)) {
        const held = await unpackedSize(handle, name, section, options, declared);
        if (held !== declared) throw wrong(held < declared ? `${held}` : 'more');
      }
    },
    end: async () => {
      if (held.length > 0 || (await next())) throw formatError(name, `has data after its ${done} declared bytes.`);
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

function unpackedChunks(
  raw: AsyncGenerator<Buffer, void, undefined>,
  section: Section,
  name: string,
): AsyncIterable<Buffer> {
  if (section.packing === 'none') return raw;
  return section.packing === 'gzip' ? gunzipped(raw, name) : inflated(raw);
}

async function* inflated(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const unpacker = createInflateRaw({ chunkSize: chunkBytes });
  // Errors reach the reader through the iteration below.
  pipeline(Readable.from(raw, { objectMode: false, highWaterMark: chunkBytes }), unpacker, () => {});
  for await (const chunk of unpacker) yield chunk as Buffer;
}

/** Unpacked bytes of a section, counted up to the first beyond `most`: a pass over the file, in constant memory. */
async function unpackedSize(
  handle: FileHandle,
  name: string,
  section: Section,
  options: ControlOptions,
  most: number,
): Promise<number> {
  let size = 0;
  try {
    for await (const chunk of unpackedChunks(rawChunks(handle, name, section, options), section, name)) {
      size += chunk.length;
      if (size > most) break;
    }
  } catch (error) {
    throw unpackingError(error, name, options);
  }
  return size;
}

function unpackingError(error: unknown, name: string, options: ControlOptions): unknown {
  if (options.signal?.aborted || error instanceof MftError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('incorrect data check') || message.includes('incorrect length check')) {
    return dataError('ERR_MFT_DATA_CHECKSUM', name, `its compressed data is corrupt (${message}).`, error);
  }
  return formatError(name, `its compressed data is corrupt or truncated (${message}).`, error);
}
