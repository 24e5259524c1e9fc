// inspect of recurrent cells: the a fresh cell has the spectrum of theory, and cells that train wrote are read.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { inspect, readArrays, train } from 'mft-native';
import { cellReports } from '../../dist/inspect/cells/report.js';

const file = new URL('../fixtures/weights/recurrent.pt', import.meta.url).pathname;
const arrays = Object.entries((await readArrays(file)).arrays).map(([name, { shape, values }]) => ({
  ...{ name, shape, type: 'F32', bytes: 0, storage: name },
  read: async () => values,
}));

t.test('a fresh cell has the law of theory, one whose matrix is no more random has not', async (t) => {
  const { cells } = await inspect(file, { recurrent: { sequences: 3 } });
  if (cells === undefined || 'reason' in cells) return t.fail('cells');
  for (const { name, distance, spec } of cells) {
    t.ok((distance as number) < 0.05, `${name}: ${distance}`);
    t.equal(spec.width, 64);
  }
  const rnn = arrays.filter(({ name }) => name.startsWith('rnn'));
  // A diagonal of the same variance as all the other entries together: what training to remember leaves.
  const moved = rnn.map((array) =>
    array.name !== 'rnn.weight_hh_l0'
      ? array
      : {
          ...array,
          read: async () => Float64Array.from(await array.read(), (w, i) => Number(w) + (i % 65 === 0 ? 0.58 : 0)),
        },
  );
  const [report] = (await cellReports(moved, { sequences: 3 }, {})) as Exclude<
    Awaited<ReturnType<typeof cellReports>>,
    { reason: string }
  >;
  t.ok((report?.distance as number) > 0.06, `${report?.distance}`);
});

t.test('cells that train wrote', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mft-inspect-cells-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const options = { steps: 1, batchSize: 20, trainCount: 20, trainEvaluation: 0, learningRate: 0 } as const;
  const specs = [
    { cell: 'minimal', biasMean: 2 },
    { cell: 'gru', biasMean: 2, resetAfter: true },
    { cell: 'lstm', biasMean: 2 },
  ] as const;
  const kept = 1 / (1 + Math.exp(-2));
  for (const spec of specs) {
    const path = join(folder, `${spec.cell}.npz`);
    await train({ system: 'recurrent', width: 40, steps: 28, ...spec }, 'synthetic', { ...options, saveWeights: path });
    const { cells } = await inspect(path, { recurrent: { cell: 'minimal', sequences: 2, inputVariance: 0.5 } });
    t.match(cells, [{ spec: { cell: spec.cell, width: 40 } }]);
    const [own] = cells as unknown as readonly {
      fixedPoints: { secondMoment: number; spectralRadius: number }[];
      spec: { biasMean?: number; gates?: Record<string, { biasMean?: number }> };
    }[];
    // Without input the minimal cell forgets at the rate of its gate.
    const [point] = own?.fixedPoints ?? [];
    if (spec.cell === 'minimal') {
      t.ok((point?.secondMoment as number) < 1e-18, `${point?.secondMoment}`);
      t.ok(Math.abs((point?.spectralRadius as number) - kept) < 1e-6, `${point?.spectralRadius}`);
    }
    const keep = spec.cell === 'lstm' ? 'f' : 'z';
    t.equal(own?.spec.biasMean ?? own?.spec.gates?.[keep]?.biasMean, 2);
  }
});
