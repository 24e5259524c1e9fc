// The central directory of a zip archive, with its ZIP64 forms (APPNOTE 6.3.10, 4.3.12 to 4.3.16 and 4.5.3).
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './bytes.js';
import { formatError } from './files.js';

/** What the directory says of a member. */
export interface ZipMember {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Place of the member's own header in the file. */
  readonly headerAt: number;
}

const endRecordBytes = 22;
const locatorBytes = 20;
const end64Bytes = 56;
const entryBytes = 46;
/** Of the format, times ten: what a member may need of its reader (4.4.3). */
const newestVersion = 63;
const largestComment = 65_535;
const largestDirectory = 2 ** 20;
/** A 32-bit and a 16-bit field that says: see ZIP64. */
const [beyond32, beyond16] = [0xffffffff, 0xffff];

/** Where the directory lies, and how many entries it has. */
interface Place {
  readonly count: number;
  readonly length: number;
  readonly start: number;
}

/**
 * The entries of the central directory. Every byte behind the members belongs to the directory, the ZIP64 records, the end
 * record or its comment: nothing may stand between or behind them.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT; also for a name that stands twice, of which readers would take different ones
 */
export async function zipDirectory(handle: FileHandle, file: string, size: number): Promise<ZipMember[]> {
  const { count, length, start } = await findDirectory(handle, file, size);
  const bytes = Buffer.alloc(length);
  await readAt(handle, bytes, start, file);
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + entryBytes > length || bytes.readUInt32LE(at) !== 0x02014b50)
      throw formatError(file, 'has a damaged directory.');
    const nameEnd = at + entryBytes + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const next = extraEnd + bytes.readUInt16LE(at + 32);
    if (next > length) throw formatError(file, 'has a damaged directory.');
    const name = bytes.toString('utf8', at + entryBytes, nameEnd);
    const needed = bytes.readUInt8(at + 6);
    if (needed > newestVersion)
      throw formatError(`${file}: ${name.slice(0, 60)}`, `needs version ${needed / 10} of the format; 6.3 is read.`);
    if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw formatError(`${file}: ${name.slice(0, 60)}`, 'is encrypted.');
    const large = wideFields(bytes.subarray(nameEnd, extraEnd), `${file}: ${name.slice(0, 60)}`);
    // The wide fields stand in this order, each only when its narrow one is full.
    const [unpacked, packedBytes, headerAt] = [24, 20, 42].map((field) => {
      const narrow = bytes.readUInt32LE(at + field);
      return narrow === beyond32 ? (large.shift() ?? narrow) : narrow;
    }) as [number, number, number];
    if (members.has(name)) throw formatError(file, `has two members "${name.slice(0, 60)}".`);
    members.set(name, {
      name,
      method: bytes.readUInt16LE(at + 10),
      checksum: bytes.readUInt32LE(at + 16),
      packedBytes,
      bytes: unpacked,
      headerAt,
    });
    at = next;
  }
  if (at !== length) throw formatError(file, 'has a directory with bytes that belong to no entry.');
  return [...members.values()];
}

async function findDirectory(handle: FileHandle, file: string, size: number): Promise<Place> {
  if (size < endRecordBytes) throw formatError(file, `holds ${size} bytes, too few for a .npz archive.`);
  const tailBytes = Math.min(size, endRecordBytes + largestComment);
  const tail = Buffer.alloc(tailBytes);
  await readAt(handle, tail, size - tailBytes, file);
  // From the end: the first record whose comment ends where the file does.
  let at = tailBytes - endRecordBytes;
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === 0x06054b50 && tail.readUInt16LE(at + 20) === tailBytes - at - endRecordBytes)
  )
    at--;
  if (at < 0) throw formatError(file, 'is no .npz archive, is truncated, or has data after its end.');
  const endAt = size - tailBytes + at;
  const [disk, directoryDisk, here] = [4, 6, 8].map((field) => tail.readUInt16LE(at + field));
  const narrow: Place = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  if (disk !== 0 || directoryDisk !== 0 || here !== narrow.count)
    throw formatError(file, 'is one part of an archive of several.');
  const place = await wide(handle, file, endAt, narrow);
  if (place.length > largestDirectory || place.start + place.length !== place.before)
    throw formatError(file, 'has a directory that does not fit its size.');
  return place;
}

/** The place with its ZIP64 values, when the end record is preceded by a ZIP64 locator; both records must agree. */
async function wide(
  handle: FileHandle,
  file: string,
  endAt: number,
  narrow: Place,
): Promise<Place & { readonly before: number }> {
  const before = endAt - locatorBytes - end64Bytes;
  const records = Buffer.alloc(before < 0 ? 0 : end64Bytes + locatorBytes);
  if (before >= 0) await readAt(handle, records, before, file);
  if (before < 0 || records.readUInt32LE(end64Bytes) !== 0x07064b50) {
    if (narrow.count === beyond16 || narrow.length === beyond32 || narrow.start === beyond32)
      throw formatError(file, 'lacks the ZIP64 records that its end speaks of.');
    return { ...narrow, before: endAt };
  }
  const long = (at: number): number => exact(records.readBigUInt64LE(at), file);
  if (records.readUInt32LE(0) !== 0x06064b50 || long(4) !== end64Bytes - 12 || long(end64Bytes + 8) !== before)
    throw formatError(file, 'has damaged ZIP64 records.');
  const place = { count: long(32), length: long(40), start: long(48) };
  const agrees = (value: number, other: number, full: number): boolean => other === full || value === other;
  if (
    long(24) !== place.count ||
    !agrees(place.count, narrow.count, beyond16) ||
    !agrees(place.length, narrow.length, beyond32) ||
    !agrees(place.start, narrow.start, beyond32)
  )
    throw formatError(file, 'has ZIP64 records that contradict its end.');
  return { ...place, before };
}

/** The 64-bit numbers of the ZIP64 extra field (id 1); none without it. */
function wideFields(extra: Buffer, name: string): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    const end = at + 4 + length;
    if (end > extra.length) throw formatError(name, 'has a damaged extra field.');
    if (id === 1)
      return Array.from({ length: Math.min(3, Math.floor(length / 8)) }, (_, i) =>
        exact(extra.readBigUInt64LE(at + 4 + 8 * i), name),
      );
    at = end;
  }
  return [];
}

function exact(value: bigint, name: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw formatError(name, `declares ${value} bytes.`);
  return Number(value);
}
