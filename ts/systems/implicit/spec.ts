// The spec and the run of system `implicit`: a random equilibrium layer whose gradient is solved for.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import {
  activationNames,
  also,
  choiceField,
  dropNames,
  numberField,
  runFields,
  weightDeviationNames,
  wholeField,
  widthNames,
} from '../../core/fields.js';
import { activationField, type ActivationSpec, canonicalActivation } from '../../gaussian/activations.js';

/** A random equilibrium layer h = φ(W(m h)/ρ + u) and the adjoint system (I − J)ᵀ z = g at its steady state. */
export interface ImplicitSpec {
  /** φ. Default tanh. */
  readonly activation?: ActivationSpec;
  /** σ_w²: variance of a weight times N. Default 1. */
  readonly weightVariance?: number;
  /** σ_u²: variance of the drive u = U x + c of a unit. Default 1. */
  readonly inputVariance?: number;
  /** ρ in (0, 1]: probability of keeping a unit; one mask per solve. Default 1. */
  readonly keepProbability?: number;
  /** N: units. Default 400. */
  readonly width?: number;
  /** T: terms of the Neumann series, and iterations from zero, that are looked at. Default 10. */
  readonly termCount?: number;
  /** What only `train` reads. */
  readonly training?: ImplicitTraining;
}

/** How the layer runs to rest in training, and how its gradient is found. */
interface ImplicitTraining {
  /**
   * 'neumann': T terms of the series; 'unrolled': back through the last T updates, all of them when T is `updateLimit`;
   * 'conjugateGradient': T iterations on the normal equations, two products each; 'originalRbp': T products from a start in [0, 1).
   * Default 'neumann'.
   */
  readonly gradient?: 'neumann' | 'unrolled' | 'conjugateGradient' | 'originalRbp';
  /**
   * In [1e-15, 0.1]. At rest: ‖F(h) − h‖ ≤ tolerance √N; series and conjugate gradient end at a residual of tolerance ‖g‖.
   * Default 1e-4.
   */
  readonly tolerance?: number;
  /** Updates after which a solve ends, at rest or not. Default 100. */
  readonly updateLimit?: number;
  /** κ ≥ 0: rows of W are projected onto the ℓ1 ball of this radius after every step, ‖W‖_∞ ≤ κ; 0: they are not. Default 0. */
  readonly rowNorm?: number;
}

/** How a simulation of `implicit` runs. */
export interface ImplicitRun {
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const largestVariance = 1e8;

/** The fields that quantities share with the spec. */
export const meanFieldFields = {
  activation: also(activationField, activationNames),
  weightVariance: also(
    numberField({ low: 0, high: largestVariance }, 'Variance of a weight times the width.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  inputVariance: numberField(
    { low: 0, high: largestVariance },
    'Variance of the drive U x + c of a unit.',
    'σ_u²',
  ).default(1),
  keepProbability: also(
    numberField({ low: 0, high: 1, above: true }, 'Probability of keeping a unit; one mask per solve.', 'ρ'),
    dropNames,
  ).default(1),
};

const training = z.strictObject({
  gradient: choiceField(
    ['neumann', 'unrolled', 'conjugateGradient', 'originalRbp'],
    'How the gradient goes through the state at rest.',
  ).default('neumann'),
  tolerance: numberField({ low: 1e-15, high: 0.1 }, 'Residual of a state at rest, by unit.').default(1e-4),
  updateLimit: wholeField(1, 10_000, 'Updates after which a solve ends.').default(100),
  rowNorm: numberField({ low: 0 }, 'Largest l1 norm of a row of W; 0 = any.', 'κ').default(0),
});

/** With defaults. */
export const resolveTraining = (given: ImplicitTraining | undefined): z.output<typeof training> =>
  parse(training, given ?? {}, 'training');

export const specSchema = z.strictObject({
  system: z.literal('implicit').default('implicit'),
  ...meanFieldFields,
  width: also(wholeField(1, 100_000, 'Units.', 'N'), widthNames).default(400),
  termCount: also(
    wholeField(1, 10_000, 'Terms of the Neumann series, and iterations from zero, that are looked at.', 'T'),
    { truncation: ', terms = products + 1', neumannTerms: '', phantomSteps: '' },
  ).default(10),
  training: training.optional().meta({
    expected: '{gradient, tolerance, updateLimit, rowNorm} (docs/systems/implicit.md, Training)',
    description:
      'What only training reads: how the gradient is found, when a state is at rest, the bound on rows of W.',
  }),
});

export const runSchema = z.strictObject({ ...runFields });

export type ResolvedImplicitSpec = z.output<typeof specSchema>;
export type ResolvedImplicitRun = z.output<typeof runSchema>;

export function resolveSpec(input: unknown): ResolvedImplicitSpec {
  const spec = parse(specSchema, input, 'spec');
  return { ...spec, activation: canonicalActivation(spec.activation) };
}

export function resolveRun(input: unknown, _spec: ResolvedImplicitSpec): ResolvedImplicitRun {
  return parse(runSchema, input, 'run');
}
