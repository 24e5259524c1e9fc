// The lines of a journal: one JSON object each, ending in a checksum of everything before it.
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { canonicalJson, toJson } from '../core/codec.js';
import { MftError } from '../core/errors.js';

/** How a stored job ended. */
type RowStatus = 'done' | 'failed';

/** What the head of a row says; enough to resume without parsing the rest. */
export interface RowHead {
  readonly key: string;
  readonly point: string;
  readonly version: number;
  readonly status: RowStatus;
  /** Whether arrays of this row lie in side files. */
  readonly hasFiles: boolean;
}

/** A line as the scan of a journal finds it. `number` counts from 1, `offset` and `length` (without line end) in bytes. */
export interface ScannedLine {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  /** Where in the file the next line begins. */
  readonly behind: number;
  readonly kind: 'manifest' | 'row' | 'damaged';
  /** Of a row; of a damaged line when its head can still be read. */
  readonly head: RowHead | undefined;
  /** False for a last line without its newline. */
  readonly isEnded: boolean;
  /** The bytes around it, and where in them it starts: a view of its own for every line would cost more than the rest. */
  readonly chunk: Buffer;
  readonly start: number;
}

/** The line itself. */
export function lineText(line: ScannedLine, most = line.length): string {
  return line.chunk.toString('utf8', line.start, line.start + Math.min(line.length, most));
}

export const manifestPrefix = '{"journal":"mft-sweep",';
const checkLength = ',"crc":"00000000"}'.length;
/** The head of a row: key and point are 64 hexadecimal digits at fixed places. */
const headPattern =
  /^\{"key":"([0-9a-f]{64})","point":"([0-9a-f]{64})","version":(\d+),"status":"(done|failed)",("files":)?/;
const longestHead = 256;

/** `{…}` with its checksum as the last field, and a newline. */
function sealedLine(object: string): string {
  const body = object.slice(0, -1);
  return `${body}${checkText(crc32(body))}\n`;
}

/** A row's line. `rest` holds the fields after the head, `result` the canonical JSON text of the result. */
export function rowLine(
  head: Omit<RowHead, 'hasFiles'>,
  files: readonly object[],
  rest: object,
  result: string | undefined,
  meta: object,
): string {
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
    if (position === 0) refuseUtf16(chunk.subarray(0, bytesRead));
    position += bytesRead;
    const from = rest.length;
    rest = rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    const lines: ScannedLine[] = [];
    for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, start)) {
      lines.push(scanned(rest, start, end, ++number, offset, true));
      offset += end + 1 - start;
      start = end + 1;
    }
    rest = rest.subarray(start);
    yield lines;
  }
  if (rest.length > 0) yield [scanned(rest, 0, rest.length, number + 1, offset, false)];
}

function refuseUtf16(head: Buffer): void {
  const [a, b] = head;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new MftError(
      'ERR_MFT_JOURNAL_MISMATCH',
      'The journal was saved as UTF-16; save it as UTF-8 (as it was written) to go on with it.',
      { parameter: 'journal' },
    );
}

/** A journal kept in git or opened in an editor may come back with a byte-order mark: it is no part of the first line. */
function startOf(chunk: Buffer, start: number, offset: number): number {
  return offset === 0 && chunk.toString('latin1', start, start + 3) === '\xef\xbb\xbf' ? start + 3 : start;
}

/** … and with a carriage return before each newline. */
function endOf(chunk: Buffer, start: number, end: number): number {
  return end > start && chunk[end - 1] === 13 ? end - 1 : end;
}

function scanned(chunk: Buffer, from: number, to: number, number: number, at: number, isEnded: boolean): ScannedLine {
  const [start, end] = [startOf(chunk, from, at), endOf(chunk, from, to)];
  const head = headOf(chunk, start, end);
  const isManifest =
    head === undefined &&
    chunk.toString('latin1', start, Math.min(end, start + manifestPrefix.length)) === manifestPrefix;
  const kind = !isIntact(chunk, start, end)
    ? 'damaged'
    : head !== undefined
      ? 'row'
      : isManifest
        ? 'manifest'
        : 'damaged';
  const behind = at + to - from + (isEnded ? 1 : 0);
  return { number, offset: at + start - from, length: end - start, behind, kind, head, isEnded, chunk, start };
}

function headOf(chunk: Buffer, start: number, end: number): RowHead | undefined {
  const found = headPattern.exec(chunk.toString('latin1', start, Math.min(end, start + longestHead)));
  if (found === null) return undefined;
  return {
    key: found[1] as string,
    point: found[2] as string,
    version: Number(found[3]),
    status: found[4] as RowStatus,
    hasFiles: found[5] !== undefined,
  };
}

function isIntact(chunk: Buffer, start: number, end: number): boolean {
  const body = end - checkLength;
  return body > start && chunk.toString('latin1', body, end) === checkText(crc32(chunk.subarray(start, body)));
}

function checkText(sum: number): string {
  return `,"crc":"${sum.toString(16).padStart(8, '0')}"}`;
}
