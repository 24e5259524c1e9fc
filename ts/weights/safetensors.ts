// safetensors: the length of a header (8 bytes), the header (JSON: name → dtype, shape, data_offsets), the values, nothing else.
import type { FileHandle } from 'node:fs/promises';
import type { ControlOptions } from '../core/control.js';
import { MftError } from '../core/errors.js';
import { replaceFile } from '../core/replace-file.js';
import { readAt } from '../data/bytes.js';
import { fileError, formatError } from '../data/files.js';
import { elementBytes, type ElementType } from './elements.js';
import { isRecord, parseForeign } from './json.js';
import { bytesIn, countIn, readElements, type Room, type StoredArray, type WeightFile } from './stored.js';

const types: Readonly<Record<string, ElementType>> = {
  BOOL: 'bool',
  U8: 'u8',
  I8: 'i8',
  U16: 'u16',
  I16: 'i16',
  U32: 'u32',
  I32: 'i32',
  U64: 'u64',
  I64: 'i64',
  F8_E4M3: 'f8e4m3',
  F8_E5M2: 'f8e5m2',
  F8_E8M0: 'f8e8m0',
  F16: 'f16',
  BF16: 'bf16',
  F32: 'f32',
  F64: 'f64',
};

/** As the format has it. */
const largestHeader = 100_000_000;

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly element: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The arrays of a safetensors file, in the order of their values.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT: a header that is too long, is no JSON, names an array twice or something it has no word
 * for; arrays that overlap, leave a gap, or do not end where the file does
 */
export async function openSafetensors(
  handle: FileHandle,
  file: string,
  size: number,
  room: Room,
  control: ControlOptions,
): Promise<WeightFile> {
  const start = Buffer.alloc(8);
  await readAt(handle, start, 0, file);
  const length = Number(start.readBigUInt64LE(0));
  if (length > largestHeader)
    throw formatError(file, `declares a header of ${length} bytes; a safetensors file has at most ${largestHeader}.`);
  if (8 + length > size)
    throw formatError(file, `is truncated: its header takes ${8 + length} bytes, the file holds ${size}.`);
  const text = Buffer.alloc(length);
  await readAt(handle, text, 8, file);
  if (text[0] !== 0x7b) throw formatError(file, 'has a header that does not begin with "{".');
  const header = parseForeign(text, file, room);
  if (!isRecord(header)) throw formatError(file, 'has a header that is no object.');
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header))
    if (name === '__metadata__') metadata = metadataOf(value, file);
    else entries.push(entryOf(name, value, file));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at)
      throw formatError(
        file,
        `the values of "${name.slice(0, 60)}" begin at ${begin}, ` +
          `${begin < at ? 'within the array before them' : 'after a gap'}: ${at} is expected.`,
      );
    at = end;
  }
  const held = size - 8 - length;
  if (at !== held)
    throw formatError(
      file,
      at < held
        ? `has ${held - at} bytes after the last tensor.`
        : `is truncated: ${at} bytes of values, ${held} there.`,
    );
  const arrays = entries.map((entry): StoredArray => {
    const { name, type, element, shape, begin } = entry;
    const label = `${file}: ${name.slice(0, 60)}`;
    return {
      name,
      type,
      shape,
      storage: name,
      bytes: bytesIn(shape, element, label),
      read: () =>
        readElements(
          (target, position) => readAt(handle, target, 8 + length + position, label),
          begin,
          element,
          countIn(shape, label),
          label,
          control,
        ),
    };
  });
  return { format: 'safetensors', arrays, metadata, warnings: [] };
}

function metadataOf(value: unknown, file: string): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string'))
    throw formatError(file, 'has metadata that are no texts by name.');
  return value as Record<string, string>;
}

function entryOf(name: string, value: unknown, file: string): Entry {
  const label = `${file}: ${name.slice(0, 60)}`;
  const fields = ['dtype', 'shape', 'data_offsets'] as const;
  if (!isRecord(value) || Object.keys(value).some((key) => !(fields as readonly string[]).includes(key)))
    throw formatError(label, 'is no entry of dtype, shape and data_offsets.');
  const [type, shape, offsets] = fields.map((field) => value[field]);
  const element = typeof type === 'string' && Object.hasOwn(types, type) ? types[type] : undefined;
  if (element === undefined)
    throw formatError(
      label,
      `has the type ${JSON.stringify(type)?.slice(0, 30) ?? 'nothing'}; read are ${Object.keys(types).join(', ')}.`,
    );
  if (!Array.isArray(shape)) throw formatError(label, 'has no shape.');
  const count = countIn(shape, label);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || (begin as number) < 0)
    throw formatError(label, 'has data_offsets that are no two whole numbers.');
  const bytes = count * elementBytes(element);
  if ((end as number) - (begin as number) !== bytes)
    throw formatError(
      label,
      `has ${(end as number) - (begin as number)} bytes, its shape (${shape.join(', ').slice(0, 60)}) needs ${bytes}.`,
    );
  return { name, type: type as string, element, shape, begin: begin as number, end: end as number };
}

/**
 * Writes arrays as a safetensors file: beside its place, flushed to the disk, then renamed, so that a kill leaves the old file
 * or the new one. Values begin at a multiple of 8 bytes.
 *
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for the name `__metadata__`, ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK
 */
export async function writeSafetensors(
  path: string,
  arrays: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array | Float64Array }>>,
): Promise<void> {
  const header: [string, unknown][] = [['__metadata__', { format: 'mft-native' }]];
  const parts: Buffer[] = [];
  let at = 0;
  // Doubles first: every array then begins at a multiple of its element.
  const ordered = Object.entries(arrays).sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  for (const [name, { shape, values }] of ordered) {
    if (name === '__metadata__')
      throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected no array to have the name `__metadata__`.', {
        parameter: name,
      });
    const dtype = values instanceof Float32Array ? 'F32' : 'F64';
    header.push([name, { dtype, shape, data_offsets: [at, at + values.byteLength] }]);
    parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    at += values.byteLength;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, 0x20)]);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(padded.length));
  await replaceFile(path, [start, padded, ...parts]).catch((cause: unknown) => {
    throw fileError(cause, path);
  });
}
