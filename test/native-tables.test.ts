// What native code reads is what TypeScript sends: the tables of the addon's functions against the keys of real calls.
import { createRequire } from 'node:module';
import t from 'tap';
import type { NativeField } from '../dist/core/addon.js';

type Fields = Readonly<Record<string, NativeField>>;
type Call = (...values: unknown[]) => unknown;

// The addon is loaded here first and its functions are replaced by ones that note their arguments: mft-native takes the
// same object, so that what is noted is what it sends.
const { addon, packageRoot, seedHalves } = await import('../dist/core/addon.js');
const load = createRequire(import.meta.url)('node-gyp-build') as (root: string) => Record<string, Call>;
const binary = load(packageRoot);
const tables = binary.tables?.() as Readonly<Record<string, readonly Fields[]>>;
const sent = new Map<string, unknown[][]>();
for (const [name, run] of Object.entries(binary)) {
  binary[name] = (...values): unknown => {
    const calls = sent.get(name) ?? [];
    sent.set(name, calls);
    if (calls.length < 400) calls.push(values);
    return run(...values);
  };
}
const mft = await import('mft-native');

/** Fields that nobody reads, that no call sends, and that some call leaves out although they are needed. */
function drift(path: string, fields: Fields, values: readonly unknown[]): string[] {
  const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null;
  const objects = values.filter(isObject);
  const found = new Set<string>();
  if (objects.length < values.length) found.add(`${path}: not an object`);
  for (const key of objects.flatMap((each) => Object.keys(each)))
    if (!Object.hasOwn(fields, key)) found.add(`${path}.${key}: sent, but nobody reads it`);
  for (const [name, field] of Object.entries(fields)) {
    const given = objects.map((each) => each[name]).filter((value) => value !== undefined);
    if (given.length === 0) found.add(`${path}.${name}: read, but never sent`);
    else if (!field.isOptional && given.length < objects.length) found.add(`${path}.${name}: left out by some call`);
    if (field.fields !== undefined)
      for (const line of drift(`${path}.${name}`, field.fields, given.flat())) found.add(line);
  }
  return [...found];
}

const run = { trials: 2, seed: 1 } as const;
const feedforward = {
  system: 'feedforward',
  width: 8,
  depth: 3,
  activation: 'tanh',
  weightVariance: 1.4,
  biasVariance: 0.1,
} as const;
const residual = { system: 'residual', width: 4, depth: 3, activation: 'tanh' } as const;
const percolation = { system: 'percolation', width: 6, depth: 3, keepProbability: 0.8 } as const;
const recurrent = { system: 'recurrent', cell: 'minimal', width: 4, steps: 2 } as const;
const sine = { value: Math.sin, derivative: Math.cos, kinks: [] };

/** Calls of the public interface that reach every function of the addon with every field. */
async function callEverything(): Promise<void> {
  const { teacherPopulation } = await import('../dist/systems/convolution/experiments/teacher.js');
  const { riskAt } = await import('../dist/systems/convolution/experiments/stationary.js');
  const population = await teacherPopulation(2);
  await riskAt(population, population.shares, population.native.weights, { decay: 1e-3, threads: 1 });
  addon().suitableBlasCores({
    vendor: 'GenuineIntel',
    family: 6,
    model: 207,
    hasSse42: true,
    hasAvx: true,
    hasAvx2: true,
    hasAvx512: true,
    hasAvx512Bf16: true,
  });
  await mft.simulate(feedforward, run);
  await mft.predict(feedforward);
  mft.evaluateActivation('tanh', Float64Array.of(0.5));
  await mft.map(feedforward, [{ field: 'weightVariance', values: [1, 2] }], { quantities: ['gradientMultiplier'] });
  await mft.simulate(residual, run);
  const values = [
    [1, 1, 1, 1],
    [1, 2, 3, 4],
  ];
  await mft.simulate({ ...residual, inputs: { values } }, run);
  await mft.predict(residual);
  await mft.predict({ ...residual, activation: 'relu' });
  await mft.simulate(percolation, run);
  await mft.simulate(percolation, { ...run, engine: 'splitting', trials: 1024 });
  await mft.predict({ ...percolation, edgeKeepProbability: 0.9 });
  await mft.predict({ ...percolation, topology: { kind: 'conv1d', kernel: 3 } });
  await mft.simulate({ system: 'autoencoder', inputVariance: [2, 1], width: 3, steps: 5 }, run);
  await mft.evaluate('autoencoder', 'networkDescent', { steps: 3 });
  await mft.train({ system: 'autoencoder', width: 3, steps: 1 }, 'synthetic', { trainCount: 20 });
  const expected = { modes: 2, noise: 'expected' } as const;
  await mft.train({ system: 'autoencoder', width: 3, steps: 1, training: expected }, 'synthetic', { trainCount: 20 });
  await mft.simulate(recurrent, run);
  await mft.simulate({ system: 'convolution', input: [8, 8, 1], depth: 1, width: 2 }, run);
  await mft.simulate({ system: 'implicit', width: 4, termCount: 2 }, run);
  const network = { input: [5, 5, 1], classes: 2, layers: [{ kernel: 3, channels: 2 }] };
  await mft.evaluate('convolution', 'cnn:loss', { architecture: network, amplitude: 1 });
  await mft.evaluate('convolution', 'conv:spectralNorm', {
    kernelShape: [1, 1, 2, 2],
    amplitude: 1,
    height: 3,
    width: 3,
  });
  await mft.predict(recurrent);
  await mft.predict({ ...recurrent, weightSharing: 'untied' });
  await mft.map(recurrent, [{ field: 'biasMean', values: [0, 1] }]);
  await mft.evaluate('recurrent', 'criticalBiasMeans', { cell: 'minimal', lowest: 0, highest: 1 });
  await mft.evaluate('recurrent', 'hermitizedResolvent', { spectralParameter: [0.8, 0.1] });
  await mft.evaluate('recurrent', 'singularValueCdf', { cell: 'gru', samples: 1024 });
  await mft.evaluate('recurrent', 'chi1', { cell: 'lstm' });
  mft.modeCurve({ inputVariance: 1, learningRate: 0.1, initialMapping: 0.1 }, [1, 2]);
  const data = await mft.readDataset('synthetic', 'train');
  await mft.train(feedforward, { train: data, test: data }, { steps: 1 });
  await mft.evaluate('residual', 'logGradientRatio', { architecture: 'plain', activation: 'tanh', width: 4, depth: 2 });
  await mft.simulate({ system: 'kernel', width: 3, inputs: { values } }, run);
  await mft.predict({ system: 'kernel', inputs: { values: Array.from({ length: 60 }, (_, i) => [1, i]) } });
  await mft.predict({ system: 'kernel', activation: 'elu', inputs: { values } });
  const rows = { inputs: [[1], [2]], testInputs: [[3]], targets: [1, 2] };
  await mft.evaluate('kernel', 'kernelRegression', { ...rows, biasVariance: 1 });
  await mft
    .evaluate('kernel', 'kernelRegression', rows)
    .catch((error: unknown) => t.match(error, { code: /DEGENERATE/ }));
  await mft.evaluate('kernel', 'ntkEnsemble', { ...rows, biasVariance: 1 });
  await mft.evaluate('kernel', 'kernelLikelihoodGradient', { inputs: [[1], [2]], targets: [1, 2], biasVariance: 1 });
  await mft.empiricalKernels([{ weight: [[1, 2]], bias: [0] }], [[1, 2]], { otherInputs: [[2, 1]] });
  mft.gaussianMean(sine, { variance: 1 });
  mft.gaussianPairMoment(sine, { variance: 1, correlation: 0.5 });
  mft.bootstrap(3, (rows) => rows.length, { replicates: 20 });
  const draw = { seed: seedHalves(1), trial: 0, layer: 0, purpose: 'weights', first: 0, count: 1 } as const;
  addon().normals(draw);
}

t.test('every field that is read is sent, and every field that is sent is read', async (t) => {
  await callEverything();
  t.comment([...sent].map(([name, calls]) => `${name} ${calls.length}`).join(', '));
  let compared = 0;
  for (const [name, shapes] of Object.entries(tables))
    for (const [i, fields] of shapes.entries()) {
      const values = (sent.get(name) ?? []).map((call) => call[i]);
      t.same(drift(`${name}[${i}]`, fields, values), []);
      compared += Object.keys(fields).length;
    }
  t.ok(compared > 150, `${compared} fields compared`);
});

t.test('drift is noticed', async (t) => {
  const field = (isOptional = false): NativeField => ({ kind: 'number', isOptional });
  const nested = { inner: { kind: 'list', isOptional: false, fields: { a: field() } } };
  t.same(drift('f', { a: field(), b: field() }, [{ a: 1 }]), ['f.b: read, but never sent']);
  t.same(drift('f', { a: field() }, [{ a: 1, c: 2 }]), ['f.c: sent, but nobody reads it']);
  t.same(drift('f', { a: field(), b: field() }, [{ a: 1, b: 2 }, { a: 1 }]), ['f.b: left out by some call']);
  t.same(drift('f', { a: field(), b: field(true) }, [{ a: 1, b: 2 }, { a: 1 }]), []);
  t.same(drift('f', nested, [{ inner: [{ a: 1 }, { b: 1 }] }]), [
    'f.inner.b: sent, but nobody reads it',
    'f.inner.a: left out by some call',
  ]);
});
