// Common practice: what advise claims of the gradients of usual activations, initialisations, dropout, depths and widths is
// what simulated networks do (Holm over the table), no case goes without advice, and every change, predicted again, does what it
// promised. A few cases spread over the table; one in n with MFT_EVERY=n, all of them with MFT_EXPERIMENTS=1 (hours).
import t from 'tap';
import {
  advise,
  type FeedforwardSpec,
  type Finding,
  isUndefined,
  predict,
  simulate,
  variancePreservingInitialization,
} from 'mft-native';
import { studentTwoSided } from '../../dist/statistics/distributions.js';

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
type Practice = (
  fanIn: readonly number[],
  fanOut: readonly number[],
  spec: Base,
) => Partial<FeedforwardSpec> | undefined;
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
  orthogonal: (fanIn, fanOut) =>
    fanIn.every((n, l) => n === fanOut[l]) ? { weightVariance: 2, weights: 'orthogonal' } : undefined,
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
          if (fields === undefined) continue;
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
const chosen = cases.filter((_, i) => i % every === 0);
const trials = 24;

const ratioOf = (values: Float64Array): number => (values[0] as number) - (values.at(-1) as number);
const evidence = (finding: Finding | undefined, name: string): number | undefined =>
  finding?.evidence.find(({ quantity }) => quantity === name)?.value;

t.test('common practice', { timeout: 36_000_000 }, async (t) => {
  const judged: { readonly name: string; readonly p: number; readonly what: string }[] = [];
  let changes = 0;
  for (const { name, spec } of chosen) {
    const [section] = (await advise(spec)).sections;
    const findings = section === undefined || isUndefined(section.findings) ? [] : section.findings;
    t.ok(findings.length >= 3, `${name}: advice`);
    const gradients = findings.find(({ id }) => /radient/.test(id) && id !== 'typicalNetwork' && !/^change/.test(id));
    const claimed = evidence(gradients, 'logGradientRatio');
    const theory = await predict(spec);
    const predicted = theory.observables.errorNorm;
    t.ok(
      claimed !== undefined && predicted !== undefined && Math.abs(claimed - ratioOf(predicted.values)) < 0.1,
      `${name}: as predicted`,
    );
    const simulated = await simulate(spec, { trials, seed: 13, rawTrials: true });
    const rows = simulated.observables.errorNorm?.trials as Float64Array;
    const ratios = Array.from({ length: trials }, (_, i) =>
      ratioOf(rows.subarray((i * rows.length) / trials, ((i + 1) * rows.length) / trials)),
    ).filter(Number.isFinite);
    const mean = ratios.reduce((sum, x) => sum + x, 0) / ratios.length;
    const variance = ratios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (ratios.length - 1);
    // What is claimed of a typical network: by advice where networks scatter, else the prediction with its term of order 1/width.
    const of = (id: string): Finding | undefined => findings.find((finding) => finding.id === id);
    const typical = evidence(of('typicalNetwork'), 'typicalLogGradientRatio');
    const unknown = evidence(of('beyondInfiniteWidth'), 'logGradientCorrection');
    const shift = predicted?.finiteSize === undefined ? 0 : ratioOf(predicted.finiteSize.values);
    const expected = typical ?? (claimed as number) + shift;
    // A term of first order leaves its own size unknown where advice calls it leading, half of it where it is handed out.
    const allowance =
      typical === undefined ? 0.5 * Math.abs(shift) : Math.abs(typical - (claimed as number)) + 0.25 * variance;
    const other = evidence(of('bistable'), 'otherSideProbability');
    if (unknown === undefined && other === undefined) {
      const t = Math.max(0, Math.abs(mean - expected) - allowance) / Math.sqrt(variance / ratios.length);
      judged.push({
        name,
        p: variance === 0 ? 1 : studentTwoSided(t, ratios.length - 1),
        what: `simulated ${mean.toFixed(2)}, claimed ${claimed?.toFixed(2)}, typical ${expected.toFixed(2)}, t ${t.toFixed(2)}`,
      });
    }
    // Where advice says that networks go two ways, or that infinite width says nothing, there is no number to hold it to.
    else t.ok(variance > 0.05 || Math.abs(mean - expected) < 1, `${name}: networks do scatter, variance ${variance}`);
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
  }
  // Holm: the smallest P against 1e-3 over the table, the next against one row less, …
  judged.sort((a, b) => a.p - b.p);
  for (const [rank, { name, p, what }] of judged.entries())
    t.ok(p >= 1e-3 / (judged.length - rank), `${name}: P ${p.toExponential(1)}, ${what}`);
  t.comment(
    `${chosen.length} of ${cases.length} cases, ${judged.length} judged, ${changes} changes, smallest P ${judged[0]?.p}`,
  );
});
