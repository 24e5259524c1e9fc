// How far the gradient over n images lies from that over all of them, at fixed weights: by what single images say, exactly.
import { ticker } from '../../core/control.js';
import { figureCurves } from '../../figures/curves.js';
import { type Measured, meanOf } from '../../statistics/measured.js';
import type { TrainOptions } from '../../training/options.js';
import { train } from '../../verbs/train.js';
import { measuredRow } from '../rows.js';
import type { Reproduction, Scale } from '../types.js';
import { gapData } from './gap-runs.js';
import { gratingsTraining } from './gratings-network.js';

interface NoiseScale extends Scale {
  readonly samples: readonly number[];
  readonly repeats: number;
  /** Steps on all images that lead to the weights. */
  readonly steps: number;
}

export const gradientNoise: Reproduction<NoiseScale> = {
  id: 'deep-cnn-gradient-noise',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'Squared norm of the gradient over n images at fixed weights',
  settings: { ...gratingsTraining().network, loss: 'brier', images: 'drawn without replacement' },
  scales: {
    quick: { samples: [25, 100, 400, 1600], repeats: 200, steps: 200, cost: '20 s' },
    paper: { samples: [25, 50, 100, 200, 400, 800, 1600, 3200], repeats: 4000, steps: 200, cost: '10 min' },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const { network, options } = gratingsTraining();
    const { train: images } = await gapData('gratings');
    const { onProgress: _, ...quiet } = control;
    const whole = images.count;
    const run = (changed: TrainOptions) =>
      train(network as never, { train: images }, { ...options, ...quiet, threads, trainEvaluation: 0, ...changed });
    const tick = ticker(scale.samples.length * scale.repeats + 3, control);
    const { weights = {} } = await run({
      batchSize: whole,
      steps: scale.steps,
      reportEvery: scale.steps,
      seed,
      returnWeights: true,
    });
    /** Mean |∇|² over batches of n: a rate of 0 leaves the weights as they are. */
    const squares = async (n: number, steps: number, runSeed: number): Promise<number> => {
      const still = { optimizer: 'sgd', learningRate: 0, initialWeights: weights, statisticsEvery: 1 } as const;
      const { statistics } = await run({ ...still, batchSize: n, steps, reportEvery: steps, seed: runSeed });
      return (statistics?.gradientNorm?.values ?? new Float64Array()).reduce((sum, x) => sum + Math.exp(x), 0) / steps;
    };
    const all = await squares(whole, 1, seed);
    await tick(2);
    // An epoch of single images has every image once: E|∇_1|² without error.
    const spread = (await squares(1, whole, seed)) - all;
    await tick(3);
    const measured: Measured[] = [];
    for (const [i, n] of scale.samples.entries()) {
      const values: number[] = [];
      for (let repeat = 0; repeat < scale.repeats; repeat++) {
        values.push(await squares(n, 1, seed + 1 + i * scale.repeats + repeat));
        await tick(3 + i * scale.repeats + repeat + 1);
      }
      measured.push(meanOf(values));
    }
    const expected = scale.samples.map((n) => all + ((spread / n) * (whole - n)) / (whole - 1));
    const rows = scale.samples.map((n, i) =>
      measuredRow({
        what: `mean |∇|² over ${n} images`,
        published: expected[i] as number,
        measured: measured[i] as Measured,
        source: 'derived: |∇_N|² + (tr Cov/n)(N − n)/(N − 1)',
        note: `all ${whole} images: ${all.toExponential(3)}; tr Cov: ${spread.toExponential(3)}`,
      }),
    );
    const figure = figureCurves(
      scale.samples.flatMap((n, i) => [
        { x: n, y: expected[i] as number, series: 'from single images' },
        { x: n, y: (measured[i] as Measured).mean, series: 'measured', mark: 'point' as const },
      ]),
      {
        title: 'Squared gradients over n images at fixed weights',
        x: 'images n',
        y: '|∇|²',
        xScale: 'log',
        yScale: 'log',
      },
    );
    return { figures: [{ name: 'squares', figure }], rows };
  },
};
