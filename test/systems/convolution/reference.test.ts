// Quantities of convolution against values that do not come from this package (test/fixtures/convolution.json).
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate } from 'mft-native';

interface Case {
  readonly quantity: 'gapStated';
  readonly parameters: object;
  readonly value: number | Readonly<Record<string, number>>;
  readonly relativeTolerance: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/convolution.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

t.test('reference values', async (t) => {
  t.equal(cases.length, 35);
  for (const { quantity, parameters, value, relativeTolerance } of cases) {
    const found = await evaluate('convolution', quantity, parameters);
    const pairs: [string, number, number][] =
      typeof value === 'number'
        ? [[quantity, found as number, value]]
        : Object.entries(value).map(([key, each]) => [
            key,
            (found as unknown as Record<string, number>)[key] as number,
            each,
          ]);
    for (const [name, x, y] of pairs)
      t.ok(
        Math.abs(x - y) <= relativeTolerance * Math.abs(y),
        `${name} ${JSON.stringify(parameters)}: ${x} against ${y}`,
      );
  }
});
