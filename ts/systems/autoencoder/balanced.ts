// The balanced start w1 = w2: the logistic curve of a direction, with noise and decay, at any time.
import { MftError } from '../../core/errors.js';
import { fixedPoint, growth, type Mode, stiffness } from './mode.js';

/**
 * w at time s = α·step from w_0 ≥ 0: dw/ds = 2w(m − k w), m = ν − g, k = ν + s²,
 *
 *     w = w_0/(e^{−2ms} + k w_0 (1 − e^{−2ms})/m)
 *
 * Every term is positive for either sign of m, so nothing cancels or overflows; m = 0 is the limit.
 */
export function balancedMapping(mode: Mode, initial: number, time: number): number {
  const [m, k] = [growth(mode), stiffness(mode)];
  if (m === 0) return initial / (1 + 2 * k * initial * time);
  if (m > 0) return initial / (Math.exp(-2 * m * time) - k * initial * (Math.expm1(-2 * m * time) / m));
  return (initial * Math.exp(2 * m * time)) / (1 + k * initial * (Math.expm1(2 * m * time) / m));
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
