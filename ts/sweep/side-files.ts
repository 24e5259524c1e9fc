// Large arrays of a row: kept beside the journal in binary files that the row names with length and checksum.
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sha256 as sha256Of } from '../core/codec.js';
import { MftError } from '../core/errors.js';
import { type Disk, onDisk } from './disk.js';

/** Lists of more numbers than this leave the row. */
const largestInlineList = 4096;

type ArrayType = 'int8' | 'float32' | 'float64';

/** What a row says about one of its side files. */
export interface SideFile {
  readonly file: string;
  readonly type: ArrayType;
  readonly length: number;
  readonly sha256: string;
}

/** Where the side files of a journal lie. */
export function sideFolder(journal: string): string {
  return join(dirname(journal), `${basename(journal)}.arrays`);
}

const bytesPerElement = { int8: 1, float32: 4, float64: 8 } as const;
const namePattern = /^[0-9a-f]{64}-\d{1,6}\.(int8|float32|float64)$/;

/** A side file with the bytes to write. */
interface Extracted {
  readonly reference: SideFile;
  readonly bytes: Uint8Array;
}

/** The value with every long list of numbers replaced by `{ $array: i }`, and the arrays. The coordinator names the files. */
export function extractArrays(
  value: unknown,
  key: string,
): { readonly value: unknown; readonly arrays: readonly Extracted[] } {
  const arrays: Extracted[] = [];
  const walk = (item: unknown): unknown => {
    if (typeof item !== 'object' || item === null) return item;
    if (Array.isArray(item)) {
      if (item.length <= largestInlineList || !item.every(isNumberText)) return item.map(walk);
      arrays.push(encoded(Float64Array.from(item, Number), `${key}-${arrays.length}`));
      return { $array: arrays.length - 1 };
    }
    return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, walk(inner)]));
  };
  return { value: walk(value), arrays };
}

function isNumberText(item: unknown): boolean {
  return typeof item === 'number' || item === 'Infinity' || item === '-Infinity';
}

/** The smallest of three types that holds every value exactly, little-endian. */
function encoded(values: Float64Array, stem: string): Extracted {
  const type: ArrayType = values.every((x) => Number.isInteger(x) && x >= -128 && x <= 127)
    ? 'int8'
    : values.every((x) => Math.fround(x) === x)
      ? 'float32'
      : 'float64';
  const bytes = new Uint8Array(values.length * bytesPerElement[type]);
  const view = new DataView(bytes.buffer);
  values.forEach((x, i) => {
    if (type === 'int8') view.setInt8(i, x);
    else if (type === 'float32') view.setFloat32(4 * i, x, true);
    else view.setFloat64(8 * i, x, true);
  });
  return { reference: { file: `${stem}.${type}`, type, length: values.length, sha256: sha256Of(bytes) }, bytes };
}

/** Writes side files so that a name only ever stands for complete content: another name, sync, rename. */
export async function writeSideFiles(journal: string, arrays: readonly Extracted[], disk: Disk): Promise<void> {
  if (arrays.length === 0) return;
  const folder = sideFolder(journal);
  await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true });
    for (const { reference, bytes } of arrays) {
      const path = join(folder, reference.file);
      const handle = await open(`${path}.partial`, 'w');
      try {
        await disk.write(handle, bytes);
        await disk.sync(handle);
      } finally {
        await handle.close();
      }
      await disk.rename(`${path}.partial`, path);
    }
    await disk.syncFolder(folder);
  });
}

/** Removes what a killed run left half-written. Only for the one writer of the journal. */
export async function removePartialFiles(journal: string): Promise<void> {
  const folder = sideFolder(journal);
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names)
    if (name.endsWith('.partial')) await onDisk(folder, () => rm(join(folder, name), { force: true }));
}

/** Reads an array back. @throws MftError ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DATA_CHECKSUM naming the file */
export async function readSideFile(journal: string, reference: SideFile): Promise<Float64Array> {
  const { file, type, length, sha256 } = reference;
  if (!namePattern.test(file))
    throw new MftError(
      'ERR_MFT_DATA_FORMAT',
      `A row of ${journal} names the side file ${JSON.stringify(file)}, which no sweep writes.`,
      { parameter: 'files' },
    );
  const path = join(sideFolder(journal), file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new MftError(
      'ERR_MFT_DATA_NOT_FOUND',
      `The side file ${path} cannot be read; run the sweep again to make it anew.`,
      { parameter: 'files', cause },
    );
  });
  if (sha256Of(bytes) !== sha256 || bytes.length !== length * bytesPerElement[type]) {
    throw new MftError(
      'ERR_MFT_DATA_CHECKSUM',
      `The side file ${path} is damaged (its checksum differs); delete it and run the sweep again.`,
      { parameter: 'files' },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from({ length }, (_, i) =>
    type === 'int8'
      ? view.getInt8(i)
      : type === 'float32'
        ? view.getFloat32(4 * i, true)
        : view.getFloat64(8 * i, true),
  );
}

/** Whether the side files of a row are there, with the right sizes. */
export async function hasSideFiles(journal: string, references: readonly SideFile[]): Promise<boolean> {
  for (const { file, type, length } of references) {
    if (!namePattern.test(file)) return false;
    const found = await stat(join(sideFolder(journal), file)).catch(() => undefined);
    if (found?.size !== length * bytesPerElement[type]) return false;
  }
  return true;
}
