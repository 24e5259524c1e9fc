// One point of a plan: fields and their values.

/** A value of an axis: plain JSON data. */
export type AxisValue = null | boolean | number | string | readonly AxisValue[] | { readonly [key: string]: AxisValue };

/** One point of the grid: field path → value. */
export type GridPoint = Readonly<Record<string, AxisValue>>;

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
