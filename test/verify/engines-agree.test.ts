// The conditioned engine has the law of the dense one: joint layerwise gradient metrics of thousands of networks, by
// two-sample Kolmogorov–Smirnov and moment tests on every metric of every layer and on random projections of the whole
// vector. Independent backward weights have another law where the loss sees the outputs: shown by the same tests.
import t, { type Test } from 'tap';
import { type FeedforwardRun, type FeedforwardSpec, kolmogorovSmirnov, simulate } from 'mft-native';
import { addon, seedHalves } from '../../dist/core/addon.js';
import { normalTwoSided } from '../../dist/statistics/distributions.js';
import { holm } from '../../dist/statistics/holm.js';

const trials = 4000;
const depth = 30;
const metrics = [
  'variance',
  'correlation',
  'errorCorrelation',
  'typicalGradientSingle',
  'gradientPairAbsolute',
] as const;

/** One row of features per trial; logarithms of zero (dead networks) become a number below every other. */
async function features(spec: FeedforwardSpec, run: FeedforwardRun): Promise<Float64Array[]> {
  const { observables } = await simulate(
    { system: 'feedforward', weightVariance: 1.8, biasVariance: 0.05, depth, inputs: { correlation: 0.6 }, ...spec },
    { trials, rawTrials: true, ...run },
  );
  const columns: Float64Array[] = [];
  for (const name of metrics) {
    const raw = observables[name]?.trials as Float64Array;
    const width = raw.length / trials;
    for (let k = 0; k < width; k++)
      columns.push(Float64Array.from({ length: trials }, (_, i) => Math.max(-1e4, raw[i * width + k] as number)));
  }
  return columns;
}

function moments(column: Float64Array): { mean: number; sd: number; fourth: number } {
  const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
  const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
  return { mean, sd: Math.sqrt(variance), fourth: column.reduce((sum, x) => sum + (x - mean) ** 4, 0) / column.length };
}

/** Smallest Holm-adjusted p-value of each family: KS per metric, projections, means, variances. */
function families(a: Float64Array[], b: Float64Array[]): Record<string, number> {
  const ks = a.map((column, k) => kolmogorovSmirnov(column, b[k] as Float64Array).pValue);
  const scale = a.map(moments);
  const weights = addon().normals({
    seed: seedHalves(99),
    trial: 0,
    layer: 0,
    purpose: 'bootstrap',
    first: 0,
    count: 60 * a.length,
  });
  const project = (columns: Float64Array[], p: number): Float64Array =>
    Float64Array.from({ length: trials }, (_, i) =>
      columns.reduce(
        (sum, column, k) =>
          sum +
          ((scale[k]?.sd ?? 0) > 0
            ? ((weights[p * a.length + k] as number) * ((column[i] as number) - (scale[k]?.mean ?? 0))) /
              (scale[k]?.sd ?? 1)
            : 0),
        0,
      ),
    );
  const projections = Array.from({ length: 60 }, (_, p) => kolmogorovSmirnov(project(a, p), project(b, p)).pValue);
  const means: number[] = [];
  const variances: number[] = [];
  a.forEach((column, k) => {
    const [x, y] = [moments(column), moments(b[k] as Float64Array)];
    if (x.sd === 0 && y.sd === 0) return;
    means.push(normalTwoSided((x.mean - y.mean) / Math.sqrt((x.sd ** 2 + y.sd ** 2) / trials)));
    const spread = Math.sqrt((x.fourth - x.sd ** 4 + y.fourth - y.sd ** 4) / trials);
    variances.push(normalTwoSided((x.sd ** 2 - y.sd ** 2) / spread));
  });
  return Object.fromEntries(
    Object.entries({ ks, projections, means, variances }).map(([name, p]) => [name, Math.min(...holm(p))]),
  );
}

async function hold(t: Test, name: string, spec: FeedforwardSpec): Promise<void> {
  const conditioned = await features(spec, { engine: 'conditioned', seed: 101 });
  const dense = await features(spec, { engine: 'dense', precision: 'float64', seed: 202 });
  const agreement = families(conditioned, dense);
  t.comment(`${name}: ${JSON.stringify(agreement)}`);
  for (const [family, p] of Object.entries(agreement)) t.ok(p > 1e-4, `${name}: ${family} p = ${p}`);
  const independent = families(
    conditioned,
    await features({ ...spec, backwardWeights: 'independent' }, { engine: 'conditioned', seed: 303 }),
  );
  t.ok(
    (independent.ks as number) < 1e-10,
    `${name}: independent backward weights are told apart, p = ${independent.ks}`,
  );
}

for (const width of [32, 200]) {
  for (const activation of ['tanh', 'relu'] as const) {
    for (const keepProbability of [0.7, 1]) {
      const name = `${activation}, width ${width}, keep ${keepProbability}`;
      t.test(name, { timeout: 600_000 }, (t) =>
        hold(t, name, { activation, width, keepProbability, output: 'postactivation' }),
      );
    }
  }
}
