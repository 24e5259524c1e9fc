// What a user gives is read once, before the first await: a getter that changes its mind, a list that is emptied while a promise
// is pending or an object without end meets the checks as plain data, or not at all.
import { expectedError, MftError } from './errors.js';

/** Specs and plans are a few levels deep; nothing anyone means is deeper. */
const deepest = 64;

type Numbers = ArrayLike<number> & { slice(): ArrayLike<number> };

/**
 * A copy of plain data: records, lists, typed arrays (copied as well), numbers, texts. Functions stay what they are.
 *
 * @param value what the caller gave
 * @param name how to name it in the error
 * @throws MftError ERR_MFT_INVALID_ARGUMENT for what is no plain data (dates, maps, promises, buffers whose memory was taken
 *   away), holds itself, is more than 64 levels deep, or throws when it is read
 */
export function plainCopy<T>(value: T, name: string): T {
  return readOnce(name, () => copied(value, name, deepest)) as T;
}

/** Runs what reads a user's value; whatever the value throws while it is read becomes the documented error. */
export function readOnce<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof MftError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected \`${name}\` to be plain data, received what throws when it is read: ${why}`,
      { parameter: name, expected: 'plain data', cause },
    );
  }
}

function copied(value: unknown, name: string, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, `plain data at most ${deepest} levels deep`, value);
  if (Array.isArray(value)) return copyOfList(value, name, levels);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return copyOfArray(value as unknown as Numbers, name);
  // By tag, not by prototype: records of other realms are records.
  if (Object.prototype.toString.call(value) !== '[object Object]')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'plain data (records, lists, numbers, texts)', value);
  const record: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = copied((value as Record<string, unknown>)[key], name, levels - 1);
    // A key of this name sets no prototype: it is an unknown key like any other.
    if (key === '__proto__') Object.defineProperty(record, key, { value: item, enumerable: true });
    else record[key] = item;
  }
  return record;
}

/** A list of numbers only becomes an array of doubles, in one pass without a call for each: matrices have millions. */
function copyOfList(list: readonly unknown[], name: string, levels: number): readonly unknown[] {
  const numbers: number[] = [];
  const { length } = list;
  if (length > 1 && levels > 1 && list[0] instanceof Float64Array) return copyOfRows(list, name, levels);
  for (let i = 0; i < length; i++) {
    const item = list[i];
    if (typeof item === 'number') numbers.push(item);
    else return mixed(numbers, item, list, length, name, levels);
  }
  return numbers;
}

/** Behind the numbers at the beginning, what comes next and the rest. */
function mixed(
  numbers: readonly number[],
  next: unknown,
  list: readonly unknown[],
  length: number,
  name: string,
  levels: number,
): readonly unknown[] {
  const copy: unknown[] = [...numbers, copied(next, name, levels - 1)];
  while (copy.length < length) copy.push(copied(list[copy.length], name, levels - 1));
  return copy;
}

/** Rows of doubles share one buffer: thousands of small ones are thousands of objects for the garbage collector. */
function copyOfRows(list: readonly unknown[], name: string, levels: number): readonly unknown[] {
  const rows = [...list];
  let count = 0;
  for (const row of rows) count += row instanceof Float64Array ? row.length : 0;
  const block = new Float64Array(count);
  let from = 0;
  return rows.map((row) => {
    // A row without memory, and one that lost it meanwhile, have the length 0.
    if (!(row instanceof Float64Array) || row.length === 0) return copied(row, name, levels - 1);
    const copy = block.subarray(from, from + row.length);
    copy.set(row);
    from += row.length;
    return copy;
  });
}

function copyOfArray(array: Numbers, name: string): unknown {
  try {
    return array.slice();
  } catch {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'numbers whose memory was not transferred away', 'nothing');
  }
}

/** A user's list of numbers, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT */
export function numberList(value: unknown, name: string): Float64Array {
  return readOnce(name, () => {
    // Nothing else can stand in it, however long it is.
    if (value instanceof Float64Array) return copyOfArray(value, name) as Float64Array;
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView)))
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a list of numbers', value);
    const list = Array.from(copied(value, name, 2) as ArrayLike<unknown>);
    const wrong = list.findIndex((item) => typeof item !== 'number');
    if (wrong >= 0) throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${wrong}`, 'a number', list[wrong]);
    return Float64Array.from(list as number[]);
  });
}
