// What a row holds, whoever wrote it: rows that come through a queue and rows that stand in a journal are checked alike.
import type { MftError, MftErrorCode } from '../core/errors.js';
import { isRecord } from './point.js';

/** Makes the error that says where the row comes from. */
type Refuse = (why: string) => MftError;

/** The parts of an observable of which one has a number for each of its points. */
const parts = ['values', 'count', 'variance', 'standardError', 'expected', 'estimate', 'z', 'pValue', 'verdicts'];

/** @throws what `refuse` makes */
export function checkedError(
  error: unknown,
  refuse: Refuse,
): { readonly code: MftErrorCode; readonly message: string; readonly parameter?: string } {
  const { code, message, parameter } = isRecord(error) ? error : {};
  if (typeof code !== 'string' || !/^ERR_MFT_[A-Z_]{1,40}$/.test(code) || typeof message !== 'string')
    throw refuse('its error has no code and message');
  return {
    code: code as MftErrorCode,
    message: message.slice(0, 2000),
    ...(typeof parameter === 'string' ? { parameter: parameter.slice(0, 100) } : {}),
  };
}

/** The result, every observable of which has axes and fits them. @throws what `refuse` makes */
export function checkedResult(result: unknown, refuse: Refuse): Readonly<Record<string, unknown>> {
  if (!isRecord(result)) throw refuse('its result is not an object');
  for (const observables of [result.observables, result.statistics])
    if (observables !== undefined) {
      if (!isRecord(observables)) throw refuse('its observables are no record');
      for (const observable of Object.values(observables)) checkObservable(observable, refuse);
    }
  return result;
}

function checkObservable(observable: unknown, refuse: Refuse): void {
  if (!isRecord(observable) || !Array.isArray(observable.axes)) throw refuse('an observable has no axes');
  let size = 1;
  for (const axis of observable.axes) {
    const length = isRecord(axis) ? lengthOf(axis.values) : undefined;
    if (length === undefined || typeof axis.name !== 'string') throw refuse('an observable has no axes');
    size *= length;
  }
  const listed = lengthOf(observable.index) ?? size;
  const values = lengthOf(observable.values);
  if (values === undefined ? !parts.some((part) => lengthOf(observable[part]) === listed) : values !== listed)
    throw refuse('an observable does not fit its axes');
}

function lengthOf(list: unknown): number | undefined {
  return Array.isArray(list) || list instanceof Float64Array ? list.length : undefined;
}
