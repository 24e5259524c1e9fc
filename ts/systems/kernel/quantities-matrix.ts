// Quantities of a data matrix: the kernels of every pair of rows, (3.1) to (3.4) of docs/systems/kernel.md.
import * as z from 'zod';
import { booleanField } from '../../core/fields.js';
import { expectedError } from '../../core/errors.js';
import { type Quantity, quantity } from '../../core/system.js';
import { certifiedKernels } from './certified.js';
import { crossKernels, type Kernels, selfKernels } from './kernels.js';
import { dataMatrix, kernelModel, modelParameters, requireSameColumns, rowsField } from './model.js';
import { matrixBytes } from './quantity-bytes.js';
import { listsOf } from './rows.js';

const wanted = z
  .array(z.enum(['nngp', 'ntk']))
  .min(1)
  .meta({ expected: 'a list of nngp, ntk', description: 'Which kernels.' });

const parameters = z.strictObject({
  ...modelParameters,
  inputs: rowsField,
  otherInputs: rowsField.optional(),
  get: wanted.default(['nngp', 'ntk']),
  certified: booleanField('With every kernel also what each entry may be off: `nngpBound`, `ntkBound`.').default(false),
  normalize: booleanField('Cosines and natural logarithms of the diagonal instead of kernels.').default(false),
});

/** log of 2^exponent x. */
const logOf = (x: number, exponent: number): number => Math.log(x) + exponent * Math.LN2;

type Said = number | { readonly reason: string };
const noAngle = { reason: 'the variance of an input is zero: it has no angle' };
const noLogarithm = { reason: 'the variance of this input is zero: it has no logarithm' };

/** Cosines of the rows, and the logarithms that with them give the kernel back; rows of variance 0 have neither. */
function normalized({ columns, gap, rowVariance, columnVariance, exponent }: Kernels): {
  readonly cosine: readonly (readonly Said[])[];
  readonly logVariance: readonly Said[];
  readonly logOtherVariance: readonly Said[];
} {
  const logarithms = (variances: Float64Array): Said[] =>
    Array.from(variances, (q) => (q === 0 ? noLogarithm : logOf(q, exponent)));
  const cosines = listsOf(
    gap.map((g) => 1 - g),
    columns,
  );
  return {
    cosine: cosines.map((row, i) =>
      row.map((cosine, j) => (rowVariance[i] === 0 || columnVariance[j] === 0 ? noAngle : cosine)),
    ),
    logVariance: logarithms(rowVariance),
    logOtherVariance: logarithms(columnVariance),
  };
}

export const matrixQuantities = {
  mlpKernels: quantity({
    symbol: 'K^{L+1}, Θ^{L+1}',
    description: 'NNGP and NTK matrices of the rows of `inputs` with each other, or with those of `otherInputs`.',
    source: 'Lee et al. 2018; Jacot et al. 2018; docs 3.1, 3.2',
    parameters,
    bytes: matrixBytes,
    evaluate: async (p, options = {}) => {
      const data = dataMatrix(p.inputs, 'inputs');
      const model = kernelModel(p, data.dimension);
      const other = p.otherInputs === undefined ? undefined : dataMatrix(p.otherInputs, 'otherInputs');
      if (other !== undefined) requireSameColumns(other, 'otherInputs', data);
      if (p.certified) {
        if (p.normalize) throw expectedError('ERR_MFT_UNSUPPORTED', 'certified', 'kernels without `normalize`', true);
        const found = await certifiedKernels(model, data, other, options);
        const named = p.get.flatMap((name) => [name, `${name}Bound`] as const);
        return Object.fromEntries(named.map((name) => [name, listsOf(found[name], found.columns)]));
      }
      const asked = { ...options, ntk: p.get.includes('ntk'), normalize: p.normalize };
      const kernels =
        other === undefined ? await selfKernels(model, data, asked) : await crossKernels(model, data, other, asked);
      if (p.normalize) return normalized(kernels);
      return {
        ...(p.get.includes('nngp') ? { nngp: listsOf(kernels.nngp, kernels.columns) } : {}),
        ...(p.get.includes('ntk') ? { ntk: listsOf(kernels.ntk, kernels.columns) } : {}),
      };
    },
  }),
  normalizedNtkAtDepth: quantity({
    symbol: 'Θ_01/√(Θ_00 Θ_11)',
    description: 'Tangent kernel of the first two inputs, relative to their diagonal.',
    source: 'derived; docs 3.2',
    parameters: z.strictObject({ ...modelParameters, inputs: rowsField }),
    evaluate: async (p, options = {}) => {
      const data = dataMatrix(p.inputs, 'inputs');
      if (data.count < 2) throw expectedError('ERR_MFT_SHAPE', 'inputs', 'a list of two rows of numbers', p.inputs);
      const pair = { ...data, count: 2, values: data.values.subarray(0, 2 * data.dimension) };
      const model = kernelModel(p, data.dimension);
      const { ntk } = await selfKernels(model, pair, { ...options, ntk: true, normalize: true });
      const [first, both, , second] = ntk as unknown as readonly [number, number, number, number];
      const norm = Math.sqrt(first) * Math.sqrt(second);
      return norm === 0 ? { reason: 'the tangent kernel of an input with itself is zero' } : both / norm;
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
