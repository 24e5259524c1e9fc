// A file of weights, whatever its format: told by its first bytes, not by its name.
import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { parse } from '../core/checks.js';
import type { ControlOptions } from '../core/control.js';
import { numberField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import { readAt } from '../data/bytes.js';
import { formatError, withFile } from '../data/files.js';
import { type NpyArray, readNpyBytes } from '../data/npy.js';
import { readMember } from '../data/npz.js';
import { readSection } from '../data/bytes.js';
import { type ZipMember, zipDirectory } from '../data/zip-directory.js';
import { openOnnx } from './onnx.js';
import { openPytorch, pickleOf } from './pytorch.js';
import { openSafetensors } from './safetensors.js';
import { type Room, roomFor, type StoredArray, type WeightFile } from './stored.js';
import { openTfjs } from './tfjs.js';

/** How a file of weights is read. */
export interface WeightFileOptions extends ControlOptions {
  /** Bytes that the content of the file may take in memory; default: the greater of 64 MiB and four times the file. */
  readonly memoryLimit?: number;
}

const weightFileFields = {
  ...controlFields,
  memoryLimit: numberField(
    { low: 0, above: true },
    'Bytes that the content of the file may take in memory.',
  ).optional(),
};
const schema = z.strictObject(weightFileFields);

const known = 'safetensors, PyTorch (.pt, .pth of a state dict), ONNX, tfjs (model.json), .npz and .npy';

/**
 * Opens a file of weights and hands it to `use`; closes it afterwards. A folder stands for the model.json in it.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT, ERR_MFT_DATA_CHECKSUM, ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK, ERR_MFT_MEMORY; and what
 * `use` throws
 */
export async function withWeightFile<T>(
  path: string,
  given: WeightFileOptions,
  use: (file: WeightFile, room: Room) => Promise<T>,
): Promise<T> {
  const options = parse(schema, given, 'options') as WeightFileOptions;
  const isFolder =
    typeof path === 'string' &&
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  const place = isFolder ? join(path, 'model.json') : path;
  return withFile(place, async (handle, size) => {
    const file = basename(place);
    const start = Buffer.alloc(Math.min(16, size));
    await readAt(handle, start, 0, file);
    const room = roomFor(file, size, options.memoryLimit);
    if (start[0] === 0x7b || start[0] === 0x5b) {
      const roomWith = (shards: number): Room => roomFor(file, size + shards, options.memoryLimit);
      const { room: whole, ...model } = await openTfjs(place, file, room, roomWith, options);
      return use(checked(model, whole), whole);
    }
    return use(checked(await opened(handle, place, size, start, room, options), room), room);
  });
}

/** Every array is held against the room before it is read. */
function checked(file: WeightFile, room: Room): WeightFile {
  return {
    ...file,
    arrays: file.arrays.map((array) => ({
      ...array,
      read: async () => {
        if (array.bytes > room.left) room.take(array.bytes);
        return array.read();
      },
    })),
  };
}

async function opened(
  handle: FileHandle,
  path: string,
  size: number,
  start: Buffer,
  room: Room,
  options: WeightFileOptions,
): Promise<WeightFile> {
  const file = basename(path);
  const begins = (...bytes: number[]): boolean =>
    start.length >= bytes.length && bytes.every((byte, i) => start[i] === byte);
  const text = start.toString('latin1');
  if (text.startsWith('version https:'))
    throw formatError(file, 'is a Git-LFS pointer: the data it stands for were not fetched (git lfs pull).');
  if (/^\s*<(!doctype|html)/i.test(text)) throw formatError(file, 'is a web page, not a file of weights.');
  if (begins(0x50, 0x4b)) {
    const members = await zipDirectory(handle, file, size);
    if (pickleOf(members) !== undefined) return openPytorch(handle, file, size, members, room, options);
    if (members.some(({ name }) => name.endsWith('.weights.h5')))
      throw formatError(file, 'is a Keras model; save its weights as safetensors or .npz, or export it to ONNX.');
    return openNpz(handle, file, size, members, room, options);
  }
  if (begins(0x93, 0x4e, 0x55, 0x4d)) {
    const section = { start: 0, length: size, packing: 'none' } as const;
    const array = await readSection(handle, file, section, { ...options, memoryLimit: room.left }, readNpyBytes);
    return { format: 'npy', arrays: [held(file.replace(/\.npy$/, ''), array)], metadata: {}, warnings: [] };
  }
  if (begins(0x80, 2, 0x8a, 0x0a))
    throw formatError(
      file,
      'is in the format PyTorch had before 1.6; load it there and save it again with torch.save.',
    );
  if (begins(0x80))
    throw formatError(file, 'is a pickle, which is not read: nothing of a file is executed. Save .npz.');
  if (begins(0x89, 0x48, 0x44, 0x46))
    throw formatError(file, 'is HDF5; save the weights as safetensors or .npz, or export the model to ONNX.');
  if (text.startsWith('GGUF')) throw formatError(file, `is GGUF, which is not read; read are ${known}.`);
  if (start[8] === 0x7b || file.endsWith('.safetensors')) {
    if (size < 8) throw formatError(file, `is truncated: ${size} bytes are no safetensors file.`);
    return openSafetensors(handle, file, size, room, options);
  }
  // A ModelProto begins with its version (field 1); anything else is tried only under ONNX's name.
  if (start[0] === 0x08 || file.endsWith('.onnx')) return openOnnx(handle, path, file, size, room, options);
  throw formatError(file, `is of no format that is read: ${known}.`);
}

const held = (name: string, { shape, type, values }: NpyArray): StoredArray => ({
  name,
  shape,
  type,
  storage: name,
  bytes: 0,
  read: async () => values,
});

/** Members may be packed: what they unpack to counts, so all are read at once. */
async function openNpz(
  handle: FileHandle,
  file: string,
  size: number,
  members: readonly ZipMember[],
  room: Room,
  options: WeightFileOptions,
): Promise<WeightFile> {
  const arrays: StoredArray[] = [];
  for (const member of members) {
    if (!member.name.endsWith('.npy'))
      throw formatError(file, `has the member "${member.name.slice(0, 60)}"; a .npz archive holds .npy arrays only.`);
    const array = await readMember(handle, file, size, member, { ...options, memoryLimit: room.left });
    room.take(array.values.byteLength + 200);
    arrays.push(held(member.name.replace(/\.npy$/, ''), array));
  }
  return { format: 'npz', arrays, metadata: {}, warnings: [] };
}
