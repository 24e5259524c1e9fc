// PyTorch's .pt and .pth (since 1.6): a zip archive of a pickle and one member per storage.
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ControlOptions } from '../core/control.js';
import type { Warning } from '../core/results.js';
import { readAt } from '../data/bytes.js';
import { dataError, formatError } from '../data/files.js';
import type { NpyValues } from '../data/npy.js';
import { memberStart } from '../data/npz.js';
import type { ZipMember } from '../data/zip-directory.js';
import { arrayFor, elementBytes } from './elements.js';
import { unpickled } from './pickle.js';
import { isKind, type PickleValue, type Storage, storageTypes, type Tensor } from './pickle-values.js';
import { bytesIn, countIn, readElements, type Room, type StoredArray, type WeightFile } from './stored.js';

const levels = ['state_dict', 'model_state_dict', 'model', 'net'];
const prefix = 'module.';
const chunkBytes = 2 ** 20;

/** Whether an archive is PyTorch's: one member `data.pkl` in a folder of any name. */
export function pickleOf(members: readonly ZipMember[]): ZipMember | undefined {
  return members.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
}

/**
 * The tensors of a state dict, at the top or one level down, by name without a leading `module.`.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT: a name that is not on the allow-list, a tensor beyond its storage, no tensors;
 * ERR_MFT_DATA_CHECKSUM
 */
export async function openPytorch(
  handle: FileHandle,
  file: string,
  size: number,
  members: readonly ZipMember[],
  room: Room,
  control: ControlOptions,
): Promise<WeightFile> {
  const pickle = pickleOf(members) as ZipMember;
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = members.find(({ name }) => name === `${folder}byteorder`);
  if (order !== undefined && (await stored(handle, file, size, order, room)).toString('latin1') !== 'little')
    throw formatError(file, 'was written on a big-endian machine, which is not read.');
  const bytes = await stored(handle, file, size, pickle, room);
  const places = new Map(members.map((member) => [member.name, member]));
  const value = unpickled(bytes, `${file}: data.pkl`, room, (id) => storageOf(id, file));
  const { entries, level } = stateDict(value, file);
  const isWrapped = entries.length > 0 && entries.every(([name]) => name.startsWith(prefix));
  const checks = new Map<string, Promise<number>>();
  const arrays = entries.map(([name, tensor]): StoredArray => {
    const short = isWrapped ? name.slice(prefix.length) : name;
    const label = `${file}: ${short.slice(0, 60)}`;
    const { storage, shape } = tensor;
    const member = places.get(`${folder}data/${storage.key}`);
    checkTensor(tensor, member, label);
    return {
      name: short,
      shape,
      type: storage.className,
      storage: storage.key,
      bytes: bytesIn(shape, storage.type, label),
      read: async () => {
        const known = checks.get(storage.key) ?? verified(handle, file, size, member as ZipMember, control);
        checks.set(storage.key, known);
        return readStrided(handle, await known, tensor, label, control);
      },
    };
  });
  const warnings: Warning[] = [];
  if (level !== undefined)
    warnings.push({
      id: 'nestedWeights',
      message: `${file}: the weights were found one level down, under "${level}".`,
    });
  if (isWrapped)
    warnings.push({
      id: 'wrappedWeights',
      message: `${file}: every name begins with "${prefix}", which was left out.`,
    });
  return { format: 'pytorch', arrays, metadata: {}, warnings };
}

/** Bytes of a member that is stored, as everything of PyTorch's is; its checksum is verified. */
async function stored(handle: FileHandle, file: string, size: number, member: ZipMember, room: Room): Promise<Buffer> {
  const start = await storedStart(handle, file, size, member);
  room.take(member.bytes);
  const bytes = Buffer.alloc(member.bytes);
  await readAt(handle, bytes, start, file);
  if (crc32(bytes) !== member.checksum) throw badChecksum(file, member);
  return bytes;
}

async function storedStart(handle: FileHandle, file: string, size: number, member: ZipMember): Promise<number> {
  const name = `${file}: ${member.name.slice(0, 60)}`;
  if (member.method !== 0 || member.packedBytes !== member.bytes)
    throw formatError(name, 'is packed; PyTorch stores its members as they are.');
  return memberStart(handle, file, size, member);
}

const badChecksum = (file: string, member: ZipMember): Error =>
  dataError('ERR_MFT_DATA_CHECKSUM', `${file}: ${member.name.slice(0, 60)}`, 'its checksum does not fit its data.');

/** Where the values of a storage begin, once its checksum is verified: a pass over it, in constant memory. */
async function verified(
  handle: FileHandle,
  file: string,
  size: number,
  member: ZipMember,
  control: ControlOptions,
): Promise<number> {
  const start = await storedStart(handle, file, size, member);
  const piece = Buffer.alloc(Math.min(chunkBytes, member.bytes));
  let checksum = 0;
  for (let done = 0; done < member.bytes; done += chunkBytes) {
    if (control.signal?.aborted) throw control.signal.reason;
    const part = piece.subarray(0, Math.min(chunkBytes, member.bytes - done));
    await readAt(handle, part, start + done, file);
    checksum = crc32(part, checksum);
  }
  if (checksum !== member.checksum) throw badChecksum(file, member);
  return start;
}

/** ('storage', its class, key, device, number of elements) */
function storageOf(id: PickleValue, file: string): Storage {
  const [word, type, key, , count] = Array.isArray(id) ? id : [];
  const className = isKind(type, 'named') ? type.name.replace(/^torch\./, '') : '';
  const element = Object.hasOwn(storageTypes, className) ? storageTypes[className] : undefined;
  if (word !== 'storage' || element === undefined || typeof key !== 'string' || !Number.isSafeInteger(count))
    throw formatError(file, 'holds a pickle with a storage that is not understood.');
  return { kind: 'storage', key, type: element, className, count: count as number };
}

/** Tensors by name, from a dictionary that holds some, at the top or one level down. */
function stateDict(value: PickleValue, file: string): { entries: [string, Tensor][]; level?: string } {
  if (isKind(value, 'tensor')) return { entries: [['tensor', value]] };
  if (!(value instanceof Map)) throw formatError(file, 'holds no state dict: save `model.state_dict()`.');
  const tensors = (map: Map<PickleValue, PickleValue>): [string, Tensor][] =>
    [...map].flatMap(([name, item]): [string, Tensor][] =>
      typeof name === 'string' && isKind(item, 'tensor') ? [[name, item]] : [],
    );
  for (const level of levels) {
    const inner = value.get(level);
    if (inner instanceof Map && tensors(inner).length > 0) return { entries: tensors(inner), level };
  }
  const entries = tensors(value);
  if (entries.length === 0 && value.size > 0)
    throw formatError(
      file,
      `holds no tensors by name, neither at the top nor under ${levels.join(', ')}: save \`model.state_dict()\`.`,
    );
  return { entries };
}

/** Elements of the storage from the tensor's first to its last. */
function extent({ shape, strides }: Tensor): number {
  return shape.includes(0) ? 0 : 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 0);
}

function checkTensor(tensor: Tensor, member: ZipMember | undefined, label: string): void {
  const { storage, offset, shape } = tensor;
  countIn(shape, label);
  if (member === undefined)
    throw formatError(label, `has its numbers in data/${storage.key.slice(0, 20)}, which is not there.`);
  if (member.bytes !== storage.count * elementBytes(storage.type))
    throw formatError(
      label,
      `has a storage of ${member.bytes} bytes where ${storage.count} of ${storage.className} are declared.`,
    );
  if (!(offset + extent(tensor) <= storage.count))
    throw formatError(label, `reaches beyond its storage of ${storage.count} elements.`);
}

/** The values row-major: what lies between the first and the last is read, then picked by the strides. */
async function readStrided(
  handle: FileHandle,
  start: number,
  tensor: Tensor,
  label: string,
  control: ControlOptions,
): Promise<NpyValues> {
  const { storage, offset, shape, strides } = tensor;
  const count = countIn(shape, label);
  const first = start + offset * elementBytes(storage.type);
  const read = (elements: number): Promise<NpyValues> =>
    readElements((target, at) => readAt(handle, target, first + at, label), 0, storage.type, elements, label, control);
  let expected = 1;
  const isPlain = shape.every((_, axis) => {
    const last = shape.length - 1 - axis;
    const size = shape[last] as number;
    const fits = size <= 1 || strides[last] === expected;
    expected *= size;
    return fits;
  });
  if (isPlain || count === 0) return read(count);
  const from = await read(extent(tensor));
  const values = arrayFor(storage.type, count);
  const index = shape.map(() => 0);
  let place = 0;
  for (let to = 0; to < count; to++) {
    values[to] = from[place] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      place += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      place -= (shape[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return values;
}
