// A gzip file as the members it consists of (RFC 1952): pigz, bgzip and `cat a.gz b.gz` write several, which read as one.
// Node's own reader joins members too, but passes over a few bytes of rubbish behind the last one without a word.
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw, crc32 } from 'node:zlib';
import { dataError, formatError } from './files.js';

const chunkBytes = 65536;
const flags = { headerChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** The unpacked bytes of all members; each member's checksum and length are compared with its last eight bytes. */
export async function* gunzipped(raw: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void, undefined> {
  const source = sourceOf(raw[Symbol.asyncIterator](), name);
  try {
    do {
      await skipHeader(source, name);
      let [checksum, length] = [0, 0];
      for await (const chunk of inflated(source)) {
        checksum = crc32(chunk, checksum);
        length = (length + chunk.length) % 2 ** 32;
        yield chunk;
      }
      const trailer = await source.take(8);
      if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== length)
        throw dataError('ERR_MFT_DATA_CHECKSUM', name, 'its gzip checksum does not fit its data.');
    } while (await source.hasMore());
  } finally {
    await source.close();
  }
}

async function skipHeader(source: Source, name: string): Promise<void> {
  const header = await source.take(10);
  if (header[0] !== 0x1f || header[1] !== 0x8b) throw formatError(name, 'has something after its gzip data.');
  const flag = header[3] as number;
  if (header[2] !== 8 || (flag & flags.reserved) !== 0)
    throw formatError(name, 'is packed by a method that gzip does not know.');
  if ((flag & flags.extra) !== 0) await source.take((await source.take(2)).readUInt16LE(0));
  for (const bit of [flags.name, flags.comment]) if ((flag & bit) !== 0) while ((await source.take(1))[0] !== 0);
  if ((flag & flags.headerChecksum) !== 0) await source.take(2);
}

/** One deflate stream from where the source stands; afterwards the source stands behind it. */
async function* inflated(source: Source): AsyncGenerator<Buffer, void, undefined> {
  const unpacker = createInflateRaw({ chunkSize: chunkBytes });
  // What was handed over and may not have been used: the stream says only at its end how far it read.
  const handed: Buffer[] = [];
  let before = 0;
  let pending: Promise<unknown> = Promise.resolve();
  async function* feed(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const next = source.chunk();
      pending = next;
      const chunk = await next;
      if (chunk === undefined) return;
      handed.push(chunk);
      for (
        let first = handed[0];
        first !== undefined && before + first.length <= unpacker.bytesWritten;
        first = handed[0]
      ) {
        before += first.length;
        handed.shift();
      }
      yield chunk;
    }
  }
  // Errors reach the reader through the iteration below.
  pipeline(Readable.from(feed(), { objectMode: false, highWaterMark: chunkBytes }), unpacker, () => {});
  for await (const chunk of unpacker) yield chunk as Buffer;
  await pending;
  source.giveBack(Buffer.concat(handed).subarray(unpacker.bytesWritten - before));
}

/** Bytes taken from a stream of chunks, some of which may be given back. */
interface Source {
  chunk(): Promise<Buffer | undefined>;
  giveBack(bytes: Buffer): void;
  hasMore(): Promise<boolean>;
  take(count: number): Promise<Buffer>;
  close(): Promise<void>;
}

function sourceOf(chunks: AsyncIterator<Buffer>, name: string): Source {
  let held: Buffer = Buffer.alloc(0);
  const source: Source = {
    chunk: async () => {
      if (held.length > 0) {
        const bytes = held;
        held = Buffer.alloc(0);
        return bytes;
      }
      const step = await chunks.next();
      return step.done === true ? undefined : step.value;
    },
    giveBack: (bytes) => {
      held = held.length === 0 ? bytes : Buffer.concat([bytes, held]);
    },
    hasMore: async () => {
      const chunk = await source.chunk();
      if (chunk !== undefined) source.giveBack(chunk);
      return chunk !== undefined;
    },
    take: async (count) => {
      const parts: Buffer[] = [];
      for (let missing = count; missing > 0; ) {
        const chunk = await source.chunk();
        if (chunk === undefined) throw formatError(name, 'is truncated within its gzip data.');
        parts.push(chunk.subarray(0, missing));
        if (chunk.length > missing) source.giveBack(chunk.subarray(missing));
        missing -= Math.min(missing, chunk.length);
      }
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    },
    close: async () => {
      await chunks.return?.();
    },
  };
  return source;
}
