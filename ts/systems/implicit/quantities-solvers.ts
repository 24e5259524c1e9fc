// Quantities of solvers: errors, counts of products and evaluations, memory, and what released code does.
import * as z from 'zod';
import { expectedError, MftError } from '../../core/errors.js';
import { choiceField, numberField, spelled, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { solveAdjointSystem } from './adjoint.js';
import { simulationBytes } from './cost.js';
import { hopfield } from './dense-dynamics.js';
import { squaredLoss } from './dynamics.js';
import { denseBytes, dynamicsFields, dynamicsOf } from './fixtures.js';
import { minstd } from './minstd.js';
import { forwardMethods, solveForward } from './forward.js';
import { combined, difference, dot, norm, type Vector } from './products.js';
import { exactAdjoint, ratio } from './quantities-state.js';
import { restingState } from './rest.js';
import { simulate } from './simulate.js';
import {
  meanFieldFields,
  type ResolvedImplicitRun,
  type ResolvedImplicitSpec,
  resolveRun,
  resolveSpec,
} from './spec.js';

const counts = (low: number, what: string) =>
  z
    .array(z.int().gte(low).lte(1_000_000))
    .min(1)
    .meta({
      expected: `a list of whole numbers in [${low}, 1000000]`,
      description: what,
    });
const tolerance = numberField({ low: 0, above: true }, 'Relative tolerance of the residual.', 'ε');
const remark = z.string().max(2000).optional().meta({ expected: 'a text', description: 'Remark; read by nobody.' });
const singular = { reason: 'I − J is singular: the gradient does not exist' };
const productLimit = 1_000_000;

/** Values at rising powers: f(k) after k products with Jᵀ. */
function powers(
  vjp: (u: Vector) => Vector,
  v: Vector,
  wanted: readonly number[],
  value: (v: Vector) => number,
): number[] {
  const found = new Map<number, number>();
  const last = Math.max(...wanted);
  let at = v;
  for (let k = 0; k <= last; k++) {
    if (wanted.includes(k)) found.set(k, value(at));
    if (k < last) at = vjp(at);
  }
  return wanted.map((k) => found.get(k) as number);
}

/** A first guess of the original iteration. */
function guessOf(given: string | readonly number[], g: Vector): Vector {
  if (typeof given !== 'string') {
    if (given.length !== g.length)
      throw new MftError(
        'ERR_MFT_SHAPE',
        `Expected \`initialGuess\` to have ${g.length} numbers, received ${given.length}.`,
        {
          parameter: 'initialGuess',
          received: given.length,
        },
      );
    return Float64Array.from(given);
  }
  if (given === 'zero') return new Float64Array(g.length);
  if (given === 'gradient') return g.slice();
  const found = /^0\.5 \+ 0\.5 \* minstd\((\d+)\)$/.exec(given);
  if (found !== null) return minstd(Number(found[1]), g.length).map((x) => 0.5 + 0.5 * x);
  const expected = 'numbers, "zero", "gradient" or "0.5 + 0.5 * minstd(seed)"';
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'initialGuess', expected, given);
}

/** Iterations of an adjoint solver, or why it does not arrive. */
function iterationsBy(method: 'gmres' | 'symmetricConjugateGradient', description: string): Quantity {
  return quantity({
    symbol: 'k',
    description,
    source: 'derived; docs 2.4',
    parameters: z.strictObject({ ...dynamicsFields, tolerance }),
    evaluate: async ({ tolerance: wanted, ...p }, options = {}): Promise<QuantityValue> => {
      const dynamics = dynamicsOf(p);
      const state = await restingState(dynamics, options);
      const g = dynamics.loss(state).gradient;
      // Every product beyond those of iterations tests the result: one at the end of each cycle, or of all.
      const restart = Math.min(dynamics.size, 1000);
      const at = dynamics.at(state);
      const given = { method, tolerance: wanted, restart, productLimit } as const;
      const found = await solveAdjointSystem(dynamics, at, state, g, given, options);
      return found.converged ? found.vjpCount - 1 : { reason: `the solver ended with "${found.status}"` };
    },
  });
}

/** Conjugate gradient on the normal equations as released: below 1e-5 the iterate *before* is returned. */
function releasedConjugateGradient(rest: (u: Vector) => Vector, restForward: (v: Vector) => Vector, g: Vector): Vector {
  const shift = 1e-5;
  let x: Vector = new Float64Array(g.length);
  let r: Vector = restForward(g);
  let p: Vector = r.slice();
  for (let k = 0; k < 20; k++) {
    const image = combined(shift, p, restForward(rest(p)));
    const length = dot(r, r) / dot(p, image);
    const next = combined(-length, image, r);
    if (norm(next) < 1e-5 || k > 1000) return x;
    x = combined(length, p, x);
    p = combined(dot(next, next) / dot(r, r), p, next);
    r = next;
  }
  return x;
}

const methods = [
  'bptt',
  'tbptt',
  'neumann',
  'originalRbp',
  'conjugateGradient',
  'symmetricConjugateGradient',
  'gmres',
  'biCgStab',
  'anderson',
] as const;

/** Random layers whose Neumann series are simulated. */
const randomLayers = z.strictObject({
  ...meanFieldFields,
  width: wholeField(1, 20_000, 'Units.', 'N').default(400),
  draws: wholeField(1, 100_000, 'Layers.').default(8),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed.').default(1),
  termCounts: counts(1, 'Numbers of terms.'),
  note: remark,
});

/** The simulation that gives the errors of as many terms as asked for. */
function simulated({ draws, seed, termCounts, note: _note, ...layer }: z.output<typeof randomLayers>): {
  readonly spec: ResolvedImplicitSpec;
  readonly run: ResolvedImplicitRun;
} {
  const spec = resolveSpec({ ...layer, termCount: Math.max(...termCounts) });
  return { spec, run: resolveRun({ trials: draws, seed }, spec) };
}

export const solverQuantities = {
  neumannRelativeError: quantity({
    symbol: '|z − z_T|/|z|',
    description: 'Relative error of T terms of the Neumann series at the steady state.',
    source: 'Liao et al. 2018; docs 2.4',
    parameters: z.strictObject({ ...dynamicsFields, termCounts: counts(1, 'Numbers of terms = products + 1.') }),
    bytes: denseBytes,
    evaluate: async ({ termCounts, ...p }, options = {}): Promise<QuantityValue> => {
      const { z: exact, at } = await exactAdjoint(p, options);
      if (exact === undefined) return singular;
      if (norm(exact) === 0) return termCounts.map(() => 0);
      // z − z_T = (Jᵀ)^T z: nothing cancels.
      return powers(at.vjp, exact, termCounts, (v) => ratio(v, exact));
    },
  }),
  originalRbpRelativeError: quantity({
    symbol: '|z − z_k|/|z|',
    description: 'Relative error of k steps of z ← Jᵀ z + g from a first guess: (Jᵀ)^k (z₀ − z).',
    source: 'Almeida 1987, Pineda 1987; docs 2.4',
    parameters: z.strictObject({
      ...dynamicsFields,
      initialGuess: z
        .union([z.string(), z.array(z.number()).min(1)])
        .default('gradient')
        .meta({
          expected: 'numbers, "zero", "gradient" or "0.5 + 0.5 * minstd(seed)"',
          description: 'z₀.',
        }),
      steps: counts(0, 'Numbers of steps.'),
    }),
    bytes: denseBytes,
    evaluate: async ({ initialGuess, steps, ...p }, options = {}): Promise<QuantityValue> => {
      const { z: exact, at, g } = await exactAdjoint(p, options);
      if (exact === undefined) return singular;
      return powers(at.vjp, difference(guessOf(initialGuess, g), exact), steps, (v) => ratio(v, exact));
    },
  }),
  picardEvaluations: quantity({
    symbol: 'k',
    description:
      'Evaluations of F until |F(h) − h| is below the tolerance: plain or damped iteration, or another solver.',
    source: 'derived; docs 2.1',
    parameters: z.strictObject({
      ...dynamicsFields,
      tolerance: numberField({ low: 0, above: true }, 'Of |F(h) − h|₂.', 'ε').optional(),
      absoluteTolerance: numberField({ low: 0, above: true }, 'The same.').optional(),
      damping: numberField({ low: 0, high: 1, above: true }, 'h ← (1 − ω) h + ω F(h).', 'ω').default(1),
      method: choiceField(forwardMethods, 'Solver.').default('picard'),
      window: wholeField(1, 100, 'Differences that are kept.', 'm').default(5),
      rule: remark,
    }),
    evaluate: async (
      { tolerance: one, absoluteTolerance, damping, method, window, rule: _rule, ...p },
      options = {},
    ) => {
      const wanted = one ?? absoluteTolerance;
      if (wanted === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'tolerance', 'a number > 0', undefined);
      const given = { method, damping, window, absoluteTolerance: wanted, evaluationLimit: productLimit };
      const found = await solveForward(dynamicsOf(p), given, options);
      const period = found.period === undefined ? '' : ` of period ${found.period}`;
      return found.converged
        ? found.evaluations
        : { reason: `the iteration ends with "${found.status}"${period}; lowest residual ${found.bestResidualNorm}` };
    },
  }),
  neumannProductsToTolerance: quantity({
    symbol: 'k',
    description: 'Products with Jᵀ until the newest Neumann term is below the tolerance beside g.',
    source: 'derived; docs 2.4',
    parameters: z.strictObject({ ...dynamicsFields, tolerance, rule: remark }),
    evaluate: async ({ tolerance: wanted, rule: _rule, ...p }, options = {}): Promise<QuantityValue> => {
      const dynamics = dynamicsOf(p);
      const state = await restingState(dynamics, options);
      const g = dynamics.loss(state).gradient;
      const at = dynamics.at(state);
      const given = { method: 'neumann', tolerance: wanted, productLimit } as const;
      const found = await solveAdjointSystem(dynamics, at, state, g, given, options);
      if (found.converged) return found.vjpCount;
      return { reason: `${found.status}: a term grows by ${found.growth?.toPrecision(4)} per product; use gmres` };
    },
  }),
  gmresIterations: iterationsBy('gmres', 'Iterations of GMRES without restart on (I − J)ᵀ z = g.'),
  symmetricConjugateGradientIterations: iterationsBy(
    'symmetricConjugateGradient',
    'Iterations of conjugate gradient on the symmetrised adjoint system of a Hopfield network, from 0.',
  ),
  releasedConjugateGradientOnZeroJacobian: quantity({
    symbol: 'z',
    description: 'What the stopping rule of the released conjugate gradient returns for J = 0, where z = g.',
    source: 'Liao et al. 2018, released code; docs 2.4',
    parameters: z.strictObject({
      size: wholeField(1, 100_000, 'Components.').optional(),
      g: z.array(z.number()).min(1).meta({ expected: 'a list of numbers', description: 'Loss gradient.' }),
      correct: z.array(z.number()).optional().meta({ expected: 'a list of numbers', description: 'Read by nobody.' }),
    }),
    evaluate: ({ g }) => {
      const same = (v: Vector): Vector => v;
      return Array.from(releasedConjugateGradient(same, same, Float64Array.from(g)));
    },
  }),
  hopfieldTwoCycle: quantity({
    symbol: 'h*, h_±',
    description: 'Fixed point, slope there, and the two values between which plain iteration alternates.',
    source: 'derived; docs 2.3',
    parameters: z.strictObject({
      couplings: z
        .array(z.array(z.number()))
        .min(1)
        .max(1000)
        .meta({ expected: 'W', description: 'W, all units free.' }),
      gain: numberField({}, 'Slope of the logistic function.', 'b').default(0.5),
      leak: numberField({ low: 0, above: true }, 'Time constant.', 'a').default(1),
      step: numberField({ low: 0, above: true }, 'Euler step.').default(1),
      start: z.array(z.number()).min(1).meta({ expected: 'a list of numbers', description: 'Start.' }),
      components: z
        .array(z.enum(['fixedPoint', 'slopeAtFixedPoint', 'cycleLow', 'cycleHigh']))
        .default(['fixedPoint', 'slopeAtFixedPoint', 'cycleLow', 'cycleHigh'])
        .meta({ expected: 'a list of fixedPoint, slopeAtFixedPoint, cycleLow, cycleHigh', description: 'Which.' }),
    }),
    evaluate: async ({ couplings, gain, leak, step, start, components }, options = {}): Promise<QuantityValue> => {
      const weights = Float64Array.from(couplings.flat());
      const n = start.length;
      if (couplings.length !== n || couplings.some((row) => row.length !== n))
        throw new MftError('ERR_MFT_SHAPE', `Expected \`couplings\` to be ${n} rows of ${n} numbers.`, {
          parameter: 'couplings',
        });
      const given = {
        weights,
        input: new Float64Array(0),
        leak,
        gain,
        step,
        loss: (h: Vector) => squaredLoss(h, () => 0),
      };
      const dynamics = { ...hopfield(given), start: Float64Array.from(start) };
      const low = { damping: 0.2, absoluteTolerance: 0, relativeTolerance: 1e-15, evaluationLimit: 20_000 };
      const still = await solveForward(dynamics, low, options);
      const first = (x: Vector): number => x[0] as number;
      const fixed = { ...dynamics, start: still.bestState };
      const state = await restingState(fixed, options);
      const slope = dynamics.at(state).jvp(new Float64Array(n).fill(1));
      let h: Vector = dynamics.start;
      for (let k = 0; k < 20_000; k++) h = dynamics.evaluate(h);
      const [one, other] = [first(h), first(dynamics.evaluate(h))];
      const alternates = Math.abs(one - other) > 1e-9 * (Math.abs(one) + Math.abs(other));
      const none = { reason: 'plain iteration does not alternate from this start' };
      const parts: Readonly<Record<string, QuantityValue>> = {
        fixedPoint: first(state),
        slopeAtFixedPoint: first(slope),
        cycleLow: alternates ? Math.min(one, other) : none,
        cycleHigh: alternates ? Math.max(one, other) : none,
      };
      return components.map((name) => parts[name] as QuantityValue);
    },
  }),
  neumannRelativeErrorMonteCarlo: quantity({
    symbol: 'ε_T',
    description: 'Geometric mean of the error of T Neumann terms over random layers, simulated.',
    source: 'derived; docs 1.5',
    parameters: randomLayers,
    bytes: (p) => {
      const { spec, run } = simulated(p);
      return simulationBytes(spec, run);
    },
    evaluate: async ({ termCounts, ...p }, options = {}): Promise<QuantityValue> => {
      const { spec, run } = simulated({ ...p, termCounts });
      const { observables } = await simulate(spec, run, options);
      const { values, count } = observables.neumannError ?? { values: new Float64Array(0), count: new Float64Array(0) };
      return termCounts.map((terms) =>
        (count[terms - 1] ?? 0) > 0 ? Math.exp(values[terms - 1] as number) : { reason: 'no layer came to rest' },
      );
    },
  }),
  workingFloats: quantity({
    symbol: 'floats',
    description: 'Numbers a method holds at once for one sample, without parameters and their gradients.',
    source: 'derived; docs 2.4',
    parameters: z.strictObject({
      method: spelled(choiceField(methods, 'Method.'), {
        rbp: 'originalRbp',
        cg: 'conjugateGradient',
        cgRbp: 'conjugateGradient',
        symmetricCg: 'symmetricConjugateGradient',
        bicgstab: 'biCgStab',
        neumannRbp: 'neumann',
      }),
      stateSize: wholeField(1, 1_000_000_000, 'Components of the state.', 'n'),
      steps: wholeField(0, 1_000_000_000, 'Updates that are stored.', 'T').optional(),
      truncation: wholeField(0, 1_000_000_000, 'Updates that are gone back through.', 'K').optional(),
      restart: wholeField(1, 100_000, 'Vectors of a cycle of GMRES.', 'm').default(40),
      window: wholeField(1, 100_000, 'Differences that Anderson keeps.', 'm').default(5),
    }),
    evaluate: ({ method, stateSize: n, steps, truncation, restart: m, window }) => {
      const stored = method === 'bptt' ? steps : truncation;
      const name = method === 'bptt' ? 'steps' : 'truncation';
      if (method === 'bptt' || method === 'tbptt') {
        if (stored === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a whole number', undefined);
        return (stored + 1) * n + n;
      }
      if (method === 'gmres') return 2 * n + (m + 1) * n + (m + 1) * m;
      if (method === 'anderson') return 3 * n + 2 * window * n;
      const perSample = {
        neumann: 4,
        originalRbp: 3,
        conjugateGradient: 6,
        symmetricConjugateGradient: 6,
        biCgStab: 9,
      };
      return perSample[method] * n;
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
