// How a spec of `implicit` is trained: the layer that runs to rest on the data, and a linear output for the classes.
import type { QuantityValue, Warning } from '../../core/results.js';
import type { DataShape, NamedArray, Trainer, TrainerJob, TrainingBody } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { dense } from '../../training/layers/dense.js';
import { equilibrium } from '../../training/layers/equilibrium.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { TrainingPlan } from '../../training/plan.js';
import { misfit } from '../../training/refusals.js';
import { sgd } from '../../training/sgd.js';
import { type ResolvedImplicitSpec, resolveTraining } from './spec.js';

/**
 * Updates that a solve is reckoned with: those after which a contraction by what linear theory says of the start, χ = σ_w² with φ' = 1,
 * is within the tolerance; a map that does not contract takes the limit. The activation makes them fewer.
 */
function expectedUpdates({ weightVariance }: ResolvedImplicitSpec, tolerance: number, limit: number): number {
  if (!(weightVariance < 1)) return Math.min(limit, 30);
  if (weightVariance === 0) return 2;
  return Math.min(limit, Math.ceil(1 + Math.log(tolerance) / (0.5 * Math.log(weightVariance))));
}

/**
 * h* = φ(W (m h*)/ρ + U x + c) with W_ij ~ N(0, σ_w²/N), U_ij ~ N(0, σ_u²/dimension), c = 0 at the start, and an output of variance 1/N
 * and biases that start at zero: components of the data of mean square 1 (`normalization` standard) make the drive of the theory.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (data that are words)
 */
function trainingPlan(
  spec: ResolvedImplicitSpec,
  { dimension, classes, isText = false }: DataShape,
  options: Pick<ResolvedTrainOptions, 'hasBiases'>,
): TrainingPlan {
  if (isText) throw misfit('dataset', 'images, or rows of numbers', 'a text');
  const { gradient, tolerance, updateLimit, rowNorm } = resolveTraining(spec.training);
  const { width, weightVariance, inputVariance, keepProbability, termCount } = spec;
  const hasBiases = options.hasBiases ?? true;
  return {
    input: [dimension],
    layers: [
      equilibrium([dimension], {
        units: width,
        activation: resolveActivation(spec.activation),
        hasBiases,
        inputWeightVariance: inputVariance,
        recurrentWeightVariance: weightVariance,
        biasVariance: 0,
        keepProbability,
        tolerance,
        updateLimit,
        gradient,
        terms: termCount,
        rowNorm,
        updates: expectedUpdates(spec, tolerance, updateLimit),
      }),
      dense([width], {
        units: classes,
        hasBiases,
        weightVariance: 1,
        biasVariance: 0,
        law: 'gaussian',
        keepProbability: 1,
      }),
    ],
    target: 'labels',
    inputKeepProbability: 1,
    hasSharedMasks: false,
    counters: [],
  };
}

type ImplicitTrainer = Trainer<ResolvedImplicitSpec, TrainingPlan, ResolvedTrainOptions>;
type Job = TrainerJob<TrainingPlan, ResolvedTrainOptions>;

/** ‖W‖_∞, the largest ℓ1 norm of a row. */
function infinityNorm({ shape, values }: NamedArray): number {
  const [rows, columns] = shape as readonly [number, number];
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    let norm = 0;
    for (const w of values.subarray(row * columns, (row + 1) * columns)) norm += Math.abs(w);
    if (!(norm <= largest)) largest = norm;
  }
  return largest;
}

/** What the solves of a run took, by solve. */
function solvesOf({ options }: Job, body: TrainingBody) {
  const count = (name: string): number => body.counters?.[`layer1.${name}`] ?? 0;
  const solves = body.steps * options.batchSize;
  const mean = (total: number): QuantityValue => (solves === 0 ? { reason: 'no step was taken' } : total / solves);
  return {
    unsettled: count('unsettled'),
    solves,
    quantities: { updatesPerSolve: mean(count('updates')), productsPerGradient: mean(count('products')) },
  };
}

function unsettledWarning(unsettled: number, solves: number, limit: number): readonly Warning[] {
  if (unsettled === 0) return [];
  const message =
    `${unsettled} of ${solves} solves were not at rest after ${limit} updates: their gradients are not those of a state at rest. ` +
    'Raise `updateLimit` or `tolerance`, or lower `weightVariance`, the learning rate or `rowNorm`.';
  return [{ id: 'unsettledStates', message }];
}

const base: ImplicitTrainer = sgd(trainingPlan);

/** Gradient descent; with it what the solves took, and how far the trained W is from a map that certainly contracts. */
export const training: ImplicitTrainer = {
  ...base,
  bytes: (plan, options, data, threads) => base.bytes(plan, { ...options, returnWeights: true }, data, threads),
  async run(jobs, data, control) {
    const returning = jobs.map((job) => ({ ...job, options: { ...job.options, returnWeights: true } }));
    const bodies = await base.run(returning, data, control);
    return bodies.map((body, i): TrainingBody => {
      const job = jobs[i] as Job;
      const { weights = {}, ...rest } = body;
      const { unsettled, solves, quantities } = solvesOf(job, body);
      const [layer] = job.plan.layers;
      const norm = infinityNorm(weights['layer1.recurrent.weight'] as NamedArray);
      return {
        ...rest,
        ...(job.options.returnWeights ? { weights } : {}),
        quantities: {
          ...quantities,
          recurrentInfinityNorm: Number.isFinite(norm) ? norm : { reason: 'the weights are not finite' },
        },
        warnings: [
          ...(body.warnings ?? []),
          ...unsettledWarning(unsettled, solves, layer?.kind === 'equilibrium' ? layer.updateLimit : 0),
        ],
      };
    });
  },
};
