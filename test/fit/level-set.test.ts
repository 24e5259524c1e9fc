// The logistic level set: closed cases, recovery of a planted boundary, coverage of its interval.
import t from 'tap';
import { fitLevelSet, type Outcome } from '../../dist/fit/level-set.js';

/** A fixed multiplicative generator: planted outcomes, the same on every machine. */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function planted(boundary: number, slope: number, next: () => number): Outcome[] {
  return [8, 11, 16, 23, 32, 45, 64, 91].flatMap((depth) =>
    Array.from({ length: 3 }, () => ({ depth, isSuccess: next() < 1 / (1 + (depth / boundary) ** slope) })),
  );
}

t.test('outcomes that separate: finite, between the last success and the first failure', async (t) => {
  const outcomes = [8, 16, 32, 64].flatMap((depth) => [1, 2, 3].map(() => ({ depth, isSuccess: depth < 20 })));
  const found = fitLevelSet(outcomes);
  if ('censored' in found) return t.fail('not censored');
  // The design is symmetric about √(8 · 64), and so is the fit.
  t.ok(Math.abs(found.depth - Math.sqrt(8 * 64)) < 1e-6 * found.depth);
  t.ok(found.low < found.depth && found.depth < found.high && found.slope < 0);
});

t.test('censored on the right side', async (t) => {
  const all = (isSuccess: (depth: number) => boolean): Outcome[] =>
    [8, 16, 32, 64].map((depth) => ({ depth, isSuccess: isSuccess(depth) }));
  t.same(fitLevelSet(all(() => true)), { censored: 'above' });
  t.same(fitLevelSet(all(() => false)), { censored: 'below' });
  t.same(
    fitLevelSet(all((depth) => depth !== 8)),
    { censored: 'above' },
    'success that grows with depth has no boundary',
  );
  t.throws(() => fitLevelSet([{ depth: 8, isSuccess: true }]), { code: 'ERR_MFT_SHAPE' });
});

t.test('a planted boundary is found, with the coverage of its interval', async (t) => {
  const next = uniforms(7);
  const trials = 400;
  let [covered, missed, sum] = [0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const found = fitLevelSet(planted(30, 4, next));
    if ('censored' in found) return t.fail('no censoring in the middle of the depths');
    sum += Math.log(found.depth / 30);
    if (found.low <= 30 && 30 <= found.high) covered++;
    if (found.low <= 60 && 60 <= found.high) missed++;
  }
  t.ok(Math.abs(sum / trials) < 0.05, `bias of the logarithm ${sum / trials}`);
  t.ok(covered / trials > 0.91, `coverage ${covered / trials}`);
  t.ok(missed / trials < 0.2, `a boundary twice as deep is covered by ${missed / trials} only: the test has power`);
});
