// The lines of a journal: one JSON object each, ending in a checksum of everything before it.
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { canonicalJson, toJson } from '../core/codec.js';

/** How a stored job ended. */
export type RowStatus = 'done' | 'failed';

/** What the head of a row says; enough to resume without parsing the rest. */
export interface RowHead {
  readonly key: string;
  readonly point: string;
  readonly version: number;
  readonly status: RowStatus;
  /** Whether arrays of this row lie in side files. */
  readonly hasFiles: boolean;
}

/** A line as the scan of a journal finds it. `number` counts from 1, `offset` and `length` (without newline) in bytes. */
export interface ScannedLine {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly kind: 'manifest' | 'row' | 'damaged';
  /** Of a row; of a damaged line when its head can still be read. */
  readonly head?: RowHead;
  /** False for a last line without its newline. */
  readonly isEnded: boolean;
  readonly bytes: Buffer;
}

export const manifestPrefix = '{"journal":"mft-sweep",';
const checkLength = ',"crc":"00000000"}'.length;
/** Where the head of a row has its key and its point: both are 64 hexadecimal digits at fixed places. */
const keyAt = '{"key":"'.length;
const pointAt = keyAt + 64 + '","point":"'.length;
const restAt = pointAt + 64;
const headRest = /^","version":(\d+),"status":"(done|failed)",("files":)?/;
const hash = /^[0-9a-f]{64}$/;

/** `{…}` with its checksum as the last field, and a newline. */
export function sealedLine(object: string): string {
  const body = object.slice(0, -1);
  return `${body}${checkText(crc32(body))}\n`;
}

/** A row's line. `rest` holds the fields after the head, `result` the canonical JSON text of the result. */
export function rowLine(head: Omit<RowHead, 'hasFiles'>, files: readonly object[], rest: object, result: string | undefined, meta: object): string {
  const fields = [
    `"key":"${head.key}","point":"${head.point}","version":${head.version},"status":"${head.status}"`,
    ...(files.length === 0 ? [] : [`"files":${canonicalJson(files)}`]),
    canonicalJson(rest).slice(1, -1),
    ...(result === undefined ? [] : [`"result":${result}`]),
    `"meta":${canonicalJson(meta)}`,
  ];
  return sealedLine(`{${fields.join(',')}}`);
}

/** The manifest's line; its plan keeps the order its author gave the axes. */
export function manifestLine(manifest: object): string {
  return sealedLine(`${manifestPrefix}"format":1,"manifest":${JSON.stringify(toJson(manifest))}}`);
}

const chunkBytes = 4 * 2 ** 20;

/** Every line of an open journal, in order and some thousand at a time; in constant memory but for the longest line. */
export async function* scanLines(handle: FileHandle): AsyncGenerator<readonly ScannedLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let position = 0;
  let number = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const from = rest.length;
    rest = rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    const lines: ScannedLine[] = [];
    for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, start)) {
      lines.push(scanned(rest.subarray(start, end), ++number, offset, true));
      offset += end + 1 - start;
      start = end + 1;
    }
    rest = rest.subarray(start);
    yield lines;
  }
  if (rest.length > 0) yield [scanned(rest, number + 1, offset, false)];
}

function scanned(bytes: Buffer, number: number, offset: number, isEnded: boolean): ScannedLine {
  const place = { number, offset, length: bytes.length, isEnded, bytes };
  const head = headOf(bytes);
  if (!isIntact(bytes)) return head === undefined ? { ...place, kind: 'damaged' } : { ...place, kind: 'damaged', head };
  if (head !== undefined) return { ...place, kind: 'row', head };
  return { ...place, kind: bytes.toString('latin1', 0, manifestPrefix.length) === manifestPrefix ? 'manifest' : 'damaged' };
}

function headOf(bytes: Buffer): RowHead | undefined {
  if (bytes.toString('latin1', 0, keyAt) !== '{"key":"') return undefined;
  const rest = headRest.exec(bytes.toString('latin1', restAt, restAt + 64));
  const key = bytes.toString('latin1', keyAt, keyAt + 64);
  const point = bytes.toString('latin1', pointAt, restAt);
  if (rest === null || !hash.test(key) || !hash.test(point)) return undefined;
  return { key, point, version: Number(rest[1]), status: rest[2] as RowStatus, hasFiles: rest[3] !== undefined };
}

function isIntact(bytes: Buffer): boolean {
  const bodyLength = bytes.length - checkLength;
  return bodyLength > 0 && bytes.toString('latin1', bodyLength) === checkText(crc32(bytes.subarray(0, bodyLength)));
}

function checkText(sum: number): string {
  return `,"crc":"${sum.toString(16).padStart(8, '0')}"}`;
}
