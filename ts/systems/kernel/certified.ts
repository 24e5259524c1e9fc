// Kernels with a bound on the error of every entry: what rounding and the expectations of each layer may change, carried along the
// recursion to first order, (3.4) of docs/systems/kernel.md.
import type { ControlOptions } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { expectation } from '../../gaussian/moments.js';
import { dense, type Entering, inputsOf, type Layer, pairPlaces, type Places } from './dense.js';
import { activated, crossKernels, type Kernels, selfKernels } from './kernels.js';
import type { DataMatrix, KernelModel } from './model.js';
import { pairGaps, pairMoments, requireTangent } from './pair.js';
import { angleOfGap, sineExcess } from './rectifier.js';

/** Relative error of one rounded operation. */
const rounding = 2 ** -53;
/**
 * Of expectations relative to the roots of both second moments, of gaps of equal variances relative. Rectifiers: bend (D − θ k) + even k
 * with bend <= 2/π even is off by at most 4 ulp in θ and D and 2 in each product and sum, so by (2/π) 4 (1 + π) + 6 = 17 roundings of
 * the root, of which this is almost four times as many. Quadrature and Hermite sums: as documented, in which the tests hold them.
 */
const errors = { rectifier: 64 * rounding, expectation: 2e-13, gap: 1e-12 } as const;
/**
 * erf: (2/π) atan2(2k, √U), where U has positive terms only: 4 roundings in U, halved by the root, 2 in the quotient, 3 in atan2, 2 in
 * the product: 11, and as many in E φ², of which this is 360. gelu: k/4 + [N/(M s) + k w]/2π is taken only where its terms add up to
 * 1/1000 of their sizes; these are at most twice the root of both second moments for k > 0 (E φ² >= q/4), each off by 15 roundings: 30,
 * and what cancels is integrated. sin and cos have exponents that grow: `waves`.
 */
const closed: Readonly<Record<string, number>> = {
  erf: 4e-14,
  erfUnitSlope: 4e-14,
  sin: 4e-14,
  cos: 4e-14,
  gelu: 4e-14,
};
/** e^{k − h} for h = (q₁ + q₂)/2 is off by 4 roundings of k and h, relatively; e^{−k − h} <= 1 is too. */
const waves: ReadonlySet<string> = new Set(['sin', 'cos']);
/** Relative step of differences. */
const step = 1e-3;

/** What may be wrong: second moments or variances relatively, everything of pairs absolutely. */
interface Uncertain {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly product: Float64Array;
  readonly gap: Float64Array;
  readonly spread: Float64Array;
  readonly tangent: Float64Array;
  readonly slope: Float64Array;
}

/** K and Θ with what each entry may be off. */
export interface CertifiedKernels extends Kernels {
  readonly nngpBound: Float64Array;
  readonly ntkBound: Float64Array;
}

/**
 * K and Θ of every pair of rows, each entry with a bound of its error.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED for an activation without a tangent kernel, ERR_MFT_NOT_FINITE naming the layer at which a kernel
 *   left the range of double precision
 */
export async function certifiedKernels(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix | undefined,
  options: ControlOptions,
): Promise<CertifiedKernels> {
  if (model.depth > 0) requireTangent(model.phi);
  const columns = other ?? data;
  const places = pairPlaces(data.count, columns.count, other === undefined);
  let entering = inputsOf(model, data, columns, places, true);
  let uncertain = ofInputs(model, data, columns, places, entering);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  for (let layer = 1; ; layer++) {
    const pairs = dense(model, layer, entering, places, 0);
    const behind = behindDense(model, layer, entering, pairs, places, uncertain);
    if (layer > model.depth) return assembled(model, data, other, pairs, behind, places, options);
    const next = await activated(model, pairs, places, signal, async () => {});
    uncertain = await behindPhi(model, pairs, next, behind, places, signal);
    entering = next;
  }
}

/** Sums over coordinates: every term is rounded, and their sum once for each of them at most. */
function ofInputs(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix,
  { row, column }: Places,
  { gap }: Entering,
): Uncertain {
  const { dimension } = data;
  const relative = (dimension + 4) * rounding;
  const scale = model.scalesInputs ? 1 / dimension : 1;
  const [product, spread, apart] = [new Float64Array(row.length), new Float64Array(row.length), gap.slice()];
  for (let at = 0; at < row.length; at++) {
    const [i, j] = [(row[at] as number) * dimension, (column[at] as number) * dimension];
    const isNear = (gap[at] as number) <= 1;
    let [sizes, differences, distance, first, second] = [0, 0, 0, 0, 0];
    for (let k = 0; k < dimension; k++) {
      const [x, y] = [data.values[i + k] as number, other.values[j + k] as number];
      sizes += Math.abs(x * y);
      differences += Math.abs((x - y) * (x + y));
      distance += (isNear ? x - y : x + y) ** 2;
      first += x * x;
      second += y * y;
    }
    product[at] = relative * scale * sizes;
    spread[at] = relative * scale * differences;
    // Of γ = |x/|x| ∓ y/|y||²/2 or 2 − γ.
    const rest = isNear ? (gap[at] as number) : 2 - (gap[at] as number);
    const length = Math.max(first, second);
    const off = length === 0 ? 0 : 2 * relative * Math.sqrt(distance / length);
    apart[at] = Math.sqrt(2 * rest) * off + off * off + relative * rest + (isNear || distance === 0 ? 0 : 2 * rounding);
  }
  const none = new Float64Array(row.length);
  const rows = new Float64Array(data.count).fill(relative);
  const columns = new Float64Array(other.count).fill(relative);
  return { rows, columns, product, gap: apart, spread, tangent: none, slope: none };
}

/** The dense layer adds and multiplies: relative errors of sums of positive terms, absolute ones of the rest. */
function behindDense(
  model: KernelModel,
  layer: number,
  entering: Entering,
  pairs: Layer,
  { row, column, isSelf }: Places,
  before: Uncertain,
): Uncertain {
  const [weight, bias] = [model.weights[layer - 1] as number, model.biases[layer - 1] as number];
  const keep = layer === 1 ? model.inputKeep : (model.keeps[layer - 2] as number);
  const fanIn = layer === 1 ? (model.scalesInputs ? model.inputDimension : 1) : (model.widths[layer - 2] ?? 1);
  const factor = weight / keep;
  const variances = (seconds: Float64Array, of: Float64Array): Float64Array =>
    of.map((relative, i) => {
      const kept = factor * (seconds[i] as number);
      return kept + bias === 0 ? 0 : (kept * relative) / (kept + bias) + 4 * rounding;
    });
  const rows = variances(entering.rows, before.rows);
  const columns = entering.rows === entering.columns && isSelf ? rows : variances(entering.columns, before.columns);
  const [product, gap, tangent] = [before.product.slice(), before.gap.slice(), before.tangent.slice()];
  const common = model.sharedMasks ? 1 : keep;
  for (let at = 0; at < row.length; at++) {
    const [i, j] = [row[at] as number, column[at] as number];
    const isOnePass = isSelf && i === j;
    const kept = isOnePass || model.sharedMasks ? keep : 1;
    const inner = entering.product[at] as number;
    const size = Math.abs((weight / kept) * inner) + bias;
    const covariance = isOnePass
      ? (pairs.rows[i] as number) * (rows[i] as number)
      : (weight / kept) * (before.product[at] as number) + 4 * rounding * size;
    product[at] = covariance;
    gap[at] = isOnePass
      ? 0
      : gapError(entering, before, at, i, j, factor, bias, common, (rows[i] as number) + (columns[j] as number));
    const [slope, theta] = [entering.slope[at] ?? 0, entering.tangent[at] ?? 0];
    const [slopeError, thetaError] = [before.slope[at] as number, before.tangent[at] as number];
    const passed =
      (weight / kept) * (Math.abs(slope) * thetaError + Math.abs(theta) * slopeError + slopeError * thetaError) +
      4 * rounding * (weight / kept) * Math.abs(slope * theta);
    const own = model.isStandard
      ? (fanIn / kept) * ((before.product[at] as number) + 4 * rounding * Math.abs(inner)) + rounding
      : covariance;
    tangent[at] = own + passed + 2 * rounding * Math.abs(pairs.tangent[at] as number);
  }
  const spread = before.spread.map((off, at) => factor * off + 2 * rounding * Math.abs(pairs.spread[at] as number));
  return { rows, columns, product, gap, spread, tangent, slope: before.slope };
}

/** Of (3.3): both of its terms are >= 0. */
function gapError(
  entering: Entering,
  before: Uncertain,
  at: number,
  i: number,
  j: number,
  factor: number,
  bias: number,
  common: number,
  variances: number,
): number {
  const [m1, m2] = [entering.rows[i] as number, entering.columns[j] as number];
  const root = Math.sqrt(factor * m1 + bias) * Math.sqrt(factor * m2 + bias);
  if (root === 0) return 0;
  const [s1, s2] = [Math.sqrt(m1), Math.sqrt(m2)];
  const moments = ((before.rows[i] as number) + (before.columns[j] as number)) / 2;
  const lost = 1 - common + common * (entering.gap[at] as number);
  const lostError = common * (before.gap[at] as number) + (common === 1 ? 0 : 3 * rounding * lost);
  if (bias === 0) return lostError;
  const shared = factor * s1 * s2;
  const apart = s1 + s2 === 0 ? 0 : Math.abs(entering.spread[at] as number) / (s1 + s2);
  const apartError = s1 + s2 === 0 ? 0 : (before.spread[at] as number) / (s1 + s2) + apart * (moments + 4 * rounding);
  const scale = (bias * factor) / (root + shared + bias);
  const first = scale * apart * apart;
  const firstError = scale * (2 * apart * apartError + apartError * apartError) + first * (variances + 6 * rounding);
  const second = shared * lost;
  const secondError = shared * lostError + second * (moments + 4 * rounding);
  return (firstError + secondError + (first + second) * (variances / 2 + 4 * rounding)) / root;
}

/** φ: derivatives of its expectations by variances and gap, and what the expectations themselves are off. */
async function behindPhi(
  { phi }: KernelModel,
  pairs: Layer,
  next: Entering,
  before: Uncertain,
  { row, column }: Places,
  options: ControlOptions,
): Promise<Uncertain> {
  const isLinear = phi.homogeneousDegree === 1;
  const fixed = isLinear ? errors.rectifier : (closed[phi.key ?? ''] ?? errors.expectation);
  const isWave = waves.has(phi.key ?? '');
  const own = (variance: number): number => (isWave ? fixed + 4 * rounding * variance : fixed);
  const moments = (variances: Float64Array, seconds: Float64Array, of: Float64Array): Float64Array =>
    of.map((relative, i) => {
      const second = seconds[i] as number;
      if (second === 0) return 0;
      const turn = isLinear
        ? 1
        : Math.abs(expectation(phi, { value: 1, first: 1, argument: 1 }, variances[i] as number)) / second;
      return turn * relative + own(variances[i] as number);
    });
  const stretch = (variances: Float64Array): Float64Array =>
    variances.map((q) => expectation(phi, isLinear ? { value: 2 } : { first: 2, argument: 2 }, q));
  const steep = (variances: Float64Array): Float64Array => variances.map((q) => expectation(phi, { first: 2 }, q));
  const isOne = pairs.rows === pairs.columns;
  const rows = moments(pairs.rows, next.rows, before.rows);
  const columns = isOne ? rows : moments(pairs.columns, next.columns, before.columns);
  const [a1, s1] = [stretch(pairs.rows), steep(pairs.rows)];
  const [a2, s2] = isOne ? [a1, s1] : [stretch(pairs.columns), steep(pairs.columns)];
  const moved = await slopeChanges(phi, pairs, next.slope, before, row, column, options);
  const turned = await gapChanges(phi, pairs, next, options);
  const count = row.length;
  const [product, gap, slope] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const spread = before.spread.slice();
  for (let at = 0; at < count; at++) {
    const [i, j] = [row[at] as number, column[at] as number];
    const [q1, q2] = [before.rows[i] as number, before.columns[j] as number];
    const [m1, m2] = [next.rows[i] as number, next.columns[j] as number];
    const whole = Math.sqrt(m1) * Math.sqrt(m2);
    const root = Math.sqrt(pairs.variance1[at] as number) * Math.sqrt(pairs.variance2[at] as number);
    const [gapBefore, gapOff] = [pairs.gap[at] as number, before.gap[at] as number];
    const ownHere = own(Math.max(pairs.variance1[at] as number, pairs.variance2[at] as number));
    // The mean value theorem: the slope where it is steepest between the gap and what it may be.
    const byGap = root * (Math.abs(next.slope[at] as number) + (moved[at] as number)) * gapOff;
    const byVariances = (q1 * Math.sqrt((a1[i] as number) * m2) + q2 * Math.sqrt((a2[j] as number) * m1)) / 2;
    // Of a rectifier √(q₁q₂) alone depends on the variances: what the first order leaves out is at most this.
    const rest = (q1 + q2) * (byGap + whole * (q1 + q2));
    product[at] = byGap + byVariances + rest + ownHere * whole;
    const pastGap = next.gap[at] as number;
    const isExact = isLinear || gapBefore === 0 || turned.isExact[at] === 1;
    const relative = ((rows[i] as number) + (columns[j] as number)) / 2;
    gap[at] =
      whole === 0
        ? 0
        : isExact
          ? byGap / whole +
            (isLinear
              ? rectifierGapError(phi, gapBefore)
              : (turned.change[at] as number) * (q1 + q2) + (q1 + q2) ** 2 + errors.gap * pastGap)
          : (product[at] as number) / whole + relative + 3 * rounding;
    slope[at] = (moved[at] as number) + ownHere * Math.sqrt((s1[i] as number) * (s2[j] as number));
    spread[at] = isLinear
      ? ((next.rows[i] as number) === 0 ? 0 : (before.spread[at] as number) * (m1 / ((pairs.rows[i] as number) || 1))) +
        3 * rounding * Math.abs(next.spread[at] as number)
      : m1 * (rows[i] as number) + m2 * (columns[j] as number);
  }
  return { rows, columns, product, gap, spread, tangent: before.tangent, slope };
}

/**
 * Of g' = g − β S(θ), β = (b − a)²/(π(a² + b²)), relative to E φ²: 4 roundings of each term; S = sin θ − θ cos θ has 8 of its own below
 * 0.3, where it is a series, and 4 of sin θ + θ above; behind the right angle the same of the supplement and what stands before it.
 */
function rectifierGapError({ atZero }: KernelModel['phi'], gap: number): number {
  const { below: a, above: b } = atZero;
  const square = a * a + b * b;
  if (square === 0) return 0;
  const { theta, rest } = angleOfGap(gap);
  const near = Math.min(theta, rest);
  const excess = near < 0.3 ? 12 * sineExcess(near) : 8 * (Math.sin(near) + near);
  const bent = ((b - a) ** 2 / (Math.PI * square)) * excess;
  const before = theta <= rest ? gap : ((a + b) ** 2 + 2 * Math.abs(a * b) * (2 - gap)) / square;
  return rounding * (8 * before + bent);
}

/** E φ'φ' of a rectifier is even − bend θ: between the ends of what the gap may be θ is monotone, so that these bound it. */
function rectifierSlopeError({ atZero }: KernelModel['phi'], gap: number, off: number): number {
  const bend = (atZero.above - atZero.below) ** 2 / (2 * Math.PI);
  const { theta } = angleOfGap(gap);
  const [low, high] = [angleOfGap(Math.max(0, gap - off)), angleOfGap(Math.min(2, gap + off))];
  return bend * (Math.max(theta - low.theta, high.theta - theta) + 8 * rounding * theta);
}

/** What E φ'φ' changes by with each argument as far as it may be off, from differences; twice as much for what these leave out. */
async function slopeChanges(
  phi: KernelModel['phi'],
  pairs: Layer,
  slope: Float64Array,
  before: Uncertain,
  row: Uint32Array,
  column: Uint32Array,
  options: ControlOptions,
): Promise<Float64Array> {
  const { variance1, variance2, gap } = pairs;
  if (phi.homogeneousDegree === 1) return gap.map((g, k) => rectifierSlopeError(phi, g, before.gap[k] as number));
  const at = async (q1: Float64Array, q2: Float64Array, g: Float64Array): Promise<Float64Array> => {
    const covariance = g.map((each, k) => Math.sqrt(q1[k] as number) * Math.sqrt(q2[k] as number) * (1 - each));
    return (await pairMoments(phi, { variance1: q1, variance2: q2, covariance, gap: g }, true, options)).slope;
  };
  // Away from the nearer of 0 and 2, where the slope turns as a root.
  const moved = gap.map((g, k) => {
    const off = before.gap[k] as number;
    return g <= 1 ? Math.min(2, g + Math.max(step * g, off)) : Math.max(0, g - Math.max(step * (2 - g), off));
  });
  const byGap = await at(variance1, variance2, moved);
  const change = byGap.map((value, k) => {
    const length = Math.abs((moved[k] as number) - (gap[k] as number));
    return length === 0 ? 0 : (2 * Math.abs(value - (slope[k] as number)) * (before.gap[k] as number)) / length;
  });
  const larger = (list: Float64Array): Float64Array => list.map((q) => q * (1 + step));
  const [byFirst, bySecond] = [
    await at(larger(variance1), variance2, gap),
    await at(variance1, larger(variance2), gap),
  ];
  return change.map((sum, k) => {
    const value = slope[k] as number;
    const first = Math.abs((byFirst[k] as number) - value) * (before.rows[row[k] as number] as number);
    const second = Math.abs((bySecond[k] as number) - value) * (before.columns[column[k] as number] as number);
    return sum + (2 * (first + second)) / step;
  });
}

/** d γ/d log q of pairs of equal variances, and which gaps are those of equal variances. */
async function gapChanges(
  phi: KernelModel['phi'],
  pairs: Layer,
  next: Entering,
  options: ControlOptions,
): Promise<{ readonly isExact: Uint8Array; readonly change: Float64Array }> {
  const { variance1, variance2, gap } = pairs;
  const isExact = Uint8Array.from(gap, (g, k) => (variance1[k] === variance2[k] && g > 0 && g < 1e-2 ? 1 : 0));
  const change = new Float64Array(gap.length);
  if (phi.homogeneousDegree === 1 || !isExact.includes(1)) return { isExact, change };
  const open = [...isExact.keys()].filter((k) => isExact[k] === 1);
  const of = (list: Float64Array, by = 1): Float64Array => Float64Array.from(open, (k) => by * (list[k] as number));
  const [q, g] = [of(variance1, 1 + step), of(gap)];
  const covariance = q.map((each, k) => each * (1 - (g[k] as number)));
  const found = await pairGaps(phi, { variance1: q, variance2: q, covariance, gap: g }, covariance, options);
  open.forEach((k, index) => {
    change[k] = Math.abs((found[index] as number) - (next.gap[k] as number)) / step;
  });
  return { isExact, change };
}

async function assembled(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix | undefined,
  pairs: Layer,
  uncertain: Uncertain,
  { row, column, isSelf }: Places,
  options: ControlOptions,
): Promise<CertifiedKernels> {
  const columns = (other ?? data).count;
  const full = (list: Float64Array): Float64Array => {
    const matrix = new Float64Array(data.count * columns);
    list.forEach((value, at) => {
      const [i, j] = [row[at] as number, column[at] as number];
      matrix[i * columns + j] = value;
      if (isSelf) matrix[j * columns + i] = value;
    });
    return matrix;
  };
  const { product, tangent } = uncertain;
  if (![pairs.covariance, pairs.tangent, product, tangent].every((list) => list.every(Number.isFinite))) {
    // The plain recursion names the layer where a kernel left the range.
    await (other === undefined
      ? selfKernels(model, data, { ...options, ntk: true })
      : crossKernels(model, data, other, { ...options, ntk: true }));
    throw new MftError('ERR_MFT_NOT_FINITE', 'The bounds of the kernels leave the range of double precision.', {
      parameter: 'certified',
      expected: 'kernels in the middle of the range of double precision',
    });
  }
  return {
    rows: data.count,
    columns,
    nngp: full(pairs.covariance),
    ntk: full(pairs.tangent),
    nngpBound: full(product),
    ntkBound: full(tangent),
    gap: full(pairs.gap),
    rowVariance: pairs.rows,
    columnVariance: pairs.columns,
    exponent: 0,
  };
}
