// The adjoint system (I − J)ᵀ z = g at a state, by every method; each says what it reached and what it cost.
import { type ControlOptions, ticker } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { Iteration, Linearization } from './dynamics.js';
import { anderson } from './forward.js';
import { biCgStab, conjugateGradient, gmres, type KrylovResult, normalEquations } from './krylov.js';
import { combined, difference, norm, solveDense, type Vector } from './products.js';

export const adjointMethods = [
  'auto',
  'neumann',
  'originalRbp',
  'richardson',
  'shiftedNeumann',
  'conjugateGradient',
  'symmetricConjugateGradient',
  'gmres',
  'biCgStab',
  'anderson',
  'direct',
] as const;
type AdjointMethod = (typeof adjointMethods)[number];

interface AdjointOptions {
  readonly method: AdjointMethod;
  /** Of the residual |g − (I − J)ᵀ z| beside |g|. */
  readonly tolerance: number;
  /** Terms of the Neumann series = products + 1; with it the series stops there whatever the residual. */
  readonly termCount?: number;
  readonly productLimit: number;
  readonly restart: number;
  readonly window: number;
  /** Added to the normal equations; λ of the shifted series. Both bias the result. */
  readonly shift: number;
  /** ω of Richardson's iteration. */
  readonly relaxation: number;
  readonly initialGuess?: Vector;
}

type AdjointStatus = 'converged' | 'truncated' | 'neumannDiverged' | 'productLimit' | 'brokeDown' | 'singular';

export interface Adjoint {
  readonly adjoint: Vector;
  readonly residualNorm: number;
  readonly vjpCount: number;
  readonly jvpCount: number;
  readonly converged: boolean;
  readonly status: AdjointStatus;
  /** The method that gave the result, where `auto` chose. */
  readonly method: AdjointMethod;
  /** Growth of the term per product where the series diverged. */
  readonly growth?: number;
  /** |z − z_biased| ≤ biasBound |z| where the method is biased by what it was told. */
  readonly note?: string;
}

const adjointDefaults: AdjointOptions = {
  method: 'auto',
  tolerance: 1e-10,
  productLimit: 10_000,
  restart: 40,
  window: 5,
  shift: 0,
  relaxation: 0.5,
};

const largestDense = 4096;
/** A term this much longer than g has diverged. */
const diverged = 1e8;

/** Solves the adjoint system. g = 0 gives 0 without a product. */
export async function solveAdjointSystem(
  dynamics: Iteration,
  at: Linearization,
  state: Vector,
  g: Vector,
  given: Partial<AdjointOptions>,
  control: ControlOptions,
): Promise<Adjoint> {
  const options = { ...adjointDefaults, ...given };
  const { method, tolerance } = options;
  const counts = { vjp: 0, jvp: 0 };
  const tick = ticker(options.productLimit, control);
  const vjp = async (u: Vector): Promise<Vector> => {
    await tick(++counts.vjp);
    return at.vjp(u);
  };
  const jvp = async (v: Vector): Promise<Vector> => {
    await tick(++counts.jvp);
    return at.jvp(v);
  };
  const rest = async (u: Vector): Promise<Vector> => difference(u, await vjp(u));
  const restForward = async (v: Vector): Promise<Vector> => difference(v, await jvp(v));
  const done = (
    adjoint: Vector,
    residualNorm: number,
    status: AdjointStatus,
    by: AdjointMethod = method,
    more: Partial<Adjoint> = {},
  ): Adjoint => ({
    adjoint,
    residualNorm,
    vjpCount: counts.vjp,
    jvpCount: counts.jvp,
    converged: status === 'converged',
    status,
    method: by,
    ...more,
  });
  const krylov = (found: KrylovResult, by: AdjointMethod = method): Adjoint => {
    const status = found.converged
      ? 'converged'
      : found.products >= options.productLimit
        ? 'productLimit'
        : 'brokeDown';
    return done(found.solution, found.residualNorm, status, by);
  };
  const size = norm(g);
  if (size === 0) return done(new Float64Array(g.length), 0, 'converged');
  const limits = { tolerance, restart: options.restart, limit: options.productLimit };

  switch (method) {
    case 'gmres':
      return krylov(await gmres(rest, g, { ...limits, ...guess(options) }));
    case 'biCgStab':
      return krylov(await biCgStab(rest, g, limits));
    case 'conjugateGradient': {
      const found = await normalEquations(rest, restForward, g, { ...limits, shift: options.shift });
      return { ...krylov(found), ...biased(options.shift, 'shift/(smin(I − J)² + shift)') };
    }
    case 'symmetricConjugateGradient':
      return krylov(await symmetric(dynamics, at, state, g, limits, rest));
    case 'direct':
      return direct();
    case 'anderson':
      return mixed();
    case 'neumann':
    case 'auto':
    case 'shiftedNeumann':
      return series();
    default:
      return iterated();
  }

  async function direct(): Promise<Adjoint> {
    if (g.length > largestDense)
      throw new MftError(
        'ERR_MFT_OUT_OF_RANGE',
        `Expected at most ${largestDense} state components for \`method\` "direct".`,
        {
          parameter: 'method',
          received: g.length,
        },
      );
    // Column j of Jᵀ is its product with a unit vector: no products with J are asked for.
    const transposed = new Float64Array(g.length ** 2);
    const unit = new Float64Array(g.length);
    for (let j = 0; j < g.length; j++) {
      unit[j] = 1;
      const column = await vjp(unit);
      unit[j] = 0;
      for (let i = 0; i < g.length; i++) transposed[i * g.length + j] = column[i] as number;
    }
    const z = await solveDense(g.length, transposed, g, false);
    if (z === undefined) return done(new Float64Array(g.length), size, 'singular');
    const residual = norm(difference(g, await rest(z)));
    return done(z, residual, residual <= Math.max(tolerance, 1e-10) * size ? 'converged' : 'singular');
  }

  /** The Neumann series; `auto` leaves it for GMRES, with what it has, when terms do not fall. */
  async function series(): Promise<Adjoint> {
    const lambda = method === 'shiftedNeumann' ? options.shift : 0;
    let z: Vector = g.slice();
    let v: Vector = g.slice();
    const lengths = [size];
    const products = options.termCount === undefined ? options.productLimit : options.termCount - 1;
    const bias = biased(lambda, `the limit is ((1 + ${lambda}) I − Jᵀ)⁻¹ g`);
    for (let k = 0; k < products; k++) {
      v = combined(-lambda, v, await vjp(v));
      const length = norm(v);
      lengths.push(length);
      // The term just found is the residual of the sum without it.
      if (options.termCount === undefined && length <= tolerance * size)
        return done(z, length, 'converged', 'neumann', bias);
      const ratio = (length / (lengths.at(-6) ?? size)) ** (1 / Math.min(5, lengths.length - 1));
      const isSlow = method === 'auto' && lengths.length > 6 && ratio >= 0.97;
      const isLost = !(length <= diverged * size);
      if (isSlow || (isLost && method === 'auto')) {
        const kept = isLost || length > size ? {} : { guess: z };
        return krylov(await gmres(rest, g, { ...limits, ...kept }), 'gmres');
      }
      if (isLost) return done(z, length, 'neumannDiverged', method, { growth: ratio });
      z = combined(1, v, z);
    }
    const residual = norm(combined(-lambda, v, await vjp(v)));
    const status =
      residual <= tolerance * size ? 'converged' : options.termCount === undefined ? 'productLimit' : 'truncated';
    return done(z, residual, status, method, bias);
  }

  /** z ← Jᵀ z + g, or z ← z + ω (g − (I − J)ᵀ z). */
  async function iterated(): Promise<Adjoint> {
    let z: Vector = options.initialGuess?.slice() ?? (method === 'richardson' ? new Float64Array(g.length) : g.slice());
    const omega = method === 'richardson' ? options.relaxation : 1;
    let residual = Infinity;
    for (let k = 0; k < options.productLimit; k++) {
      const r = difference(g, await rest(z));
      const before = residual;
      residual = norm(r);
      if (residual <= tolerance * size) return done(z, residual, 'converged');
      if (!(residual <= diverged * size))
        return done(z, residual, 'neumannDiverged', method, { growth: residual / before });
      z = combined(omega, r, z);
    }
    return done(z, residual, 'productLimit');
  }

  async function mixed(): Promise<Adjoint> {
    const propose = anderson(options.window);
    let z: Vector = g.slice();
    let residual = Infinity;
    for (let k = 0; k < options.productLimit; k++) {
      const f = combined(1, await vjp(z), g);
      const r = difference(f, z);
      residual = norm(r);
      if (residual <= tolerance * size) return done(z, residual, 'converged');
      if (!(residual <= diverged * size)) return done(z, residual, 'brokeDown');
      z = await propose(z, f, r);
    }
    return done(z, residual, 'productLimit');
  }
}

const guess = ({ initialGuess }: AdjointOptions): { guess?: Vector } =>
  initialGuess === undefined ? {} : { guess: initialGuess };

const biased = (shift: number, what: string): { note?: string } =>
  shift === 0 ? {} : { note: `biased: ${what}; relative bias grows with the shift ${shift}` };

/**
 * With z = D^½ y on free coordinates the adjoint system of a Hopfield network is symmetric: conjugate gradient, one product an
 * iteration. Slopes that underflow leave it to GMRES.
 */
async function symmetric(
  dynamics: Iteration,
  at: Linearization,
  state: Vector,
  g: Vector,
  limits: { readonly tolerance: number; readonly limit: number; readonly restart: number },
  rest: (u: Vector) => Promise<Vector>,
): Promise<KrylovResult> {
  const structure = dynamics.symmetric?.(state);
  if (structure === undefined)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'The Jacobian of these dynamics is not symmetrisable; use `method` "gmres".',
      {
        parameter: 'method',
        received: 'symmetricConjugateGradient',
      },
    );
  const { scale, free } = structure;
  if (scale.some((x, i) => free(i) && !(x > 1e-150))) return gmres(rest, g, limits);
  const inner = (x: Vector, power: 1 | -1): Vector =>
    x.map((value, i) => (free(i) ? value * (scale[i] as number) ** power : 0));
  const found = await conjugateGradient(async (y) => inner(await rest(inner(y, 1)), -1), inner(g, -1), limits);
  const onFree = inner(found.solution, 1);
  // Clamped coordinates follow: z = Jᵀ z + g, and nothing comes back from them.
  const all = combined(1, at.vjp(onFree), g);
  const z = onFree.map((value, i) => (free(i) ? value : (all[i] as number)));
  return { ...found, solution: z, residualNorm: norm(difference(g, await rest(z))) };
}
