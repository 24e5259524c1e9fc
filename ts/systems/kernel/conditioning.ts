// What regression and training would meet on the inputs of a spec: equal rows, the condition of the kernel, the largest stable rate.
import { addon } from '../../core/addon.js';
import type { Finding } from '../../core/results.js';
import type { SystemOptions } from '../../core/system.js';
import { equalRows } from './dependence.js';
import { mean } from './factor.js';
import { selfKernels } from './kernels.js';
import { hasTangent } from './pair.js';
import { inputVectors, modelOf, type ResolvedKernelSpec } from './spec.js';
import './regression-native.js';

/** Eigenvalues of so many inputs take a second. */
const mostInputs = 1000;

/** Of inputs that are given or named, three at least: a drawn pair is no data. */
export async function conditioning(spec: ResolvedKernelSpec, options: SystemOptions): Promise<readonly Finding[]> {
  if (!('values' in spec.inputs || 'dataset' in spec.inputs)) return [];
  const data = inputVectors(spec, options.inputs);
  const { count } = data;
  if (count < 3 || count > mostInputs) return [];
  const model = modelOf(spec, data.dimension);
  const ntk = model.depth === 0 || hasTangent(model.phi);
  const kernels = await selfKernels(model, data, { ...options, ntk });
  const found: Finding[] = [];
  const groups = equalRows(data);
  const [first] = groups;
  if (first !== undefined)
    found.push({
      id: 'equalInputs',
      severity: 'warning',
      claim:
        `Inputs ${first.slice(0, 6).join(', ')} are equal${groups.length > 1 ? ` (${groups.length} groups of equal ones)` : ''}: ` +
        'without noise the kernel cannot be inverted.',
      evidence: [{ quantity: 'equalInputs', value: groups.reduce((sum, group) => sum + group.length, 0) }],
    });
  const { finding } = await condition(kernels.nngp, count);
  found.push(finding);
  if (!ntk) return found;
  const { largest } = await condition(kernels.ntk, count);
  const rate = (2 * count) / largest;
  found.push({
    id: 'largestStableRate',
    severity: 'info',
    claim:
      `Full-batch descent of networks of infinite width on the mean of (f − y)²/2 over these ${count} inputs ` +
      `converges below the rate ${rate.toPrecision(3)}.`,
    evidence: [{ quantity: 'largestStableRate', value: rate }],
  });
  return found;
}

/** From the eigenvalues of the matrix, which is overwritten. */
async function condition(matrix: Float64Array, count: number): Promise<{ finding: Finding; largest: number }> {
  const scale = mean(Float64Array.from({ length: count }, (_, i) => matrix[i * (count + 1)] as number));
  const eigenvalues = await addon().kernelEigen({ matrix, count });
  const [largest, least] = [eigenvalues[0] as number, eigenvalues[count - 1] as number];
  // What Cholesky takes for singular.
  const floor = 10 * count * Number.EPSILON * scale;
  const rank = eigenvalues.filter((value) => value > floor).length;
  const number = least > floor ? largest / least : Number.POSITIVE_INFINITY;
  if (rank === count)
    return {
      largest,
      finding: {
        id: 'kernelConditioning',
        severity: number > 1e10 ? 'warning' : 'info',
        claim:
          `The kernel of these ${count} inputs has the condition number ${number.toPrecision(3)}, its least eigenvalue is ` +
          `${(least / scale).toPrecision(2)} of the mean diagonal: regression loses ${Math.ceil(Math.log10(number))} digits ` +
          'and needs no jitter.',
        evidence: [
          { quantity: 'conditionNumber', value: number },
          { quantity: 'leastEigenvalue', value: least / scale },
        ],
      },
    };
  const jitter = [1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6].find((share) => least + share * scale > floor) ?? 1e-6;
  return {
    largest,
    finding: {
      id: 'kernelConditioning',
      severity: 'warning',
      claim:
        `The kernel of these ${count} inputs has rank ${rank}: regression needs \`noiseVariance\` above 0 or \`jitter\` "auto", ` +
        `about ${jitter} of the mean diagonal.`,
      evidence: [
        { quantity: 'rank', value: rank },
        { quantity: 'jitter', value: jitter },
      ],
    },
  };
}
