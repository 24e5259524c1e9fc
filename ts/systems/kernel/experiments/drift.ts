// How far the tangent kernel of a finite network moves while it is trained: in the lazy regime, of which kernels speak, not at all.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { parse } from '../../../core/checks.js';
import { withJson } from '../../../core/codec.js';
import { controlOf, type ControlOptions, throwIfAborted, ticker } from '../../../core/control.js';
import { plainCopy } from '../../../core/copy.js';
import { expectedError } from '../../../core/errors.js';
import { wholeField } from '../../../core/fields.js';
import { controlFields } from '../../../core/options.js';
import type { NamedArray } from '../../../core/trainer.js';
import { type Dataset, readDataset } from '../../../data/dataset.js';
import { inputMap } from '../../../training/normalise.js';
import { resolveTrainOptions, type TrainOptions } from '../../../training/options.js';
import type { Training } from '../../../training/result.js';
import { train } from '../../../verbs/train.js';
import { type EmpiricalOptions, empiricalKernels } from '../empirical.js';

type FeedforwardSpec = Parameters<typeof train<'feedforward'>>[0];

/** Options of `kernelDrift`. */
export interface KernelDriftOptions extends ControlOptions {
  /** Steps between two kernels. */
  readonly every: number;
  /** Training images, the first ones, whose kernel is followed. Default 32. */
  readonly images?: number;
  /** As in `empiricalKernels`. Default 'standard'. */
  readonly parameterization?: 'standard' | 'ntk';
  /** σ_w² of 'ntk'; the spec's when left out. */
  readonly weightVariance?: number;
  /** σ_b² of 'ntk'; the spec's when left out. */
  readonly biasVariance?: number;
}

/** What `kernelDrift` returns, the kernels at `steps`, 0 the first of them. */
export interface KernelDrift {
  readonly steps: Float64Array;
  /** |Θ_t − Θ_0|/|Θ_0| in the Frobenius norm: 0 in the lazy regime. */
  readonly relativeChange: Float64Array;
  /** cos of the angle between Θ_t and Θ_0 as vectors: 1 where the kernel only grows or shrinks. */
  readonly alignment: Float64Array;
  /** Mean of the diagonal of Θ_t. */
  readonly meanDiagonal: Float64Array;
  /** The run to its last step. */
  readonly training: Training;
}

const optionSchema = z.strictObject({
  every: wholeField(1, 1_000_000_000, 'Steps between two kernels.'),
  images: wholeField(1, 4096, 'Training images whose kernel is followed.').default(32),
  parameterization: z.enum(['standard', 'ntk']).default('standard'),
  weightVariance: z.number().min(0).optional(),
  biasVariance: z.number().min(0).optional(),
  ...controlFields,
});

/**
 * Trains a feedforward network and follows its tangent kernel, averaged over outputs, on the first training images every few steps.
 *
 * The run is that of `train`, bit for bit: it is interrupted every `every` steps and continued from a checkpoint.
 *
 * @param spec a spec of `feedforward`
 * @param dataset as for `train`
 * @param options how to train: `steps` (a multiple of `every`), rate, batch, …; no schedule 'cosine', no validation images
 * @param drift see `KernelDriftOptions`
 * @returns changes of the kernel against that of the first step, and the training
 * @throws MftError (rejects) like `train` and `empiricalKernels`; ERR_MFT_OUT_OF_RANGE for steps that `every` does not divide
 *
 * **Numerics**: kernels in double precision of weights in the run's precision.
 * **Source**: Jacot, Gabriel & Hongler 2018; docs/systems/kernel.md (6.9).
 *
 * @example
 * import { kernelDrift } from 'mft-native';
 * const spec = { system: 'feedforward', width: 64, depth: 2, weightVariance: 2 } as const;
 * const run = await kernelDrift(spec, 'synthetic', { steps: 4, batchSize: 32, trainCount: 64 }, { every: 2, images: 8 });
 * console.log(run.relativeChange[0]); // 0
 */
export async function kernelDrift(
  spec: FeedforwardSpec,
  dataset: string | { readonly train: Dataset; readonly test?: Dataset },
  options: TrainOptions,
  drift: KernelDriftOptions,
): Promise<KernelDrift> {
  const { every, images, ...asked } = parse(optionSchema, drift, 'drift');
  const control = controlOf(asked as ControlOptions);
  const own = plainCopy(options, 'options');
  const resolved = resolveTrainOptions(own);
  const steps = resolved.steps ?? 0;
  if (steps < every || steps % every !== 0)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'steps', `a multiple of \`every\` (${every})`, resolved.steps);
  if (resolved.schedule === 'cosine')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'schedule', 'one that does not depend on the last step', 'cosine');
  for (const name of ['validationCount', 'checkpoint'] as const)
    if (resolved[name] !== undefined && resolved[name] !== 0)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'left out', resolved[name]);
  const data =
    typeof dataset === 'string'
      ? { train: await readDataset(dataset, 'train'), test: await readDataset(dataset, 'test') }
      : dataset;
  const folder = await mkdtemp(join(tmpdir(), 'mft-drift-'));
  try {
    const quiet = { ...own, returnWeights: true, checkpoint: join(folder, 'state'), checkpointEvery: every };
    const signal = control.signal === undefined ? {} : { signal: control.signal };
    // At rate 0 the weights stay those of the start.
    const first = await train(spec, data, { ...own, steps: 1, learningRate: 0, returnWeights: true, ...signal });
    const inputs = firstImages(data.train, images, resolved);
    const kernelOf = kernelReader(first, inputs, asked, signal);
    const start = await kernelOf(first.weights ?? {});
    const found = [{ step: 0, ...comparedTo(start, start) }];
    let training: Training | undefined;
    const tick = ticker(steps, control);
    for (let step = every; step <= steps; step += every) {
      throwIfAborted(control);
      training = (await train(spec, data, { ...quiet, steps: step, ...signal })) as Training;
      if (training.stopped !== undefined) break;
      found.push({ step, ...comparedTo(start, await kernelOf(training.weights ?? {})) });
      await tick(step);
    }
    const { resumedFrom: _, weights, options: __, ...rest } = training as Training;
    const whole = {
      ...rest,
      options: resolved,
      ...(resolved.returnWeights && weights !== undefined ? { weights } : {}),
    };
    const list = (name: 'step' | 'relativeChange' | 'alignment' | 'meanDiagonal'): Float64Array =>
      Float64Array.from(found, (one) => one[name]);
    return withJson({
      steps: list('step'),
      relativeChange: list('relativeChange'),
      alignment: list('alignment'),
      meanDiagonal: list('meanDiagonal'),
      training: whole,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Asked = Pick<EmpiricalOptions, 'parameterization' | 'weightVariance' | 'biasVariance'>;

function kernelReader(
  { spec }: { readonly spec: unknown },
  inputs: { readonly shape: readonly number[]; readonly values: Float64Array },
  asked: { readonly [K in keyof Asked]?: Asked[K] | undefined },
  signal: ControlOptions,
): (weights: Readonly<Record<string, NamedArray>>) => Promise<Float64Array> {
  const own = spec as Readonly<Record<string, unknown>>;
  const variance = (name: 'weightVariance' | 'biasVariance'): number => {
    const value = asked[name] ?? own[name];
    if (typeof value === 'number') return value;
    if (asked.parameterization !== 'ntk') return 1;
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'one number for all layers', value);
  };
  const options = {
    activation: own.activation as NonNullable<EmpiricalOptions['activation']>,
    parameterization: asked.parameterization ?? 'standard',
    weightVariance: variance('weightVariance'),
    biasVariance: variance('biasVariance'),
    ...signal,
  };
  return async (weights) => (await empiricalKernels(weights, inputs, options)).ntk.values;
}

function firstImages(
  examples: Dataset,
  wanted: number,
  { trainCount, normalization }: ReturnType<typeof resolveTrainOptions>,
): { readonly shape: readonly [number, number]; readonly values: Float64Array } {
  const { dimension, images } = examples;
  const count = Math.min(wanted, trainCount > 0 ? trainCount : examples.count, examples.count);
  const { scale, shift } = inputMap(examples, normalization);
  const values = Float64Array.from({ length: count * dimension }, (_, i) => {
    const j = i % dimension;
    return (images[i] as number) * (scale[j] as number) + (shift[j] as number);
  });
  return { shape: [count, dimension], values };
}

function comparedTo(
  start: Float64Array,
  kernel: Float64Array,
): { readonly relativeChange: number; readonly alignment: number; readonly meanDiagonal: number } {
  const count = Math.sqrt(kernel.length);
  let [moved, first, now, both, trace] = [0, 0, 0, 0, 0];
  kernel.forEach((value, at) => {
    const old = start[at] as number;
    moved += (value - old) ** 2;
    first += old ** 2;
    now += value ** 2;
    both += old * value;
    if (at % (count + 1) === 0) trace += value / count;
  });
  const norms = Math.sqrt(first) * Math.sqrt(now);
  return {
    relativeChange: first > 0 ? Math.sqrt(moved / first) : 0,
    alignment: norms > 0 ? both / norms : 1,
    meanDiagonal: trace,
  };
}
