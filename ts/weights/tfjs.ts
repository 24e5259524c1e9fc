// tfjs: model.json (or a weights manifest alone) and the shards beside it. Values of a group of shards follow each other.
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { ControlOptions } from '../core/control.js';
import { readAt } from '../data/bytes.js';
import { formatError, withFile } from '../data/files.js';
import type { NpyValues } from '../data/npy.js';
import { elementBytes, type ElementType, heldBytes } from './elements.js';
import { isRecord, parseForeign } from './json.js';
import { countIn, readElements, type Room, type StoredArray, type WeightFile } from './stored.js';
import { graphTopology, layersTopology } from './tfjs-topology.js';

/** dtype → what its values are; string and complex64 are not read. */
const types: Readonly<Record<string, ElementType>> = { float32: 'f32', int32: 'i32', bool: 'bool', uint8: 'u8' };
const quantized: Readonly<Record<string, ElementType>> = { uint8: 'u8', uint16: 'u16', float16: 'f16' };

interface Shard {
  readonly path: string;
  readonly begin: number;
  readonly bytes: number;
}

/**
 * The arrays of a tfjs model, LayersModel or GraphModel, or of a bare weights manifest. Quantised values are float32(min +
 * scale·q), whole where the type is int32.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT: no such JSON, shards outside of its folder or of another size than the arrays, a name that
 * stands twice; ERR_MFT_DATA_NOT_FOUND: a shard that is not there
 */
export async function openTfjs(
  path: string,
  file: string,
  room: Room,
  roomWith: (shardBytes: number) => Room,
  control: ControlOptions,
): Promise<WeightFile & { readonly room: Room }> {
  const model = parseForeign(await readFile(path), file, room);
  const manifest = Array.isArray(model) ? model : isRecord(model) ? model.weightsManifest : undefined;
  if (!Array.isArray(manifest)) throw formatError(file, 'is no tfjs model: it has no weightsManifest.');
  const names = new Set<string>();
  const arrays: StoredArray[] = [];
  let shardBytes = 0;
  for (const [index, group] of manifest.entries()) {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw formatError(file, `has a group ${index} of weights without paths and weights.`);
    const shards = await shardsOf(path, file, group.paths);
    const held = shards.reduce((sum, { bytes }) => sum + bytes, 0);
    shardBytes += held;
    let at = 0;
    for (const weight of group.weights) {
      const array = weightOf(weight, shards, at, file, control);
      if (names.has(array.name)) throw formatError(file, `has two arrays "${array.name.slice(0, 60)}".`);
      names.add(array.name);
      arrays.push(array);
      at += array.fileBytes;
    }
    if (at !== held)
      throw formatError(
        file,
        `declares ${at} bytes of weights in group ${index}; its ${shards.length} shards hold ${held}.`,
      );
  }
  const metadata = isRecord(model) ? textsOf(model) : {};
  const topology = isRecord(model)
    ? (layersTopology(model.modelTopology) ?? graphTopology(model.modelTopology))
    : undefined;
  return {
    format: 'tfjs',
    arrays,
    metadata,
    warnings: [],
    room: roomWith(shardBytes),
    ...(topology === undefined ? {} : { topology }),
  };
}

function textsOf(model: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    ['format', 'generatedBy', 'convertedBy'].flatMap((key) =>
      typeof model[key] === 'string' ? [[key, model[key]]] : [],
    ),
  ) as Record<string, string>;
}

async function shardsOf(path: string, file: string, paths: readonly unknown[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  let begin = 0;
  for (const name of paths) {
    if (typeof name !== 'string' || name === '' || isAbsolute(name) || name.split(/[\\/]/).includes('..'))
      throw formatError(file, `has a shard ${String(name).slice(0, 60)} that lies outside of its folder.`);
    const shard = join(dirname(path), name);
    const bytes = await withFile(shard, async (_, size) => size);
    shards.push({ path: shard, begin, bytes });
    begin += bytes;
  }
  return shards;
}

function weightOf(
  weight: unknown,
  shards: readonly Shard[],
  begin: number,
  file: string,
  control: ControlOptions,
): StoredArray & { readonly fileBytes: number } {
  if (!isRecord(weight) || typeof weight.name !== 'string' || !Array.isArray(weight.shape))
    throw formatError(file, 'has a weight without a name and a shape.');
  const { name, shape, dtype, quantization } = weight as {
    name: string;
    shape: number[];
    dtype: unknown;
    quantization: unknown;
  };
  const label = `${file}: ${name.slice(0, 60)}`;
  const count = countIn(shape, label);
  const own = typeof dtype === 'string' && Object.hasOwn(types, dtype) ? types[dtype] : undefined;
  if (own === undefined)
    throw formatError(
      label,
      `has the type ${JSON.stringify(dtype)?.slice(0, 30)}; read are ${Object.keys(types).join(', ')}.`,
    );
  const packing = quantization === undefined ? undefined : quantizationOf(quantization, label);
  if (packing?.type === 'f16' && own !== 'f32')
    throw formatError(label, 'is quantised to float16 from another type than float32.');
  const type = packing?.type ?? own;
  const fileBytes = count * elementBytes(type);
  return {
    name,
    shape,
    type: packing === undefined ? (dtype as string) : `${dtype as string} as ${packing.name}`,
    bytes: count * (packing === undefined ? heldBytes(own) : 4),
    storage: name,
    fileBytes,
    read: async () => {
      const values = await readElements(
        (target, position) => readShards(shards, target, position, label),
        begin,
        type,
        count,
        label,
        control,
      );
      return packing?.scale === undefined ? values : dequantised(values, packing.scale, packing.min ?? 0, own);
    },
  };
}

function quantizationOf(
  value: unknown,
  label: string,
): { readonly name: string; readonly type: ElementType; readonly scale?: number; readonly min?: number } {
  const dtype = isRecord(value) && typeof value.dtype === 'string' ? value.dtype : '';
  const type = Object.hasOwn(quantized, dtype) ? quantized[dtype] : undefined;
  if (!isRecord(value) || type === undefined)
    throw formatError(
      label,
      `is quantised to ${dtype.slice(0, 30) || 'nothing'}; read are ${Object.keys(quantized).join(', ')}.`,
    );
  if (type === 'f16') return { name: dtype, type };
  const { scale, min } = value;
  if (typeof scale !== 'number' || typeof min !== 'number')
    throw formatError(label, 'is quantised without scale and min.');
  return { name: dtype, type, scale, min };
}

function dequantised(codes: NpyValues, scale: number, min: number, type: ElementType): NpyValues {
  const values = type === 'i32' ? new Int32Array(codes.length) : new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const value = min + scale * (codes[i] as number);
    values[i] = type === 'i32' ? Math.round(value) : value;
  }
  return values;
}

/** Bytes of the shards from a position on, whichever they lie in. */
async function readShards(shards: readonly Shard[], target: Buffer, position: number, label: string): Promise<void> {
  for (const { path, begin, bytes } of shards) {
    const from = Math.max(position, begin);
    const to = Math.min(position + target.length, begin + bytes);
    if (from < to)
      await withFile(path, (handle) =>
        readAt(handle, target.subarray(from - position, to - position), from - begin, label),
      );
  }
}
