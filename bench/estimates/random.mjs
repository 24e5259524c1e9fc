// Random jobs of every system and verb, each in a fresh process: the estimate of memory is never below the growth of the peak, and at
// most three times it for 19 of 20. An estimate of up to 16 MiB is never too high: V8's young generation alone may take as much of a job
// that makes many objects or few, as it happens (memory.mjs says what is measured). How many are within three times without that
// is said too.
//   node bench/estimates/random.mjs [--count 60] [--seed 1] [--only train]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawing } from './large.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const { draw: whole, uniform } = drawing(Number(values.seed));
const pick = (...choices) => choices[Math.floor(choices.length * uniform())];

/** A network of a system: sizes over two or more powers of ten. */
const networks = {
  feedforward: () => ({ activation: pick('tanh', 'relu'), width: whole(10, 20_000), depth: whole(2, 300) }),
  residual: () => ({ activation: pick('tanh', 'relu'), width: whole(10, 20_000), depth: whole(2, 1000) }),
  percolation: () => ({ width: whole(2, 100), depth: whole(2, 10_000), edgeKeepProbability: 0.1 + 0.9 * uniform() }),
  kernel: () => ({ activation: pick('relu', 'erf'), width: whole(10, 2000), depth: whole(1, 30) }),
  autoencoder: () => ({
    inputVariance: Array.from({ length: whole(1, 20) }, (_, i) => 1 / (1 + i)),
    width: whole(1, 30),
    steps: whole(10, 10_000),
  }),
  recurrent: () => ({
    cell: 'minimal',
    weightSharing: 'untied',
    recurrentWeightVariance: 4,
    biasMean: 1,
    width: whole(10, 1000),
    steps: whole(2, 100),
  }),
  convolution: () => ({ input: [whole(12, 40), 20, 1], kernel: 3, pool: 1, width: whole(2, 40), depth: whole(1, 3) }),
  implicit: () => ({ width: whole(10, 1500), termCount: whole(2, 300) }),
};

/** Rows of three numbers, no two alike. */
const rows = (count) => Array.from({ length: count }, (_, i) => [1 + (i % 7), i % 11, i / count]);
const regression = (count) => ({
  activation: 'relu',
  depth: whole(1, 4),
  inputs: rows(count),
  targets: Array.from({ length: count }, (_, i) => i % 3),
  testInputs: rows(whole(5, 500)).map(([x, y, z]) => [x, y + 0.5, z]),
});

/** Parameters of a quantity that takes more the larger they are, where there is one. */
const quantities = {
  feedforward: () => [
    'fixedPointCorrelation',
    { activation: pick('tanh', 'erf'), weightVariance: 1.2 + 2 * uniform() },
  ],
  residual: () => [pick('logGradientRatio', 'logSecondMoment'), { width: 50, depth: whole(10, 1_000_000) }],
  percolation: () => ['pathProbability', { edgeKeepProbability: 0.02, width: whole(2, 900), depth: whole(2, 500) }],
  kernel: () =>
    pick(
      () => ['normalizedKernelAtDepth', { angle: 2, depth: whole(1, 1_000_000) }],
      () => ['mlpKernels', { activation: 'relu', depth: whole(1, 4), inputs: rows(whole(10, 2000)) }],
      () => ['kernelRegression', { ...regression(whole(10, 2000)), noiseVariance: 0.1 }],
      () => ['ntkEnsemble', { ...regression(whole(10, 1000)), time: 10 }],
    )(),
  autoencoder: () =>
    pick(
      () => [
        'descentWeights',
        { inputVariance: 1, noiseVariance: 0.5, learningRate: 1e-4, w1: 0.1, w2: 0.2, steps: whole(10, 1e8) },
      ],
      () => ['networkLoss', { samples: whole(10, 5000), dimension: whole(5, 1000), hidden: whole(5, 1000) }],
    )(),
  recurrent: () => [
    'tiedStateSecondMoment',
    { cell: 'minimal', step: whole(2, 30), samples: whole(131_072, 1_048_576) },
  ],
  implicit: () => ['equilibriumMeanField', { weightVariance: 0.2 + uniform() }],
};

/** Networks whose depth scale can be fitted. */
const fitted = {
  feedforward: () => ['correlation', { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, ...fitSizes() }],
  residual: () => ['preactivationCorrelation', { activation: 'tanh', innerBiasVariance: 0.1, ...fitSizes() }],
  percolation: () => ['pathProbability', { edgeKeepProbability: 0.7, width: whole(3, 6), depth: whole(60, 6000) }],
};
const fitSizes = () => ({ width: whole(100, 10_000), depth: whole(30, 100) });

const trained = {
  feedforward: () => ({ weightVariance: 1.4, width: whole(10, 1500), depth: whole(1, 8) }),
  residual: () => ({ width: whole(10, 1000), depth: whole(1, 8) }),
  percolation: () => ({ keepProbability: 0.9, width: whole(10, 1500), depth: whole(1, 8) }),
  kernel: () => ({ activation: pick('relu', 'erf'), depth: whole(1, 8) }),
  autoencoder: () => ({ training: { modes: whole(1, 20) }, width: whole(10, 1000) }),
  recurrent: () => ({ cell: pick('minimal', 'lstm', 'gru'), width: whole(10, 300), steps: 28 }),
  convolution: () => ({ kernel: 5, width: whole(2, 64), depth: whole(1, 2) }),
  implicit: () => ({ weightVariance: 0.5, width: whole(10, 1500), termCount: whole(2, 100) }),
};

/** A plan of one job of a verb, or nothing where the system has no such verb. */
function planOf(system, verb) {
  if (verb === 'evaluate') {
    const [quantity, base] = quantities[system]?.() ?? [];
    return quantity && { verb, quantity, base: { system, ...base } };
  }
  if (verb === 'train') {
    const base = trained[system]?.();
    const run = system === 'kernel' ? { trainCount: whole(50, 1500) } : { steps: whole(1, 20) };
    return base && { verb, base: { system, ...base }, run, dataset: 'synthetic' };
  }
  if (verb === 'fit') {
    const [observable, base] = fitted[system]?.() ?? [];
    const trials = system === 'percolation' ? whole(2000, 20_000) : whole(100, 1000);
    return observable && { verb, base: { system, ...base }, run: { trials }, fit: { observable } };
  }
  const run = verb === 'predict' ? {} : { run: { trials: whole(2, 200), rawTrials: uniform() < 0.3 } };
  return { verb, base: { system, ...networks[system]() }, ...run };
}

const child = fileURLToPath(new URL('memory.mjs', import.meta.url));
/** [growth, estimate] in bytes. */
const measured = (plan, system) =>
  JSON.parse(
    execFileSync(process.execPath, [child, JSON.stringify([plan, system])], {
      env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
      encoding: 'utf8',
      timeout: 180_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );

const verbs = values.only?.split(',') ?? ['predict', 'simulate', 'compare', 'evaluate', 'fit', 'train'];
const systems = Object.keys(networks);
const counts = Object.fromEntries(
  verbs.map((verb) => [verb, { jobs: 0, below: 0, above: 0, beyondThree: 0, failed: 0 }]),
);
const count = Number(values.count);
for (let i = 0, done = 0; done < count; i++) {
  const system = systems[i % systems.length];
  const verb = pick(...verbs);
  const plan = planOf(system, verb);
  if (plan === undefined) continue;
  done++;
  const of = counts[verb];
  of.jobs++;
  try {
    const [growth, estimate] = measured(plan, system);
    const [said, took] = [estimate, growth].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    const isBeyond = estimate > 3 * growth;
    const verdict = estimate < growth ? 'BELOW' : isBeyond && estimate > 2 ** 24 ? 'above' : 'holds';
    if (isBeyond) of.beyondThree++;
    if (verdict === 'BELOW') of.below++;
    if (verdict === 'above') of.above++;
    console.log(`${verdict} ${verb}: said ${said} MiB, measured ${took} MiB: ${JSON.stringify(plan).slice(0, 400)}`);
  } catch (error) {
    of.failed++;
    const why = /\w*Error: .*/.exec(String(error.stderr ?? ''))?.[0] ?? error.message;
    console.log(`failed ${verb}: ${why.slice(0, 200)}: ${JSON.stringify(plan).slice(0, 400)}`);
  }
}
for (const [verb, of] of Object.entries(counts)) console.log(`${verb}: ${JSON.stringify(of)}`);
const sum = (name) => Object.values(counts).reduce((all, of) => all + of[name], 0);
const [below, above, failed] = [sum('below'), sum('above'), sum('failed')];
console.log(
  `${count} jobs: ${below} below, ${above} above three times (${sum('beyondThree')} counting what is said to take less than 16 MiB), ` +
    `${failed} without a measurement`,
);
if (below > 0 || failed > count / 50 || above > count / 20) process.exitCode = 1;
