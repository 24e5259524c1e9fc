// ONNX: ModelProto → GraphProto → nodes and initialisers. What we need of the format, read from its wire form.
import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ControlOptions } from '../core/control.js';
import type { Warning } from '../core/results.js';
import { readAt } from '../data/bytes.js';
import { formatError, withFile } from '../data/files.js';
import type { NpyValues } from '../data/npy.js';
import { arrayFor, elementBytes, type ElementType } from './elements.js';
import { bytesOf, fieldsOf, textOf, varints } from './protobuf.js';
import { bytesIn, countIn, readElements, type Room, type StoredArray, type WeightFile } from './stored.js';
import type { AttributeValue, LayerTopology, TopologyNode } from './topology.js';

/** TensorProto.DataType: its name, and what it is here where it is read. */
const types: Readonly<Record<number, readonly [string, ElementType?]>> = {
  1: ['FLOAT', 'f32'],
  2: ['UINT8', 'u8'],
  3: ['INT8', 'i8'],
  4: ['UINT16', 'u16'],
  5: ['INT16', 'i16'],
  6: ['INT32', 'i32'],
  7: ['INT64', 'i64'],
  8: ['STRING'],
  9: ['BOOL', 'bool'],
  10: ['FLOAT16', 'f16'],
  11: ['DOUBLE', 'f64'],
  12: ['UINT32', 'u32'],
  13: ['UINT64', 'u64'],
  14: ['COMPLEX64'],
  15: ['COMPLEX128'],
  16: ['BFLOAT16', 'bf16'],
  17: ['FLOAT8E4M3FN', 'f8e4m3'],
  19: ['FLOAT8E5M2', 'f8e5m2'],
};

interface TensorProto {
  readonly name: string;
  readonly array: StoredArray;
}

interface Context {
  readonly file: string;
  readonly path: string;
  readonly room: Room;
  readonly control: ControlOptions;
}

/**
 * The initialisers of an ONNX model and the constants among its nodes, with its graph. A name that an Identity node gives to
 * an initialiser stands beside it as an array of the same storage.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT: no ONNX model, a name that stands twice, values that do not fill their shape, a type
 * without numbers; external data that lie outside of the model's folder
 */
export async function openOnnx(
  handle: FileHandle,
  path: string,
  file: string,
  size: number,
  room: Room,
  control: ControlOptions,
): Promise<WeightFile> {
  room.take(size);
  const bytes = Buffer.alloc(size);
  await readAt(handle, bytes, 0, file);
  const context = { file, path, room, control };
  const metadata: Record<string, string> = {};
  let graph: Buffer | undefined;
  for (const { number, value } of fieldsOf(bytes, file, room)) {
    if (number === 7) graph = graph === undefined ? bytesOf(value, file) : refuse(file, 'has two graphs.');
    else if (number === 2) metadata.producer = textOf(value, file);
    else if (number === 3) metadata.producerVersion = textOf(value, file);
    else if (number === 8) Object.assign(metadata, opset(bytesOf(value, file), context));
  }
  if (graph === undefined) throw formatError(file, 'has no graph: it is no ONNX model.');
  return { format: 'onnx', metadata, ...graphOf(graph, context) };
}

function refuse(name: string, problem: string): never {
  throw formatError(name, problem);
}

function opset(message: Buffer, { file, room }: Context): Record<string, string> {
  let [domain, version] = ['', ''];
  for (const { number, value } of fieldsOf(message, file, room))
    if (number === 1) domain = textOf(value, file);
    else if (number === 2) version = String(value);
  return { [domain === '' ? 'opset' : `opset ${domain}`]: version };
}

function graphOf(message: Buffer, context: Context): Pick<WeightFile, 'arrays' | 'topology' | 'warnings'> {
  const { file, room } = context;
  const nodes: TopologyNode[] = [];
  const stored = new Map<string, StoredArray>();
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const keep = ({ name, array }: TensorProto): void => {
    if (stored.has(name)) throw formatError(file, `has two initialisers "${name.slice(0, 60)}".`);
    stored.set(name, array);
  };
  for (const { number, value } of fieldsOf(message, file, room)) {
    if (number === 1) {
      const { node, constant } = nodeOf(bytesOf(value, file), context);
      nodes.push(node);
      if (constant !== undefined && node.outputs[0] !== undefined) keep(tensorOf(constant, context, node.outputs[0]));
    } else if (number === 5) keep(tensorOf(bytesOf(value, file), context));
    else if (number === 15) refuse(file, 'has sparse initialisers, which are not read.');
    else if (number === 11) inputs.push(nameOf(bytesOf(value, file), context));
    else if (number === 12) outputs.push(nameOf(bytesOf(value, file), context));
  }
  const sameAs = new Map<string, string>();
  for (const { operation, inputs: from, outputs: to } of nodes) {
    const source = sameAs.get(from[0] ?? '') ?? from[0] ?? '';
    if (operation !== 'Identity' || !stored.has(source) || to[0] === undefined) continue;
    sameAs.set(to[0], source);
  }
  const again = [...sameAs].filter(([name]) => !stored.has(name));
  room.take(200 * again.length);
  const arrays = [
    ...stored.values(),
    ...again.map(([name, source]): StoredArray => ({ ...(stored.get(source) as StoredArray), name })),
  ];
  const warnings: Warning[] =
    again.length === 0
      ? []
      : [
          {
            id: 'mergedInitializers',
            message:
              `${file}: ${again.length} arrays stand behind Identity nodes: they are equal to another, ` +
              'or tied to it; the file does not say which.',
          },
        ];
  const topology: LayerTopology = {
    kind: 'onnx',
    nodes,
    // Models of old versions list their initialisers among the inputs.
    inputs: inputs.filter((name) => !stored.has(name)),
    outputs,
    sameAs,
  };
  return { arrays, topology, warnings };
}

/** The name of a ValueInfoProto. */
function nameOf(message: Buffer, { file, room }: Context): string {
  for (const { number, value } of fieldsOf(message, file, room)) if (number === 1) return textOf(value, file);
  return '';
}

function nodeOf(message: Buffer, context: Context): { node: TopologyNode; constant?: Buffer } {
  const { file, room } = context;
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes: Record<string, AttributeValue> = Object.create(null) as Record<string, AttributeValue>;
  let [name, operation] = ['', ''];
  let constant: Buffer | undefined;
  for (const { number, value } of fieldsOf(message, file, room)) {
    if (number === 1) inputs.push(textOf(value, file));
    else if (number === 2) outputs.push(textOf(value, file));
    else if (number === 3) name = textOf(value, file);
    else if (number === 4) operation = textOf(value, file);
    else if (number === 5) {
      const attribute = attributeOf(bytesOf(value, file), context);
      if (attribute.value !== undefined) attributes[attribute.name] = attribute.value;
      if (attribute.name === 'value') constant = attribute.tensor;
    }
  }
  const node = { name: name === '' ? (outputs[0] ?? '') : name, operation, inputs, outputs, attributes };
  return { node, ...(operation === 'Constant' && constant !== undefined ? { constant } : {}) };
}

function attributeOf(
  message: Buffer,
  { file, room }: Context,
): { name: string; value?: AttributeValue; tensor?: Buffer } {
  let name = '';
  let value: AttributeValue | undefined;
  let tensor: Buffer | undefined;
  const [floats, whole, texts]: [number[], number[], string[]] = [[], [], []];
  for (const { number, value: field } of fieldsOf(message, file, room)) {
    if (number === 1) name = textOf(field, file);
    else if (number === 2) value = floatsOf(bytesOf(field, file), file)[0] ?? 0;
    else if (number === 3) value = Number(field);
    else if (number === 4) value = textOf(field, file);
    else if (number === 5) tensor = bytesOf(field, file);
    else if (number === 7) floats.push(...floatsOf(bytesOf(field, file), file));
    else if (number === 8) for (const one of varints(field, file)) whole.push(Number(one));
    else if (number === 9) texts.push(textOf(field, file));
  }
  const list = [floats, whole, texts].find(({ length }) => length > 0);
  return {
    name,
    ...(tensor === undefined ? {} : { tensor }),
    ...(list === undefined ? {} : { value: list }),
    ...(value === undefined ? {} : { value }),
  };
}

const largestAttribute = 65_536;

function floatsOf(bytes: Buffer, file: string): number[] {
  if (bytes.length % 4 !== 0 || bytes.length > 4 * largestAttribute)
    throw formatError(file, 'has an attribute that is damaged.');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

/** Where the values of a tensor lie: as raw bytes, in the typed list of their kind, or in a file beside the model. */
interface Values {
  raw?: Buffer;
  readonly floats: (bigint | Buffer)[];
  readonly whole: (bigint | Buffer)[];
  readonly doubles: (bigint | Buffer)[];
  readonly external: Map<string, string>;
  isExternal: boolean;
}

function tensorOf(message: Buffer, context: Context, givenName?: string): TensorProto {
  const { file, room } = context;
  let name = givenName ?? '';
  let type = 0;
  const shape: number[] = [];
  const values: Values = { floats: [], whole: [], doubles: [], external: new Map(), isExternal: false };
  for (const { number, value } of fieldsOf(message, file, room)) {
    if (number === 1) for (const size of varints(value, file)) shape.length <= 32 && shape.push(Number(size));
    else if (number === 2) type = Number(value);
    else if (number === 4) values.floats.push(value);
    else if (number === 5 || number === 7 || number === 11) values.whole.push(value);
    else if (number === 8 && givenName === undefined) name = textOf(value, file);
    else if (number === 9) values.raw = bytesOf(value, file);
    else if (number === 10) values.doubles.push(value);
    else if (number === 13) values.external.set(...entryOf(bytesOf(value, file), context));
    else if (number === 14) values.isExternal = value === 1n;
  }
  const label = `${file}: ${name.slice(0, 60)}`;
  const [typeName, element] = Object.hasOwn(types, type) ? (types[type] as readonly [string, ElementType?]) : [];
  const count = countIn(shape, label);
  return {
    name,
    array: {
      name,
      shape,
      type: typeName ?? `type ${type}`,
      storage: name,
      bytes: element === undefined ? 0 : bytesIn(shape, element, label),
      read: async () => {
        if (element === undefined)
          throw formatError(label, `has the type ${typeName ?? type}; read are integers, floats and booleans.`);
        return valuesOf(values, element, count, label, context);
      },
    },
  };
}

function entryOf(message: Buffer, { file, room }: Context): [string, string] {
  let [key, text] = ['', ''];
  for (const { number, value } of fieldsOf(message, file, room))
    if (number === 1) key = textOf(value, file);
    else if (number === 2) text = textOf(value, file);
  return [key, text];
}

async function valuesOf(
  values: Values,
  type: ElementType,
  count: number,
  label: string,
  context: Context,
): Promise<NpyValues> {
  const size = elementBytes(type);
  if (values.isExternal) return externalValues(values.external, type, count, label, context);
  const fromBytes = (bytes: Buffer, as: ElementType): Promise<NpyValues> => {
    if (bytes.length !== count * elementBytes(as))
      throw formatError(label, `holds ${bytes.length} bytes, its shape needs ${count * elementBytes(as)}.`);
    return readElements(async (target, at) => void bytes.copy(target, 0, at), 0, as, count, label, context.control);
  };
  if (values.raw !== undefined) return fromBytes(values.raw, type);
  const list = type === 'f32' ? values.floats : type === 'f64' ? values.doubles : values.whole;
  const [only] = list;
  if (type === 'f32' || type === 'f64')
    return fromBytes(
      list.length === 1 && only instanceof Buffer ? only : Buffer.concat(list.map((v) => bytesOf(v, label))),
      type,
    );
  // Halves and everything smaller than 32 bits are the bits of a number of their own each.
  const bits = Buffer.alloc(size);
  const result = arrayFor(type, count);
  let at = 0;
  for (const field of list)
    for (const value of varints(field, label)) {
      if (at === count) throw formatError(label, `holds more values than the ${count} of its shape.`);
      result[at++] = await oneOf(value, type, bits, label);
    }
  if (at !== count) throw formatError(label, `holds ${at} values, its shape needs ${count}.`);
  return result;
}

async function oneOf(value: bigint, type: ElementType, bits: Buffer, label: string): Promise<number> {
  const size = bits.length;
  const pattern = BigInt.asUintN(8 * size, value);
  const isIn = value === pattern || value === BigInt.asIntN(8 * size, value);
  if (!isIn) throw formatError(label, `holds ${value}, which is no value of its type.`);
  for (let i = 0; i < size; i++) bits[i] = Number((pattern >> BigInt(8 * i)) & 255n);
  const [number] = await readElements(async (target) => void bits.copy(target), 0, type, 1, label);
  return number as number;
}

/** Values in a file beside the model, at most the model's folder deep. */
async function externalValues(
  external: ReadonlyMap<string, string>,
  type: ElementType,
  count: number,
  label: string,
  { path, control }: Context,
): Promise<NpyValues> {
  const location = external.get('location') ?? '';
  if (location === '' || isAbsolute(location) || location.split(/[\\/]/).includes('..'))
    throw formatError(label, `has its values in "${location.slice(0, 60)}", outside of the model's folder.`);
  const [offset, length] = ['offset', 'length'].map((key) => Number(external.get(key) ?? (key === 'offset' ? 0 : NaN)));
  const bytes = count * elementBytes(type);
  if (!Number.isSafeInteger(offset) || (offset as number) < 0 || !(Number.isNaN(length) || length === bytes))
    throw formatError(label, `has ${length} bytes from ${offset} of another file; its shape needs ${bytes}.`);
  return withFile(join(path, '..', location), async (handle, size) => {
    if ((offset as number) + bytes > size) throw formatError(label, `reaches beyond the ${size} bytes of ${location}.`);
    return readElements(
      (target, at) => readAt(handle, target, at, label),
      offset as number,
      type,
      count,
      label,
      control,
    );
  });
}
