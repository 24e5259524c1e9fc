// Results given back to a function: whether they have the form that the verbs return them in, or JSON read with `fromJson`.
import { readOnce } from './copy.js';
import { expectedError } from './errors.js';
import type { Prediction, Simulation } from './results.js';

/**
 * The result, its records read once; the arrays are the caller's.
 *
 * @param value what the caller gave
 * @param name how to name it in errors
 * @param kinds what it may be
 * @throws MftError ERR_MFT_INVALID_ARGUMENT
 */
export function givenResult<T extends Prediction | Simulation>(value: T, name: string, kinds: readonly T['kind'][]): T {
  const expected = `a result of ${kinds.map((kind) => (kind === 'prediction' ? '`predict`' : '`simulate`')).join(' or ')}`;
  const record = (item: unknown, what: string, of = expected): Record<string, unknown> => {
    if (typeof item !== 'object' || item === null || readOnce(what, () => Array.isArray(item)))
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', what, of, item);
    return readOnce(what, () => ({ ...item }));
  };
  const result = record(value, name);
  if (!kinds.includes(result.kind as T['kind']))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.kind`, expected, result.kind);
  const observables: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(
    record(result.observables, `${name}.observables`, 'a record of observables'),
  )) {
    const what = `${name}.observables.${key}`;
    const observable = record(item, what, 'an observable with axes, scale and values');
    const isMeasured = result.kind === 'simulation';
    for (const list of isMeasured ? ['values', 'count', 'variance', 'standardError'] : ['values'])
      if (Object.prototype.toString.call(observable[list]) !== '[object Float64Array]')
        throw expectedError(
          'ERR_MFT_INVALID_ARGUMENT',
          `${what}.${list}`,
          'a Float64Array (`fromJson` makes them)',
          observable[list],
        );
    const { axes } = observable;
    if (!Array.isArray(axes) || axes.some((axis: { values?: unknown } | null) => !ArrayBuffer.isView(axis?.values)))
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${what}.axes`, 'a list of axes with values', axes);
    observables[key] = observable;
  }
  return { ...result, observables } as T;
}
