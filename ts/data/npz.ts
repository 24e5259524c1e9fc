// NumPy .npz archives: zip files whose members are .npy arrays, stored or deflated.
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { plainCopy } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { type ByteReader, type DataOptions, hashFile, readAt, readSection } from './bytes.js';
import { dataError, formatError, withFile } from './files.js';
import { type NpyArray, readNpyBytes } from './npy.js';
import { type ZipMember, zipDirectory } from './zip-directory.js';
import { dataOptions } from './options.js';

const localHeaderBytes = 30;

/**
 * Reads arrays of a .npz archive (numpy.savez, numpy.savez_compressed).
 *
 * @param names the members to read (without ".npy"); all when left out
 * @param path the archive
 * @param options memory limit, cancellation
 * @returns a promise of the arrays by name
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT (no such archive, a missing member, a name that stands twice, a size that
 * does not fit), ERR_MFT_DATA_CHECKSUM, ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK, ERR_MFT_MEMORY
 *
 * **Numerics**: values as stored; checksums of members are verified.
 * **Source**: the format of NumPy (NEP 1), ZIP.
 *
 * @example
 * const { arrays } = await readNpz('digits.npz', ['x_train', 'y_train']);
 */
export async function readNpz(
  path: string,
  names?: readonly string[],
  options: DataOptions = {},
): Promise<{ arrays: Map<string, NpyArray>; sha256: string }> {
  const checked = dataOptions(options);
  const chosen = names === undefined ? undefined : plainCopy(names, 'names');
  if (chosen !== undefined && !(Array.isArray(chosen) && chosen.every((name) => typeof name === 'string')))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'names', 'a list of names', names);
  return withFile(path, async (handle, size) => {
    const file = basename(path);
    const members = await zipDirectory(handle, file, size);
    const wanted = chosen ?? members.map((member) => member.name.replace(/\.npy$/, ''));
    const arrays = new Map<string, NpyArray>();
    for (const name of wanted) {
      const member = members.find((candidate) => candidate.name === `${name}.npy`);
      if (member === undefined)
        throw formatError(
          file,
          `has no array "${name}"; it has ${members.map((m) => m.name.replace(/\.npy$/, '')).join(', ') || 'none'}.`,
        );
      arrays.set(name, await readMember(handle, file, size, member, checked));
    }
    return { arrays, sha256: await hashFile(path, checked) };
  });
}

/** Names of the arrays of an archive, without ".npy". @throws MftError (rejects) as `readNpz` */
export async function npzNames(path: string): Promise<readonly string[]> {
  const members = await withFile(path, (handle, size) => zipDirectory(handle, basename(path), size));
  return members.map(({ name }) => name.replace(/\.npy$/, ''));
}

/** The array of a member. @throws MftError (rejects) as `readNpz` */
export async function readMember(
  handle: FileHandle,
  file: string,
  size: number,
  member: ZipMember,
  options: DataOptions,
): Promise<NpyArray> {
  const name = `${file}: ${member.name.slice(0, 60)}`;
  if (member.method !== 0 && member.method !== 8)
    throw formatError(name, `is packed by method ${member.method}; stored and deflated members are read.`);
  const start = await memberStart(handle, file, size, member);
  const section = { start, length: member.packedBytes, packing: member.method === 0 ? 'none' : 'deflate' } as const;
  return readSection(handle, name, section, options, async (bytes) => {
    const checked = withChecksum(bytes, member);
    const array = await readNpyBytes(checked);
    await bytes.end();
    checked.verify();
    return array;
  });
}

/** Where the bytes of a member begin, behind its own header, which must name it too. @throws MftError ERR_MFT_DATA_FORMAT */
export async function memberStart(handle: FileHandle, file: string, size: number, member: ZipMember): Promise<number> {
  const name = `${file}: ${member.name.slice(0, 60)}`;
  const header = Buffer.alloc(localHeaderBytes);
  await readAt(handle, header, member.headerAt, name);
  if (header.readUInt32LE(0) !== 0x04034b50) throw formatError(name, 'has a damaged header.');
  // A reader that trusts the local name would see another member.
  const nameAgain = Buffer.alloc(header.readUInt16LE(26));
  await readAt(handle, nameAgain, member.headerAt + localHeaderBytes, name);
  if (nameAgain.toString('utf8') !== member.name) throw formatError(name, 'has another name in its own header.');
  const start = member.headerAt + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + member.packedBytes > size) throw formatError(name, 'reaches beyond the end of the file.');
  return start;
}

/** The stream, held against the size and the checksum the directory declares. */
function withChecksum(bytes: ByteReader, member: ZipMember): ByteReader & { verify(): void } {
  let checksum = 0;
  let done = 0;
  const fill = async (target: Uint8Array): Promise<void> => {
    await bytes.fill(target);
    // Of no bytes at all zlib gives 0, whatever came before.
    if (target.length > 0) checksum = crc32(target, checksum);
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
    expect: async (count, memory) => {
      if (done + count !== member.bytes)
        throw formatError(
          bytes.name,
          `its header declares ${done + count} bytes, the archive's directory ${member.bytes}.`,
        );
      await bytes.expect(count, memory);
    },
    end: () => bytes.end(),
    verify: () => {
      if (checksum !== member.checksum)
        throw dataError('ERR_MFT_DATA_CHECKSUM', bytes.name, 'its checksum does not fit its data.');
    },
  };
}
