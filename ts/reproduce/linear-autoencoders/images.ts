// The images of figures 5 and 6: their second moment, or that of the synthetic images where the files are not there.
import type { ControlOptions } from '../../core/control.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import type { SecondMoment } from '../../systems/autoencoder/descent-native.js';
import { secondMoment } from '../../systems/autoencoder/second-moment.js';
import { availableImages, imageNames, type ImageSet } from '../training.js';

export interface ImageMoments {
  readonly name: string;
  readonly train: Dataset;
  /** Examples that were used. */
  readonly count: number;
  /** Whether these are images of the set, not the synthetic ones. */
  readonly isOfSet: boolean;
  /** Whether these are the published images, as many as were used. */
  readonly isPublished: boolean;
  readonly moment: SecondMoment;
  /** ν_i, rounding below 0 taken away. */
  readonly variances: readonly number[];
}

/** Of the first `count` training images; undefined where there is nothing to take. */
export async function imageMoments(
  set: ImageSet,
  count: number,
  threads: number,
  control: ControlOptions,
): Promise<ImageMoments | undefined> {
  const available = await availableImages(set);
  if (available === undefined) return undefined;
  const train = await readDataset(available, 'train');
  const used = Math.min(count, train.count);
  const { signal } = control;
  const moment = await secondMoment(train, { count: used, threads, ...(signal === undefined ? {} : { signal }) });
  return {
    name: imageNames[available],
    train,
    count: used,
    isOfSet: available === set,
    isPublished: available === set && used === count && train.verified,
    moment,
    variances: Array.from(moment.variances, (nu) => Math.max(0, nu)),
  };
}
