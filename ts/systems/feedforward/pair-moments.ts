// The pair moments that the backward pass needs, for all layers at once: natively, on all processors, off the event loop.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { threadsFor } from '../../core/memory.js';
import { powers, type GaussianFunction } from '../../gaussian/expectation.js';
import type { Integrand } from '../../gaussian/integrand.js';
import { pairExpectation } from '../../gaussian/moments.js';
import type { PairState } from './forward.js';

/** E f(u_a)f(u_b) of every pair of every layer, each distinct state of one φ integrated once. */
export async function pairMoments(
  phi: readonly GaussianFunction[],
  integrand: Integrand,
  layers: readonly (readonly PairState[])[],
  options: ControlOptions,
): Promise<Float64Array> {
  const parts = new Map<GaussianFunction, number[]>();
  layers.forEach((_, l) => {
    const of = phi[l] as GaussianFunction;
    const known = parts.get(of);
    if (known === undefined) parts.set(of, [l]);
    else known.push(l);
  });
  const pairs = layers[0]?.length ?? 0;
  const result = new Float64Array(layers.length * pairs);
  for (const [of, members] of parts) {
    const states = members.flatMap((l) => layers[l] as readonly PairState[]);
    const values = await momentsOf(of, integrand, states, options);
    members.forEach((l, k) => result.set(values.subarray(k * pairs, (k + 1) * pairs), l * pairs));
  }
  return result;
}

async function momentsOf(
  phi: GaussianFunction,
  integrand: Integrand,
  states: readonly PairState[],
  options: ControlOptions,
): Promise<Float64Array> {
  const distinct = new Map<string, { readonly state: PairState; readonly at: number }>();
  const places = states.map((state) => {
    const key = `${state.varianceA} ${state.varianceB} ${state.delta}`;
    const known = distinct.get(key);
    if (known !== undefined) return known.at;
    distinct.set(key, { state, at: distinct.size });
    return distinct.size - 1;
  });
  const list = [...distinct.values()].map(({ state }) => state);
  const values = await integrate(phi, integrand, list, options);
  return Float64Array.from(places, (at) => values[at] as number);
}

async function integrate(
  phi: GaussianFunction,
  integrand: Integrand,
  states: readonly PairState[],
  options: ControlOptions,
): Promise<Float64Array> {
  const { native } = phi;
  if (native === undefined)
    throw new MftError('ERR_MFT_INTERNAL', 'Expected the activation of a spec to be known natively.');
  // Merged pairs are single moments, which the cache of the phi holds.
  const merged = states.map(({ varianceA, varianceB, delta }) => delta === 0 && varianceA === varianceB);
  const open = states.filter((_, i) => !merged[i]);
  const { signal } = options;
  const found =
    open.length === 0
      ? new Float64Array()
      : await controlled(signal === undefined ? {} : { signal }, open.length, (slots) =>
          addon().startGaussian(
            {
              what: 'pair',
              activation: native,
              integrand: powers(integrand),
              varianceA: Float64Array.from(open, ({ varianceA }) => varianceA),
              varianceB: Float64Array.from(open, ({ varianceB }) => varianceB),
              oneMinusCorrelation: Float64Array.from(open, ({ delta }) => delta),
              threads: threadsFor(0),
            },
            slots,
          ),
        );
  let next = 0;
  return Float64Array.from(states, (state, i) =>
    merged[i] ? pairExpectation(phi, integrand, state.varianceA, state.varianceB, 0) : (found[next++] as number),
  );
}
