// What a pickle of PyTorch's may name, and what becomes of it here: data, never a call into anything.
import type { ElementType } from './elements.js';
import type { Room } from './stored.js';

/** What V8 takes for a value and its place, at most. */
export const bytesPerValue = 128;

/** Numbers that lie in a member of the archive. */
export interface Storage {
  readonly kind: 'storage';
  readonly key: string;
  readonly type: ElementType;
  /** The name of its class, "FloatStorage". */
  readonly className: string;
  readonly count: number;
}

export interface Tensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Something of the allow-list, before it is called. */
interface Named {
  readonly kind: 'named';
  readonly name: string;
}

interface Bytes {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

/** A value of which nothing is needed: a device, a type of NumPy's. */
interface Other {
  readonly kind: 'other';
  readonly name: string;
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Bytes
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Named
  | Storage
  | Tensor
  | Other;

export const isKind = <K extends string>(value: unknown, kind: K): value is Extract<PickleValue, { kind: K }> =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind;

export const storageTypes: Readonly<Record<string, ElementType>> = {
  FloatStorage: 'f32',
  DoubleStorage: 'f64',
  HalfStorage: 'f16',
  BFloat16Storage: 'bf16',
  LongStorage: 'i64',
  IntStorage: 'i32',
  ShortStorage: 'i16',
  CharStorage: 'i8',
  ByteStorage: 'u8',
  BoolStorage: 'bool',
};

/** `room`: for what a call makes of its arguments, which may be one list given again and again. */
type Call = (args: readonly PickleValue[], room: Room) => PickleValue | undefined;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areWhole = (value: unknown): value is number[] => Array.isArray(value) && value.every(isWhole);

function rebuilt([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue | undefined {
  if (
    !isKind(storage, 'storage') ||
    !isWhole(offset) ||
    !areWhole(shape) ||
    !areWhole(strides) ||
    shape.length !== strides.length
  )
    return undefined;
  return { kind: 'tensor', storage, offset, shape, strides };
}

function dictionary([pairs]: readonly PickleValue[], room: Room): PickleValue | undefined {
  const map = new Map<PickleValue, PickleValue>();
  if (pairs === undefined) return map;
  if (!Array.isArray(pairs)) return undefined;
  room.take(bytesPerValue * pairs.length);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    map.set(pair[0] as PickleValue, pair[1] as PickleValue);
  }
  return map;
}

const other =
  (name: string): Call =>
  () => ({ kind: 'other', name });

/** What may be called, and what becomes of it; undefined for arguments it does not take. */
export const calls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': dictionary,
  'torch._utils._rebuild_tensor_v2': rebuilt,
  'torch._utils._rebuild_parameter': ([data]) => (isKind(data, 'tensor') ? data : undefined),
  'torch.Size': ([sizes]) => (areWhole(sizes) ? sizes : undefined),
  'torch.device': other('torch.device'),
  'numpy.core.multiarray.scalar': other('a number of NumPy'),
  'numpy._core.multiarray.scalar': other('a number of NumPy'),
  'numpy.dtype': other('numpy.dtype'),
  '_codecs.encode': other('bytes'),
};

const types = /^torch\.(float16|float32|float64|bfloat16|complex64|complex128|u?int(8|16|32|64)|bool)$/;

/** Whether a pickle may name this. */
export function isAllowed(name: string): boolean {
  return (
    Object.hasOwn(calls, name) ||
    types.test(name) ||
    (name.startsWith('torch.') && Object.hasOwn(storageTypes, name.slice(6)))
  );
}
