// Grids: ends exact, steps equal, one point.
import t from 'tap';
import { linearGrid, logGrid } from '../../dist/numeric/grids.js';

t.test('linear', async (t) => {
  t.same(linearGrid(0, 3, 11), [0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3], 'the numbers one would write');
  t.same(linearGrid(5, 9, 1), [5]);
  t.same(linearGrid(2, 1, 3), [2, 1.5, 1]);
  for (let count = 2; count < 200; count++) t.equal(linearGrid(0.1, 0.7, count).at(-1), 0.7);
});

t.test('logarithmic', async (t) => {
  const grid = logGrid(0.003, 7, 50);
  t.equal(grid[0], 0.003);
  t.equal(grid.at(-1), 7);
  t.same(logGrid(0.003, 7, 1), [0.003]);
  const ratio = (7 / 0.003) ** (1 / 49);
  for (let i = 1; i < grid.length; i++)
    t.ok(Math.abs((grid[i] as number) / (grid[i - 1] as number) / ratio - 1) < 1e-14, `step ${i}`);
});
