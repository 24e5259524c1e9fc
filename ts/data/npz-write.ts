// Writing .npz archives: stored members, so that any reader takes them; whole or not at all.
import { crc32 } from 'node:zlib';
import { MftError } from '../core/errors.js';
import { replaceFile } from '../core/replace-file.js';
import { fileError } from './files.js';

const largest = 0xffffffff;

interface Member {
  readonly name: Buffer;
  readonly bytes: Buffer;
  readonly checksum: number;
}

/**
 * Writes arrays to an .npz archive: beside its place, flushed to the disk, then renamed, so that a kill leaves the old file or
 * the new one.
 *
 * @throws MftError (rejects) ERR_MFT_OUT_OF_RANGE (more than 4 GiB), ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK
 */
export async function writeNpz(
  path: string,
  arrays: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array | Float64Array }>>,
): Promise<void> {
  const members = Object.entries(arrays).map(([name, { shape, values }]): Member => {
    const bytes = npyBytes(shape, values);
    return { name: Buffer.from(`${name}.npy`), bytes, checksum: crc32(bytes) };
  });
  const chunks: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const local = Buffer.concat([header(0x04034b50, member, at), member.name, member.bytes]);
    entries.push(Buffer.concat([header(0x02014b50, member, at), member.name]));
    chunks.push(local);
    at += local.length;
  }
  if (at > largest || members.length > 0xfffe)
    throw new MftError('ERR_MFT_OUT_OF_RANGE', 'Expected the arrays of an .npz archive to have at most 4 GiB in all.', {
      parameter: 'path',
      expected: 'at most 4 GiB',
      received: at,
    });
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  await replaceFile(path, [...chunks, directory, end]).catch((cause: unknown) => {
    throw fileError(cause, path);
  });
}

/** A .npy file, version 1. */
function npyBytes(shape: readonly number[], values: Float32Array | Float64Array): Buffer {
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([npyStart(shape, values instanceof Float32Array ? '<f4' : '<f8'), data]);
}

/** What stands before the values of a .npy file, which start at a multiple of 64. */
export function npyStart(shape: readonly number[], type: '<f4' | '<f8'): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = `${dictionary.padEnd(64 * Math.ceil((dictionary.length + 11) / 64) - 11)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length % 256, padded.length >> 8]);
  return Buffer.concat([start, Buffer.from(padded, 'latin1')]);
}

/** The header of a member (30 bytes) or its entry of the directory (46 bytes): version 2.0, stored, 1 January 1980. */
function header(signature: number, { name, bytes, checksum }: Member, at: number): Buffer {
  const isEntry = signature === 0x02014b50;
  const result = Buffer.alloc(isEntry ? 46 : 30);
  const shift = isEntry ? 2 : 0;
  result.writeUInt32LE(signature, 0);
  if (isEntry) result.writeUInt16LE(20, 4);
  result.writeUInt16LE(20, 4 + shift);
  // Bit 11: the name is UTF-8; readers take it for code page 437 otherwise.
  result.writeUInt16LE(0x800, 6 + shift);
  result.writeUInt16LE(0x21, 12 + shift);
  result.writeUInt32LE(checksum, 14 + shift);
  result.writeUInt32LE(bytes.length, 18 + shift);
  result.writeUInt32LE(bytes.length, 22 + shift);
  result.writeUInt16LE(name.length, 26 + shift);
  if (isEntry) result.writeUInt32LE(at, 42);
  return result;
}
