// Quantities of one system at its steady state: state, gradients, spectra, certificates.
import * as z from 'zod';
import { expectedError, MftError } from '../../core/errors.js';
import { wholeField } from '../../core/fields.js';
import type { ControlOptions } from '../../core/control.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { certificateOf, jacobianOf, perronBound } from './certificate.js';
import { hopfieldEnergy, logistic, logisticSlope } from './dense-dynamics.js';
import type { Dynamics } from './dynamics.js';
import {
  denseBytes,
  dynamicsFields,
  dynamicsOf,
  type DynamicsParameters,
  hopfieldOf,
  innerAndOuter,
} from './fixtures.js';
import { minstd } from './minstd.js';
import { flattened, neumannSum, trajectory, unrolled } from './gradient.js';
import { denseOperator, graphOperator } from './graph.js';
import {
  byComponent,
  dot,
  matrixOf,
  multiply,
  norm,
  solveDense,
  type Spectrum,
  spectrumOf,
  type Vector,
} from './products.js';
import { restingState } from './rest.js';

const system = z.strictObject(dynamicsFields);
const text = (description: string) => z.string().max(500).meta({ expected: 'a text', description });
const list = (values: Vector): number[] => Array.from(values);
const singular = 'I − J is singular: the gradient does not exist';
const largestDense = 4096;

/** A system at rest, with the exact adjoint where it exists. */
async function atRest(p: DynamicsParameters, options: ControlOptions) {
  const dynamics = dynamicsOf(p);
  if (dynamics.size > largestDense)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected at most ${largestDense} state components, received ${dynamics.size}.`,
      {
        parameter: 'width',
        received: dynamics.size,
      },
    );
  const state = await restingState(dynamics, options);
  return { dynamics, state, at: dynamics.at(state), g: dynamics.loss(state).gradient };
}

/** z of (I − J)ᵀ z = g, or a reason. */
export async function exactAdjoint(p: DynamicsParameters, options: ControlOptions) {
  const found = await atRest(p, options);
  const z = await solveDense(found.dynamics.size, jacobianOf(found.dynamics.size, found.at), found.g, true);
  return { ...found, z };
}

const source = 'Liao et al. 2018; docs 2.2';

/** What `diagnostics` may be asked for. */
const components = [
  'spectralRadius',
  'spectralNorm',
  'conditionNumberOfIdentityMinusJacobian',
  'perronUpperBound',
  'certificate',
  'smallestSingularValue',
  'kinkCount',
  'operatorSpectralRadius',
  'operatorSpectralNorm',
  'operatorInfinityNorm',
] as const;

async function operatorPart(p: DynamicsParameters, name: string): Promise<QuantityValue> {
  if (p.edges === undefined || p.nodes === undefined) return { reason: 'these dynamics have no graph' };
  const matrix = denseOperator(graphOperator(p.nodes, p.edges, p.normalisation));
  if (name === 'operatorInfinityNorm') {
    const rows = Array.from({ length: p.nodes }, (_, i) =>
      matrix.subarray(i * (p.nodes ?? 0), (i + 1) * (p.nodes ?? 0)),
    );
    return Math.max(...rows.map((row) => row.reduce((sum, x) => sum + Math.abs(x), 0)));
  }
  const spectrum = await spectrumOf(p.nodes, matrix);
  return name === 'operatorSpectralRadius' ? spectrum.radius : (spectrum.singular[0] as number);
}

/** A direction: a text of the reference files, or numbers. */
const direction = (fallback: (i: number) => number, description: string) =>
  z
    .union([z.string(), z.array(z.number()).min(1)])
    .optional()
    .transform((given) => (size: number): Vector => {
      if (Array.isArray(given)) return Float64Array.from(given);
      if (given === undefined) return Float64Array.from({ length: size }, (_, i) => fallback(i + 1));
      if (/^cos\(1\.\.n\)$/.test(given)) return Float64Array.from({ length: size }, (_, i) => Math.cos(i + 1));
      if (/^sin\(1\.\.n\)$/.test(given)) return Float64Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const found = /^minstd\((\d+)\)$/.exec(given);
      if (found !== null) return minstd(Number(found[1]), size);
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        'v',
        'numbers, "cos(1..n)", "sin(1..n)" or "minstd(seed)"',
        given,
      );
    })
    .meta({ expected: 'numbers, "cos(1..n)", "sin(1..n)" or "minstd(seed)"', description });

/** b s'(W h) (W v): the derivative of another map, in the place of step W (b s'(b h) v). */
function releasedProduct(p: DynamicsParameters, h: Vector, v: Vector): Vector {
  const { weights, input, gain } = hopfieldOf(p);
  const n = h.length;
  const slope = multiply([n, 1, n], weights, h).map((x) => gain * logisticSlope(x));
  return byComponent(slope, multiply([n, 1, n], weights, v)).map((x, i) => (i < input.length ? 0 : x));
}

async function hyper(
  p: DynamicsParameters & { components: string[] },
  gradient: (d: Dynamics) => Promise<Readonly<Record<string, Vector>>>,
) {
  innerAndOuter(p);
  const found = await gradient(dynamicsOf(p));
  return p.components.map((name) => found[name]?.[0] as number);
}

const hyperComponents = z
  .array(z.enum(['logLearningRate', 'momentumLogit', 'logL2']))
  .min(1)
  .default(['logLearningRate', 'momentumLogit', 'logL2'])
  .meta({ expected: 'a list of logLearningRate, momentumLogit, logL2', description: 'Which, in which order.' });
const steps = wholeField(0, 1_000_000, 'Updates from the start.', 't');

export const stateQuantities = {
  minstdValues: quantity({
    symbol: '2s/(2³¹ − 1) − 1',
    description: 'Values of the generator that fills the arrays of cases.',
    source: 'Park & Miller 1988; docs 2.6',
    parameters: z.strictObject({
      seed: wholeField(1, 2147483646, 'First number.'),
      count: wholeField(1, 1_000_000, 'How many.'),
      discard: wholeField(0, 1_000_000, 'How many come before.').default(16),
    }),
    evaluate: ({ seed, count, discard }) => list(minstd(seed, count, discard)),
  }),
  steadyState: quantity({
    symbol: 'h*',
    description:
      'State that iteration reaches, polished by Newton steps; of affine dynamics the solution of (I − M) h = c.',
    source: 'derived; docs 2.1',
    parameters: system,
    bytes: denseBytes,
    evaluate: async (p, options = {}) => list((await atRest(p, options)).state),
  }),
  loss: quantity({
    symbol: 'L',
    description: 'Loss at the steady state.',
    source: 'derived; docs 2.2',
    parameters: system,
    bytes: denseBytes,
    evaluate: async (p, options = {}) => {
      const { dynamics, state } = await atRest(p, options);
      return dynamics.loss(state).value;
    },
  }),
  adjoint: quantity({
    symbol: 'z',
    description: 'Solution of (I − J)ᵀ z = ∂L/∂h at the steady state.',
    source,
    parameters: system,
    bytes: denseBytes,
    evaluate: async (p, options = {}): Promise<QuantityValue> => {
      const { z: found } = await exactAdjoint(p, options);
      return found === undefined ? { reason: singular } : list(found);
    },
  }),
  gradient: quantity({
    symbol: 'dL/dθ',
    description: 'Implicit gradient: arrays in the order of their names, row by row, one after the other.',
    source,
    parameters: system,
    bytes: denseBytes,
    evaluate: async (p, options = {}): Promise<QuantityValue> => {
      const { z: found, at } = await exactAdjoint(p, options);
      return found === undefined ? { reason: singular } : flattened(at.cotangent(found), p.order);
    },
  }),
  unrolledGradient: quantity({
    symbol: 'dL_t/dθ',
    description: 'Back-propagation through the last `truncation` of `steps` updates from the start.',
    source: 'Liao et al. 2018; docs 2.4',
    parameters: z.strictObject({
      ...dynamicsFields,
      steps,
      truncation: wholeField(1, 1_000_000, 'Updates that are gone back through = terms.').optional(),
      start: text('The start; read by nobody.').optional(),
    }),
    evaluate: ({ steps: count, truncation, start: _start, ...p }) =>
      flattened(unrolled(dynamicsOf(p), count, truncation ?? count), p.order),
  }),
  diagnostics: quantity({
    symbol: 'ρ(J), …',
    description: 'Spectral radius and norm of J at the steady state, condition of I − J, certificates.',
    source: 'derived; docs 2.5',
    parameters: z.strictObject({
      ...dynamicsFields,
      components: z
        .array(z.enum(components))
        .min(1)
        .default(components.slice(0, 4))
        .meta({ expected: `a list of ${components.join(', ')}`, description: 'Which, in which order.' }),
    }),
    bytes: denseBytes,
    evaluate: async ({ components: names, ...p }, options = {}): Promise<QuantityValue> => {
      const { dynamics, at } = await atRest(p, options);
      const n = dynamics.size;
      const matrix = jacobianOf(n, at);
      let known: Spectrum | undefined;
      const spectrum = async (): Promise<Spectrum> => (known ??= await spectrumOf(n, matrix));
      const parts: Readonly<Record<(typeof components)[number], () => Promise<QuantityValue> | QuantityValue>> = {
        spectralRadius: async () => (await spectrum()).radius,
        spectralNorm: async () => (await spectrum()).singular[0] as number,
        conditionNumberOfIdentityMinusJacobian: async () => {
          const { singularOfRest: s } = await spectrum();
          const least = s[n - 1] as number;
          return least > 0 ? (s[0] as number) / least : { reason: singular };
        },
        perronUpperBound: () => perronBound(n, matrix),
        certificate: () => certificateOf(n, matrix),
        smallestSingularValue: async () => (await spectrum()).singularOfRest[n - 1] as number,
        kinkCount: () => at.kinks ?? 0,
        operatorSpectralRadius: () => operatorPart(p, 'operatorSpectralRadius'),
        operatorSpectralNorm: () => operatorPart(p, 'operatorSpectralNorm'),
        operatorInfinityNorm: () => operatorPart(p, 'operatorInfinityNorm'),
      };
      const values: QuantityValue[] = [];
      for (const name of names) values.push(await parts[name]());
      return values;
    },
  }),
  globalContractionBound: quantity({
    symbol: 'μ',
    description: 'Bound of |J|₂ at every state from norms of the matrices: a contraction below 1.',
    source: 'derived; docs 2.5',
    parameters: system,
    evaluate: async (p): Promise<QuantityValue> =>
      (await dynamicsOf(p).globalBound?.()) ?? {
        reason: 'no bound that holds at every state is known of these dynamics',
      },
  }),
  adjointIdentityDefect: quantity({
    symbol: '|u·Jv − v·Jᵀu|',
    description: 'How far two products are from being of one matrix and its transpose, for one pair of directions.',
    source: 'derived; docs 2.5',
    parameters: z.strictObject({
      ...dynamicsFields,
      u: direction((i) => Math.sin(i), 'u.'),
      v: direction((i) => Math.cos(i), 'v.'),
      forwardProduct: text('The product J v: left out, ours; any text, that of the released Hopfield code.').optional(),
    }),
    evaluate: async ({ u: ofU, v: ofV, forwardProduct, ...p }, options = {}) => {
      const { dynamics, state, at } = await atRest(p, options);
      const [u, v] = [ofU(dynamics.size), ofV(dynamics.size)];
      const forward = forwardProduct === undefined ? at.jvp(v) : releasedProduct(p, state, v);
      return Math.abs(dot(u, forward) - dot(v, at.vjp(u)));
    },
  }),
  hopfieldEnergy: quantity({
    symbol: 'E',
    description: 'Energy of a Hopfield network after each number of updates; it does not rise for a small step.',
    source: 'derived; docs 2.3',
    parameters: z.strictObject({
      ...dynamicsFields,
      steps: z.array(z.int().gte(0).lte(1_000_000)).min(1).meta({
        expected: 'a list of whole numbers in [0, 1000000]',
        description: 'Updates from the start.',
      }),
    }),
    evaluate: ({ steps: counts, ...p }) => {
      const states = trajectory(dynamicsOf(p), Math.max(...counts));
      const network = hopfieldOf(p);
      return counts.map((count) => hopfieldEnergy(network, states[count] as Vector));
    },
  }),
  steadyStateDifferenceOverFeatures: quantity({
    symbol: 'max |h* − h*′|',
    description: 'Largest difference of the steady states of a gated graph network from two starts (features).',
    source: 'derived; docs 2.3',
    parameters: z.strictObject({
      ...dynamicsFields,
      otherFeatureSeed: wholeField(1, 2147483646, 'Seed of the other features.'),
    }),
    evaluate: async ({ otherFeatureSeed, ...p }, options = {}) => {
      const one = await restingState(dynamicsOf(p), options);
      const other = await restingState(dynamicsOf({ ...p, featureSeed: otherFeatureSeed }), options);
      const largest = one.reduce((most, x, i) => Math.max(most, Math.abs(x - (other[i] as number))), 0);
      return largest;
    },
  }),
  hyperGradient: quantity({
    symbol: 'dL/dη',
    description: 'Implicit gradient with respect to hyperparameters at the minimum; rates and momenta do not move it.',
    source: 'Maclaurin et al. 2015; docs 2.3',
    parameters: z.strictObject({
      ...dynamicsFields,
      components: hyperComponents,
      at: text('Read by nobody.').optional(),
    }),
    bytes: denseBytes,
    evaluate: async ({ at: _at, ...p }, options = {}): Promise<QuantityValue> => {
      innerAndOuter(p);
      const { z: found, at } = await exactAdjoint(p, options);
      if (found === undefined) return { reason: singular };
      const all = at.cotangent(found);
      return p.components.map((name) => all[name]?.[0] as number);
    },
  }),
  unrolledHyperGradient: quantity({
    symbol: 'dL_t/dη',
    description: 'Back-propagation through the last `truncation` of `steps` updates of momentum descent.',
    source: 'Maclaurin et al. 2015; docs 2.4',
    parameters: z.strictObject({
      ...dynamicsFields,
      components: hyperComponents,
      steps,
      truncation: wholeField(1, 1_000_000, 'Updates that are gone back through = terms.').optional(),
      start: text('The start; read by nobody.').optional(),
    }),
    evaluate: ({ steps: count, truncation, start: _start, ...p }) =>
      hyper(p, async (dynamics) => unrolled(dynamics, count, truncation ?? count)),
  }),
  neumannHyperGradient: quantity({
    symbol: 'z_Tᵀ ∂F/∂η',
    description:
      'Neumann sum away from the minimum: loss gradient at state `steps`, derivatives of F at the state before.',
    source: 'Liao et al. 2018; docs 2.4',
    parameters: z.strictObject({
      ...dynamicsFields,
      components: hyperComponents,
      steps: wholeField(1, 1_000_000, 'Updates from the start.', 't'),
      terms: wholeField(1, 1_000_000, 'Terms of the series.', 'T'),
    }),
    evaluate: ({ steps: count, terms, ...p }) =>
      hyper(p, async (dynamics) => {
        const states = trajectory(dynamics, count);
        const at = dynamics.at(states[count - 1] as Vector);
        return at.cotangent(neumannSum(at.vjp, dynamics.loss(states[count] as Vector).gradient, terms));
      }),
  }),
  momentumSpectralRadius: quantity({
    symbol: 'ρ(J)',
    description: 'Spectral radius of momentum descent at the minimum, by the closed form of every curvature.',
    source: 'derived; docs 2.3',
    parameters: system,
    evaluate: async (p, options = {}) => {
      const { inner } = innerAndOuter(p);
      const state = await restingState(dynamicsOf(p), options);
      const hessian = matrixOf(inner.width, inner.hessian(state.slice(0, inner.width)));
      const { real } = await spectrumOf(inner.width, hessian);
      const [alpha, beta] = [Math.exp(p.logLearningRate ?? 0), logistic(p.momentumLogit ?? 0)];
      return real.reduce((most, curvature) => {
        const trace = 1 + beta - alpha * (1 - beta) * (curvature + 2 * Math.exp(p.logL2 ?? 0));
        const root = trace ** 2 - 4 * beta;
        return Math.max(most, root < 0 ? Math.sqrt(beta) : (Math.abs(trace) + Math.sqrt(root)) / 2);
      }, 0);
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;

/** |x|/|y|. */
export const ratio = (x: Vector, y: Vector): number => norm(x) / norm(y);
