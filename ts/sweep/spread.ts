// A few of many: the jobs that an estimate measures, the jobs and panels that a report shows.
/** At most so many of the items, evenly chosen, the first and the last among them. */
export function spread<T>(items: readonly T[], most: number): readonly T[] {
  return items.length <= most
    ? items
    : Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T);
}
