// Which bound orders networks as their measured gaps do: small architectures on gratings, compared pair by pair.
import { ticker } from '../../core/control.js';
import { figureCurves } from '../../figures/curves.js';
import { inSetting, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { type Bounds, gapData, isResolved, mean, trainedGap } from './gap-runs.js';
import { gratingsTraining, leastSteps } from './gratings-network.js';

interface RankingScale extends Scale {
  readonly samples: readonly number[];
  readonly seeds: number;
  readonly steps: number;
  readonly channels: readonly number[];
}

const knobs = ['kernel', 'stride', 'pool', 'width'] as const;
type Architecture = Readonly<Record<(typeof knobs)[number], number>>;

/** Networks of one convolution whose maps fit: 12 shapes for every number of channels. */
function architectures(channels: readonly number[]): Architecture[] {
  const result: Architecture[] = [];
  for (const kernel of [3, 5, 7])
    for (const stride of [1, 2])
      for (const pool of [1, 2, 4]) {
        const side = Math.floor((12 - kernel) / stride) + 1;
        if (side % pool === 0) for (const width of channels) result.push({ kernel, stride, pool, width });
      }
  return result;
}

/** An architecture at one n: the mean gap of its networks, its error, and the mean of every bound. */
interface Ranked {
  readonly architecture: Architecture;
  readonly samples: number;
  readonly gaps: readonly number[];
  readonly bounds: Readonly<Record<keyof Bounds, number>>;
}

const boundNames = ['stated', 'certified', 'bitCount', 'parameterCount'] as const;

/** An environment: the pairs at one n that differ in one knob alone (Dziugaite et al. 2020). */
interface Environment {
  readonly knob: (typeof knobs)[number];
  readonly samples: number;
  readonly pairs: readonly (readonly [Ranked, Ranked])[];
}

function environmentsOf(ranked: readonly Ranked[], samples: readonly number[]): Environment[] {
  return samples.flatMap((n) => {
    const own = ranked.filter((one) => one.samples === n);
    return knobs.map((knob) => {
      const pairs = own.flatMap((a, i) =>
        own
          .slice(i + 1)
          .filter((b) => knobs.every((other) => (a.architecture[other] === b.architecture[other]) === (other !== knob)))
          .filter((b) => isResolved(a.gaps, b.gaps))
          .map((b) => [a, b] as const),
      );
      return { knob, samples: n, pairs };
    });
  });
}

/** Share of the pairs that a bound orders as the gap does. */
const agreement = (pairs: Environment['pairs'], bound: keyof Bounds): number =>
  mean(pairs.map(([a, b]) => (mean(a.gaps) - mean(b.gaps) > 0 === a.bounds[bound] - b.bounds[bound] > 0 ? 1 : 0)));

/** Pairs below which an environment is not judged. */
const leastPairs = 5;

export const ranking: Reproduction<RankingScale> = {
  id: 'deep-cnn-ranking',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'Which bound orders small networks as their measured gaps do',
  settings: { ...gratingsTraining().options, kernel: [3, 5, 7], stride: [1, 2], pool: [1, 2, 4], batch: 'all images' },
  scales: {
    quick: { samples: [200], seeds: 4, steps: 600, channels: [2, 4, 6, 8, 16], cost: '3 min' },
    paper: { samples: [100, 200, 400], seeds: 10, steps: 600, channels: [2, 4, 6, 8, 16], cost: '30 min' },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const data = await gapData('gratings');
    const all = architectures(scale.channels);
    const ranked: Ranked[] = [];
    const { onProgress: _onProgress, ...quiet } = control;
    const tick = ticker(all.length * scale.samples.length, control);
    for (const samples of scale.samples)
      for (const architecture of all) {
        const points: Awaited<ReturnType<typeof trainedGap>>[] = [];
        for (let i = 0; i < scale.seeds; i++) {
          const training = { ...gratingsTraining({ ...architecture }), steps: scale.steps };
          points.push(await trainedGap(data, training, samples, seed + i, { threads, ...quiet }));
        }
        const bounds = Object.fromEntries(
          boundNames.map((name) => [name, mean(points.map((point) => point.bounds[name].value))]),
        ) as Ranked['bounds'];
        ranked.push({ architecture, samples, gaps: points.map(({ gap }) => gap), bounds });
        await tick(ranked.length);
      }
    const environments = environmentsOf(ranked, scale.samples);
    const rows = [...knobRows(ranked), ...boundRows(ranked, environments)].map((row) =>
      inSetting(row, scale.steps >= leastSteps, `${leastSteps} steps are the setting`),
    );
    return { figures: [{ name: 'ranking', figure: draw(ranked) }], rows };
  },
};

/** What the paper says of pools and strides, by the networks that differ in them alone. */
function knobRows(ranked: readonly Ranked[]): ReproductionRow[] {
  const gapsAt = (fixed: Partial<Architecture>): number[] =>
    ranked
      .filter(({ architecture }) =>
        Object.entries(fixed).every(([k, v]) => architecture[k as keyof Architecture] === v),
      )
      .flatMap(({ gaps }) => gaps);
  const ordered = (what: string, from: Partial<Architecture>, to: Partial<Architecture>): ReproductionRow => {
    const [a, b] = [gapsAt(from), gapsAt(to)];
    return statementRow({
      what,
      published: 'larger pools and strides generalise better',
      source: 'Zhou and Feng 2018, after theorem 1',
      measured: `gap ${mean(a).toFixed(3)} → ${mean(b).toFixed(3)}`,
      holds: mean(b) < mean(a) && isResolved(a, b),
      isResolved: isResolved(a, b),
    });
  };
  return [
    ordered('pools of 4 instead of 1, kernels of 5', { kernel: 5, pool: 1 }, { kernel: 5, pool: 4 }),
    ordered(
      'strides of 2 instead of 1, kernels of 5, pools of 1',
      { kernel: 5, pool: 1, stride: 1 },
      { kernel: 5, pool: 1, stride: 2 },
    ),
  ];
}

function boundRows(ranked: readonly Ranked[], environments: readonly Environment[]): ReproductionRow[] {
  const judged = environments.filter(({ pairs }) => pairs.length >= leastPairs);
  return boundNames.map((bound) => {
    const shares = judged.map(({ pairs, ...where }) => ({ ...where, share: agreement(pairs, bound) }));
    const worst = shares.reduce(
      (least, one) => (one.share < least.share ? one : least),
      shares[0] ?? { share: 1, knob: '', samples: 0 },
    );
    const tau = kendall(ranked, bound);
    return statementRow({
      what: `${bound}: pairs that differ in one knob, ordered as their gaps`,
      published: 'no bound orders in every environment (Dziugaite et al. 2020): the worst share is below 3/4',
      source: 'Dziugaite et al. 2020, section 4',
      measured:
        judged.length === 0
          ? `no environment has ${leastPairs} pairs that differ beyond chance; Kendall's τ over all ${tau.toFixed(2)}`
          : `worst ${worst.share.toFixed(2)} (${worst.knob}, n = ${worst.samples}), ` +
            `mean ${mean(shares.map(({ share }) => share)).toFixed(2)} ` +
            `of ${judged.length} environments; Kendall's τ over all ${tau.toFixed(2)}`,
      holds: worst.share < 0.75,
      isResolved: judged.length > 0,
    });
  });
}

/** Kendall's τ of a bound and the mean gap over all architectures at one n, averaged over n. */
function kendall(ranked: readonly Ranked[], bound: keyof Bounds): number {
  let [sum, count] = [0, 0];
  ranked.forEach((a, i) => {
    for (const b of ranked.slice(i + 1)) {
      // A bound may not speak of a network.
      if (a.samples !== b.samples || !Number.isFinite(a.bounds[bound] - b.bounds[bound])) continue;
      sum += Math.sign(mean(a.gaps) - mean(b.gaps)) * Math.sign(a.bounds[bound] - b.bounds[bound]);
      count++;
    }
  });
  return count === 0 ? 0 : sum / count;
}

const draw = (ranked: readonly Ranked[]): ReturnType<typeof figureCurves> =>
  figureCurves(
    boundNames.flatMap((series) =>
      ranked.map(({ bounds, gaps }) => ({
        x: bounds[series],
        y: Math.max(1e-4, mean(gaps)),
        series,
        mark: 'point' as const,
      })),
    ),
    {
      title: 'Measured gap against bounds, one point per architecture',
      x: 'bound',
      y: 'test − training risk, at least 1e-4',
      xScale: 'log',
      yScale: 'log',
    },
  );
