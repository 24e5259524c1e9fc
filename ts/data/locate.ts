// Finds the files of a data set below the data folder; the error says which file belongs where.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MftError } from '../core/errors.js';
import type { DataOptions } from './bytes.js';
import { dataFolders, type KnownFile, knownFiles } from './known.js';

/** The data folder: `options.data`, else the environment variable MFT_DATA, else undefined. */
export function dataFolder(options: DataOptions): string | undefined {
  const folder = options.data ?? process.env.MFT_DATA;
  return folder === undefined || folder === '' ? undefined : folder;
}

/** The path of a known file, or undefined when it is in none of its places. */
export async function locate(file: KnownFile, folder: string): Promise<string | undefined> {
  for (const place of dataFolders[file.dataset]) {
    for (const name of file.names) {
      const path = join(folder, place, name);
      if (await isFile(path)) return path;
    }
  }
  return undefined;
}

/**
 * Paths of all files of a data set's split, in order.
 *
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND naming the missing file and its place
 */
export async function locateSplit(
  dataset: KnownFile['dataset'],
  split: KnownFile['split'],
  options: DataOptions,
): Promise<{ file: KnownFile; path: string }[]> {
  const files = knownFiles.filter((file) => file.dataset === dataset && file.split === split);
  const folder = dataFolder(options);
  if (folder === undefined) throw notFound(dataset, files[0] as KnownFile, undefined);
  const found: { file: KnownFile; path: string }[] = [];
  for (const file of files) {
    const path = await locate(file, folder);
    if (path === undefined) throw notFound(dataset, file, folder, await isFolder(folder));
    found.push({ file, path });
  }
  return found;
}

/**
 * The path of a file of a data set that has no published hashes here.
 *
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND
 */
export async function locateOther(
  dataset: string,
  places: readonly string[],
  names: readonly string[],
  options: DataOptions,
): Promise<string> {
  const folder = dataFolder(options);
  for (const place of folder === undefined ? [] : places)
    for (const name of names) {
      const path = join(folder as string, place, name);
      if (await isFile(path)) return path;
    }
  const place = join(folder ?? '$MFT_DATA', places[0] as string);
  throw new MftError(
    'ERR_MFT_DATA_NOT_FOUND',
    `Data set ${dataset}: ${names[0]} was not found. It belongs in ${place}; docs/data.md says where to get it.`,
    { parameter: 'dataset', expected: join(place, names[0] as string), received: folder },
  );
}

function notFound(dataset: KnownFile['dataset'], file: KnownFile, folder: string | undefined, exists = true): MftError {
  const place = join(folder ?? '$MFT_DATA', dataFolders[dataset][0]);
  const how =
    folder === undefined
      ? 'Set MFT_DATA (or `data`, --data) to the folder that holds the data sets. '
      : exists
        ? ''
        : `There is no folder ${folder}. `;
  const part =
    file.split === 'test' && dataset === 'cifar10' ? ' (or test_batch_first1000.bin, the first 1,000 test images)' : '';
  return new MftError(
    'ERR_MFT_DATA_NOT_FOUND',
    `Data set ${dataset}: ${file.names[0]} was not found. ${how}It belongs in ${place}${part}; ` +
      `docs/data.md says where to get it. The data set \`synthetic\` needs no files.`,
    {
      parameter: 'dataset',
      expected: join(place, file.names[0] as string),
      received: folder,
    },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
