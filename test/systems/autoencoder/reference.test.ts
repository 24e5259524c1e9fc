// Quantities of autoencoder against values that do not come from this package (test/fixtures/autoencoder.json).
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate } from 'mft-native';

interface Case {
  readonly quantity: 'fixedPoint';
  readonly parameters: object;
  readonly value: number;
  readonly relativeTolerance: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/autoencoder.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

t.test('reference values', async (t) => {
  t.equal(cases.length, 1);
  for (const { quantity, parameters, value, relativeTolerance } of cases) {
    const found = (await evaluate('autoencoder', quantity, parameters)) as number;
    t.ok(Math.abs(found - value) <= relativeTolerance * Math.abs(value), `${quantity}: ${found} against ${value}`);
  }
});
