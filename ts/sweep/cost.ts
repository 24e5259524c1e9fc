// Relative cost of a simulation from the numbers every system's spec has: how jobs are ordered (the heaviest first) and
// how a measured probe is scaled. Only ratios within a sweep matter; the absolute scale comes from measurement.
interface Sized {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly run?: Readonly<Record<string, unknown>>;
}

/** trials × depth × N (engines without weight matrices) or × N² (with them), N² being the mean of the squared widths. */
export function simulationCost(work: Sized): number {
  const { spec, run = {} } = work;
  const width = numbers(spec.width ?? spec.hiddenWidth);
  const depth = numbers(spec.depth ?? spec.steps)[0] ?? 1;
  const power = run.engine === 'conditioned' ? 1 : 2;
  const perLayer = width.length === 0 ? 1 : width.reduce((sum, n) => sum + n ** power, 0) / width.length;
  return Math.max(1, (numbers(run.trials)[0] ?? 1) * depth * perLayer);
}

function numbers(value: unknown): number[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is number => typeof item === 'number' && Number.isFinite(item));
}
