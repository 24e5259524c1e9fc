// Steady states: plain and damped iteration, Anderson mixing, Broyden's method, Newton with GMRES. Every call of F counts.
import { type ControlOptions, ticker } from '../../core/control.js';
import type { Iteration } from './dynamics.js';
import { gmres } from './krylov.js';
import { combined, difference, dot, maximumOf, norm, type Vector } from './products.js';

export const forwardMethods = ['picard', 'anderson', 'broyden', 'newtonKrylov'] as const;
type ForwardMethod = (typeof forwardMethods)[number];

interface ForwardOptions {
  readonly method: ForwardMethod;
  /** ω in (0, 1]: h ← (1 − ω) h + ω F(h); Picard only. */
  readonly damping: number;
  /** Differences that Anderson and Broyden keep. */
  readonly window: number;
  readonly absoluteTolerance: number;
  readonly relativeTolerance: number;
  readonly evaluationLimit: number;
  readonly start?: Vector;
}

type ForwardStatus = 'converged' | 'stagnated' | 'diverged' | 'cycle' | 'evaluationLimit';

export interface Forward {
  readonly state: Vector;
  /** The iterate of lowest residual, which need not be the last. */
  readonly bestState: Vector;
  readonly bestResidualNorm: number;
  /** |F(h) − h|₂ and its largest component at the last evaluation, never the damped step. */
  readonly residualNorm: number;
  readonly largestResidual: number;
  readonly evaluations: number;
  readonly converged: boolean;
  readonly status: ForwardStatus;
  /** Of a cycle. */
  readonly period?: number;
  readonly residualTrace: Vector;
  /** Geometric mean of the last ten ratios of residuals: of plain iteration an estimate of ρ(J). */
  readonly rateEstimate?: number;
}

/** A residual this much above the smallest so far does not come back. */
const divergence = 1e10;
/** Evaluations without a new lowest residual after which nothing improves any more. */
const patience = 400;

/** Remembers residuals, the best iterate and, at powers of two, an iterate to recognise cycles by (Brent). */
function monitorOf(options: ForwardOptions) {
  const trace: number[] = [];
  let best = { state: new Float64Array(0) as Vector, residual: Infinity, at: 0 };
  let largest = Infinity;
  let period: number | undefined;
  let seen: { state: Vector; at: number } | undefined;

  const cycles = (h: Vector, residual: number, at: number): boolean => {
    if (seen !== undefined && at - seen.at > 1) {
      const distance = norm(difference(h, seen.state));
      if (distance <= 1e-9 * norm(h) && residual > 1e4 * distance) {
        period = at - seen.at;
        return true;
      }
    }
    if ((at & (at - 1)) === 0) seen = { state: h.slice(), at };
    return false;
  };

  /** What the iteration has come to at h with residual r = F(h) − h. */
  const look = (h: Vector, r: Vector): ForwardStatus | undefined => {
    const residual = norm(r);
    const at = trace.push(residual);
    largest = maximumOf(r);
    if (at === 1 || residual < best.residual) best = { state: h.slice(), residual, at };
    const { absoluteTolerance, relativeTolerance, evaluationLimit } = options;
    if (residual <= absoluteTolerance + relativeTolerance * norm(h)) return 'converged';
    if (!Number.isFinite(residual) || residual > divergence * Math.max(best.residual, 1e-290)) return 'diverged';
    if (cycles(h, residual, at)) return 'cycle';
    if (at - best.at >= patience) return residual > 1e3 * best.residual ? 'diverged' : 'stagnated';
    return at >= evaluationLimit ? 'evaluationLimit' : undefined;
  };

  const rate = (): number | undefined => {
    const last = trace.slice(-11).filter((x) => x > 0);
    return last.length < 2 ? undefined : ((last.at(-1) as number) / (last[0] as number)) ** (1 / (last.length - 1));
  };

  const finished = (status: ForwardStatus, state: Vector): Forward => {
    const rateEstimate = rate();
    return {
      state,
      bestState: best.state,
      bestResidualNorm: best.residual,
      residualNorm: trace.at(-1) as number,
      largestResidual: largest,
      evaluations: trace.length,
      converged: status === 'converged',
      status,
      ...(period === undefined ? {} : { period }),
      residualTrace: Float64Array.from(trace),
      ...(rateEstimate === undefined ? {} : { rateEstimate }),
    };
  };
  return { trace, look, finished };
}

const forwardDefaults: ForwardOptions = {
  method: 'picard',
  damping: 1,
  window: 5,
  absoluteTolerance: 1e-10,
  relativeTolerance: 0,
  evaluationLimit: 10_000,
};

/** The steady state that a solver reaches from the start, and what became of it. */
export async function solveForward(
  dynamics: Iteration,
  given: Partial<ForwardOptions>,
  control: ControlOptions,
): Promise<Forward> {
  const options = { ...forwardDefaults, ...given };
  const monitor = monitorOf(options);
  const tick = ticker(options.evaluationLimit, control);
  const propose = proposals(dynamics, options);
  let h: Vector = (options.start ?? dynamics.start).slice();
  for (;;) {
    const f = dynamics.evaluate(h);
    const r = difference(f, h);
    const status = monitor.look(h, r);
    await tick(monitor.trace.length);
    if (status !== undefined) return monitor.finished(status, status === 'converged' ? f : h);
    h = await propose(h, f, r);
  }
}

type Propose = (h: Vector, f: Vector, r: Vector) => Vector | Promise<Vector>;

function proposals(dynamics: Iteration, options: ForwardOptions): Propose {
  const { method, damping, window } = options;
  if (method === 'anderson') return anderson(window);
  if (method === 'broyden') return broyden(window);
  if (method === 'newtonKrylov')
    return async (h, _f, r) => {
      const { jvp } = dynamics.at(h);
      const step = await gmres((v) => difference(v, jvp(v)), r, { tolerance: 1e-8, restart: 40, limit: 200 });
      return combined(1, step.solution, h);
    };
  return (h, f, r) => (damping === 1 ? f : combined(damping, r, h));
}

/** Residual differences beyond this condition are dropped, the oldest first. */
const worstCondition = 1e12;

/** Type II: minimise |r − ΔR γ|, then h + r − (ΔX + ΔR) γ. */
export function anderson(window: number): Propose {
  let last: { h: Vector; r: Vector } | undefined;
  const steps: { x: Vector; r: Vector }[] = [];
  return (h, f, r) => {
    if (last !== undefined) steps.push({ x: difference(h, last.h), r: difference(r, last.r) });
    if (steps.length > window) steps.shift();
    last = { h: h.slice(), r: r.slice() };
    let next: Vector = f.slice();
    for (const { coefficient, step } of leastSquares(steps, r))
      next = combined(-coefficient, combined(1, step.x, step.r), next);
    return next;
  };
}

/** The γ of the newest differences that are independent, by Gram–Schmidt done twice. */
function leastSquares<T extends { readonly r: Vector }>(
  steps: readonly T[],
  r: Vector,
): { coefficient: number; step: T }[] {
  const kept: { step: T; q: Vector; column: number[] }[] = [];
  const largest = Math.max(...steps.map((step) => norm(step.r)), 0);
  for (const step of [...steps].reverse()) {
    let q: Vector = step.r.slice();
    const column = kept.map(() => 0);
    for (let pass = 0; pass < 2; pass++)
      for (const [k, other] of kept.entries()) {
        const share = dot(q, other.q);
        column[k] = (column[k] as number) + share;
        q = combined(-share, other.q, q);
      }
    const length = norm(q);
    if (length <= Math.max(largest / worstCondition, 1e-13 * norm(step.r)) || length === 0) continue;
    column.push(length);
    kept.push({ step, q: q.map((x) => x / length), column });
  }
  const shares = kept.map(({ q }) => dot(q, r));
  const gamma = kept.map(() => 0);
  for (let k = kept.length - 1; k >= 0; k--) {
    let sum = shares[k] as number;
    for (let j = k + 1; j < kept.length; j++) sum -= (kept[j]?.column[k] as number) * (gamma[j] as number);
    gamma[k] = sum / (kept[k]?.column[k] as number);
  }
  return kept.map(({ step }, k) => ({ coefficient: gamma[k] as number, step }));
}

/** "Good" Broyden on F(h) − h, started at −I so that the first step is a plain one; a vanishing denominator skips the update. */
function broyden(window: number): Propose {
  const updates: { u: Vector; v: Vector }[] = [];
  let last: { r: Vector; step: Vector } | undefined;
  const inverse = (x: Vector): Vector =>
    updates.reduce<Vector>(
      (sum, { u, v }) => combined(dot(v, x), u, sum),
      x.map((value) => -value),
    );
  const transposed = (x: Vector): Vector =>
    updates.reduce<Vector>(
      (sum, { u, v }) => combined(dot(u, x), v, sum),
      x.map((value) => -value),
    );
  return (h, _f, r) => {
    if (last !== undefined) {
      const change = inverse(difference(r, last.r));
      const denominator = dot(last.step, change);
      if (Math.abs(denominator) > 1e-300) {
        const v = transposed(last.step);
        const u = difference(last.step, change).map((x) => x / denominator);
        updates.push({ u, v });
        if (updates.length > Math.max(window, 1) * 8) updates.length = 0;
      }
    }
    const step = inverse(r).map((x) => -x);
    last = { r: r.slice(), step };
    return combined(1, step, h);
  };
}
