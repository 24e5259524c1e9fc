// What finite width may add to the means of a residual network: sizes of terms, of which only the fluctuations are known.
import type { CommonExcess } from './common-direction.js';
import type { Predicted } from '../../core/results.js';
import { leastOf } from '../../numeric/extremes.js';
import type { NativeResidualNetwork, Recurrence } from './native.js';
import type { ResidualObservable } from './observables.js';

/** Layer × input (or pair) and the row of it. */
type Size = (at: number, run: Recurrence) => number;

/**
 * e^v − 1 of a lognormal number, variance over squared mean, with that of an independent factor and, under stochastic depth, that
 * over the branches that are kept.
 */
const scatter =
  (variance: Size, branches: keyof Recurrence, own: Size = () => 0): Size =>
  (at, run) => {
    const finite = Math.expm1(variance(at, run)) + Math.exp(variance(at, run)) * own(at, run);
    const kept = run[branches][at] ?? 0;
    return finite + kept + finite * kept;
  };

/** Relative variance over networks of the square whose mean is a variance: 2 of a Gaussian number, and its excess kurtosis. */
const ofVariance =
  (kurtosis: Size): Size =>
  (at, run) =>
    2 + kurtosis(at, run);

/**
 * Adds to every mean an allowance for its terms of order 1/N and 1/M, and to sizes and gradients how much they scatter, from
 * the fluctuations v_p (relative, of the second moment) and v_g (of the logarithm of the gradient) at that order:
 * 2 v of the quantity itself for logarithms, 2/M more for parameters, v (v + 4/M) for the fluctuations,
 * (1 − c²)(v_p + 1/M) and (1 − c)(e^{2 v_d} − 1) for correlations, v_d the part of v_g that the layers below a
 * distance make. The gradients of a block's parameters scatter by its own hidden units besides, which few of them make where most
 * are saturated; so do the fluctuations themselves, whose standard error is then far from a Gaussian's.
 * Sizes with room, chosen on six random networks of 2 to 150 units, whose deviations were up to 1.4 v_g and fell like 1/width; not
 * derived. In reduced blocks whose φ is not odd `common` comes to gradients and distances, derived.
 */
export function addFiniteSize(
  result: Partial<Record<ResidualObservable, Predicted>>,
  network: NativeResidualNetwork,
  runs: readonly Recurrence[],
  /** Of each run what a common direction of the units adds; left out: nothing. */
  common?: readonly CommonExcess[],
): void {
  const depth = network.width.length - 1;
  const narrowest = 1 / Math.max(1, leastOf(network.hiddenWidth));
  const size: Size = (l, run) => (l <= 0 ? 0 : (run.secondMomentVariance[Math.min(l, depth)] as number));
  const gradient: Size = (l, run) => (l >= depth ? 0 : (run.logGradientVariance[l] as number));
  const both: Size = (l, run) => gradient(l, run) + size(l + 1, run);
  const shift: Size = (l, run) => common?.[runs.indexOf(run)]?.gradient[Math.max(0, Math.min(l, depth))] ?? 0;
  const fluctuation =
    (of: Size): Size =>
    (l, run) =>
      of(l, run) * (of(l, run) + 4 * narrowest);
  // Nothing is known of the correction itself: as many zeros for all observables of a size.
  const zeros = new Map<number, Float64Array>();
  const noCorrection = (length: number): Float64Array => {
    const made = zeros.get(length) ?? new Float64Array(length);
    zeros.set(length, made);
    return made;
  };
  const add = (
    name: ResidualObservable,
    allowance: (l: number, run: Recurrence, value: number) => number,
    spread?: Size,
  ) => {
    const observable = result[name];
    if (observable === undefined) return;
    const inner = observable.axes[1]?.values.length ?? 1;
    const at = (f: (l: number, run: Recurrence, value: number) => number): Float64Array =>
      observable.values.map((value, i) => {
        const found = f(Math.floor(i / inner), runs[i % inner] as Recurrence, value);
        // Beyond the range of numbers nothing is known.
        return Number.isFinite(found) ? found : Infinity;
      });
    result[name] = {
      ...observable,
      finiteSize: { order: 1, values: noCorrection(observable.values.length), allowance: at(allowance) },
      ...(spread === undefined ? {} : { spread: at(spread) }),
    };
  };
  const twice =
    (of: Size): Size =>
    (l, run) =>
      2 * of(l, run);
  add('secondMoment', twice(size), scatter(size, 'sizeSpread'));
  add('preactivationVariance', twice(size), scatter(size, 'preactivationSpread'));
  const ofGradient: Size = (l, run) => 2 * gradient(l, run) + shift(l, run);
  add('gradientSecondMoment', ofGradient, scatter(gradient, 'gradientSpread'));
  add('gradientTotal', ofGradient, scatter(gradient, 'gradientSpread'));
  const ofParameter: Size = (l, run) => 2 * (both(l, run) + narrowest) + shift(l, run);
  const activation: Size = (i, run) => run.activationVariance[i] as number;
  const derivative: Size = (i, run) => run.derivativeVariance[i] as number;
  const own = { outerWeight: activation, innerWeight: derivative, outerBias: undefined, innerBias: derivative };
  for (const kind of ['outerWeight', 'innerWeight', 'outerBias', 'innerBias'] as const) {
    add(`${kind}Gradient`, ofParameter, scatter(both, `${kind}Spread`, own[kind]));
    add(`${kind}GradientTotal`, ofParameter, scatter(both, `${kind}Spread`, own[kind]));
  }
  add(
    'secondMomentSpread',
    (l, run) => fluctuation(size)(l + 1, run),
    ofVariance((l, run) => run.secondMomentKurtosis[l + 1] as number),
  );
  add(
    'gradientSpread',
    fluctuation(gradient),
    ofVariance((l, run) => run.logGradientKurtosis[l] as number),
  );
  // A small distance grows by the same product of layers as the gradient shrinks: it scatters as the layers below make that scatter.
  const distance: Size = (l, run) => Math.max(0, gradient(0, run) - gradient(l, run));
  const apart: Size = (l, run) => common?.[runs.indexOf(run)]?.distance[Math.max(0, Math.min(l, depth))] ?? 0;
  const ofAngle: Size = (l, run) => size(l, run) + (l > 0 ? narrowest : 0) + distance(l, run);
  const ofCosine = (l: number, run: Recurrence, c: number): number =>
    (1 - c * c) * (size(l, run) + (l > 0 ? narrowest : 0)) + (1 - c) * Math.expm1(2 * distance(l, run) + apart(l, run));
  const ofDistance: Size = (l, run) => 2 * ofAngle(l, run) + apart(l, run);
  add('metricExpressivity', ofDistance);
  add('angularDeficit', ofDistance);
  add('angularExpressivity', ofCosine);
  add('preactivationCorrelation', (l, run, c) => ofCosine(l, run, c) + (1 - c * c) * narrowest);
}
