// Momentum descent as a system: v' = β v − (1 − β) ∇, w' = w + α v'; its steady state is the minimum of the inner loss.
import { logistic } from './dense-dynamics.js';
import type { Dynamics } from './dynamics.js';
import { multiply, type Vector } from './products.js';

/** A loss of w: gradient, and Hessian-vector products at w. */
export interface InnerLoss {
  readonly width: number;
  readonly value: (w: Vector) => number;
  readonly gradient: (w: Vector) => Vector;
  readonly hessian: (w: Vector) => (v: Vector) => Vector;
  readonly isQuadratic: boolean;
}

/** ½ wᵀ H w − cᵀ w. */
export function quadraticLoss(hessian: Vector, linear: Vector): InnerLoss {
  const n = linear.length;
  const product = (v: Vector): Vector => multiply([n, 1, n], hessian, v);
  return {
    width: n,
    value: (w) => {
      const hw = product(w);
      return w.reduce((sum, x, i) => sum + x * (0.5 * (hw[i] as number) - (linear[i] as number)), 0);
    },
    gradient: (w) => product(w).map((x, i) => x - (linear[i] as number)),
    hessian: () => product,
    isQuadratic: true,
  };
}

/** mean log(1 + exp(−y x·w)). */
export function logisticLoss(inputs: Vector, labels: Vector): InnerLoss {
  const samples = labels.length;
  const n = inputs.length / samples;
  const margins = (w: Vector): Vector => multiply([samples, 1, n], inputs, w).map((x, i) => x * (labels[i] as number));
  const back = (x: Vector): Vector => multiply([n, 1, samples], inputs, x, { a: true });
  return {
    width: n,
    value: (w) =>
      margins(w).reduce((sum, m) => sum + Math.max(0, -m) + Math.log1p(Math.exp(-Math.abs(m))), 0) / samples,
    gradient: (w) => back(margins(w).map((m, i) => (-(labels[i] as number) * logistic(-m)) / samples)),
    hessian: (w) => {
      const curvature = margins(w).map((m) => (logistic(m) * logistic(-m)) / samples);
      return (v) => back(multiply([samples, 1, n], inputs, v).map((x, i) => x * (curvature[i] as number)));
    },
    isQuadratic: false,
  };
}

interface Descent {
  readonly inner: InnerLoss;
  readonly outer: InnerLoss;
  readonly logLearningRate: number;
  readonly momentumLogit: number;
  readonly logL2: number;
}

/** State (w, v). Parameters: the logarithms and the logit, one of each. */
export function descent({ inner, outer, logLearningRate, momentumLogit, logL2 }: Descent): Dynamics {
  const n = inner.width;
  const [alpha, beta, lambda] = [Math.exp(logLearningRate), logistic(momentumLogit), Math.exp(logL2)];
  const rest = logistic(-momentumLogit);
  const slope = (w: Vector): Vector => inner.gradient(w).map((x, i) => x + 2 * lambda * (w[i] as number));
  const halves = (h: Vector): readonly [Vector, Vector] => [h.slice(0, n), h.slice(n)];
  const joined = (w: Vector, v: Vector): Vector => {
    const h = new Float64Array(2 * n);
    h.set(w);
    h.set(v, n);
    return h;
  };
  const velocity = (v: Vector, gradient: Vector): Vector => v.map((x, i) => beta * x - rest * (gradient[i] as number));
  return {
    size: 2 * n,
    start: new Float64Array(2 * n),
    ...(inner.isQuadratic ? { isAffine: true as const } : {}),
    evaluate: (h) => {
      const [w, v] = halves(h);
      const next = velocity(v, slope(w));
      return joined(
        w.map((x, i) => x + alpha * (next[i] as number)),
        next,
      );
    },
    at: (h) => {
      const [w, v] = halves(h);
      const product = inner.hessian(w);
      const curvature = (x: Vector): Vector => product(x).map((y, i) => y + 2 * lambda * (x[i] as number));
      const q = (z: Vector): Vector => z.slice(n).map((x, i) => x + alpha * (z[i] as number));
      return {
        jvp: (direction) => {
          const [dw, dv] = halves(direction);
          const next = velocity(dv, curvature(dw));
          return joined(
            dw.map((x, i) => x + alpha * (next[i] as number)),
            next,
          );
        },
        vjp: (u) => {
          const inside = q(u);
          const bent = curvature(inside);
          return joined(
            bent.map((x, i) => (u[i] as number) - rest * x),
            inside.map((x) => beta * x),
          );
        },
        cotangent: (z) => {
          const gradient = slope(w);
          const next = velocity(v, gradient);
          const inside = q(z);
          let [rate, momentum, penalty] = [0, 0, 0];
          for (let i = 0; i < n; i++) {
            rate += alpha * (z[i] as number) * (next[i] as number);
            momentum += beta * rest * (inside[i] as number) * ((v[i] as number) + (gradient[i] as number));
            penalty -= rest * (inside[i] as number) * 2 * lambda * (w[i] as number);
          }
          return {
            logL2: Float64Array.of(penalty),
            logLearningRate: Float64Array.of(rate),
            momentumLogit: Float64Array.of(momentum),
          };
        },
      };
    },
    loss: (h) => {
      const [w] = halves(h);
      return { value: outer.value(w), gradient: joined(outer.gradient(w), new Float64Array(n)) };
    },
  };
}
