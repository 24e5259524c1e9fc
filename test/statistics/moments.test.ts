// Running moments against plain two-pass sums.
import fc from 'fast-check';
import t from 'tap';
import { accumulator, addTrial, estimated } from '../../dist/statistics/moments.js';
import { addLog, estimatedLog, logAccumulator } from '../../dist/statistics/log-moments.js';
import { axis } from '../../dist/core/results.js';
import { holds } from '../properties.js';

t.test('linear moments equal two-pass sums; NaN marks an undefined trial', async (t) => {
  await holds(
    t,
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 60 }),
      (values) => {
        const sums = accumulator(1);
        for (const value of values) addTrial(sums, Float64Array.of(value));
        addTrial(sums, Float64Array.of(Number.NaN));
        const result = estimated(sums, [axis('value', 1)], 'mean', 'never');
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
        return (
          Math.abs((result.values[0] as number) - mean) <= 1e-9 * (1 + Math.abs(mean)) &&
          Math.abs((result.variance[0] as number) - variance) <= 1e-9 * (1e-3 + variance) + 1e-9 &&
          result.count[0] === values.length
        );
      },
    ),
    { seed: 5, numRuns: 300 },
  );
  const nothing = accumulator(1);
  addTrial(nothing, Float64Array.of(Number.NaN));
  t.match(estimated(nothing, [axis('value', 1)], 'mean', 'undefined in every trial').undefinedAt, [
    { index: 0, reason: 'undefined in every trial' },
  ]);
});

t.test('log moments survive hundreds of decades', async (t) => {
  const logs = [-1000, -990, -995, -1003, -991];
  const sums = logAccumulator(1, true);
  const shifted = logAccumulator(1, true);
  logs.forEach((log, i) => {
    addLog(sums, 0, log, i % 2 === 0 ? 1 : -1);
    addLog(shifted, 0, log + 1000, i % 2 === 0 ? 1 : -1);
  });
  const [a, b] = [estimatedLog(sums, [axis('value', 1)]), estimatedLog(shifted, [axis('value', 1)])];
  const plain = logs.map((log, i) => Math.exp(log + 1000) * (i % 2 === 0 ? 1 : -1));
  const mean = plain.reduce((sum, value) => sum + value, 0) / plain.length;
  const variance = plain.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (plain.length - 1) / mean ** 2;
  t.ok(Math.abs((b.values[0] as number) - Math.log(Math.abs(mean))) < 1e-12);
  t.ok(Math.abs((a.values[0] as number) + 1000 - (b.values[0] as number)) < 1e-9);
  t.equal(a.sign?.[0], Math.sign(mean));
  t.ok(Math.abs((a.variance[0] as number) / variance - 1) < 1e-9);
  const zero = logAccumulator(1);
  addLog(zero, 0, -Infinity);
  addLog(zero, 0, -Infinity);
  t.equal(estimatedLog(zero, [axis('value', 1)]).values[0], -Infinity);
});
