// infer: what a trained network says of images.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { withJson } from '../core/codec.js';
import { type ControlOptions, controlOf, throwIfAborted, ticker } from '../core/control.js';
import { plainCopy, readOnce } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { wholeField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import { schemaVersion } from '../core/results.js';
import { type DataShape, dataShape, type Examples, type NamedArray, type Trainer } from '../core/trainer.js';
import type { Dataset } from '../data/dataset.js';
import { datasetsOf } from './train-data.js';
import { loadSystem } from '../systems/registry.js';
import { forward } from '../training/forward.js';
import { heldOut } from '../training/hold-out.js';
import { inputMap } from '../training/normalise.js';
import type { ResolvedTrainOptions, TrainOptions } from '../training/options.js';
import type { TrainingPlan } from '../training/plan.js';
import { readWeights } from '../training/weights.js';

/** A trained network: what `train` returned with `returnWeights`, or a spec with weights from a file. */
export interface InferModel {
  /** Of `feedforward`, `residual`, or another system whose networks are dense layers and blocks. */
  readonly spec: object;
  /** Arrays by name, or a file of them (`saveWeights`, `readArrays`). */
  readonly weights?: string | Readonly<Record<string, NamedArray>>;
  /**
   * The options it was trained with: `normalization`, `forwardMultipliers`, `scaling` and `hasBiases` matter. Default: those of
   * `train`.
   */
  readonly options?: TrainOptions;
}

/** How images are looked at. */
export interface InferOptions extends ControlOptions {
  /** The set that the network was trained on: needed for the default `normalization` 'standard', whose means and scales are its own. */
  readonly trainedOn?: Dataset;
  /** Only the first images; 0 = all. Default 0. */
  readonly count?: number;
}

/** What a network says of images. */
export interface Inference {
  readonly kind: 'inference';
  readonly schemaVersion: typeof schemaVersion;
  readonly count: number;
  readonly classes: number;
  /** The last layer's outputs, count × classes. */
  readonly outputs: Float64Array;
  /** softmax of the outputs, count × classes. */
  readonly probabilities: Float64Array;
  /** The largest output of each image. */
  readonly labels: Int32Array;
  /** Share of images whose label is that of the set, where it has labels. */
  readonly accuracy?: number;
}

const optionsSchema = z.strictObject({
  ...controlFields,
  trainedOn: z.custom<Dataset>((value) => typeof value === 'object' && value !== null).optional(),
  count: wholeField(0, 1_000_000_000, 'Only the first images; 0 = all.').default(0),
});

/** Images that go through a network together. */
const rowsOfPart = 256;

/**
 * The outputs of a trained network for images, without dropout: class scores, their softmax, and the class of each image.
 *
 * @param model what `train` returned (with `returnWeights: true`), or `{ spec, weights, options }`; `weights` may be a file
 * @param images a data set, as `readDataset` and `datasetFrom` give it
 * @param options `trainedOn`, the training set whose means and scales normalise the images; `count`; `signal`, `onProgress`
 * @returns a promise of outputs, probabilities, labels, and the accuracy
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT (no weights, or no `trainedOn` where the normalisation needs it), ERR_MFT_SHAPE
 *   (weights or images that do not fit the spec), ERR_MFT_UNSUPPORTED (kinds of layers that are not written out here)
 * **Numerics**: double precision, sums in order; a network trained in float32 gives the labels of its own evaluation but for ties to
 *   7 digits.
 * **Source**: docs/training.md: the layers that `train` trains.
 *
 * @example
 * import { infer, readDataset, train } from 'mft-native';
 * const [training, test] = [await readDataset('synthetic', 'train'), await readDataset('synthetic', 'test')];
 * const model = await train({ system: 'feedforward', width: 30, depth: 3 }, { train: training }, { steps: 20, returnWeights: true });
 * const { labels, accuracy } = await infer(model, test, { trainedOn: training, count: 100 });
 * console.log(labels[0], accuracy);
 */
export async function infer(model: InferModel, images: Dataset, options: InferOptions = {}): Promise<Inference> {
  const { trainedOn, count: wanted, ...control } = parse(optionsSchema, options, 'options');
  const { signal } = controlOf(control as ControlOptions);
  throwIfAborted(control as ControlOptions);
  const given = readOnce('model', () => ({ ...model }));
  const spec = plainCopy(given.spec, 'spec') as { readonly system?: string };
  if (typeof spec !== 'object' || spec === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'model', 'an object with `spec` and `weights`', model);
  const source = given.weights;
  if (typeof source !== 'string' && (typeof source !== 'object' || source === null))
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'weights',
      'the arrays of the network or a file of them (`train` returns them with `returnWeights: true`)',
      source,
    );
  const arrays = typeof source === 'string' ? source : readOnce('weights', () => ({ ...source }));
  const set = givenSet(images);
  const system = await loadSystem(spec.system ?? 'feedforward');
  const trainer = system.training as unknown as Trainer<unknown, TrainingPlan, ResolvedTrainOptions> | undefined;
  if (trainer === undefined)
    throw new MftError('ERR_MFT_UNSUPPORTED', `Expected a system that can be trained, received ${system.name}.`, {
      parameter: 'system',
    });
  const trained = trainer.resolveOptions(plainCopy(given.options ?? {}, 'options'));
  const shape: DataShape = dataShape(trainedOn === undefined ? set : givenSet(trainedOn), 0);
  const plan = trainer.plan(system.resolveSpec(spec) as never, shape, trained);
  if (!('layers' in plan))
    throw new MftError('ERR_MFT_UNSUPPORTED', `Networks of ${system.name} are no chain of layers.`, {
      parameter: 'system',
    });
  const { scale, shift } = inputMap(normalisedBy(set, trainedOn, trained), trained.normalization);
  if (scale.length !== set.dimension)
    throw expectedError('ERR_MFT_SHAPE', 'images', `images of ${scale.length} components`, set.dimension);
  const weights =
    typeof arrays === 'string' ? await readWeights(arrays, signal === undefined ? {} : { signal }) : arrays;
  const count = wanted > 0 ? Math.min(wanted, set.count) : set.count;
  const tick = ticker(count, control as ControlOptions, 'images');
  const parts: Float64Array[] = [];
  for (let first = 0; first < count; first += rowsOfPart) {
    const rows = Math.min(rowsOfPart, count - first);
    const values = Float64Array.from(
      set.images.subarray(first * set.dimension, (first + rows) * set.dimension),
      (value, i) => value * (scale[i % set.dimension] as number) + (shift[i % set.dimension] as number),
    );
    parts.push(forward(plan, weights, { count: rows, values }, trained.forwardMultipliers).outputs);
    await tick(first + rows);
  }
  return described(parts, count, set);
}

/** The set whose means and scales are used. */
function normalisedBy(
  images: Dataset,
  trainedOn: Dataset | undefined,
  { normalization, trainCount, validationCount }: ResolvedTrainOptions,
): Examples {
  if (normalization !== 'standard') return trainedOn === undefined ? images : givenSet(trainedOn);
  if (trainedOn === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'trainedOn',
      'the training set: `normalization` standard uses its means and scales (unit and centered need none)',
      undefined,
    );
  const set = givenSet(trainedOn);
  return validationCount > 0 ? heldOut(set, trainCount, validationCount).train : set;
}

/** A set whose form is that of `readDataset`, read once. */
function givenSet(set: Dataset): Dataset {
  return readOnce('images', () => (datasetsOf({ train: set }) as { readonly train: Dataset }).train);
}

function described(parts: readonly Float64Array[], count: number, set: Dataset): Inference {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const classes = count === 0 ? 0 : size / count;
  const outputs = new Float64Array(size);
  let at = 0;
  for (const part of parts) {
    outputs.set(part, at);
    at += part.length;
  }
  const probabilities = new Float64Array(size);
  const labels = new Int32Array(count);
  let right = 0;
  for (let a = 0; a < count; a++) {
    const row = outputs.subarray(a * classes, (a + 1) * classes);
    const best = row.reduce((most, value, i) => (value > (row[most] as number) ? i : most), 0);
    const total = row.reduce((sum, value) => sum + Math.exp(value - (row[best] as number)), 0);
    for (const [i, value] of row.entries())
      probabilities[a * classes + i] = Math.exp(value - (row[best] as number)) / total;
    labels[a] = best;
    if (set.labels[a] === best) right++;
  }
  return withJson({
    kind: 'inference' as const,
    schemaVersion,
    count,
    classes,
    outputs,
    probabilities,
    labels,
    ...(set.labels.length === set.count && count > 0 ? { accuracy: right / count } : {}),
  });
}
