// The trainer of system `kernel`: regression with the kernel of a network of infinite width, which has no weights and no steps.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { sha256 } from '../../core/codec.js';
import { controlOf, throwIfAborted } from '../../core/control.js';
import { expectedError, MftError } from '../../core/errors.js';
import type { QuantityValue, Warning } from '../../core/results.js';
import type {
  DataShape,
  Examples,
  NamedArray,
  TrainEvaluation,
  Trainer,
  TrainerControl,
  TrainerJob,
  TrainingBody,
  TrainingData,
} from '../../core/trainer.js';
import { inputMap } from '../../training/normalise.js';
import { readWeights, writeWeights } from '../../training/weights.js';
import type { MatrixOptions } from './factor.js';
import { crossKernels, selfKernels } from './kernels.js';
import { hasMaps } from './maps.js';
import { type DataMatrix, type KernelModel, kernelModel, modelParameters } from './model.js';
import { likelihoodSteps, mostLikely } from './noise.js';
import { leaveOneOut, posteriorMean, regress, type Regression, type Targets } from './regression.js';
import { firstOf, judged, labelTargets, normalized } from './train-data.js';
import { regressionOptionsSchema, type ResolvedRegressionOptions, resolveRegressionOptions } from './train-options.js';

/** What is fitted. */
interface RegressionPlan {
  readonly model: KernelModel;
  readonly classes: number;
}

/** Test images are predicted in blocks: their kernel with the training images is never whole in memory. */
const block = 512;

export const training: Trainer<object, RegressionPlan, ResolvedRegressionOptions> = {
  optionsSchema: regressionOptionsSchema,
  resolveOptions: resolveRegressionOptions,
  plan: (spec, { dimension, classes }) => ({ model: modelOf(spec, dimension), classes }),
  complete: (_plan, options) => options,
  flops,
  bytes,
  lower: ['trainCount'],
  units: (_plan, options) => (isChosen(options) ? likelihoodSteps : 1) + 2,
  run: async (jobs, data, control) => {
    const bodies: TrainingBody[] = [];
    for (const job of jobs) bodies.push(await fit(job, data, control));
    return bodies;
  },
};

const modelSchema = z.strictObject(modelParameters);

/** The network of a spec, whatever else the spec says. */
function modelOf(spec: object, dimension: number): KernelModel {
  const own = Object.entries(spec).filter(([name]) => Object.hasOwn(modelParameters, name));
  return kernelModel(parse(modelSchema, Object.fromEntries(own), 'spec'), dimension);
}

const isChosen = ({ noiseVariance }: ResolvedRegressionOptions): boolean => noiseVariance === 'likelihood';

/** What a pair of inputs costs at a layer, both kernels together. */
const perPair = 100;

function flops({ model }: RegressionPlan, options: ResolvedRegressionOptions, data: DataShape): number {
  const { count, dimension, testCount = 0 } = data;
  const pairs = count * (count / 2 + testCount);
  const factorisations = (isChosen(options) ? likelihoodSteps : 1) + (options.leaveOneOut ? 2 : 0);
  return pairs * (2 * dimension + perPair * (model.depth + 1)) + factorisations * (count ** 3 / 3);
}

/** Dead blocks of cross kernels wait outside V8's heap for a collection: as many, at most so many bytes and the one in hand. */
const [deadBlocks, mostDead] = [4, 16 * 2 ** 20] as const;
/** What BLAS packs; what any work takes. */
const [packed, anyRegression] = [2 ** 23, 2 ** 21] as const;

/** The larger of the two peaks: kernels of the images among themselves, and those with a block of others beside K. */
function bytes({ model, classes }: RegressionPlan, options: ResolvedRegressionOptions, data: DataShape): number {
  const { count, dimension } = data;
  const made = matricesHeld(model, options.kernel) * count ** 2;
  const crossed = (options.kernel === 'ntk' && hasMaps(model) ? 2 : 1) * block * count;
  const evaluated = count ** 2 + Math.min(deadBlocks * crossed, mostDead / 8 + crossed);
  // Images, which native code reads where they are, a block of others and its copy; targets, coefficients and outputs.
  const lists = (count + 2 * block) * dimension + 4 * classes * count;
  return 8 * (Math.max(made, evaluated) + lists) + packed + anyRegression;
}

/** m × m numbers at the peak: K and, for the tangent kernel, Θ beside it; many more where pairs are integrated one by one. */
const matricesHeld = (model: KernelModel, kernel: 'nngp' | 'ntk'): number =>
  hasMaps(model) ? (kernel === 'ntk' ? 2.1 : 1.1) : 16;

async function fit(
  { plan, options }: TrainerJob<RegressionPlan, ResolvedRegressionOptions>,
  data: TrainingData,
  control: TrainerControl,
): Promise<TrainingBody> {
  const progress = counted(control, isChosen(options) ? likelihoodSteps + 2 : 3);
  const train = firstOf(data.train, options.trainCount);
  const map = inputMap(data.train, options.normalization);
  const rows = (examples: Examples, from: number, to: number): DataMatrix => normalized(examples, map, from, to);
  const targets = labelTargets(train, plan.classes, options.targets);
  const made =
    options.initialWeights === undefined
      ? await regressed(plan, options, rows(train, 0, train.count), targets, progress)
      : await read(plan, options.initialWeights, train.dimension, progress.control);
  progress.step();
  const evaluate = (examples: Examples, wanted: number): Promise<TrainEvaluation> =>
    evaluated(plan, options, made, examples, wanted, rows, progress.control);
  const wanted = Math.min(options.trainEvaluation, train.count);
  const trained =
    made.regression === undefined ? await evaluate(train, wanted) : fittedTo(made.regression, train, wanted);
  const tested =
    data.test === undefined
      ? undefined
      : await evaluate(
          data.test,
          options.testCount > 0 ? Math.min(options.testCount, data.test.count) : data.test.count,
        );
  progress.step();
  const weights = {
    inputs: { shape: [made.inputs.count, made.inputs.dimension], values: made.inputs.values },
    coefficients: { shape: [plan.classes, made.inputs.count], values: made.coefficients },
  };
  if (options.saveWeights !== undefined) await writeWeights(options.saveWeights, weights);
  return {
    steps: 1,
    stepsPerEpoch: 1,
    reports: [
      {
        step: 1,
        epoch: 1,
        trainLoss: trained.loss as number,
        ...(trained.accuracy === undefined ? {} : { trainAccuracy: trained.accuracy }),
        ...(tested === undefined ? {} : { testLoss: tested.loss }),
        ...(tested?.accuracy === undefined ? {} : { testAccuracy: tested.accuracy }),
      },
    ],
    train: trained,
    ...(tested === undefined ? {} : { test: tested }),
    ...(made.quantities === undefined ? {} : { quantities: made.quantities }),
    ...(made.warnings === undefined || made.warnings.length === 0 ? {} : { warnings: made.warnings }),
    checksum: sha256(made.coefficients).slice(0, 16),
    ...(options.returnWeights ? { weights } : {}),
    memory: bytes(plan, options, { ...train, count: made.inputs.count }),
  };
}

/** A fit: f(x) = Σ_i k(x, x_i) α_i. */
interface Fit {
  readonly inputs: DataMatrix;
  /** classes × images. */
  readonly coefficients: Float64Array;
  /** Of a fit that was made now. */
  readonly regression?: Fitted;
  readonly quantities?: Readonly<Record<string, QuantityValue>>;
  readonly warnings?: readonly Warning[];
}

/** What is left of a regression: its matrix may be overwritten. */
interface Fitted {
  readonly targets: Targets;
  readonly coefficients: Float64Array;
  /** Noise and jitter: K α = y − noise α. */
  readonly noise: number;
}

async function regressed(
  { model, classes }: RegressionPlan,
  options: ResolvedRegressionOptions,
  inputs: DataMatrix,
  targets: Targets,
  progress: Counted,
): Promise<Fit> {
  const quiet = progress.control;
  const own = (await selfKernels(model, inputs, { ...quiet, ntk: options.kernel === 'ntk' }))[options.kernel];
  progress.step();
  const origin = { model, data: inputs };
  const { noiseVariance, jitter } = options;
  const regression =
    noiseVariance === 'likelihood'
      ? await mostLikely(own, targets, origin, quiet, progress.step)
      : await regress(own, targets, { noiseVariance, jitter }, origin, quiet);
  const { factor, coefficients, logMarginalLikelihood, meanDiagonal, outputScale } = regression;
  const left = options.leaveOneOut ? await leftOut(regression, classes) : {};
  return {
    inputs,
    coefficients,
    regression: { targets, coefficients, noise: factor.noiseVariance + factor.jitter },
    warnings: warningsOf(regression),
    quantities: {
      logMarginalLikelihood: logMarginalLikelihood.reduce((sum, value) => sum + value, 0),
      outputScale,
      scaledLogMarginalLikelihood: regression.scaledLogMarginalLikelihood,
      noiseVariance: factor.noiseVariance,
      noiseRelativeToDiagonal:
        meanDiagonal > 0 ? factor.noiseVariance / meanDiagonal : { reason: 'the kernel is zero' },
      meanDiagonal,
      jitter: factor.jitter,
      smallestPivot: factor.smallestPivot,
      ...left,
    },
  };
}

function warningsOf(regression: Regression & { readonly isAtEnd?: boolean }): readonly Warning[] {
  const { factor, meanDiagonal, warnings } = regression;
  const ratio = (factor.noiseVariance / meanDiagonal).toExponential(1);
  const atEnd = {
    id: 'noiseAtEnd',
    message: `The likelihood grows up to the end of the range in which noise is looked for: ${ratio} of the mean diagonal.`,
  };
  return [
    ...(regression.isAtEnd === true ? [atEnd] : []),
    ...warnings.map((message) => ({
      id: 'targetsFarFromPrior',
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    })),
  ];
}

/** Every image from all the others. Overwrites the factor. */
async function leftOut(regression: Regression, classes: number): Promise<Readonly<Record<string, number>>> {
  const { means } = await leaveOneOut(regression);
  const { targets } = regression;
  const { loss, right } = judged(
    (i, c) => means[c * targets.count + i] as number,
    (i, c) => targets.values[c * targets.count + i] as number,
    targets.count,
    classes,
  );
  return { leaveOneOutLoss: loss / targets.count, leaveOneOutAccuracy: right / targets.count };
}

/** Outputs at the first training images: K α = y − noise α. */
function fittedTo({ targets, coefficients, noise }: Fitted, { classes }: Examples, wanted: number): TrainEvaluation {
  const { count, values } = targets;
  const target = (i: number, c: number): number => values[c * count + i] as number;
  const { loss, right } = judged(
    (i, c) => target(i, c) - noise * (coefficients[c * count + i] as number),
    target,
    wanted,
    classes,
  );
  return wanted === 0
    ? { loss: { reason: 'no image' }, count: 0 }
    : { loss: loss / wanted, accuracy: right / wanted, count: wanted };
}

async function evaluated(
  { model, classes }: RegressionPlan,
  options: ResolvedRegressionOptions,
  { inputs, coefficients }: Fit,
  examples: Examples,
  wanted: number,
  rows: (examples: Examples, from: number, to: number) => DataMatrix,
  control: MatrixOptions,
): Promise<TrainEvaluation> {
  let [loss, right] = [0, 0];
  for (let from = 0; from < wanted; from += block) {
    throwIfAborted(control);
    const to = Math.min(wanted, from + block);
    const asked = { ...control, ntk: options.kernel === 'ntk' };
    const cross = (await crossKernels(model, rows(examples, from, to), inputs, asked))[options.kernel];
    const outputs = await posteriorMean(cross, { coefficients, count: inputs.count }, control);
    const part = { ...examples, labels: examples.labels?.subarray(from, to), count: to - from } as Examples;
    const { values } = labelTargets(part, classes, options.targets);
    const found = judged(
      (i, c) => outputs[i * classes + c] as number,
      (i, c) => values[c * part.count + i] as number,
      part.count,
      classes,
    );
    loss += found.loss;
    right += found.right;
  }
  return wanted === 0
    ? { loss: { reason: 'no image' }, count: 0 }
    : { loss: loss / wanted, accuracy: right / wanted, count: wanted };
}

async function read(
  { classes }: RegressionPlan,
  given: string | Readonly<Record<string, NamedArray>>,
  dimension: number,
  control: MatrixOptions,
): Promise<Fit> {
  const arrays = typeof given === 'string' ? await readWeights(given, controlOf(control)) : given;
  const { inputs, coefficients } = arrays as Partial<Record<string, NamedArray>>;
  const count = inputs?.shape[0] ?? 0;
  const isFit =
    inputs?.shape.length === 2 &&
    inputs.shape[1] === dimension &&
    inputs.values.length === count * dimension &&
    String(coefficients?.shape) === String([classes, count]) &&
    coefficients?.values.length === classes * count;
  if (!isFit)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'initialWeights',
      `inputs of shape [images, ${dimension}] and coefficients of shape [${classes}, images]`,
      Object.entries(arrays).map(([name, array]) => `${name} [${String(array?.shape)}]`),
    );
  const numbers = (array: NamedArray): Float64Array => {
    if (!array.values.every(Number.isFinite))
      throw new MftError('ERR_MFT_NOT_FINITE', 'Expected `initialWeights` to hold finite numbers only.', {
        parameter: 'initialWeights',
      });
    return Float64Array.from(array.values);
  };
  return {
    inputs: { count, dimension, values: numbers(inputs) },
    coefficients: numbers(coefficients as NamedArray),
  };
}

/** Steps of progress of one run. */
interface Counted {
  readonly control: MatrixOptions;
  readonly step: () => void;
}

function counted({ signal, onProgress, threads }: TrainerControl, total: number): Counted {
  const started = performance.now();
  let done = 0;
  return {
    control: { ...(signal === undefined ? {} : { signal }), threads },
    step: () => {
      done += 1;
      const elapsedSeconds = (performance.now() - started) / 1000;
      onProgress?.({ done: Math.min(done, total), total, elapsedSeconds });
    },
  };
}
