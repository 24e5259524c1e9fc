// Common practice: what advise claims of the gradients and signals of usual activations, initialisations, dropout, depths and widths
// is what simulated networks do (Holm over the table), no case goes without advice, and every change, predicted again, does what it
// promised. A few cases spread over the table; one in n with MFT_EVERY=n, from the MFT_FROM-th, all of them with MFT_EXPERIMENTS=1 (hours).
// MFT_TABLE=FILE appends what was judged, a line of JSON per case, so that parts of the table add up.
//
// Claims are of infinite width; a typical network of these widths differs by the terms of order 1/width, E log of (3.15), (3.16): they
// are added, and what is left is noise of `trials` networks, judged by Student's law. No allowance for Gaussian weights. Orthogonal ones:
// the mean's own term is not derived, and its size is allowed. E log q is that of a lognormal of the relative variance V, to V²/2.
import { appendFileSync } from 'node:fs';
import t from 'tap';
import {
  advise,
  type FeedforwardSpec,
  type Finding,
  isUndefined,
  type Estimated,
  predict,
  simulate,
  variancePreservingInitialization,
} from 'mft-native';
import { studentTwoSided } from '../../dist/statistics/distributions.js';
import { networkProfile } from '../../dist/systems/feedforward/profile.js';
import { resolveFeedforwardSpec } from '../../dist/systems/feedforward/spec.js';

const activations = [
  'relu',
  'leakyRelu',
  'gelu',
  'silu',
  'elu',
  'selu',
  'tanh',
  'sigmoid',
  'softplus',
  'mish',
] as const;
const widthsOf = {
  constant: (depth: number) => Array.from({ length: depth }, () => 256),
  funnel: (depth: number) => Array.from({ length: depth }, (_, l) => Math.round(256 * (1 / 4) ** (l / depth))),
} as const;
type Practice = (fanIn: readonly number[], fanOut: readonly number[], spec: Base) => Partial<FeedforwardSpec>;
interface Base {
  readonly activation: (typeof activations)[number];
  readonly keepProbability: number;
}
const practices: Readonly<Record<string, Practice>> = {
  he: () => ({ weightVariance: 2 }),
  xavier: (fanIn, fanOut) => ({
    weightVariance: fanIn.map((n, l) => (2 * n) / (n + (fanOut[l] as number))),
  }),
  leCun: () => ({ weightVariance: 1 }),
  pytorch: (fanIn) => ({ weightVariance: 1 / 3, biasVariance: fanIn.map((n) => 1 / (3 * n)) }),
  orthogonal: () => ({ weightVariance: 2, weights: 'orthogonal' }),
  variancePreserving: (_fanIn, _fanOut, { activation, keepProbability }) => ({
    weightVariance: variancePreservingInitialization(activation, { keepProbability }).weightVariance,
  }),
};

interface Case {
  readonly name: string;
  readonly spec: FeedforwardSpec & { readonly system: 'feedforward' };
}
const cases: Case[] = [];
for (const activation of activations)
  for (const [practice, make] of Object.entries(practices))
    for (const keepProbability of [1, 0.9, 0.5])
      for (const depth of [3, 10, 30, 100])
        for (const [shape, widths] of Object.entries(widthsOf)) {
          const width = widths(depth);
          const fields = make([width[0] as number, ...width.slice(0, -1)], width, { activation, keepProbability });
          cases.push({
            name: `${activation} ${practice} ρ ${keepProbability} depth ${depth} ${shape}`,
            spec: {
              system: 'feedforward',
              activation,
              keepProbability,
              depth,
              width: shape === 'constant' ? 256 : width,
              inputs: { count: 1 },
              ...fields,
            },
          });
        }

const isWhole = process.env.MFT_EXPERIMENTS !== undefined;
const every = Number(process.env.MFT_EVERY ?? (isWhole ? 1 : 149));
const from = Number(process.env.MFT_FROM ?? 0);
const chosen = cases.filter((_, i) => i % every === from);
const trials = 24;
const seed = 31;

function withoutSystem({ system: _, ...spec }: Case['spec']): FeedforwardSpec {
  return spec;
}

/** The logarithm of an observable at layer 1 of one network. */
function firstOf(observable: Estimated | undefined, trial: number): number {
  const rows = observable?.trials as Float64Array;
  return Math.log(rows[(trial * rows.length) / trials] as number);
}

const ratioOf = (values: Float64Array): number => (values[0] as number) - (values.at(-1) as number);
const evidence = (finding: Finding | undefined, name: string): number | undefined =>
  finding?.evidence.find(({ quantity }) => quantity === name)?.value;

/** Of every simulated network, the logarithm of an observable at layer 1 over that at layer L. */
function ratiosOf(observable: Estimated | undefined): number[] {
  const rows = observable?.trials as Float64Array;
  const log = (x: number): number => (observable?.scale === 'log' ? x : Math.log(x));
  return Array.from({ length: trials }, (_, i) => {
    const row = rows.subarray((i * rows.length) / trials, ((i + 1) * rows.length) / trials);
    return log(row[0] as number) - log(row.at(-1) as number);
  });
}

/** P of a claim: that the mean over networks is no farther from it than `allowance` and noise. */
function judge(
  values: readonly number[],
  claim: number,
  allowance: number,
): { readonly p: number; readonly what: string } {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, x) => sum + x, 0) / finite.length;
  const variance = finite.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (finite.length - 1);
  const t = Math.max(0, Math.abs(mean - claim) - allowance) / Math.sqrt(variance / finite.length);
  return {
    p: variance === 0 ? 1 : studentTwoSided(t, finite.length - 1),
    what: `simulated ${mean.toFixed(2)}, claimed ${claim.toFixed(2)}, t ${t.toFixed(2)}`,
  };
}

t.test('common practice', { timeout: 36_000_000 }, async (t) => {
  const judged: { readonly name: string; readonly p: number; readonly what: string }[] = [];
  let [changes, divided] = [0, 0];
  for (const { name, spec } of chosen) {
    const judgedBefore = judged.length;
    const [section] = (await advise(spec)).sections;
    const findings = section === undefined || isUndefined(section.findings) ? [] : section.findings;
    t.ok(findings.length >= 3, `${name}: advice`);
    const gradients = findings.find(({ id }) => /radient/.test(id) && id !== 'typicalNetwork' && !/^change/.test(id));
    const claimed = evidence(gradients, 'logGradientRatio');
    const predicted = (await predict(spec)).observables.errorNorm;
    t.ok(
      claimed !== undefined && predicted !== undefined && Math.abs(claimed - ratioOf(predicted.values)) < 0.1,
      `${name}: as predicted`,
    );
    const { observables } = await simulate(spec, { trials, seed, rawTrials: true });
    const { finiteWidth, logVarianceRatio } = await networkProfile(resolveFeedforwardSpec(withoutSystem(spec)), {});
    t.ok(finiteWidth !== undefined, `${name}: terms of finite width`);
    const of = (id: string): Finding | undefined => findings.find((finding) => finding.id === id);
    const typical = evidence(of('typicalNetwork'), 'typicalLogGradientRatio');
    if (finiteWidth === undefined || claimed === undefined) continue;
    const { shift, weightShift, mean, signalSpread } = finiteWidth;
    if (typical !== undefined) t.ok(Math.abs(typical - claimed - shift) < 1e-9, `${name}: the typical network`);
    if (evidence(of('bistable'), 'otherSideProbability') === undefined) {
      const unknown = spec.weights === 'orthogonal' ? Math.abs(mean) : 0;
      const weights = evidence(gradients, 'logWeightGradientRatio');
      const scatter = signalSpread.at(-1) as number;
      const claims = [
        ['gradients', ratiosOf(observables.errorNorm), claimed + shift, unknown],
        ...(weights === undefined
          ? []
          : [['weight gradients', ratiosOf(observables.gradientSingle), weights + weightShift, unknown] as const]),
        [
          'signals',
          ratiosOf(observables.variance),
          Math.log1p(scatter) / 2 - (logVarianceRatio ?? 0),
          scatter ** 2 / 2,
        ],
      ] as const;
      for (const [what, values, claim, allowance] of claims) {
        const found = judge(values, claim, allowance);
        judged.push({ ...found, name: `${name}: ${what}` });
      }
    } else {
      // Networks go two ways, and every claim says of which it is: those have its sign.
      divided++;
      t.match(gradients?.claim, /^In networks that tend to /, `${name}: of which networks`);
      t.notOk(of('typicalNetwork'), `${name}: none is typical`);
      const ratios = ratiosOf(observables.errorNorm);
      const parting = Math.log(evidence(of('bistable'), 'fixedPointVariance') as number);
      const first = Math.log(evidence(of('bistable'), 'variance') as number);
      const end = ratiosOf(observables.variance).map((ratio, i) => firstOf(observables.variance, i) - ratio);
      const same = ratios.filter((_, i) => (end[i] as number) > parting === first > parting);
      const sum = same.reduce((total, x) => total + x, 0);
      t.ok(Math.abs(claimed) < 2 || same.length === 0 || sum * claimed > 0, `${name}: sign, ${same.length} networks`);
    }
    for (const { id, change, after } of findings) {
      if (change === undefined || change.system !== undefined) continue;
      changes++;
      const again = await predict({ ...spec, ...change } as Case['spec']);
      const promised = (quantity: string): number =>
        after?.find((value) => value.quantity === quantity)?.value as number;
      t.ok(
        Math.abs(ratioOf(again.observables.errorNorm?.values as Float64Array) - promised('logGradientRatio')) < 1e-6 &&
          Math.abs((again.quantities.trainableLength as number) / promised('trainableDepth') - 1) < 1e-6,
        `${name}: ${id} does what it promised`,
      );
    }
    if (process.env.MFT_TABLE !== undefined)
      appendFileSync(process.env.MFT_TABLE, `${JSON.stringify({ name, judged: judged.slice(judgedBefore) })}\n`);
  }
  // Holm: the smallest P against 1e-3 over the table, the next against one row less, …
  judged.sort((a, b) => a.p - b.p);
  for (const [rank, { name, p, what }] of judged.entries())
    t.ok(p >= 1e-3 / (judged.length - rank), `${name}: P ${p.toExponential(1)}, ${what}`);
  t.comment(
    `${chosen.length} of ${cases.length} cases, ${judged.length} claims judged, ${divided} networks that go two ways, ` +
      `${changes} changes, smallest P ${judged[0]?.p}`,
  );
});
