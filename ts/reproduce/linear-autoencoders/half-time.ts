// When a mode is learnt.
/** The step at which a curve passes half of its last value, between records; undefined when it begins there. */
export function halfTime(records: readonly number[], value: (record: number) => number): number | undefined {
  const half = value(records.length - 1) / 2;
  const after = records.findIndex((_, record) => value(record) >= half);
  if (after < 1) return undefined;
  const [low, high] = [value(after - 1), value(after)];
  const [from, to] = [records[after - 1] as number, records[after] as number];
  return from + ((half - low) / (high - low)) * (to - from);
}
