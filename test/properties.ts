// Properties over random cases (fast-check, fixed seeds) as assertions: a property that found nothing to try fails.
import fc from 'fast-check';
import type { Test } from 'tap';

type Property<T> = fc.IProperty<T> | fc.IAsyncProperty<T> | fc.IRawProperty<T>;

/** Runs a property: whether it failed, how many cases it tried, and fast-check's report of the smallest counterexample. */
export async function outcome<T>(
  property: Property<T>,
  parameters: fc.Parameters<T>,
): Promise<{ readonly failed: boolean; readonly tried: number; readonly report: string }> {
  const details = await fc.check(property as fc.IAsyncProperty<T>, parameters);
  const report = (await fc.asyncDefaultReportMessage(details)) ?? '';
  return { failed: details.failed, tried: details.numRuns, report };
}

/** Asserts that a property holds for all of `numRuns` cases. */
export async function holds<T>(
  t: Test,
  property: Property<T>,
  parameters: fc.Parameters<T> & { readonly numRuns: number },
  what = 'the property',
): Promise<void> {
  const { failed, tried, report } = await outcome(property, parameters);
  t.ok(!failed && tried >= parameters.numRuns, failed ? report : `${what} holds in ${tried} cases`);
}
