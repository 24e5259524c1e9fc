// Layer profiles: theory beside simulation.
import type { ControlOptions } from '../../core/control.js';
import type { Observable } from '../../core/results.js';
import type { SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figureProfile } from '../../figures/profile.js';
import { isUniform, layerOf, multipliersWhereDefined } from './figure-layer.js';
import type { FeedforwardObservable } from './observables.js';
import { predictFeedforward } from './predict.js';
import { simulateFeedforward } from './simulate.js';
import type { ResolvedFeedforwardRun, ResolvedFeedforwardSpec } from './spec.js';

export async function drawProfile(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: SystemOptions,
): Promise<VegaLiteFigure> {
  const prediction = await predictFeedforward(spec, options);
  const simulation = await simulateFeedforward(spec, { ...run, rawTrials: false }, options);
  const wanted: readonly FeedforwardObservable[] = [
    'variance',
    'correlation',
    'errorNorm',
    'gradientSingle',
    'gradientPair',
    'gradientPairAbsolute',
  ];
  return figureProfile(
    [
      { kind: 'prediction', observables: prediction.observables },
      { kind: 'simulation', observables: simulation.observables },
    ],
    {
      observables: wanted.filter((name) => simulation.observables[name] !== undefined),
      title: `Width ${spec.width}, ${run.trials} networks`,
    },
  );
}

const shown = {
  gradientSingle: 'one input',
  gradientPairAbsolute: 'pair, absolute',
  gradientPair: 'pair (magnitude)',
} as const;

export async function drawGradientProfile(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: SystemOptions & ControlOptions,
): Promise<VegaLiteFigure> {
  const prediction = await predictFeedforward(spec, options);
  const simulation = await simulateFeedforward(spec, { ...run, rawTrials: false }, options);
  const points = (Object.keys(shown) as (keyof typeof shown)[]).flatMap((name) => [
    ...decades(prediction.observables[name], shown[name], 'line'),
    ...decades(simulation.observables[name], shown[name], 'point'),
  ]);
  const multiplier = isUniform(spec) ? multipliersWhereDefined(layerOf(spec))?.gradientMultiplier : undefined;
  // Through the middle, where neither the output nor the input is felt.
  const anchor = points.find(
    (point) => point.series === 'one input' && point.mark === 'line' && point.x >= spec.depth / 2,
  );
  if (multiplier !== undefined && anchor !== undefined) {
    for (const x of [1, spec.depth])
      points.push({
        x,
        y: anchor.y + ((anchor.x - x) * Math.log(multiplier)) / Math.LN10,
        series: 'slope −log χ₁',
        mark: 'dashed',
      });
  }
  return figureCurves(points, {
    title: `Mean squared gradients, width ${spec.width}, ${run.trials} networks`,
    x: 'layer',
    y: 'log₁₀ of the mean',
    width: 460,
    height: 320,
  });
}

/** log10 of the first input or pair of an observable on a log scale, against layer. */
function decades(observable: Observable | undefined, series: string, mark: 'line' | 'point'): CurvePoint[] {
  if (observable === undefined) return [];
  const hidden = new Set((observable.undefinedAt ?? []).map((point) => point.index));
  const inner = observable.axes[1]?.values.length ?? 1;
  return Array.from(observable.axes[0]?.values ?? [], (x, i) => ({ x, at: i * inner }))
    .filter(({ at }) => !hidden.has(at) && Number.isFinite(observable.values[at]))
    .map(({ x, at }) => ({ x, y: (observable.values[at] as number) / Math.LN10, series, mark }));
}
