// NumPy .npz archives: zip files whose members are .npy arrays, stored or deflated.
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ControlOptions } from '../core/control.js';
import { MftError } from '../core/errors.js';
import { type ByteReader, formatError, hashFile, readAt, readSection } from './bytes.js';
import { type NpyArray, readNpyBytes } from './npy.js';

interface Member {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const endRecordBytes = 22;
const entryBytes = 46;
const localHeaderBytes = 30;
const largestDirectory = 1 << 20;

/**
 * Reads arrays of a .npz archive (numpy.savez, numpy.savez_compressed).
 *
 * @param names the members to read (without ".npy"); all when left out
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT (no such archive, a missing member, a size that does not fit), ERR_MFT_DATA_CHECKSUM
 *
 * @example
 * const { arrays } = await readNpz('digits.npz', ['x_train', 'y_train']);
 */
export async function readNpz(
  path: string,
  names?: readonly string[],
  options: ControlOptions = {},
): Promise<{ arrays: Map<string, NpyArray>; sha256: string }> {
  const file = basename(path);
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const members = await directory(handle, file, size);
    const wanted = names ?? members.map((member) => member.name.replace(/\.npy$/, ''));
    const arrays = new Map<string, NpyArray>();
    for (const name of wanted) {
      const member = members.find((candidate) => candidate.name === `${name}.npy`);
      if (member === undefined)
        throw formatError(
          file,
          `has no array "${name}"; it has ${members.map((m) => m.name.replace(/\.npy$/, '')).join(', ') || 'none'}.`,
        );
      arrays.set(name, await readMember(handle, file, size, member, options));
    }
    return { arrays, sha256: await hashFile(path, options) };
  } finally {
    await handle.close();
  }
}

/** The entries of the central directory. The archive must end with its end record: nothing may follow, no comment. */
async function directory(handle: FileHandle, file: string, size: number): Promise<Member[]> {
  if (size < endRecordBytes) throw formatError(file, `holds ${size} bytes, too few for a .npz archive.`);
  const end = Buffer.alloc(endRecordBytes);
  await readAt(handle, end, size - endRecordBytes, file);
  if (end.readUInt32LE(0) !== 0x06054b50 || end.readUInt16LE(20) !== 0)
    throw formatError(file, 'is no .npz archive, is truncated, or has data after its end.');
  const count = end.readUInt16LE(10);
  const length = end.readUInt32LE(12);
  const start = end.readUInt32LE(16);
  if (count === 0xffff || start === 0xffffffff)
    throw formatError(file, 'is a ZIP64 archive of more than 4 GiB; store its arrays as .npy files.');
  if (length > largestDirectory || start + length !== size - endRecordBytes)
    throw formatError(file, 'has a directory that does not fit its size.');
  const bytes = Buffer.alloc(length);
  await readAt(handle, bytes, start, file);
  const members: Member[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + entryBytes > length || bytes.readUInt32LE(at) !== 0x02014b50)
      throw formatError(file, 'has a damaged directory.');
    const nameLength = bytes.readUInt16LE(at + 28);
    const next = at + entryBytes + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > length) throw formatError(file, 'has a damaged directory.');
    members.push({
      name: bytes.toString('utf8', at + entryBytes, at + entryBytes + nameLength),
      method: bytes.readUInt16LE(at + 10),
      checksum: bytes.readUInt32LE(at + 16),
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
      headerAt: bytes.readUInt32LE(at + 42),
    });
    at = next;
  }
  if (at !== length) throw formatError(file, 'has a directory with bytes that belong to no entry.');
  return members;
}

async function readMember(
  handle: FileHandle,
  file: string,
  size: number,
  member: Member,
  options: ControlOptions,
): Promise<NpyArray> {
  const name = `${file}: ${member.name.slice(0, 60)}`;
  if (member.method !== 0 && member.method !== 8)
    throw formatError(name, `is packed by method ${member.method}; stored and deflated members are read.`);
  const header = Buffer.alloc(localHeaderBytes);
  await readAt(handle, header, member.headerAt, name);
  if (header.readUInt32LE(0) !== 0x04034b50) throw formatError(name, 'has a damaged header.');
  const start = member.headerAt + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + member.packedBytes > size) throw formatError(name, 'reaches beyond the end of the file.');
  const section = { start, length: member.packedBytes, packing: member.method === 0 ? 'none' : 'deflate' } as const;
  return readSection(handle, name, section, options, async (bytes) => {
    const checked = withChecksum(bytes, member);
    const array = await readNpyBytes(checked);
    await bytes.end();
    checked.verify();
    return array;
  });
}

/** The stream, held against the size and the checksum the directory declares. */
function withChecksum(bytes: ByteReader, member: Member): ByteReader & { verify(): void } {
  let checksum = 0;
  let done = 0;
  const fill = async (target: Uint8Array): Promise<void> => {
    await bytes.fill(target);
    checksum = crc32(target, checksum);
    done += target.length;
  };
  return {
    name: bytes.name,
    fill,
    take: async (count) => {
      const buffer = Buffer.alloc(count);
      await fill(buffer);
      return buffer;
    },
    expect: async (count) => {
      if (done + count !== member.bytes)
        throw formatError(
          bytes.name,
          `its header declares ${done + count} bytes, the archive's directory ${member.bytes}.`,
        );
      await bytes.expect(count);
    },
    end: () => bytes.end(),
    verify: () => {
      if (checksum !== member.checksum)
        throw new MftError('ERR_MFT_DATA_CHECKSUM', `${bytes.name}: its checksum does not fit its data.`, {
          parameter: bytes.name,
        });
    },
  };
}
