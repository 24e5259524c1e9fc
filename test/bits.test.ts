// The comparison of bits finds what tap's own comparisons let pass, and properties that try nothing fail.
import fc from 'fast-check';
import t from 'tap';
import { bitDifference } from './bits.js';
import { outcome } from './properties.js';

t.test('what differs is found', async (t) => {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['buffers', Float64Array.of(1, 2).buffer, Float64Array.of(1, 3).buffer],
    ['views', new DataView(Float64Array.of(1).buffer), new DataView(Float64Array.of(2).buffer)],
    ['signs of zero', 0, -0],
    ['signs of zero in arrays', Float64Array.of(0), Float64Array.of(-0)],
    ['the last bit', 0.1 + 0.2, 0.3],
    ['kinds of arrays', Float32Array.of(1), Float64Array.of(1)],
    ['an array and a list', Float64Array.of(1), [1]],
    ['lengths', Float64Array.of(1, 2), Float64Array.of(1)],
    ['a field that is absent', { a: 1 }, { a: 1, b: 2 }],
    ['undefined and absent', { a: 1, b: undefined }, { a: 1 }],
    ['deep inside', { a: [{ b: Float64Array.of(1, 2) }] }, { a: [{ b: Float64Array.of(1, 2.5) }] }],
    ['NaN and a number', Float64Array.of(Number.NaN), Float64Array.of(1)],
    ['nothing', undefined, undefined],
    ['an empty object and a list', {}, []],
  ];
  t.equal(pairs.length, 14);
  for (const [what, a, b] of pairs) t.type(bitDifference(a, b), 'string', what);
});

t.test('what is the same passes', async (t) => {
  const whole = Float64Array.of(7, 1, 2, 7);
  t.equal(bitDifference(whole.subarray(1, 3), Float64Array.of(1, 2)), undefined, 'a part of a buffer');
  t.equal(bitDifference(new Float32Array(new SharedArrayBuffer(8)), new Float32Array(2)), undefined, 'shared memory');
  t.equal(bitDifference({ a: 1, b: 'x' }, { b: 'x', a: 1 }), undefined, 'another order of fields');
  t.equal(bitDifference(Number.NaN, -Number.NaN), undefined, 'NaN has no sign');
  t.equal(bitDifference({ a: 1, when: 1 }, { a: 1, when: 2 }, ['when']), undefined, 'a field passed over');
});

t.test('a property that holds, that fails, that tries nothing', async (t) => {
  const settings = { seed: 1, numRuns: 20 };
  t.match(
    await outcome(
      fc.property(fc.integer(), () => true),
      settings,
    ),
    { failed: false, tried: 20 },
  );
  t.match(
    await outcome(
      fc.property(fc.integer(), (n) => n < 0),
      settings,
    ),
    { failed: true },
  );
  const skipping = fc.property(fc.integer(), (n) => {
    fc.pre(!Number.isInteger(n));
  });
  t.match(await outcome(skipping, settings), { failed: true }, 'every case was skipped');
});
