// A pickle (protocols 2 to 5) as data. Nothing is executed: names are held against an allow-list, calls build values of ours.
import { formatError } from '../data/files.js';
import { bytesPerValue, calls, isAllowed, isKind, type PickleValue } from './pickle-values.js';
import type { Room } from './stored.js';

const mark = Symbol('mark');
type Entry = PickleValue | typeof mark;

interface Machine {
  readonly bytes: Buffer;
  at: number;
  readonly stack: Entry[];
  readonly memo: Map<number, PickleValue>;
  readonly name: string;
  readonly room: Room;
  readonly persistent: (id: PickleValue) => PickleValue;
}

/**
 * The value of a pickle.
 *
 * @param persistent what a persistent id stands for
 * @throws MftError ERR_MFT_DATA_FORMAT: no pickle, an instruction of another protocol, a name that is not on the allow-list;
 * ERR_MFT_MEMORY: more values than there is room for
 */
export function unpickled(
  bytes: Buffer,
  name: string,
  room: Room,
  persistent: (id: PickleValue) => PickleValue,
): PickleValue {
  const machine: Machine = { bytes, at: 0, stack: [], memo: new Map(), name, room, persistent };
  if (bytes[0] !== 0x80) throw formatError(name, 'holds no pickle of protocol 2 or later.');
  for (;;) {
    if (machine.at >= bytes.length) throw formatError(name, 'holds a pickle that is truncated.');
    const code = bytes[machine.at++] as number;
    room.take(bytesPerValue);
    if (code === 0x2e) break;
    const step = steps[code];
    if (step === undefined)
      throw formatError(
        name,
        `holds a pickle with the instruction ${code} at byte ${machine.at - 1}, which is not read.`,
      );
    step(machine);
  }
  const result = pop(machine);
  if (machine.stack.length > 0 || machine.at !== bytes.length)
    throw formatError(name, 'holds a pickle with something left over.');
  return result;
}

function take(machine: Machine, count: number): Buffer {
  const end = machine.at + count;
  if (end > machine.bytes.length) throw formatError(machine.name, 'holds a pickle that is truncated.');
  const part = machine.bytes.subarray(machine.at, end);
  machine.at = end;
  return part;
}

const broken = (machine: Machine): Error =>
  formatError(machine.name, `holds a pickle that contradicts itself at byte ${machine.at - 1}.`);

function pop(machine: Machine): PickleValue {
  const value = machine.stack.pop();
  if (value === undefined || value === mark) throw broken(machine);
  return value;
}

function top(machine: Machine): PickleValue {
  const value = machine.stack[machine.stack.length - 1];
  if (value === undefined || value === mark) throw broken(machine);
  return value;
}

/** What stands above the last mark, which goes. */
function marked(machine: Machine): PickleValue[] {
  const at = machine.stack.lastIndexOf(mark);
  if (at < 0) throw broken(machine);
  const values = machine.stack.splice(at) as PickleValue[];
  values.shift();
  return values;
}

const u8 = (machine: Machine): number => take(machine, 1)[0] as number;
const u32 = (machine: Machine): number => take(machine, 4).readUInt32LE(0);
function u64(machine: Machine): number {
  const value = Number(take(machine, 8).readBigUInt64LE(0));
  if (!Number.isSafeInteger(value)) throw broken(machine);
  return value;
}

function text(machine: Machine, length: number): string {
  const part = take(machine, length);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
  } catch (cause) {
    throw formatError(machine.name, 'holds a pickle with a text that is no UTF-8.', cause);
  }
}

/** A whole number of any length: two's complement, the least byte first. */
function long(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  if (bytes.length > 0 && (bytes[bytes.length - 1] as number) >= 128) value -= 1n << BigInt(8 * bytes.length);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The longest whole number anyone saves (a seed has 64 bits, a generator's state lies in a tensor). */
const longestNumber = 256;
function longOf(machine: Machine, length: number): number | bigint {
  if (length > longestNumber) throw formatError(machine.name, `holds a pickle with a number of ${length} bytes.`);
  return long(take(machine, length));
}

function global(machine: Machine, module: PickleValue, name: PickleValue): PickleValue {
  const full = `${String(module)}.${String(name)}`;
  if (typeof module !== 'string' || typeof name !== 'string' || !isAllowed(full))
    throw formatError(
      machine.name,
      `names ${full.slice(0, 80)}, which is not read: nothing of a file is executed. Save \`model.state_dict()\`.`,
    );
  return { kind: 'named', name: full };
}

function line(machine: Machine): string {
  const end = machine.bytes.indexOf(10, machine.at);
  if (end < 0) throw formatError(machine.name, 'holds a pickle that is truncated.');
  return take(machine, end + 1 - machine.at)
    .toString('utf8')
    .slice(0, -1);
}

function call(machine: Machine): PickleValue {
  const args = pop(machine);
  const called = pop(machine);
  if (!isKind(called, 'named') || !Array.isArray(args)) throw broken(machine);
  const build = Object.hasOwn(calls, called.name) ? calls[called.name] : undefined;
  if (build === undefined) throw formatError(machine.name, `calls ${called.name}, which is nothing to be called.`);
  const value = build(args, machine.room);
  if (value === undefined)
    throw formatError(machine.name, `calls ${called.name} with something that it does not take.`);
  return value;
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const target = top(machine);
  if (!(target instanceof Map) || items.length % 2 !== 0) throw broken(machine);
  for (let i = 0; i < items.length; i += 2) target.set(items[i] as PickleValue, items[i + 1] as PickleValue);
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const target = top(machine);
  if (!Array.isArray(target)) throw broken(machine);
  for (const item of items) target.push(item);
}

const push =
  (make: (machine: Machine) => PickleValue) =>
  (machine: Machine): void => {
    machine.stack.push(make(machine));
  };
const bytes = (machine: Machine, length: number): PickleValue => ({ kind: 'bytes', bytes: take(machine, length) });
const tuple = (count: number) =>
  push((machine) => {
    const values = Array.from({ length: count }, () => pop(machine));
    return values.reverse();
  });
const put = (place: (machine: Machine) => number) => (machine: Machine) => {
  machine.memo.set(place(machine), top(machine));
};
const get = (place: (machine: Machine) => number) =>
  push((machine) => {
    const value = machine.memo.get(place(machine));
    if (value === undefined) throw broken(machine);
    return value;
  });

/** Instructions by their byte (CPython's pickletools has them all). Attributes of an object (BUILD) are not kept. */
const steps: Readonly<Record<number, (machine: Machine) => void>> = {
  128: (machine) => {
    const protocol = u8(machine);
    if (protocol > 5) throw formatError(machine.name, `holds a pickle of protocol ${protocol}; 2 to 5 are read.`);
  },
  149: (machine) => void take(machine, 8),
  40: (machine) => void machine.stack.push(mark),
  48: (machine) => void (machine.stack[machine.stack.length - 1] === mark ? machine.stack.pop() : pop(machine)),
  49: (machine) => void marked(machine),
  50: push(top),
  78: push(() => null),
  136: push(() => true),
  137: push(() => false),
  74: push((machine) => take(machine, 4).readInt32LE(0)),
  75: push(u8),
  77: push((machine) => take(machine, 2).readUInt16LE(0)),
  138: push((machine) => longOf(machine, u8(machine))),
  139: push((machine) => longOf(machine, u32(machine))),
  71: push((machine) => take(machine, 8).readDoubleBE(0)),
  88: push((machine) => text(machine, u32(machine))),
  140: push((machine) => text(machine, u8(machine))),
  141: push((machine) => text(machine, u64(machine))),
  84: push((machine) => bytes(machine, u32(machine))),
  85: push((machine) => bytes(machine, u8(machine))),
  66: push((machine) => bytes(machine, u32(machine))),
  67: push((machine) => bytes(machine, u8(machine))),
  142: push((machine) => bytes(machine, u64(machine))),
  93: push(() => []),
  108: push(marked),
  97: (machine) => append(machine, [pop(machine)]),
  101: (machine) => append(machine, marked(machine)),
  41: push(() => []),
  116: push(marked),
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  125: push(() => new Map()),
  100: push((machine) => {
    const items = marked(machine);
    machine.stack.push(new Map());
    setItems(machine, items);
    return pop(machine);
  }),
  115: (machine) => {
    const value = pop(machine);
    setItems(machine, [pop(machine), value]);
  },
  117: (machine) => setItems(machine, marked(machine)),
  143: push(() => []),
  144: (machine) => append(machine, marked(machine)),
  145: push(marked),
  113: put(u8),
  114: put(u32),
  148: put((machine) => machine.memo.size),
  104: get(u8),
  106: get(u32),
  99: push((machine) => global(machine, line(machine), line(machine))),
  147: push((machine) => {
    const name = pop(machine);
    return global(machine, pop(machine), name);
  }),
  82: push(call),
  129: push(call),
  98: (machine) => {
    pop(machine);
    top(machine);
  },
  81: push((machine) => machine.persistent(pop(machine))),
};
