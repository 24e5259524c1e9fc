// Critical starts of a cell for sequences of T steps: all of them with their stability, and the one that can be vouched for.
import * as z from 'zod';
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import type { CellFields } from './cell.js';
import { cellFields } from './spec.js';
import { ask, fixedPoints } from './theory.js';

const range = { low: -100, high: 300 } as const;
const certified = z.strictObject({
  ...cellFields,
  recurrentWeightVariance: z
    .null()
    .optional()
    .meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
  biasMean: numberField(range, 'Mean of the bias; left out, the minimal cell is searched.', 'μ_b').optional(),
  lowest: numberField(range, 'Least mean of the bias that is looked at.').default(-4),
  highest: numberField(range, 'Largest mean of the bias that is looked at.').default(8),
  steps: wholeField(1, 10_000, 'Length of the sequences.', 'T').default(100),
});
type Fields = z.output<typeof certified>;

/** A start with χ₁ = 1. */
interface CriticalPoint {
  readonly [name: string]: number | boolean;
  readonly biasMean: number;
  readonly recurrentWeightVariance: number;
  readonly preactivationVariance: number;
  readonly varianceMapSlope: number;
  readonly isStable: boolean;
  /** Another second moment is stable too: which one is reached depends on the initial state. */
  readonly isBistable: boolean;
  /** m₂/m₁² of the product of T steps: 1 where all singular values are equal. */
  readonly productSecondMoment: number;
}

/** Biases between `lowest` and `highest`. */
const parts = 48;
/** Halvings of the interval in which the stable critical line ends. */
const halvings = 30;
/** How near χ₁ of the fixed point is 1 where the variance is a root of it. */
const criticalGap = 1e-6;

async function criticalPoints(fields: Fields, biasMean: number, options?: ControlOptions): Promise<CriticalPoint[]> {
  const { steps, lowest: _l, highest: _h, recurrentWeightVariance: _, ...rest } = fields;
  const cell: CellFields = { ...rest, biasMean, recurrentWeightVariance: 1 };
  const { roots = new Float64Array(0) } = await ask(cell, { what: 'criticalVariances' }, options);
  const found: CriticalPoint[] = [];
  for (const recurrentWeightVariance of roots) {
    const at: CellFields = { ...cell, recurrentWeightVariance };
    const states = await fixedPoints(at, options);
    const state = states.reduce((a, b) => (Math.abs(b.chi1MinusOne) < Math.abs(a.chi1MinusOne) ? b : a));
    if (Math.abs(state.chi1MinusOne) > criticalGap) continue;
    const { second, mean } = state;
    const { products } = await ask(at, { what: 'jacobian', second, mean, steps }, options);
    found.push({
      biasMean,
      recurrentWeightVariance,
      preactivationVariance: state.preactivationVariance ?? Number.NaN,
      varianceMapSlope: state.slope ?? Number.NaN,
      isStable: state.isStable,
      isBistable: states.filter(({ isStable }) => isStable).length > 1,
      productSecondMoment: products?.at(-1) ?? Number.NaN,
    });
  }
  return found;
}

/** Stable, alone, and reached within the sequence: slope^T ≤ 1/e. */
const isCertified = (point: CriticalPoint, steps: number): boolean =>
  point.isStable && !point.isBistable && point.varianceMapSlope <= Math.exp(-1 / steps);

const bestOf = (points: readonly CriticalPoint[]): CriticalPoint | undefined =>
  points.reduce<CriticalPoint | undefined>(
    (best, point) => (best === undefined || point.productSecondMoment < best.productSecondMoment ? point : best),
    undefined,
  );

async function certifiedInitialization(fields: Fields, options?: ControlOptions): Promise<QuantityValue> {
  const { cell, steps, lowest, highest } = fields;
  if (cell !== 'minimal' && cell !== 'vanilla')
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Products of steps are known for the vanilla and the minimal cell.', {
      parameter: 'cell',
    });
  if (!(lowest <= highest))
    throw new MftError('ERR_MFT_OUT_OF_RANGE', `Expected \`highest\` to be at least \`lowest\` = ${lowest}.`, {
      parameter: 'highest',
      expected: `a number >= ${lowest}`,
      received: highest,
    });
  const fixed = fields.biasMean ?? (cell === 'vanilla' ? 0 : undefined);
  const biases =
    fixed === undefined
      ? Array.from({ length: parts + 1 }, (_, i) => lowest + ((highest - lowest) * i) / parts)
      : [fixed];
  const all: CriticalPoint[][] = [];
  for (const bias of biases) {
    throwIfAborted(options ?? {});
    all.push(await criticalPoints(fields, bias, options));
  }
  const vouched = (points: readonly CriticalPoint[]) => bestOf(points.filter((point) => isCertified(point, steps)));
  let best = vouched(all.flat());
  // Where the certified line ends beside the best bias that was tried, its end is better still.
  const place = best === undefined ? -1 : biases.indexOf(best.biasMean);
  for (const side of [-1, 1]) {
    let [inside, outside] = [biases[place] ?? 0, biases[place + side]];
    if (best === undefined || outside === undefined || vouched(all[place + side] ?? []) !== undefined) continue;
    for (let step = 0; step < halvings; step++) {
      const middle: number = (inside + outside) / 2;
      const point = vouched(await criticalPoints(fields, middle, options));
      if (point === undefined) outside = middle;
      else {
        inside = middle;
        best = bestOf([best, point]) as CriticalPoint;
      }
    }
  }
  const reason =
    all.flat().length === 0
      ? 'there is no critical point with these inputs'
      : `no critical point is stable, alone and reached within ${steps} steps`;
  return { certified: best ?? { reason }, criticalPoints: all.flat() };
}

export const certifiedQuantities = {
  certifiedInitialization: quantity({
    symbol: 'σ_w², μ_b : χ₁ = 1, stable',
    description:
      'Critical starts for T steps with stability and conditioning; the best-conditioned one that is stable, alone and settles within T.',
    source: 'derived; docs 2.9',
    parameters: certified,
    evaluate: certifiedInitialization,
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
