// What predictions and simulations of `kernel` take: arithmetic and memory.
import { threadsFor } from '../../core/memory.js';
import type { ResolvedKernelRun, ResolvedKernelSpec } from './spec.js';

/** Room for the code, the stacks of the threads and a result. */
const base = 2 ** 21;

export const predictionFlops = ({ width, depth }: ResolvedKernelSpec): number => 1000 + depth + width / 1000;
export const predictionBytes = ({ depth }: ResolvedKernelSpec): number => base + 100 * depth;

export const simulationFlops = ({ width, depth }: ResolvedKernelSpec, { trials }: ResolvedKernelRun): number =>
  10 * trials * width * depth;

/** A row of every trial, twice while it is copied, and the normals of a layer per thread. */
export const simulationBytes = ({ width, depth }: ResolvedKernelSpec, run: ResolvedKernelRun): number =>
  base + 16 * run.trials * (depth + 1) + 8 * width * threadsFor(run.threads);

export const simulationLower = (): readonly string[] => ['trials', 'depth', 'width'];
