// Distribution functions and tests against SciPy (test/fixtures/statistics.py).
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  binomialTwoSided,
  chiSquareTail,
  normalTwoSided,
  regularizedBeta,
  studentQuantile,
  studentTwoSided,
} from '../../dist/statistics/distributions.js';
import { holm } from '../../dist/statistics/holm.js';
import { bootstrap, kolmogorovSmirnov } from 'mft-native';
import { otherBits, sameBits } from '../bits.js';

const fixtures = JSON.parse(readFileSync(new URL('../fixtures/statistics.json', import.meta.url), 'utf8'));

function near(t: Test, found: number, wanted: number, relative: number, name: string): void {
  t.ok(Math.abs(found - wanted) <= relative * Math.abs(wanted), `${name}: ${found} against ${wanted}`);
}

t.test('every case of SciPy is there', async (t) => {
  const counts = {
    studentTwoSided: 25,
    normalTwoSided: 6,
    chiSquareTail: 16,
    regularizedBeta: 27,
    binomialTwoSided: 80,
    kolmogorovSmirnov: 3,
  };
  for (const [name, count] of Object.entries(counts)) t.equal(fixtures[name].length, count, name);
});

t.test('distributions equal SciPy', async (t) => {
  for (const [x, d, wanted] of fixtures.studentTwoSided)
    near(t, studentTwoSided(x, d), wanted, 1e-9, `student ${x} ${d}`);
  for (const [z, wanted] of fixtures.normalTwoSided) near(t, normalTwoSided(z), wanted, 1e-10, `normal ${z}`);
  for (const [x, d, wanted] of fixtures.chiSquareTail)
    near(t, chiSquareTail(x, d), wanted, 1e-9, `chi-square ${x} ${d}`);
  for (const [x, a, b, wanted] of fixtures.regularizedBeta)
    near(t, regularizedBeta(x, a, b), wanted, 1e-9, `beta ${x} ${a} ${b}`);
  for (const [k, n, p, wanted] of fixtures.binomialTwoSided) {
    // Tails below 1e-13 come out as a difference from 1.
    const found = binomialTwoSided(k, n, p);
    t.ok(Math.abs(found - wanted) <= 1e-8 * wanted + 1e-13, `binomial ${k} ${n} ${p}: ${found} against ${wanted}`);
  }
});

t.test('two-sample Kolmogorov–Smirnov', async (t) => {
  for (const { a, b, statistic, pValue } of fixtures.kolmogorovSmirnov) {
    const found = kolmogorovSmirnov(a, b);
    near(t, found.statistic, statistic, 1e-12, 'statistic');
    t.ok(Math.abs(found.pValue - pValue) < 0.02, `p ${found.pValue} against ${pValue}`);
  }
  t.throws(() => kolmogorovSmirnov([1, 2], [1, 2, 3, 4, 5]), { code: 'ERR_MFT_SHAPE', parameter: 'a' });
});

t.test('Holm', async (t) => {
  t.same(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
  t.same(holm([]), []);
});

t.test('bootstrap of a mean has the standard error of the mean, and a seed', async (t) => {
  const x = Array.from({ length: 100 }, (_, i) => Math.sin(i * i));
  const mean = (rows: readonly number[]): number => rows.reduce((sum, i) => sum + (x[i] as number), 0) / rows.length;
  const result = bootstrap(100, mean, { replicates: 2000, seed: 3 });
  const m = mean(x.map((_, i) => i));
  const expected = Math.sqrt(x.reduce((sum, v) => sum + (v - m) ** 2, 0)) / 100;
  near(t, result.standardError, expected, 0.08, 'standard error (2000 replicates know it to 1.6 %)');
  t.ok(result.interval[0] < m && m < result.interval[1]);
  sameBits(t, bootstrap(100, mean, { replicates: 2000, seed: 3 }), result, 'same seed');
  otherBits(t, bootstrap(100, mean, { replicates: 2000, seed: 4 }).replicates, result.replicates, 'another seed');
  t.throws(() => bootstrap(1, mean), { code: 'ERR_MFT_OUT_OF_RANGE' });
});

t.test('Student quantiles are those of the distribution, from the centre far into the tails', async (t) => {
  t.ok(Math.abs(studentQuantile(0.05, 2) - 4.302652729911275) < 1e-9, 'the tabled value');
  for (const degrees of [1, 2, 8, 100])
    for (const p of [0.999, 0.5, 0.2, 1e-3, 1e-9])
      t.ok(Math.abs(studentTwoSided(studentQuantile(p, degrees), degrees) / p - 1) < 1e-11, `${p}, ${degrees}`);
});
