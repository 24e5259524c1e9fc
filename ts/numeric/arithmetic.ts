// What a formula asks of its numbers, so that it is written once for plain numbers and for intervals that hold the exact value.

/** The operations of a formula over numbers of a kind. */
export interface Arithmetic<T> {
  readonly of: (value: number) => T;
  readonly add: (a: T, b: T) => T;
  readonly subtract: (a: T, b: T) => T;
  readonly multiply: (a: T, b: T) => T;
  readonly divide: (a: T, b: T) => T;
  readonly squareRoot: (a: T) => T;
  readonly logarithm: (a: T) => T;
  /** log(1 + e^a) without overflow. */
  readonly softplus: (a: T) => T;
  readonly smaller: (a: T, b: T) => T;
  /** The smaller of a and b where b is positive, else a. */
  readonly smallerWherePositive: (a: T, b: T) => T;
  /** Whether a number is the logarithm of 0. */
  readonly isLogarithmOfZero: (a: T) => boolean;
}

/** Rounded to the nearest number. */
export const doubles: Arithmetic<number> = {
  of: (value) => value,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  squareRoot: Math.sqrt,
  logarithm: Math.log,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  smaller: (a, b) => Math.min(a, b),
  smallerWherePositive: (a, b) => (b > 0 ? Math.min(a, b) : a),
  isLogarithmOfZero: (a) => a === -Infinity,
};

/** The sum of all, from the first to the last. */
export const sumOf = <T>({ of, add }: Arithmetic<T>, terms: readonly T[]): T => terms.reduce(add, of(0));
