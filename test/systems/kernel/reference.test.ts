// Quantities of kernel against values that do not come from this package (test/fixtures/kernel.json).
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate } from 'mft-native';

type Value = number | readonly Value[] | { readonly [key: string]: Value };
interface Case {
  readonly quantity: string;
  readonly parameters: object;
  readonly value: Value;
  readonly relativeTolerance?: number;
  readonly absoluteTolerance?: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/kernel.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

/** The numbers of `wanted` beside those of `found`. */
function pairs(wanted: Value, found: unknown): [number, number][] {
  if (typeof wanted === 'number') return [[wanted, found as number]];
  return Object.entries(wanted).flatMap(([key, value]) =>
    pairs(value as Value, (found as Record<string, unknown> | undefined)?.[key]),
  );
}

t.test('reference values', async (t) => {
  t.ok(cases.length >= 187, `${cases.length} cases`);
  for (const { quantity, parameters, value, relativeTolerance = 0, absoluteTolerance = 0 } of cases) {
    const found = await evaluate('kernel', quantity as 'mlpKernels', parameters);
    const wrong = pairs(value, found).filter(
      ([wanted, got]) => !(Math.abs(got - wanted) <= absoluteTolerance + relativeTolerance * Math.abs(wanted)),
    );
    t.same(wrong, [], `${quantity} ${JSON.stringify(parameters).slice(0, 100)}`);
  }
});
