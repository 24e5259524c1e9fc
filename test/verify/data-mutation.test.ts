// 200 kinds of damage to every well-known file: a clear error or unverified data, never a crash, never more memory than
// the files declare.
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { checkData, MftError, readCifar10, readDataset } from 'mft-native';
import { damaged } from '../data/mutations.js';

const required = (process.env.MFT_REQUIRE ?? '').split(',').includes('data');
const mutationsPerFile = 200;
const dataErrors = ['ERR_MFT_DATA_FORMAT', 'ERR_MFT_DATA_CHECKSUM'];

t.test(
  'the well-known files',
  { skip: process.env.MFT_DATA === undefined && !required ? 'MFT_DATA is not set' : false },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'mft-data-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const files = (await checkData()).filter((check) => check.status === 'verified');
    t.ok(files.length >= 10);
    for (const dataset of ['mnist', 'cifar10']) await mkdir(join(folder, dataset));
    for (const { dataset, path } of files) await symlink(path, join(folder, dataset, basename(path)));
    let largestBuffers = 0;
    for (const { dataset, split, path, sha256 } of files) {
      const target = join(folder, dataset, basename(path));
      const original = await readFile(path);
      await rm(target);
      let refused = 0;
      let unverified = 0;
      for (let seed = 0; seed < mutationsPerFile; seed++) {
        const { bytes, kind } = damaged(original, seed);
        await writeFile(target, bytes);
        try {
          // CIFAR-10 file by file: the other four batches have nothing to do with the damage.
          const data =
            dataset === 'cifar10'
              ? { ...(await readCifar10([target])), dimension: 3072 }
              : await readDataset(dataset, split === 'train' ? 'train' : 'test', { data: folder });
          unverified++;
          if ('verified' in data ? data.verified : data.sha256[0] === sha256)
            t.fail(`${kind} (seed ${seed}) went unnoticed`);
          if (data.images.length !== data.count * data.dimension || data.labels.some((label) => label > 9))
            t.fail(`${kind} (seed ${seed}): wrong shape or label`);
        } catch (error) {
          if (!(error instanceof MftError && dataErrors.includes(error.code)))
            t.fail(`${kind} (seed ${seed}): ${String(error)}`);
          refused++;
        }
        largestBuffers = Math.max(largestBuffers, process.memoryUsage().arrayBuffers);
      }
      t.equal(
        refused + unverified,
        mutationsPerFile,
        `${basename(path)}: ${refused} refused, ${unverified} read as unverified`,
      );
      await rm(target);
      await copyFile(path, target);
    }
    t.ok(largestBuffers < 1.5e9, `at most ${Math.round(largestBuffers / 1e6)} MB of buffers, garbage included`);
  },
);
