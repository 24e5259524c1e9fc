// Quantities of random layers: mean field theory of the steady state and of the adjoint solve.
import * as z from 'zod';
import { numberField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import {
  defaultTolerances,
  meanField,
  semicircleError,
  singularEdges,
  termsToTolerance,
  unstable,
} from './mean-field.js';
import { meanFieldFields } from './spec.js';

const layer = z.strictObject(meanFieldFields);
const radius = numberField({ low: 0, high: 1 }, 'Spectral radius of J.', 'r');
const counts = z.array(z.int().gte(1).lte(1_000_000)).min(1).meta({
  expected: 'a list of whole numbers in [1, 1000000]',
  description: 'Numbers of terms of the Neumann series.',
  symbol: 'T',
});

/** A list of named parts, as asked for. */
const partsField = <const T extends readonly [string, ...string[]]>(names: T) =>
  z
    .array(z.enum(names as unknown as [string, ...string[]]))
    .min(1)
    .meta({ expected: `a list of ${names.join(', ')}`, description: 'Which parts, in which order.' })
    .default([...names]);

export const meanFieldQuantities = {
  equilibriumMeanField: quantity({
    symbol: 'q, χ',
    description: 'Variance of the pre-activations of a wide random layer at its steady state, and squared radius of J.',
    source: 'derived; docs 1.2, 1.3',
    parameters: z.strictObject({
      ...meanFieldFields,
      components: partsField(['preActivationVariance', 'squaredJacobianRadius']),
    }),
    evaluate: ({ components, ...given }) => {
      const { variance, chi } = meanField(given);
      const parts: Readonly<Record<string, number>> = { preActivationVariance: variance, squaredJacobianRadius: chi };
      return components.map((name) => parts[name] as number);
    },
  }),
  preActivationVariance: quantity({
    symbol: 'q',
    description: 'Variance of the pre-activations of a wide random layer at its steady state.',
    source: 'derived; docs 1.2',
    parameters: layer,
    evaluate: (given) => meanField(given).variance,
  }),
  squaredJacobianRadius: quantity({
    symbol: 'χ',
    description: 'Squared spectral radius of the Jacobian of a wide random layer: stable below 1.',
    source: 'derived; docs 1.3',
    parameters: layer,
    evaluate: (given) => meanField(given).chi,
  }),
  predictedTermsToTolerance: quantity({
    symbol: 'T(ε)',
    description: 'Terms of the Neumann series for a relative error, from two Gaussian integrals.',
    source: 'derived; docs 1.5',
    parameters: z.strictObject({
      ...meanFieldFields,
      tolerances: z
        .array(z.number().gt(0).lt(1))
        .min(1)
        .meta({
          expected: 'a list of numbers in (0, 1)',
          description: 'Relative errors of the adjoint.',
          symbol: 'ε',
        })
        .default([...defaultTolerances]),
    }),
    evaluate: ({ tolerances, ...given }): QuantityValue => {
      const { chi } = meanField(given);
      return tolerances.map((tolerance) => (chi < 1 ? termsToTolerance(chi, tolerance) : { reason: unstable }));
    },
  }),
  predictedConditionNumber: quantity({
    symbol: 'κ',
    description:
      'Condition number of I − J of a wide random layer: conjugate gradient on the normal equations gains (κ − 1)/(κ + 1).',
    source: 'derived; docs 1.6',
    parameters: layer,
    evaluate: (given) => {
      const { chi } = meanField(given);
      if (chi >= 1) return { reason: unstable };
      const [smallest, largest] = singularEdges(Math.sqrt(chi));
      return largest / smallest;
    },
  }),
  randomJacobianSingularEdges: quantity({
    symbol: 's₋, s₊',
    description: 'Smallest and largest singular value of I − J for independent entries, N → ∞.',
    source: 'derived; docs 1.6',
    parameters: z.strictObject({ spectralRadius: radius, components: partsField(['smallest', 'largest']) }),
    evaluate: ({ spectralRadius, components }) => {
      const [smallest, largest] = singularEdges(spectralRadius);
      return components.map((name) => (name === 'smallest' ? smallest : largest));
    },
  }),
  semicircleNeumannError: quantity({
    symbol: 'ε_T',
    description: 'Relative error of T Neumann terms for a symmetric J with the semicircle on [−r, r].',
    source: 'derived; docs 1.7',
    parameters: z.strictObject({ spectralRadius: radius, termCounts: counts }),
    evaluate: ({ spectralRadius, termCounts }): QuantityValue =>
      termCounts.map((terms) =>
        spectralRadius < 1
          ? semicircleError(spectralRadius, terms)
          : { reason: 'at radius 1 the solution has no finite length' },
      ),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
