// The balanced start w1 = w2: the logistic curve of a direction, with noise and decay, at any time.
import { MftError } from '../../core/errors.js';
import { type DoubleDouble, exponential, exponentialMinusOne, product } from '../../numeric/double-double.js';
import { exactGrowth, fixedPoint, growth, type Mode, stiffness } from './mode.js';

/**
 * w at time s = α·step from w_0 ≥ 0: dw/ds = 2w(m − k w), m = ν − g, k = ν + s²,
 *
 *     w = w_0/(e^{−2ms} + k w_0 (1 − e^{−2ms})/m)
 *
 * Every term is positive for either sign of m, so nothing cancels or overflows; m = 0 is the limit. The exponent is a sum of two
 * doubles: rounded to one, w would lose as many units in the last place as it has e-folds.
 */
export function balancedMapping(mode: Mode, initial: number, time: DoubleDouble | number): number {
  const s = typeof time === 'number' ? { hi: time, lo: 0 } : time;
  const [exact, k] = [exactGrowth(mode), stiffness(mode)];
  const { hi: m } = exact;
  if (m === 0) return initial / (1 + 2 * k * initial * s.hi);
  const { hi, lo } = product(exact, s);
  const exponent = m > 0 ? { hi: -2 * hi, lo: -2 * lo } : { hi: 2 * hi, lo: 2 * lo };
  const [left, fallen] = [exponential(exponent), exponentialMinusOne(exponent) / m];
  return m > 0 ? initial / (left - k * initial * fallen) : (initial * left) / (1 + k * initial * fallen);
}

/**
 * The time s at which a balanced mapping reaches `target`: e^{−2ms} = w_0 (m − k·target)/(target (m − k w_0)).
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE when the target does not lie strictly between start and fixed point
 */
export function balancedTime(mode: Mode, initial: number, target: number): number {
  const [m, k] = [growth(mode), stiffness(mode)];
  const end = fixedPoint(mode);
  const [low, high] = initial < end ? [initial, end] : [end, initial];
  const rests = k === 0 && m === 0;
  if (initial === 0 || rests || !(target > low && target < high))
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      initial === 0 || rests || low === high
        ? `Expected \`target\` to be reachable: a mapping of ${initial} stays where it is.`
        : `Expected \`target\` to be in (${low}, ${high}), between the start and the fixed point, received ${target}.`,
      { parameter: 'target', expected: `a number in (${low}, ${high})`, received: target },
    );
  if (m === 0) return (initial / target - 1) / (2 * k * initial);
  const left = (initial / target) * ((m - k * target) / (m - k * initial));
  if (left > 0.5 && left < 2) return -Math.log1p((m * (initial / target - 1)) / (m - k * initial)) / (2 * m);
  // In logarithms: a start of 1e-300 has no ratio.
  return -(Math.log(initial) - Math.log(target) + Math.log((m - k * target) / (m - k * initial))) / (2 * m);
}
