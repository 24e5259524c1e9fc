// The spectrum of given data: against rotations of the matrix itself, and what must be said of it.
import t from 'tap';
import { type Dataset, dataSpectrum, evaluate, predict, readDataset } from 'mft-native';

t.test('rows: the specification data by two eigensolvers', async (t) => {
  const rows = Array.from({ length: 12 }, (_, n) =>
    Array.from({ length: 5 }, (_, d) => Math.sin(1 + 3 * n + 7 * d) + Math.cos(2 + 5 * n * d) / (1 + d)),
  );
  const found = await dataSpectrum(rows);
  const expected = (await evaluate('autoencoder', 'spectrum', { samples: 12, dimension: 5 })) as number[];
  t.ok(found.inputVariance.every((nu, i) => Math.abs(nu - (expected[i] as number)) < 1e-14 * found.trace));
  const trace = rows.flat().reduce((sum, x) => sum + (x * x) / 12, 0);
  t.ok(Math.abs(found.trace - trace) < 1e-14 * trace);
  t.equal(found.rank, 5);
  // S v = ν v, row by row.
  let worst = 0;
  for (let i = 0; i < 5; i++)
    for (let a = 0; a < 5; a++) {
      const v = found.directions.subarray(5 * i, 5 * i + 5);
      const image = rows.reduce(
        (sum, x) => sum + ((x[a] as number) * x.reduce((dot, each, b) => dot + each * (v[b] as number), 0)) / 12,
        0,
      );
      worst = Math.max(worst, Math.abs(image - (found.inputVariance[i] as number) * (v[a] as number)));
    }
  t.ok(worst < 1e-14, `${worst}`);
  const theory = await predict({ system: 'autoencoder', inputVariance: found.inputVariance, width: 3, steps: 200 });
  t.equal(theory.observables.modeMapping?.axes[1]?.values.length, 5, 'it is what a spec takes');
});

t.test('constant and repeated components have directions without variance, exactly 0', async (t) => {
  const found = await dataSpectrum([
    [1, 1, 2],
    [3, 3, 2],
    [0, 0, 2],
  ]);
  t.equal(found.rank, 2);
  t.same(found.rankInterval, [2, 2]);
  t.equal(found.inputVariance[2], 0);
  const centred = await dataSpectrum(
    [
      [1, 1, 2],
      [3, 3, 2],
      [0, 0, 2],
    ],
    { isCentred: true },
  );
  t.equal(centred.rank, 1);
  t.equal(centred.meanShare, 0);
  t.match(centred.warnings, [{ id: 'maskingCouplesDirections', message: /1 are always 0/ }]);
});

t.test('the first images of a data set, by name and read; threads change nothing', async (t) => {
  const data = await readDataset('synthetic', 'train');
  // Two blocks of 512 images, which two threads take.
  const count = 600;
  const named = await dataSpectrum('synthetic', { count, threads: 1 });
  const read = await dataSpectrum(data, { count, threads: 2 });
  t.same(Buffer.from(named.directions.buffer), Buffer.from(read.directions.buffer));
  t.ok(read.rank <= count && read.rank > count / 2, `${count} images: rank ${read.rank}`);
  t.ok((named.inputVariance[0] as number) / named.trace > named.meanShare * 0.99, 'the mean is the leading direction');
});

t.test('errors', async (t) => {
  const broken = { ...(await readDataset('synthetic', 'train')), count: 3 } as Dataset;
  for (const [data, code, parameter] of [
    [[], 'ERR_MFT_INVALID_ARGUMENT', 'data'],
    [[[1], [1, 2]], 'ERR_MFT_SHAPE', 'data.1'],
    [[[1, Number.NaN]], 'ERR_MFT_OUT_OF_RANGE', 'data.0.1'],
    [broken, 'ERR_MFT_INVALID_ARGUMENT', 'data'],
  ] as const)
    await t.rejects(dataSpectrum(data), { code, parameter });
  const reason = new Error('enough');
  await t.rejects(dataSpectrum('synthetic', { signal: AbortSignal.abort(reason) }), reason);
});
