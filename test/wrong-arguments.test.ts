// Every function of the public API called with wrong things: whatever it is given, it answers or throws an MftError that says
// what was wrong, never an error of the language's own.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import * as api from 'mft-native';
import { MftError } from 'mft-native';

const folder = mkdtempSync(join(tmpdir(), 'mft-wrong-'));
t.teardown(async () => (await import('node:fs/promises')).rm(folder, { recursive: true }));
const file = join(folder, 'wrong.npz');
writeFileSync(file, 'no archive');

// No data folder of this machine, no processes: what is asked is how wrong things are refused.
delete process.env.MFT_DATA;
const executor = { name: 'none', execute: async function* () {} };

const spec = { system: 'feedforward', activation: 'relu', biasVariance: 0.1, depth: 2, width: 3 };
const layer = { activation: 'tanh', weightVariance: 1.5, biasVariance: 0.1 };
const prediction = await api.predict(spec as never);
const simulation = await api.simulate(spec as never, { trials: 2 });
const all = await api.readDataset('synthetic', 'test');
const digits = {
  ...all,
  count: 20,
  images: all.images.subarray(0, 20 * all.dimension),
  labels: all.labels.subarray(0, 20),
};
// One job: options that name no executor start a process for each.
const plan = { verb: 'predict', base: spec, axes: { depth: [1] } };
const curve = [0, 1, 2, 3, 4, 5].map((x) => ({ x, y: Math.exp(-x / 2), series: 'a' }));
const resting = await api.fixedPointSystem({ dynamics: 'affine', matrix: [[0.5]], offset: [1] });
const layers = Array.from({ length: 12 }, (_, i) => i + 1);
const falling = layers.map((x) => Math.exp(-x / 3) + 0.01 * Math.sin(x));

/** A right call of each function. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  evaluate: ['feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVariance: 0.05 }],
  figure: [spec, 'profile', { run: { trials: 2 } }],
  map: [spec, [{ field: 'weightVariance', values: [1, 1.5] }], { quantities: ['gradientMultiplier'] }],
  predict: [spec, {}],
  simulate: [spec, { trials: 2 }, {}],
  train: [spec, { train: digits }, { steps: 1, batchSize: 4, trainCount: 8 }],
  trainMany: [[{ spec, options: { steps: 1, batchSize: 4, trainCount: 8 } }], { train: digits }, { threads: 1 }],
  advise: [spec, {}],
  compare: [prediction, simulation, { significance: 0.01 }],
  fitExponential: [layers, falling, { from: 1 }],
  fitPower: [layers, falling, { from: 1 }],
  fitLogistic: [layers, falling, {}],
  fitStretched: [layers, falling, {}],
  fitDepthScale: [simulation, { observable: 'variance', series: 0, limit: 0.1 }],
  bootstrap: [falling, (values: readonly number[]) => values[0] as number, { resamples: 10 }],
  kolmogorovSmirnov: [falling, (x: number) => Math.min(1, Math.max(0, x))],
  figureCurves: [curve, { x: 'x', y: 'y' }],
  figureHeatMap: [[{ x: 0, y: 0, value: 1 }], { x: 'x', y: 'y', value: 'v' }],
  figureProfile: [prediction, 'variance', {}],
  render: [{ $schema: 'https://vega.github.io/schema/vega-lite/v6.json', data: { values: [] }, mark: 'point' }, {}],
  exportJournal: [file, { csv: join(folder, 'a.csv') }],
  bestPoints: [file, { by: 'test_accuracy' }],
  successiveHalving: [
    { ...plan, axes: {} },
    { journal: join(folder, 'h.jsonl'), by: 'depth', field: 'depth', executor },
  ],
  localExecutor: [{ processes: 1 }],
  mergeJournals: [join(folder, 'merged'), [file]],
  expandPlan: [plan],
  queueExecutor: [{}],
  readJournal: [file],
  sweep: [plan, { executor }],
  reproduce: ['nothing', { scale: 'quick' }],
  reproductions: [],
  isUndefined: [1],
  fitGrowth: [layers, falling, {}],
  growthLaw: [{ activation: 'tanh', innerWeightDecay: 0, innerBiasDecay: 0, outerWeightDecay: 0, outerBiasDecay: 0 }],
  empiricalKernels: [[{ weight: [[1, 2]], bias: [0] }], [[1, 2]], { activation: 'tanh' }],
  dataSpectrum: [
    [
      [1, 2],
      [2, 1],
    ],
    { isCentred: true },
  ],
  kernelDrift: [spec, { train: digits }, { steps: 2, batchSize: 4, trainCount: 8 }, { every: 1, images: 2 }],
  writeKernel: [{ depth: 2 }, [[1, 2]], join(folder, 'kernel.npy'), { kernel: 'nngp' }],
  fixedPointSystem: [{ dynamics: 'affine', matrix: [[0.5]], offset: [1] }],
  solveSteadyState: [resting.system, resting.start, { damping: 0.9 }],
  implicitGradient: [resting.system, resting.start, resting.loss, { method: 'gmres', forward: { window: 3 } }],
  unrolledGradient: [resting.system, resting.start, 3, resting.loss, { checkpointEvery: 2, lossSteps: [3] }],
  diagnoseSteadyState: [resting.system, resting.start, { krylovSize: 2 }],
  modeCurve: [{ inputVariance: 1, learningRate: 0.1, initialMapping: 0.1 }, [1, 2]],
  evaluateActivation: ['tanh', [1, 2]],
  readDataset: [file, 'train', { data: folder }],
  checkData: [{ data: folder }],
  datasetFrom: [
    {
      images: [
        [0, 1],
        [1, 0],
      ],
      labels: [0, 1],
    },
    { pixelMaximum: 1 },
  ],
  readIdx: [file, {}],
  readCifar10: [[file], {}],
  readNpy: [file, {}],
  readNpz: [file, ['a'], {}],
  readArrays: [file, ['a'], {}],
  readWords: ['ptb', 'train', { data: folder }],
  inspect: [file, { activation: 'tanh' }],
  gaussianDerivativePairMoment: ['tanh', { variance: 1, correlation: 0.5 }],
  gaussianDerivativeSecondMoment: ['tanh', { variance: 1 }],
  gaussianMean: ['tanh', { variance: 1 }],
  gaussianPairMoment: ['tanh', { variance: 1, correlation: 0.5 }],
  gaussianPairMomentDeficit: ['tanh', { variance: 1, correlation: 0.5 }],
  gaussianSecondDerivativeSecondMoment: ['tanh', { variance: 1 }],
  gaussianSecondMoment: ['tanh', { variance: 1 }],
  gaussianVarianceSlopeMoment: ['tanh', { variance: 1 }],
  fixedPointsVariance: [layer, 1],
  varianceBasins: [layer],
  criticalInitialization: ['tanh', { biasVariance: 0.05 }],
  // Refused in the end, for its dropout: eighteen networks for every call would take a minute.
  checkScaling: [{ depth: 2, keepProbability: 0.5 }, [2, 3, 4], { dataset: digits, batchSize: 4, steps: 1, seeds: 3 }],
  normalizedGradient: ['relu', { normalization: 'batch', batchSize: 8 }],
  infer: [
    { spec: { system: 'feedforward', width: 3, depth: 2 }, weights: file, options: { normalization: 'unit' } },
    digits,
    { count: 2 },
  ],
  gain: ['gelu', { keeps: 'variance' }],
  shape: [
    { system: 'feedforward', activation: 'relu', depth: 20 },
    { method: 'dks', target: 1.3 },
  ],
  shapeActivation: ['relu', { method: 'dks', target: 1.3, layers: 10 }],
  variancePreservingInitialization: ['tanh', { variance: 1 }],
  keepProbabilitiesForCorrelation: [{ ...layer, correlation: 0.5 }],
  weightVariancesForDepthScale: ['tanh', 10, { biasVariance: 0.05 }],
  initialize: [spec, {}],
  initialise: [spec, {}],
  criticalPoints: ['tanh', { biasVariance: 0.05 }],
  criticalWeightVariance: ['tanh', { biasVariance: 0.05 }],
  toJson: [prediction],
  fromJson: [JSON.parse(JSON.stringify(spec))],
};

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const cyclicList: unknown[] = [];
cyclicList.push(cyclicList);
const deepList = JSON.parse(`${'['.repeat(4000)}${']'.repeat(4000)}`) as unknown;
let deeper: unknown = [];
for (let i = 0; i < 200_000; i++) deeper = [deeper];
let deepObject: unknown = {};
for (let i = 0; i < 200_000; i++) deepObject = { base: deepObject };

const wrong: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'not a number': () => Number.NaN,
  infinity: () => Infinity,
  'a negative number': () => -1,
  'an empty text': () => '',
  'a text': () => 'constructor',
  'a symbol': () => Symbol('wrong'),
  'a bigint': () => 1n,
  true: () => true,
  'a function': () => () => undefined,
  'an empty list': () => [],
  'a list with holes': () => new Array(3),
  'a list of nulls': () => [null, null],
  'an empty object': () => ({}),
  'an object without prototype': () => Object.create(null) as unknown,
  'a date': () => new Date(0),
  'a map': () => new Map([[1, 2]]),
  'a cyclic object': () => cyclic,
  'a cyclic list': () => cyclicList,
  'a deep list': () => deepList,
  'a deeper list': () => deeper,
  'a deep object': () => deepObject,
  'a promise': () => Promise.resolve(1),
  'a getter that throws': () => ({
    get system(): unknown {
      throw new TypeError('of the getter');
    },
  }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a detached buffer': () => {
    const list = new Float64Array(4);
    structuredClone(list.buffer, { transfer: [list.buffer] });
    return list;
  },
};

type Call = (...given: readonly unknown[]) => unknown;

/** Runs a function to its end, its rows if it is a generator. */
async function outcome(name: string, given: readonly unknown[]): Promise<unknown> {
  try {
    const result = await ((api as unknown as Record<string, Call>)[name] as Call)(...given);
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result)
      for await (const _ of result as AsyncIterable<unknown>);
    return undefined;
  } catch (error) {
    return error;
  }
}

function shown(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message.slice(0, 120)} ${error.stack?.split('\n')[1]?.trim()}`
    : 'no error';
}

/** Values set at each field of the last argument that is a plain object, and one level further down. */
function mutations(given: readonly unknown[], position: number): readonly (readonly [string, unknown])[] {
  const value = given[position];
  const list: (readonly [string, unknown])[] = Object.entries(wrong).map(([what, make]) => [what, make()]);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return list;
  const names = [...Object.keys(value).slice(0, 12), 'signal', 'onProgress', 'unknown'];
  for (const field of names)
    for (const what of [
      'null',
      'not a number',
      'a symbol',
      'a cyclic object',
      'a deeper list',
      'an empty object',
      'a text',
      'a list of nulls',
      'a getter that throws',
      'a revoked proxy',
    ])
      list.push([`${field}: ${what}`, { ...value, [field]: (wrong[what] as () => unknown)() }]);
  return list;
}

t.test('every function of the public API is called', (t) => {
  const functions = Object.entries(api).filter(([name, value]) => typeof value === 'function' && name !== 'MftError');
  t.same(functions.map(([name]) => name).sort(), Object.keys(calls).sort());
  t.end();
});

for (const [name, given] of Object.entries(calls))
  t.test(`${name} with wrong things`, async (t) => {
    let count = 0;
    const raw: string[] = [];
    for (let position = 0; position < given.length; position++)
      for (const [what, value] of mutations(given, position)) {
        const error = await outcome(name, given.with(position, value));
        count++;
        if (error !== undefined && !(error instanceof MftError))
          raw.push(`argument ${position}, ${what}: ${shown(error)}`);
        if (error instanceof MftError && error.code === 'ERR_MFT_INTERNAL') raw.push(`${what}: ${shown(error)}`);
      }
    t.same(raw, [], `${name}: ${count} wrong calls`);
    t.ok(count >= 20 * given.length, `${count} calls`);
  });
