// inspect: statistics against independent ones, laws against planted draws, gates against where they were planted.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { type Inspection, inspect, type LayerReport } from 'mft-native';
import { edgeProbability, momentsOf, randomEdge, singularOf, zeroLines } from '../../dist/inspect/matrix.js';
import { cutVariance, largestScore, scoresOf, weightLaws } from '../../dist/inspect/laws.js';
import { writeSafetensors } from '../../dist/weights/safetensors.js';
import { encodeNpy } from '../data/encode-npy.js';
import { zip } from '../data/zip.js';

const fixtures = 'test/fixtures/weights';
const folder = await mkdtemp(join(tmpdir(), 'mft-inspect-'));
t.teardown(() => rm(folder, { recursive: true }));

/** Uniform numbers in (0, 1), always the same (splitmix32). */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (((z ^ (z >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
}
function draws(seed: number) {
  const next = uniforms(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  const cut = (): number => {
    for (;;) {
      const z = normal();
      if (Math.abs(z) < 2) return z;
    }
  };
  return { uniform: () => Math.sqrt(3) * (2 * next() - 1), normal, truncatedNormal: cut };
}
const layer = ({ layers }: Inspection, name: string, gate?: string, role?: string): LayerReport =>
  layers.find(
    (one) => one.name === name && one.gate === gate && (role === undefined || one.role === role),
  ) as LayerReport;

t.test('singular values: those that were planted, and those of a power iteration', async (t) => {
  const [outputs, inputs] = [30, 50];
  const next = draws(1).normal;
  const unit = (n: number): number[] => {
    const vector = Array.from({ length: n }, next);
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const [u, v] = [unit(outputs), unit(inputs)];
  const planted = Array.from({ length: outputs }, (_, i) => 3 * 0.9 ** i);
  const values = Float64Array.from({ length: outputs * inputs }, (_, place) => {
    const [i, j] = [Math.floor(place / inputs), place % inputs];
    // (I − 2uuᵀ) D (I − 2vvᵀ)
    let sum = 0;
    for (let k = 0; k < outputs; k++)
      sum +=
        ((i === k ? 1 : 0) - 2 * (u[i] as number) * (u[k] as number)) *
        (planted[k] as number) *
        ((j === k ? 1 : 0) - 2 * (v[k] as number) * (v[j] as number));
    return sum;
  });
  const squares = planted.reduce((sum, s) => sum + s * s, 0);
  const transposed = Float64Array.from(
    { length: values.length },
    (_, place) => values[(place % outputs) * inputs + Math.floor(place / outputs)] as number,
  );
  for (const matrix of [
    { outputs, inputs, values },
    { outputs: inputs, inputs: outputs, values: transposed },
  ]) {
    const { top, stableRank } = singularOf(matrix);
    t.ok(Math.abs(top / 3 - 1) < 1e-10, `largest singular value ${top}`);
    t.ok(Math.abs(stableRank / (squares / 9) - 1) < 1e-10);
  }
  const random = { outputs: 60, inputs: 40, values: Float64Array.from({ length: 2400 }, next) };
  let x = new Float64Array(40).fill(1);
  let norm = 0;
  for (let step = 0; step < 2000; step++) {
    const y = Float64Array.from({ length: 60 }, (_, i) =>
      random.values.subarray(i * 40, i * 40 + 40).reduce((sum, w, j) => sum + w * (x[j] as number), 0),
    );
    const back = new Float64Array(40);
    for (let i = 0; i < 60; i++)
      for (let j = 0; j < 40; j++)
        back[j] = (back[j] as number) + (random.values[i * 40 + j] as number) * (y[i] as number);
    norm = Math.hypot(...back);
    x = back.map((value) => value / norm);
  }
  t.ok(Math.abs(singularOf(random).top / Math.sqrt(norm) - 1) < 1e-6);
  t.same(singularOf({ outputs: 3, inputs: 2, values: new Float64Array(6) }), { top: 0, stableRank: 0 });
  t.same(zeroLines({ outputs: 3, inputs: 2, values: Float64Array.of(0, 0, 1, 0, 2, 0) }), { outputs: 1, inputs: 1 });
});

t.test('laws: fresh draws pass, others are found', async (t) => {
  const [outputs, inputs, repeats] = [40, 60, 60];
  const laws = weightLaws({ role: 'weight', fanIn: inputs, fanOut: outputs });
  t.equal(laws.length, 21);
  t.ok(Math.abs(cutVariance - 0.7737413) < 1e-7);
  const worst: number[] = [];
  const edges: number[] = [];
  let kurtoses = 0;
  for (const [shape, name] of [
    ['uniform', 'PyTorch default'],
    ['normal', 'He normal'],
    ['truncatedNormal', 'tfjs heNormal'],
  ] as const) {
    const law = laws.find((candidate) => candidate.name === name) as (typeof laws)[number];
    const scale = Math.sqrt(law.variance / (shape === 'truncatedNormal' ? cutVariance : 1));
    for (let seed = 1; seed <= repeats; seed++) {
      const next = draws(1000 * seed)[shape];
      const values = Float64Array.from({ length: outputs * inputs }, () => scale * next());
      const moments = momentsOf(values);
      const scores = scoresOf(moments, law);
      worst.push(scores === undefined ? Infinity : largestScore(scores));
      kurtoses += scores?.kurtosis ?? Infinity;
      edges.push(
        edgeProbability({ outputs, inputs, values }, moments.variance, singularOf({ outputs, inputs, values }).top),
      );
      const moved = scoresOf(momentsOf(values.map((value) => 1.2 * value)), law);
      if (seed === 1) t.ok(moved === undefined || largestScore(moved) > 5, `${name}: 20 % more are found`);
    }
  }
  t.equal(worst.length, 3 * repeats);
  t.ok(
    worst.every((score) => score < 4.5),
    `largest score of ${worst.length} draws: ${Math.max(...worst)}`,
  );
  t.ok(worst.filter((score) => score > 2).length > 10, 'scores have the size of scores');
  t.ok(Math.abs(kurtoses) / Math.sqrt(worst.length) < 4, `mean of the kurtosis scores: ${kurtoses / worst.length}`);
  // Probabilities of independent weights are uniform: at most one in a thousand below 1/1000, and their mean is 1/2 within 4 errors.
  const mean = edges.reduce((sum, p) => sum + p, 0) / edges.length;
  t.ok(Math.abs(mean - 0.5) < 0.09, `mean probability at the edge ${mean}`);
  t.ok(Math.min(...edges) > 1e-4, `smallest ${Math.min(...edges)}`);
});

t.test('PyTorch: modules, gates, attention, ties, orthogonal, tables', async (t) => {
  const cells = await inspect(join(fixtures, 'recurrent.pt'));
  t.equal(cells.layers.length, 16);
  t.same(
    cells.layers.filter(({ name, role }) => name === 'gru_l0' && role === 'input').map(({ gate }) => gate),
    ['r', 'z', 'n'],
  );
  for (const one of cells.layers) {
    t.equal(one.weights.verdict, 'asInitialized', `${one.name} ${one.gate}`);
    t.equal(one.weights.law, 'PyTorch default of recurrent cells');
    // σ_w² = 1/3 of recurrent weights, M/(3H) of input weights.
    const expected = one.role === 'recurrent' ? 1 / 3 : one.fanIn / (3 * 64);
    const n = one.outputs * one.fanIn;
    t.ok(Math.abs(one.weightVariance / expected - 1) < 4 * Math.sqrt(0.8 / n), `${one.weightVariance}`);
  }
  t.equal(layer(cells, 'lstm_l0', 'f', 'input').biases.reason !== undefined, true);
  const others = await inspect(join(fixtures, 'modules.pt'));
  for (const gate of ['query', 'key', 'value']) {
    const { weights, weightVariance } = layer(others, 'attention.in_proj', gate);
    t.match(weights, { verdict: 'asInitialized', law: /attention/ });
    t.ok(Math.abs(weightVariance - 0.5) < 0.03);
  }
  t.match(layer(others, 'attention.out_proj').weights, {
    verdict: 'asInitialized',
    law: 'PyTorch default',
    expected: 1 / 3,
  });
  t.match(layer(others, 'orthogonal').weights, { verdict: 'asInitialized', law: 'orthogonal, gain 1.5' });
  t.match(layer(others, 'embedding'), {
    kind: 'embedding',
    weights: { law: /embedding/ },
    topSingularValue: { reason: /table/ },
  });
  t.match(layer(others, 'he').weights, { law: 'He normal', verdict: 'asInitialized' });
  t.same(layer(others, 'he').tiedWith, ['tied']);
});

t.test('weights that are stored apart are put together', async (t) => {
  const { files } = JSON.parse(await readFile(join(fixtures, 'weights.json'), 'utf8'));
  const found = await inspect(join(fixtures, 'apart.pt'));
  t.same(
    found.warnings.map(({ message }) => /\((.*)\)/.exec(message)?.[1]),
    ['weight_norm', 'spectral_norm'],
  );
  for (const [name, index] of [
    ['0', '0.weight'],
    ['1', '1.weight'],
  ] as const) {
    const { shape, values } = files['apart used'][index];
    const wanted = momentsOf(values).variance * shape[1];
    t.ok(Math.abs(layer(found, name).weightVariance / wanted - 1) < 1e-6, `${index}: ${wanted}`);
  }
});

t.test('ONNX: the forget gate is where it was planted, its two biases are added', async (t) => {
  const found = await inspect(join(fixtures, 'lstm.onnx'));
  t.same(
    found.layers.map(({ gate }) => gate),
    ['i', 'o', 'f', 'c', 'i', 'o', 'f', 'c'],
  );
  t.same(
    found.layers.slice(0, 4).map(({ biasMean }) => biasMean),
    [0, 0, 1, 0],
  );
  t.match(layer(found, '/LSTM', 'f', 'input').biases, { law: 'constant 1', verdict: 'asInitialized' });
  const plain = await inspect(join(fixtures, 'plain.onnx'));
  const pt = await inspect(join(fixtures, 'plain.pt'));
  t.same(
    plain.layers.map(({ name, weightVariance }) => [name, weightVariance]),
    pt.layers.map(({ name, weightVariance }) => [name, weightVariance]),
    'one network in two formats',
  );
  const merged = await inspect(join(fixtures, 'merged.onnx'));
  t.same(
    merged.layers.map(({ name, tiedWith }) => [name, tiedWith.length]),
    [
      ['0', 0],
      ['2', 0],
      ['4', 0],
    ],
  );
  const mixed = await inspect(join(fixtures, 'mixed.onnx'));
  t.same(
    mixed.layers.map(({ kind, fanIn }) => [kind, fanIn]),
    [
      ['convolution', 9],
      ['dense', 8],
      ['dense', 4],
    ],
  );
  t.same(
    mixed.others.map(({ name }) => name),
    ['4.weight', '4.bias'],
  );
});

t.test('tfjs and Keras: inputs come first, gates i f c o and z r h, truncation is named', async (t) => {
  const [inputs, hidden] = [50, 64];
  const next = draws(7).truncatedNormal;
  const kernel = Float32Array.from({ length: inputs * 80 }, () => Math.sqrt(2 / inputs) * next());
  const gates = Float32Array.from(
    { length: hidden * 4 * hidden },
    (_, i) => (Math.floor((i % (4 * hidden)) / hidden) + 1) * (i % 2 ? 1 : -1),
  );
  const bias = Float32Array.from({ length: 4 * hidden }, (_, i) => (Math.floor(i / hidden) === 1 ? 1 : 0));
  const arrays: [string, number[], Float32Array][] = [
    ['dense/kernel', [inputs, 80], kernel],
    ['lstm/kernel', [hidden, 4 * hidden], gates],
    ['lstm/recurrent_kernel', [hidden, 4 * hidden], gates],
    ['lstm/bias', [4 * hidden], bias],
  ];
  await writeFile(join(folder, 'a.bin'), Buffer.concat(arrays.map(([, , values]) => Buffer.from(values.buffer))));
  const weights = arrays.map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  await writeFile(join(folder, 'model.json'), JSON.stringify({ weightsManifest: [{ paths: ['a.bin'], weights }] }));
  const found = await inspect(folder);
  t.match(layer(found, 'dense').weights, { law: 'tfjs heNormal', verdict: 'asInitialized' });
  t.equal(layer(found, 'dense').fanIn, inputs);
  t.same(
    ['i', 'f', 'c', 'o'].map((gate) => layer(found, 'lstm', gate, 'input').weightVariance / hidden),
    [1, 4, 9, 16],
  );
  t.same(
    ['i', 'f', 'c', 'o'].map((gate) => layer(found, 'lstm', gate, 'input').biasMean),
    [0, 1, 0, 0],
  );
});

t.test('moved: a spike, a trained network, numbers that are none', async (t) => {
  const [outputs, inputs] = [100, 80];
  const next = draws(11).normal;
  const fresh = Float64Array.from({ length: outputs * inputs }, () => Math.sqrt(2 / inputs) * next());
  // One direction with three percent of the variance: no moment shows it, the spectrum does.
  const spiked = fresh.map((value, i) => value + 0.028 * ((i % 2 ? 1 : -1) * (Math.floor(i / inputs) % 3 ? 1 : -1)));
  const path = join(folder, 'moved.safetensors');
  const broken = fresh.slice();
  broken[5] = Number.NaN;
  await writeSafetensors(path, {
    'fresh.weight': { shape: [outputs, inputs], values: fresh },
    'spiked.weight': { shape: [outputs, inputs], values: spiked },
    'zero.weight': { shape: [outputs, inputs], values: new Float64Array(outputs * inputs) },
    'broken.weight': { shape: [outputs, inputs], values: broken },
  });
  const found = await inspect(path);
  t.match(layer(found, 'fresh').weights, { verdict: 'asInitialized', law: 'He normal' });
  const { weights, edgeProbability: probability } = layer(found, 'spiked');
  t.equal(weights.verdict, 'moved');
  t.match(weights.reason, /largest singular value/);
  t.ok((probability as number) < 1e-5);
  t.match(layer(found, 'zero'), { weights: { law: 'zeros' }, deadOutputs: outputs, deadInputs: inputs, stableRank: 0 });
  t.match(layer(found, 'broken'), {
    weights: { verdict: 'moved', reason: /1 numbers are NaN/ },
    weightKurtosis: { reason: /NaN/ },
  });
  t.ok(JSON.stringify(found).includes('"inspection"'), 'as JSON');
  const cut = edgeProbability(
    { outputs, inputs, values: fresh },
    1,
    randomEdge({ outputs, inputs, values: fresh }, 1) * 1.2,
  );
  t.ok(cut < 1e-6, `20 % beyond the edge: ${cut}`);
});

t.test('a single array and an archive, by their own conventions', async (t) => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  await writeFile(join(folder, 'w.npy'), encodeNpy([3, 4], '<f4', values));
  t.match((await inspect(join(folder, 'w.npy'))).layers[0], { name: 'w', outputs: 3, fanIn: 4 });
  await writeFile(
    join(folder, 'w.npz'),
    zip(
      [
        ['layer1.weight.npy', encodeNpy([3, 4], '<f4', values)],
        ['layer1.bias.npy', encodeNpy([3], '<f4', values.slice(0, 3))],
        ['labels.npy', encodeNpy([2, 6], '<f4', values)],
      ],
      8,
    ),
  );
  const found = await inspect(join(folder, 'w.npz'));
  t.match(found.layers, [{ name: 'layer1', biasMean: 1 }]);
  t.same(
    found.others.map(({ name }) => name),
    ['labels'],
  );
});

t.test('command line', async (t) => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/cli/main.js', 'inspect', ...args], { encoding: 'utf8' });
  const shown = run(join(fixtures, 'modules.pt'));
  t.equal(shown.status, 0, shown.stderr);
  t.match(shown.stdout, /pytorch, 8 matrices/);
  t.match(shown.stdout, /he .*40 x 60 .*as initialised: He normal/);
  const json = JSON.parse(run(join(fixtures, 'plain.onnx'), '--json').stdout);
  t.equal(json.layers.length, 2);
  const wrong = run(join(fixtures, 'module.pt'));
  t.equal(wrong.status, 4);
  t.match(wrong.stderr, /nothing of a file is executed/);
});
