// Quantities of enforcing contraction: projections of weights with the certificate they achieve, and penalties.
import * as z from 'zod';
import { MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { projectSpectralNorm, rotated } from './enforce.js';
import { minstd } from './minstd.js';
import { multiply, norm, type Vector } from './products.js';
import { infinityNormBound, projectInfinityNorm, spectralNormBound } from './row-norms.js';

/** Rotations of larger matrices take more than seconds. */
const largestSide = 128;

const matrixField = (description: string, symbol: string) =>
  z
    .array(z.array(z.number()).min(1).max(largestSide))
    .min(1)
    .max(largestSide)
    .meta({ expected: `a list of at most ${largestSide} rows of at most ${largestSide} numbers`, description, symbol });

interface Matrix {
  readonly values: Vector;
  readonly rows: number;
  readonly columns: number;
}

function matrixOf(given: readonly (readonly number[])[], name: string): Matrix {
  const columns = given[0]?.length ?? 0;
  const odd = given.findIndex((row) => row.length !== columns);
  if (odd >= 0)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected the rows of \`${name}\` to have ${columns} numbers each, as row 0 has.`,
      {
        parameter: name,
        received: given[odd]?.length,
      },
    );
  return { values: Float64Array.from(given.flat()), rows: given.length, columns };
}

const rowsOf = ({ values, rows, columns }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));

const upperBound = {
  infinity: ({ values, rows, columns }: Matrix): number => infinityNormBound(values, rows, columns),
  spectral: ({ values, rows, columns }: Matrix): number => {
    const directions = new Float64Array(columns * columns);
    for (const [k, v] of rotated(values, rows, columns).directions.entries()) directions.set(v, k * columns);
    return spectralNormBound(values, rows, columns, directions);
  },
};

const project = { infinity: projectInfinityNorm, spectral: projectSpectralNorm };

export const contractionQuantities = {
  contractedWeights: quantity({
    symbol: 'Π(W)',
    description:
      'Nearest weights with which F(h) = φ(A W h + …) contracts: rows in an l1 ball, or singular values cut off; and the bound of ' +
      '|F(h) − F(h′)|/|h − h′| that they certify.',
    source: 'Duchi et al. 2008; docs 2.5',
    parameters: z.strictObject({
      matrix: matrixField('W, row by row.', 'W'),
      norm: choiceField(
        ['infinity', 'spectral'],
        'Largest component (rows in an l1 ball), or length (singular values).',
      ),
      contraction: numberField(
        { low: 0, above: true },
        'Largest factor by which F may stretch a difference.',
        'μ',
      ).default(0.9),
      largestSlope: numberField(
        { low: 0, above: true },
        "Largest |φ'|: 1 of tanh and relu, 1/4 of the sigmoid.",
      ).default(1),
      operatorNorm: numberField(
        { low: 0, above: true },
        'Norm of A beside W, such as a graph operator; 1: none.',
      ).default(1),
    }),
    evaluate: ({ matrix, norm: kind, contraction, largestSlope, operatorNorm }) => {
      const given = matrixOf(matrix, 'matrix');
      const bound = contraction / (largestSlope * operatorNorm);
      const before = upperBound[kind](given);
      const projected =
        before <= bound ? given : { ...given, values: project[kind](given.values, given.rows, given.columns, bound) };
      const found = before <= bound ? before : upperBound[kind](projected);
      // Rounding left the bound of the result outside: all entries are that much smaller.
      const shrink = found > bound ? (bound / found) * (1 - 2 ** -50) : 1;
      if (shrink < 1) projected.values.forEach((value, i) => (projected.values[i] = value * shrink));
      const after = shrink < 1 ? found * shrink * (1 + 2 ** -52) : found;
      const certified = after * largestSlope * operatorNorm * (1 + 2 ** -51);
      return {
        matrix: rowsOf(projected),
        normBefore: before,
        normAfter: after,
        certifiedContraction: certified,
        isContraction: certified < 1,
      };
    },
  }),
  jacobianPenalty: quantity({
    symbol: 'Ω(J)',
    description:
      'Penalty that keeps a Jacobian small: squared excess of the l1 norm of every column over a target, or |J|_F², exact or by products ' +
      'of Jᵀ with random signs.',
    source: 'Scarselli et al. 2009; docs 2.5',
    parameters: z.strictObject({
      matrix: matrixField('J, row by row.', 'J'),
      kind: choiceField(['columns', 'frobenius'], 'Which penalty.'),
      target: numberField({ low: 0 }, 'l1 norm of a column without penalty.', 'κ').default(0.9),
      samples: wholeField(0, 1_000_000, 'Random signs of frobenius; 0: exact.').default(0),
      seed: wholeField(1, 2147483646, 'Seed of the signs.').default(1),
    }),
    evaluate: ({ matrix, kind, target, samples, seed }) => {
      const { values, rows, columns } = matrixOf(matrix, 'matrix');
      if (kind === 'columns')
        return Array.from({ length: columns }, (_, j) => {
          let sum = 0;
          for (let i = 0; i < rows; i++) sum += Math.abs(values[i * columns + j] as number);
          return Math.max(0, sum - target) ** 2;
        }).reduce((all, each) => all + each, 0);
      if (samples === 0) return norm(values) ** 2;
      let sum = 0;
      for (let sample = 0; sample < samples; sample++) {
        const signs = minstd(((seed + sample) % 2147483646) + 1, rows).map((x) => (x < 0 ? -1 : 1));
        sum += norm(multiply([1, columns, rows], signs, values)) ** 2 / samples;
      }
      return sum;
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
