// The same gap on gratings, where test images are drawn from the population itself.
import { figureCurves } from '../../figures/curves.js';
import { meanOf } from '../../statistics/measured.js';
import { inSetting, measuredRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { type GapPoint, gapCurves, gapData, gapRows, trainedGaps } from './gap-runs.js';
import { gratingsTraining, leastSteps } from './gratings-network.js';

interface GratingsScale extends Scale {
  readonly samples: readonly number[];
  readonly seeds: number;
  readonly steps: number;
}

/** Gap and its standard error over five networks, by another implementation with another generator and start. */
const measured = [
  { samples: 50, gap: 0.255, error: 0.015 },
  { samples: 100, gap: 0.286, error: 0.034 },
  { samples: 200, gap: 0.137, error: 0.032 },
  { samples: 400, gap: 0.055, error: 0.008 },
  { samples: 800, gap: 0.014, error: 0.003 },
  { samples: 1600, gap: 0.009, error: 0.005 },
] as const;

export const gapGratings: Reproduction<GratingsScale> = {
  id: 'deep-cnn-gap-gratings',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'The measured gap on gratings over the number of images, with the bounds at the trained norms',
  settings: { ...gratingsTraining().network, ...gratingsTraining().options, batch: 'all images' },
  scales: {
    quick: { samples: [50, 100, 200, 400, 800, 1600], seeds: 5, steps: 600, cost: '30 s' },
    paper: { samples: [50, 100, 200, 400, 800, 1600, 3200], seeds: 20, steps: 600, cost: '5 min' },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const data = await gapData('gratings');
    const training = { ...gratingsTraining(), steps: scale.steps };
    const points = await trainedGaps(data, training, scale, { seed, threads, ...control });
    const rows = [...gapRows(points, scale.samples), ...tableRows(points)].map((row) =>
      inSetting(row, scale.steps >= leastSteps, `${leastSteps} steps are the setting`),
    );
    const figure = figureCurves(gapCurves(points), {
      title: 'Gap of a network on gratings and the bounds on it',
      x: 'training images n',
      y: 'gap',
      xScale: 'log',
      yScale: 'log',
    });
    return { figures: [{ name: 'gap', figure }], rows };
  },
};

/** The gaps beside those of the other implementation. */
function tableRows(points: readonly GapPoint[]): ReproductionRow[] {
  return measured.flatMap(({ samples, gap, error }) => {
    const own = points.filter((point) => point.samples === samples).map((point) => point.gap);
    if (own.length === 0) return [];
    return measuredRow({
      what: `gap at n = ${samples}`,
      published: gap,
      publishedError: error,
      measured: meanOf(own),
      source: 'derived',
      note: 'published: five networks of another implementation, with another start, generator and descent',
    });
  });
}
