// What the recurrences need to know of the inputs: their mean squares and the cosine of a pair.
import { drawnDeficit, type DrawnInputs, type InputVectors, vectorsOf } from '../../core/inputs.js';
import { MftError } from '../../core/errors.js';
import type { Warning } from '../../core/results.js';
import { dropsBranches, type ResolvedResidualSpec } from './spec.js';

export interface DescribedInputs {
  /** |x|²/N_0 of each input. */
  readonly secondMoments: readonly number[];
  /** 1 − cosine of the pair; undefined for one input, and for two of different length. */
  readonly angularDeficit?: number;
  readonly warnings: readonly Warning[];
}

/** Inputs given as numbers, or read from a data set. */
export function givenVectors(spec: ResolvedResidualSpec, vectors: InputVectors | undefined): InputVectors | undefined {
  const { inputs } = spec;
  if (vectors !== undefined) {
    const expected =
      typeof spec.width === 'number'
        ? spec.width
        : 'start' in spec.width
          ? spec.width.start
          : (spec.width[0] as number);
    if (vectors.dimension !== expected) {
      throw new MftError(
        'ERR_MFT_SHAPE',
        `Expected the first of \`width\` to be the length of the inputs (${vectors.dimension}), received ${expected}.`,
        { parameter: 'width' },
      );
    }
    return vectors;
  }
  if (!('values' in inputs)) return undefined;
  return vectorsOf(inputs);
}

/** Mean squares and angle of the inputs of a spec. */
export function describedInputs(spec: ResolvedResidualSpec, read: InputVectors | undefined): DescribedInputs {
  const vectors = givenVectors(spec, read);
  if (vectors === undefined) {
    const drawn = spec.inputs as { readonly secondMoment?: number; readonly count?: number };
    const secondMoment = drawn.secondMoment ?? 1;
    if (drawn.count === 1) return { secondMoments: [secondMoment], warnings: [] };
    return {
      secondMoments: [secondMoment, secondMoment],
      angularDeficit: drawnDeficit(spec.inputs as DrawnInputs),
      warnings: [],
    };
  }
  const { count, dimension, values } = vectors;
  const row = (i: number): Float64Array => values.subarray(i * dimension, (i + 1) * dimension);
  const secondMoments = Array.from({ length: count }, (_, i) => row(i).reduce((sum, x) => sum + x * x, 0) / dimension);
  if (count === 1) return { secondMoments, warnings: [] };
  const [p, other] = secondMoments as [number, number];
  if (p === 0 || other === 0)
    return {
      secondMoments,
      warnings: [
        {
          id: 'zeroInput',
          message:
            'An input is exactly zero: it has no angle with the other. Each input is predicted alone, without pair observables.',
        },
      ],
    };
  if (Math.abs(p - other) > 1e-9 * p) {
    return {
      secondMoments,
      warnings: [
        {
          id: 'unequalLengths',
          message:
            'The two inputs differ in length: pair observables are predicted for inputs of equal length only. ' +
            'Normalise the inputs to get them.',
        },
      ],
    };
  }
  const [a, b] = [row(0), row(1)];
  const metric = a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0) / (2 * dimension);
  return { secondMoments: [p, p], angularDeficit: metric / p, warnings: [] };
}

/** The inputs; under stochastic depth without their angle, of which no theory is known. */
export function predictedInputs(spec: ResolvedResidualSpec, vectors: InputVectors | undefined): DescribedInputs {
  const inputs = describedInputs(spec, vectors);
  if (inputs.angularDeficit === undefined || !dropsBranches(spec)) return inputs;
  const { angularDeficit: _, ...rest } = inputs;
  const warning = {
    id: 'branchesDropped',
    message:
      'Under stochastic depth sizes stay random at every width: means are predicted; pairs of inputs and spreads are not.',
  };
  return { ...rest, warnings: [...inputs.warnings, warning] };
}
