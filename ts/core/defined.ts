// No result holds a NaN, nor an infinite value on a linear scale: what a verb of a system returns passes through here, and
// what is no number becomes undefined, with its reason. A system that knows a better reason gives it itself.
import { areFinite } from './finite.js';
import type { Estimated, Observable, Predicted, QuantityValue, UndefinedPoint } from './results.js';

const beyond = 'its numbers leave the range of double precision (about 1e-308 to 1e308)';
const indeterminate =
  'a ratio or difference of numbers that are zero, infinite or beyond the range of double precision';

/** The quantity with `{ reason }` for what is not a number. Infinite values are values (a depth scale on the critical line). */
export function definedQuantity(value: QuantityValue): QuantityValue {
  if (typeof value === 'number') return Number.isNaN(value) ? { reason: indeterminate } : value;
  if (Array.isArray(value)) {
    const list = value as readonly QuantityValue[];
    // Rows of matrices stay what they are: there may be as much of them as there is memory for once.
    return list.every((item) => typeof item === 'number' && !Number.isNaN(item)) ? value : list.map(definedQuantity);
  }
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, definedQuantity(item)]));
}

/** Whether a value of an observable means something: −Infinity is the logarithm of 0. */
function isValue(x: number, scale: Observable['scale']): boolean {
  return Number.isFinite(x) || (scale === 'log' && x === -Infinity);
}

/** The observable without NaN: such points are listed in `undefinedAt`; of a term that is not known the allowance is infinite. */
export function definedObservable<T extends Predicted | Estimated>(observable: T): T {
  const hidden = new Set((observable.undefinedAt ?? []).map(({ index }) => index));
  const wrong: UndefinedPoint[] = [];
  if (!areFinite(observable.values))
    observable.values.forEach((x, index) => {
      if (!hidden.has(index) && !isValue(x, observable.scale))
        wrong.push({ index, reason: Number.isNaN(x) ? indeterminate : beyond });
    });
  for (const { index } of wrong) hidden.add(index);
  const changed: Record<string, unknown> = {};
  if (wrong.length > 0) {
    const values = observable.values.slice();
    for (const { index } of wrong) values[index] = 0;
    changed.values = values;
    changed.undefinedAt = [...(observable.undefinedAt ?? []), ...wrong].sort((a, b) => a.index - b.index);
  }
  // An error or a spread that is not a number is not known: nothing follows from the point.
  for (const name of ['variance', 'standardError', 'spread'] as const) {
    const list = (observable as { readonly [key in typeof name]?: Float64Array })[name];
    if (list?.some(Number.isNaN))
      changed[name] = list.map((x, i) => (Number.isNaN(x) ? (hidden.has(i) ? 0 : Infinity) : x));
  }
  const finite = 'finiteSize' in observable ? observable.finiteSize : undefined;
  if (finite !== undefined) changed.finiteSize = definedTerm(finite);
  return Object.keys(changed).length === 0 ? observable : { ...observable, ...changed };
}

type FiniteSize = NonNullable<Predicted['finiteSize']>;

/** A term that is not finite is not known: 0, with an infinite allowance. */
function definedTerm(finite: FiniteSize): FiniteSize {
  const { values, allowance } = finite;
  if (values.every(Number.isFinite) && !(allowance?.some(Number.isNaN) ?? false)) return finite;
  return {
    ...finite,
    values: values.map((x) => (Number.isFinite(x) ? x : 0)),
    allowance: values.map((x, i) => {
      const known = allowance?.[i] ?? 0;
      return Number.isFinite(x) && !Number.isNaN(known) ? known : Infinity;
    }),
  };
}

/** Every quantity and observable of a body. */
export function definedBody<
  B extends {
    readonly quantities?: Readonly<Record<string, QuantityValue>>;
    readonly observables: Readonly<Record<string, Predicted | Estimated | undefined>>;
  },
>(body: B): B {
  const observables = Object.entries(body.observables).map(([name, observable]) => [
    name,
    observable === undefined ? observable : definedObservable(observable),
  ]);
  return {
    ...body,
    ...(body.quantities === undefined ? {} : { quantities: definedQuantity(body.quantities) }),
    observables: Object.fromEntries(observables),
  } as B;
}
