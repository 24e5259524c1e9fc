// What `mft data check` says: which of the well-known files are there, whole and published.
import { basename, join } from 'node:path';
import { ticker } from '../core/control.js';
import { MftError } from '../core/errors.js';
import { type DataOptions, hashFile } from './bytes.js';
import { formatError } from './files.js';
import { readCifar10 } from './cifar10.js';
import { readIdx } from './idx.js';
import { dataFolders, type KnownFile, knownFiles, recognised } from './known.js';
import { dataFolder, locate } from './locate.js';
import { dataOptions } from './options.js';

/** State of one well-known file. */
export interface DataCheck {
  readonly dataset: KnownFile['dataset'];
  readonly split: KnownFile['split'];
  readonly role: KnownFile['role'];
  /** Where it is, or where it belongs when it is missing. */
  readonly path: string;
  /**
   * `verified`: the published file, byte for byte; `unverified`: readable, but another file than the published one (or
   * none is known); `damaged`:
   * not readable, or another file under this name; `missing`.
   */
  readonly status: 'verified' | 'unverified' | 'damaged' | 'missing';
  readonly sha256?: string;
  /** Why a file is damaged or unverified. */
  readonly reason?: string;
  /** Images or labels in the file. */
  readonly count?: number;
}

/**
 * Looks for every file of MNIST and CIFAR-10, reads it and holds its hash against the published one.
 *
 * @param options `data`: the folder with the data sets (default: environment variable MFT_DATA); signal, onProgress (files)
 * @returns one entry per file; nothing is thrown for a file that is missing or damaged
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND when no folder is given at all
 *
 * **Numerics**: SHA-256 of whole files.
 * **Source**: the published hashes: docs/data.md.
 *
 * @example
 * import { checkData } from 'mft-native';
 * for (const file of await checkData({ data: './data' })) console.log(file.path, file.status);
 */
export async function checkData(options: DataOptions = {}): Promise<DataCheck[]> {
  const checked = dataOptions(options);
  const folder = dataFolder(checked);
  if (folder === undefined)
    throw new MftError(
      'ERR_MFT_DATA_NOT_FOUND',
      'No data folder: set MFT_DATA (or `data`, --data) to the folder that holds the data sets.',
      { parameter: 'data' },
    );
  const tick = ticker(knownFiles.length, checked);
  const checks: DataCheck[] = [];
  for (const file of knownFiles) {
    checks.push(await checkFile(file, folder, checked));
    await tick(checks.length);
  }
  return checks;
}

async function checkFile(file: KnownFile, folder: string, options: DataOptions): Promise<DataCheck> {
  const { dataset, split, role } = file;
  const path = await locate(file, folder);
  if (path === undefined)
    return {
      dataset,
      split,
      role,
      status: 'missing',
      path: join(folder, dataFolders[dataset][0], file.names[0] as string),
    };
  const sha256 = await hashFile(path, options);
  try {
    const other = recognised(sha256);
    if (other !== undefined && other !== file)
      return {
        dataset,
        split,
        role,
        path,
        status: 'damaged',
        sha256,
        reason: `it is the ${other.split} ${other.role} of ${other.dataset} (${other.names[0]}) under another name`,
      };
    const count =
      dataset === 'mnist' ? await idxCount(path, role, options) : (await readCifar10([path], options)).count;
    const counted = count === undefined ? {} : { count };
    if (file.sha256.includes(sha256)) return { dataset, split, role, path, status: 'verified', sha256, ...counted };
    const reason =
      file.sha256.length === 0
        ? 'no published hash is known for this file'
        : 'its hash is not that of the published file';
    return { dataset, split, role, path, status: 'unverified', sha256, reason, ...counted };
  } catch (error) {
    if (!(error instanceof MftError)) throw error;
    return { dataset, split, role, path, status: 'damaged', sha256, reason: error.message };
  }
}

/** Images or labels in an IDX file of the right number of dimensions. */
async function idxCount(path: string, role: KnownFile['role'], options: DataOptions): Promise<number | undefined> {
  const { shape, values } = await readIdx(path, options);
  if (shape.length !== (role === 'images' ? 3 : 1))
    throw formatError(basename(path), `holds an array of shape ${shape.join(' × ')}, not ${role}.`);
  if (role === 'labels' && values.some((label) => label > 9))
    throw formatError(basename(path), 'has labels beyond 9, as EMNIST has under names of its own (emnist-letters, …).');
  return shape[0];
}
