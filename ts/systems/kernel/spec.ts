// The spec and the run of system `kernel`: a user's data, its checks and defaults.
import { z } from 'zod';
import { parse } from '../../core/checks.js';
import { numberField, runFields, wholeField } from '../../core/fields.js';

/** A chain of layers x_l = W_l x_{l−1} of independent Gaussian weights: replace it by the model of `kernel`. */
export interface KernelSpec {
  /** σ_w²: variance of a weight times its fan-in. Default 1. */
  readonly weightVariance?: number;
  /** N: units per layer. Default 100. */
  readonly width?: number;
  /** L: layers. Default 10. */
  readonly depth?: number;
}

/** How a simulation of `kernel` runs. */
export interface KernelRun {
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

export const specSchema = z.strictObject({
  system: z.literal('kernel').default('kernel'),
  weightVariance: numberField({ low: 0 }, 'Variance of a weight times its fan-in.', 'σ_w²').default(1),
  width: wholeField(1, 1_000_000, 'Units per layer.', 'N').default(100),
  depth: wholeField(1, 1_000_000, 'Layers.', 'L').default(10),
});

export const runSchema = z.strictObject({ ...runFields });

export type ResolvedKernelSpec = z.output<typeof specSchema>;
export type ResolvedKernelRun = z.output<typeof runSchema>;

export function resolveSpec(input: unknown): ResolvedKernelSpec {
  return parse(specSchema, input, 'spec');
}

export function resolveRun(input: unknown, _spec: ResolvedKernelSpec): ResolvedKernelRun {
  return parse(runSchema, input, 'run');
}
