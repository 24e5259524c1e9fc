// Where variances fall below the range of double precision: what depends on them is not known, and said so.
import type { Predicted } from '../../core/results.js';
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import type { ForwardPass, InputGram, LayerParameters } from './forward.js';
import type { FeedforwardObservable } from './observables.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

const smallestNormal = 2 ** -1022;
/** Where φ is its own straight lines. */
const vanishing = 1e-20;

/** The first layer (0 for layer 1) whose variance has lost digits or is 0 only because it is too small; undefined: none. */
function lostLayer(layers: LayerParameters, gram: InputGram, forward: ForwardPass): number | undefined {
  const before = (l: number, a: number): number =>
    l === 0
      ? (gram.secondMoment[a] as number)
      : expectation(
          layers.phi[l - 1] as GaussianFunction,
          { value: 2 },
          // An activation that is 0 is no underflow: it is asked where it has digits.
          ((forward.variance[l - 1] as Float64Array)[a] as number) > 0 ? vanishing : 0,
        );
  const at = forward.variance.findIndex((row, l) =>
    row.some((q, a) => q < smallestNormal && (layers.weightVariance[l] as number) > 0 && before(l, a) > 0),
  );
  return at < 0 ? undefined : at;
}

const ofSignals: readonly FeedforwardObservable[] = ['variance', 'covariance', 'correlation'];
const ofErrors: readonly FeedforwardObservable[] = ['errorNorm', 'errorCorrelation'];

/**
 * Hides what rests on a variance below the range: correlations from that layer on; errors of a loss on the output at every layer;
 * gradients there too, with a random readout from the layer behind. Variances and covariances themselves are below the range.
 */
export function hideLost(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  observables: Readonly<Partial<Record<FeedforwardObservable, Predicted>>>,
): Readonly<Partial<Record<FeedforwardObservable, Predicted>>> {
  const lost = lostLayer(layers, gram, forward);
  if (lost === undefined) return observables;
  const reason = `the variance of layer ${lost + 1} is below the range of double precision`;
  const isFree = spec.output === 'randomReadout';
  const from = (name: FeedforwardObservable): number => {
    if (name === 'correlation') return lost;
    if (ofSignals.includes(name)) return Infinity;
    if (!isFree) return 0;
    return ofErrors.includes(name) ? Infinity : lost + 1;
  };
  return Object.fromEntries(
    Object.entries(observables).map(([name, observable]) => [name, hidden(observable, from(name as never), reason)]),
  );
}

function hidden(observable: Predicted, from: number, reason: string): Predicted {
  const count = observable.axes[1]?.values.length ?? 1;
  const known = new Set((observable.undefinedAt ?? []).map(({ index }) => index));
  const added = [...observable.values.keys()].filter((i) => Math.floor(i / count) >= from && !known.has(i));
  if (added.length === 0) return observable;
  const places = new Set(added);
  return {
    ...observable,
    values: observable.values.map((value, i) => (places.has(i) ? 0 : value)),
    undefinedAt: [...(observable.undefinedAt ?? []), ...added.map((index) => ({ index, reason }))].sort(
      (one, other) => one.index - other.index,
    ),
  };
}
