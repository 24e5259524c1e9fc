// The wire format of protocol buffers: fields of a message, one after the other, as numbers or bytes. Nothing is copied.
import { formatError } from '../data/files.js';
import type { Room } from './stored.js';

/** A field: a number (varint, of 64 bits as a signed one), bytes, or the 4 or 8 bytes of a fixed number. */
interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

const bytesPerField = 160;

/** The fields of a message, in order. @throws MftError ERR_MFT_DATA_FORMAT, ERR_MFT_MEMORY */
export function* fieldsOf(message: Buffer, name: string, room: Room): Generator<Field, void, undefined> {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    room.take(bytesPerField);
    const tag = varint(message, cursor, name);
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    if (number === 0) throw formatError(name, 'is no protocol buffer: it has a field 0.');
    if (wire === 0) yield { number, value: BigInt.asIntN(64, varint(message, cursor, name)) };
    else {
      const length = wire === 2 ? Number(varint(message, cursor, name)) : wire === 1 ? 8 : wire === 5 ? 4 : -1;
      if (length < 0) throw formatError(name, `is no protocol buffer: it has a field of kind ${wire}.`);
      if (cursor.at + length > message.length) throw formatError(name, 'is truncated, or no protocol buffer.');
      const value = message.subarray(cursor.at, cursor.at + length);
      cursor.at += length;
      yield { number, value };
    }
  }
}

function varint(message: Buffer, cursor: { at: number }, name: string): bigint {
  let value = 0;
  // Four groups of seven bits are a small number; longer ones take the slow way.
  for (let group = 0; group < 4; group++) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw formatError(name, 'is truncated, or no protocol buffer.');
    value += (byte & 127) * 128 ** group;
    if (byte < 128) return BigInt(value);
  }
  let large = BigInt(value);
  for (let group = 4n; group < 10n; group++) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw formatError(name, 'is truncated, or no protocol buffer.');
    large |= BigInt(byte & 127) << (7n * group);
    if (byte < 128) return large;
  }
  throw formatError(name, 'is no protocol buffer: it has a number of more than ten bytes.');
}

/** A varint, or several packed into bytes. */
export function* varints(value: bigint | Buffer, name: string): Generator<bigint, void, undefined> {
  if (typeof value === 'bigint') yield value;
  else for (const cursor = { at: 0 }; cursor.at < value.length; ) yield BigInt.asIntN(64, varint(value, cursor, name));
}

/** The bytes of a field that must have some. */
export function bytesOf(value: bigint | Buffer, name: string): Buffer {
  if (typeof value === 'bigint') throw formatError(name, 'has a number where bytes are expected.');
  return value;
}

export function textOf(value: bigint | Buffer, name: string): string {
  return bytesOf(value, name).toString('utf8');
}
