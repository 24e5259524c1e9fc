// modeCurve: mappings of one direction at many steps, as a function of numbers.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { numberList } from '../../core/copy.js';
import { expectedError } from '../../core/errors.js';
import { mappingCurve } from './curve.js';
import { scheduleField, startFields, startOf } from './quantity-fields.js';
import { checkOrder, type Piece } from './schedule.js';

/** A direction, its start, and what changes on the way. */
export interface ModeCurve {
  /** ν: variance of the data along the direction. */
  readonly inputVariance: number;
  /** s². Default 0. */
  readonly noiseVariance?: number;
  /** g. Default 0. */
  readonly weightDecay?: number;
  /** α. */
  readonly learningRate: number;
  /** w_0 of equal weights, or with `imbalance` of unequal ones; or both weights, `w1` and `w2`. */
  readonly initialMapping?: number;
  /** w2² − w1² at the start: 0 is rich, far above the fixed point lazy. */
  readonly imbalance?: number;
  readonly w1?: number;
  readonly w2?: number;
  /** Noise, decay and rate from given steps on. */
  readonly schedule?: readonly Piece[];
}

const schema = z.strictObject({ ...startFields, schedule: scheduleField });

/**
 * The mapping w1 w2 of one direction at every step of a list, in closed form: what quantity `modeCurve` gives, for many steps.
 *
 * @param direction ν, s², g, α, the start (`initialMapping`, with `imbalance` or without, or `w1` and `w2`), a `schedule`
 * @param steps real numbers >= 0, rising
 * @returns one mapping per step, 1 is perfect reconstruction
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE
 *
 * **Numerics**: relative error below 7e-15, mostly some 1e-16; nothing overflows at any step.
 * **Source**: Pretorius, Kroon & Kamper 2018; docs/systems/autoencoder.md (3.1), (3.3), (3.4), (3.6).
 *
 * @example
 * import { modeCurve } from 'mft-native';
 * const curve = modeCurve({ inputVariance: 1, noiseVariance: 1, learningRate: 0.01, initialMapping: 1e-6 }, [0, 700, 5000]);
 * console.log(curve[1].toFixed(6)); // 0.353166
 */
export function modeCurve(direction: ModeCurve, steps: readonly number[] | Float64Array): Float64Array {
  const { inputVariance, noiseVariance, weightDecay, learningRate, schedule, ...start } = parse(
    schema,
    direction,
    'direction',
  );
  const list = numberList(steps, 'steps');
  checkRising('steps', list);
  checkOrder(schedule);
  const values = mappingCurve(
    { inputVariance, noiseVariance, weightDecay },
    startOf(start),
    learningRate,
    list,
    schedule,
  );
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw expectedError('ERR_MFT_OUT_OF_RANGE', 'direction', 'a start whose squares are numbers', direction);
  return values;
}

/** Refuses what is negative, no number or out of order. */
function checkRising(name: string, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const [value, before] = [values[i] as number, i === 0 ? -1 : (values[i - 1] as number)];
    if (!(value >= 0 && value < Infinity)) throw expectedError('ERR_MFT_OUT_OF_RANGE', name, 'numbers >= 0', value);
    if (value < before) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'in rising order', value);
  }
}
