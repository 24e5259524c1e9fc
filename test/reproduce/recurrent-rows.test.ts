// Rows of the trainability of recurrent cells: planted edges give back their multiple, planted accuracies their verdicts.
import t from 'tap';
import { edgeRows, edges, fittedMultiple, type GridCell } from '../../dist/reproduce/recurrent/edges.js';
import { shrunk } from '../../dist/reproduce/recurrent/digits.js';
import { type BiasPoint, rowsOf } from '../../dist/reproduce/recurrent/forget-bias.js';

const lengths = [5, 10, 20, 40, 80, 160];
/** Columns of some τ that are learnt up to `edgeOf(τ)`. */
const planted = (timescales: readonly number[], edgeOf: (timescale: number) => number): GridCell[] =>
  timescales.flatMap((timescale, value) =>
    lengths.map((length) => ({
      value,
      timescale,
      length,
      accuracies: [1, 2, 3].map((seed) => (length * (1 + 0.02 * seed) <= edgeOf(timescale) ? 0.9 : 0.1)),
    })),
  );
const taus = [1.5, 3, 6, 12, 24];
const verdicts = (cells: readonly GridCell[], isGated: boolean) =>
  edgeRows('cell', cells, isGated).map(({ verdict }) => verdict);

t.test('the multiple of τ comes back', async (t) => {
  const fit = fittedMultiple(edges(planted(taus, (tau) => 5 * tau)));
  // Lengths double: an edge is known to a factor √2.
  t.ok(fit !== undefined && Math.abs(fit.multiple / 5 - 1) < 0.2 && Math.abs(fit.slope - 1) < 0.1, JSON.stringify(fit));
  t.same(
    verdicts(
      planted(taus, (tau) => 5 * tau),
      false,
    ),
    ['agrees', 'agrees'],
  );
  t.equal(fittedMultiple(edges(planted([1, 1000], (tau) => tau))), undefined, 'no edge among the lengths, no multiple');
});

t.test('edges that are no multiple differ; of gated cells that remember longer they are explained', async (t) => {
  const slow = planted(taus, (tau) => 12 * tau ** 0.3);
  t.same(verdicts(slow, false), ['differs', 'agrees']);
  t.same(verdicts(slow, true), ['explained', 'agrees']);
  const fast = planted([1.5, 2, 3, 4], (tau) => tau ** 3.3);
  t.equal(verdicts(fast, true)[0], 'differs', 'theory does not expect an exponent above 1');
  t.equal(
    verdicts(
      planted(taus, (tau) => 150 / tau),
      true,
    )[1],
    'differs',
    'a longer τ with a nearer edge',
  );
  t.equal(
    verdicts(
      planted([1, 1000], (tau) => tau),
      false,
    )[0],
    'inconclusive',
  );
});

const point = (bias: number, isAdvised: boolean, accuracies: readonly number[]): BiasPoint => ({
  cell: 'lstm',
  length: 40,
  bias,
  isAdvised,
  accuracies,
});
const folk = [point(1, false, [0.3, 0.31, 0.29, 0.3, 0.32]), point(5, false, [0.7, 0.72, 0.71, 0.69, 0.7])];

t.test('the advised bias against the best of the others, by medians', async (t) => {
  const row = (accuracies: readonly number[]) => rowsOf([point(4.4, true, accuracies), ...folk])[0];
  t.match(row([0.7, 0.69, 0.71, 0.7, 0.72]), {
    verdict: 'agrees',
    measured: /4\.40: 0\.700; 1\.00: 0\.300; 5\.00: 0\.700/,
  });
  t.match(row([0.6, 0.61, 0.6, 0.59, 0.6]), { verdict: 'differs', measured: /advised − best -0\.100 ± 0\.0/ });
  t.match(row([0, 0.7, 0.71, 0.72, 0.7]), { verdict: 'agrees' }, 'one of five that diverged does not decide a median');
  t.equal(rowsOf(folk).length, 0, 'nothing was advised');
});

t.test('means of squares of pixels', async (t) => {
  const set = { count: 1, shape: [4, 4], dimension: 16, images: Uint8Array.from({ length: 16 }, (_, i) => 10 * i) };
  t.same([...shrunk(set as never, 2).images], [25, 45, 105, 125]);
  t.same([...shrunk(set as never, 4).images], [75]);
});
