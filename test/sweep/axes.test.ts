import fc from 'fast-check';
import t from 'tap';
import { axisValues, gridOf, withField } from '../../dist/sweep/axes.js';
import type { GridPoint } from '../../dist/sweep/point.js';
import { holds } from '../properties.js';

function gridPoints(axes: unknown): GridPoint[] {
  const { count, at } = gridOf(axes);
  return Array.from({ length: count }, (_, i) => at(i));
}

t.test('a product of axes, the last one fastest; zips and points are factors', async (t) => {
  t.same(gridPoints({ a: [1, 2], b: ['x', 'y'] }), [
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ]);
  t.same(gridPoints({ zip: { a: [1, 2], b: [3, 4] }, c: [5] }), [
    { a: 1, b: 3, c: 5 },
    { a: 2, b: 4, c: 5 },
  ]);
  t.same(gridPoints({ zip: [{ a: [1, 2] }, { b: [3, 4] }] }).length, 4);
  t.same(gridPoints({ points: [{ a: 1 }, { a: 2, b: 1 }] }), [{ a: 1 }, { a: 2, b: 1 }]);
  t.same(gridPoints({}), [{}]);
});

t.test('ranges hold their ends exactly and are monotone', async (t) => {
  await holds(
    t,
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.integer({ min: 2, max: 200 }),
      (a, b, n) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        for (const kind of ['linear', 'log']) {
          const values = axisValues({ [kind]: [low, high, n] }, 'axis') as number[];
          if (values.length !== n || values[0] !== low || values.at(-1) !== (n === 1 ? low : high)) return false;
          if (values.some((value, i) => i > 0 && value < (values[i - 1] as number) * (1 - 1e-14))) return false;
        }
        return true;
      },
    ),
    { seed: 4, numRuns: 200 },
  );
});

t.test('what is refused', async (t) => {
  const cases: [unknown, string][] = [
    [{ a: [] }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ a: 3 }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ a: { linear: [0, 1] } }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ a: { linear: [0, 1, 2.5] } }, 'ERR_MFT_OUT_OF_RANGE'],
    [{ a: { log: [0, 1, 3] } }, 'ERR_MFT_OUT_OF_RANGE'],
    [{ a: { linear: [0, 1, 3], log: [1, 2, 3] } }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ zip: { a: [1, 2], b: [1] } }, 'ERR_MFT_SHAPE'],
    [{ a: [1], zip: { a: [2] } }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ a: { linear: [0, 1, 3000] }, b: { linear: [0, 1, 3000] } }, 'ERR_MFT_OUT_OF_RANGE'],
    [[], 'ERR_MFT_INVALID_ARGUMENT'],
  ];
  for (const [axes, code] of cases) t.throws(() => gridOf(axes), { code }, JSON.stringify(axes));
  t.throws(() => withField({}, ['__proto__', 'polluted'], 1), { code: 'ERR_MFT_INVALID_ARGUMENT' });
});
