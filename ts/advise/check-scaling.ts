// checkScaling: how the activations of every layer, and what a few steps change of them, grow with the width.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { withJson } from '../core/codec.js';
import { type ControlOptions, controlOf, throwIfAborted, ticker } from '../core/control.js';
import { plainCopy, readOnce } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { choiceField, numberField, wholeField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import { schemaVersion } from '../core/results.js';
import { dataShape, type Examples, type NamedArray } from '../core/trainer.js';
import { type Dataset, readDataset } from '../data/dataset.js';
import { type FeedforwardSpec, resolveFeedforwardSpec } from '../systems/feedforward/spec.js';
import { trainingPlan } from '../systems/feedforward/train.js';
import { sgd } from '../training/sgd.js';
import { forward, type Rows } from '../training/forward.js';
import { inputMap } from '../training/normalise.js';
import { type ScalingRule, scalingField } from '../training/scaling.js';
import { train } from '../verbs/train.js';
import { datasetsOf } from '../verbs/train-data.js';

/** How scaling is checked. */
export interface ScalingCheckOptions extends ControlOptions {
  /** The rule and its base width. Default: standard. */
  readonly scaling?: ScalingRule;
  /** Default 'adam'. */
  readonly optimizer?: 'sgd' | 'adam';
  /** η at the base width. Default 0.001 for adam, 0.1 for sgd. */
  readonly learningRate?: number;
  /** Steps on one batch, after which changes are measured. Default 3. */
  readonly steps?: number;
  /** Networks of each width, ≥ 3: the standard errors are over them. Default 4. */
  readonly seeds?: number;
  /** Examples of the batch. Default 32. */
  readonly batchSize?: number;
  /** Whose first images are the batch. Default 'synthetic'. */
  readonly dataset?: 'synthetic' | 'mnist' | 'cifar10' | Dataset;
  /** Folder of the data sets. */
  readonly data?: string;
  /** Largest |exponent| that counts as none. Default 0.13: a factor of 1.2 for a width four times as large. */
  readonly tolerance?: number;
}

export type ScalingVerdict = 'stable' | 'grows' | 'shrinks' | 'undecided';

/** How one number of a layer depends on the width. */
export interface ScalingExponent {
  readonly layer: number;
  /** Root mean square of the layer's W x + b before training, or of what the steps changed of it. */
  readonly what: 'start' | 'change';
  /** d log value/d log width, the mean over seeds of least-squares slopes. */
  readonly exponent: number;
  readonly standardError: number;
  /** Root mean squares, one per width (of the seeds' mean squares). */
  readonly values: readonly number[];
  readonly verdict: ScalingVerdict;
  /** Why another exponent than 0 is right here. */
  readonly note?: string;
}

/** Whether a network may grow in width with the rates of a small one. */
export interface ScalingCheck {
  readonly kind: 'scalingCheck';
  readonly schemaVersion: typeof schemaVersion;
  readonly rule: ScalingRule['rule'];
  readonly widths: readonly number[];
  readonly steps: number;
  readonly exponents: readonly ScalingExponent[];
  /** Of all layers: 'stable' when each is. */
  readonly verdict: 'stable' | 'unstable' | 'undecided';
}

const optionsSchema = z.strictObject({
  ...controlFields,
  scaling: scalingField,
  optimizer: choiceField(['sgd', 'adam'], 'Update rule.').default('adam'),
  learningRate: numberField({ low: 0, above: true }, 'Learning rate at the base width.', 'η').optional(),
  steps: wholeField(1, 1000, 'Steps on one batch.').default(3),
  seeds: wholeField(3, 1000, 'Networks of each width.').default(4),
  batchSize: wholeField(1, 10_000, 'Examples of the batch.').default(32),
  dataset: z.custom<'synthetic' | Dataset>((value) => value !== undefined).default('synthetic'),
  data: z.string().optional(),
  tolerance: numberField({ low: 0, above: true }, 'Largest exponent that counts as none.').default(0.13),
});

/** Standard errors that a verdict must be away from the tolerance. */
const certain = 2;

const trainer = sgd(trainingPlan);

/**
 * Whether rates found at one width hold at others (a coordinate check in numbers): trains networks of every width for a few steps on one
 * batch and fits exponents b of |x_l| ∝ width^b, for the pre-activations at the start and for what the steps changed of them, with a
 * standard error over seeds and a verdict for each layer. Under a rule that scales, every change has exponent 0; under the standard
 * one hidden layers and outputs change by powers +1/2 to +1 of the width.
 *
 * @param spec of `feedforward`, without dropout; `width` is left out
 * @param widths at least three, ascending; the hidden layers all have it
 * @param options `scaling`, `optimizer`, `learningRate`, …
 * @returns a promise of plain data
 * @throws MftError (rejects) like `train`; ERR_MFT_INVALID_ARGUMENT for widths that are no ascending list of three or more;
 *   ERR_MFT_UNSUPPORTED for dropout and for completeP
 * **Numerics**: training in float32, sums of squares in double. An exponent within `tolerance` of 0 by two standard errors is none.
 * **Source**: Yang et al. 2022 (maximal update, coordinate check); exponents with errors in place of pictures: derived.
 *
 * @example
 * import { checkScaling } from 'mft-native';
 * const check = await checkScaling({ activation: 'relu', weightVariance: 2, depth: 3 }, [16, 32, 64], { optimizer: 'adam' });
 * console.log(check.verdict, check.exponents.map(({ layer, what, exponent }) => [layer, what, exponent]));
 */
export async function checkScaling(
  spec: FeedforwardSpec & { readonly system?: 'feedforward' },
  widths: readonly number[],
  options: ScalingCheckOptions = {},
): Promise<ScalingCheck> {
  const chosen = parse(optionsSchema, options, 'options');
  const control = controlOf(chosen as ControlOptions);
  const { signal } = control;
  const sizes = givenWidths(widths);
  const data = await dataOf(chosen.dataset, chosen.data, control);
  const given = { ...plainCopy(spec, 'spec'), system: 'feedforward' as const };
  if (given.width !== undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'width',
      'left out: the widths are those that are compared',
      given.width,
    );
  const resolved = resolveFeedforwardSpec(given);
  if (resolved.keepProbability !== 1 || resolved.inputKeepProbability !== 1)
    throw expectedError('ERR_MFT_UNSUPPORTED', 'keepProbability', '1', resolved.keepProbability);
  const { rule = 'standard' } = chosen.scaling ?? {};
  const learningRate = chosen.learningRate ?? (chosen.optimizer === 'adam' ? 0.001 : 0.1);
  // [seed][width][2 layers: starts, then changes], mean squares
  const measured: number[][][] = [];
  const tick = ticker(chosen.seeds * sizes.length, control, 'widths');
  const inputs = inputsOf(data, chosen.batchSize);
  for (let seed = 1; seed <= chosen.seeds; seed++) {
    const row: number[][] = [];
    for (const width of sizes) {
      throwIfAborted(control);
      const at = async (steps: number, rate: number): Promise<readonly Float64Array[]> => {
        const { weights } = await train(
          { ...given, width },
          { train: data },
          {
            optimizer: chosen.optimizer,
            learningRate: rate,
            batchSize: chosen.batchSize,
            trainCount: chosen.batchSize,
            steps,
            seed,
            trainEvaluation: 1,
            returnWeights: true,
            ...(chosen.scaling === undefined ? {} : { scaling: chosen.scaling }),
            ...(signal === undefined ? {} : { signal }),
          },
        );
        const plan = trainer.plan(resolveFeedforwardSpec({ ...given, width }), dataShape(data, chosen.batchSize), {
          ...trainer.resolveOptions({ optimizer: chosen.optimizer }),
          ...(chosen.scaling === undefined ? {} : { scaling: chosen.scaling }),
        });
        return forward(plan, weights as Record<string, NamedArray>, inputs, {}).preactivations;
      };
      const [before, after] = [await at(1, 0), await at(chosen.steps, learningRate)];
      row.push([...before.map((z) => meanSquare(z)), ...after.map((z, l) => meanSquare(z, before[l] as Float64Array))]);
      await tick((seed - 1) * sizes.length + row.length);
    }
    measured.push(row);
  }
  const { depth } = resolved;
  const exponents = Array.from({ length: 2 * depth }, (_, i): ScalingExponent => {
    const layer = (i % depth) + 1;
    const what = i < depth ? 'start' : 'change';
    const isReadout = what === 'start' && layer === depth && rule !== 'standard';
    return {
      layer,
      what,
      ...fitted(sizes, measured, i, chosen.tolerance, isReadout ? -0.5 : 0),
      ...(isReadout ? { note: 'the output starts as width^-1/2 under this rule, and is judged against that' } : {}),
    };
  });
  const verdicts = exponents.map(({ verdict }) => verdict);
  const verdict = verdicts.some((one) => one === 'grows' || one === 'shrinks')
    ? 'unstable'
    : verdicts.every((one) => one === 'stable')
      ? 'stable'
      : 'undecided';
  return withJson({
    kind: 'scalingCheck',
    schemaVersion,
    rule,
    widths: sizes,
    steps: chosen.steps,
    exponents,
    verdict,
  });
}

function givenWidths(given: readonly number[]): readonly number[] {
  const widths = readOnce('widths', () => (Array.isArray(given) ? Array.from(given as readonly unknown[]) : []));
  const isRight =
    widths.length >= 3 &&
    widths.every(
      (width, i) =>
        Number.isInteger(width) && (width as number) >= 1 && (i === 0 || (width as number) > (widths[i - 1] as number)),
    );
  if (!isRight)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'widths', 'at least three ascending whole numbers', given);
  return widths as readonly number[];
}

async function dataOf(dataset: unknown, folder: string | undefined, { signal }: ControlOptions): Promise<Dataset> {
  if (typeof dataset !== 'string')
    return (datasetsOf({ train: dataset as Dataset }) as { readonly train: Dataset }).train;
  return readDataset(dataset as 'synthetic', 'train', {
    ...(folder === undefined ? {} : { data: folder }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The first examples as the network gets them. */
function inputsOf(data: Examples, count: number): Rows {
  const { dimension, images } = data;
  const { scale, shift } = inputMap(data, 'standard');
  const values = Float64Array.from(
    { length: count * dimension },
    (_, i) => (images[i] as number) * (scale[i % dimension] as number) + (shift[i % dimension] as number),
  );
  return { count, values };
}

function meanSquare(z: Float64Array, from?: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += ((z[i] as number) - (from?.[i] ?? 0)) ** 2;
  return sum / z.length;
}

/** The slope of ½ log mean square over log width for every seed: their mean and its standard error. */
function fitted(
  widths: readonly number[],
  measured: readonly (readonly (readonly number[])[])[],
  at: number,
  tolerance: number,
  right: number,
): Pick<ScalingExponent, 'exponent' | 'standardError' | 'values' | 'verdict'> {
  const x = widths.map(Math.log);
  const centre = x.reduce((sum, one) => sum + one, 0) / x.length;
  const square = x.reduce((sum, one) => sum + (one - centre) ** 2, 0);
  const slopes = measured.map(
    (row) =>
      row.reduce((sum, values, w) => sum + ((x[w] as number) - centre) * 0.5 * Math.log(values[at] as number), 0) /
      square,
  );
  const exponent = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
  const spread = slopes.reduce((sum, slope) => sum + (slope - exponent) ** 2, 0) / (slopes.length - 1);
  const standardError = Math.sqrt(spread / slopes.length);
  const values = widths.map((_, w) =>
    Math.sqrt(measured.reduce((sum, row) => sum + (row[w]?.[at] as number), 0) / measured.length),
  );
  const distance = exponent - right;
  const verdict: ScalingVerdict =
    Math.abs(distance) + certain * standardError <= tolerance
      ? 'stable'
      : Math.abs(distance) - certain * standardError > tolerance
        ? distance > 0
          ? 'grows'
          : 'shrinks'
        : 'undecided';
  return { exponent, standardError, values, verdict };
}
