// Quantities of recurrent against values that do not come from this package (test/fixtures/recurrent.json).
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate } from 'mft-native';

interface Case {
  readonly quantity: Parameters<typeof evaluate<'recurrent'>>[1];
  readonly parameters: object;
  readonly value: number | readonly number[];
  readonly relativeTolerance: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/recurrent.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

t.test('reference values', async (t) => {
  t.equal(cases.length, 135);
  for (const { quantity, parameters, value, relativeTolerance } of cases) {
    const found = [await evaluate('recurrent', quantity, parameters)].flat();
    const wanted = [value].flat();
    t.equal(found.length, wanted.length, `${quantity}: how many`);
    wanted.forEach((each, i) => {
      const error = Math.abs((found[i] as number) - each);
      t.ok(
        error <= relativeTolerance * Math.abs(each),
        `${quantity} ${JSON.stringify(parameters)}: ${found[i]}, ${each}`,
      );
    });
  }
});
