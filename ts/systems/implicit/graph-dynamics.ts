// Graph networks run to rest: with input injection, and the gated network whose features are only its start.
import { addon } from '../../core/addon.js';
import { type ActivationSpec, resolveActivation } from '../../gaussian/activations.js';
import { logistic, steepestSlope } from './dense-dynamics.js';
import { type Dynamics, squaredLoss } from './dynamics.js';
import { denseOperator, type GraphOperator, propagate, transpose } from './graph.js';
import { byComponent, combined, multiply, spectrumOf, type Vector } from './products.js';

interface InjectedGraph {
  readonly operator: GraphOperator;
  readonly activation: ActivationSpec;
  /** d × d, features × d, d; X is nodes × features. */
  readonly weights: Vector;
  readonly inputWeights: Vector;
  readonly bias: Vector;
  readonly features: Vector;
  readonly target: number;
}

/** Sums over the rows of a nodes × d matrix. */
export function columnSums(x: Vector, d: number): Vector {
  const sums = new Float64Array(d);
  for (const [i, value] of x.entries()) sums[i % d] = (sums[i % d] as number) + value;
  return sums;
}

/** F(H) = φ(A H W + X U + 1 cᵀ), H nodes × d. */
export function injectedGraph(graph: InjectedGraph): Dynamics {
  const { operator, weights, inputWeights, bias, features, target } = graph;
  const [nodes, d] = [operator.nodes, bias.length];
  const width = features.length / nodes;
  const turned = transpose(operator);
  const activation = resolveActivation(graph.activation);
  const drive = multiply([nodes, d, width], features, inputWeights).map((x, i) => x + (bias[i % d] as number));
  const pre = (h: Vector): Vector => combined(1, multiply([nodes, d, d], propagate(operator, d, h), weights), drive);
  const phi = (z: Vector, order: 0 | 1): Vector => addon().activate({ activation, z, order });
  const most = steepestSlope(graph.activation);
  return {
    size: nodes * d,
    start: new Float64Array(nodes * d),
    evaluate: (h) => phi(pre(h), 0),
    at: (h) => {
      const z = pre(h);
      const slope = phi(z, 1);
      return {
        jvp: (v) => byComponent(slope, multiply([nodes, d, d], propagate(operator, d, v), weights)),
        vjp: (u) => propagate(turned, d, multiply([nodes, d, d], byComponent(slope, u), weights, { b: true })),
        cotangent: (u) => {
          const inner = byComponent(slope, u);
          return {
            U: multiply([width, d, nodes], features, inner, { a: true }),
            W: multiply([d, d, nodes], propagate(operator, d, h), inner, { a: true }),
            c: columnSums(inner, d),
          };
        },
        kinks: z.filter((x) => activation.kinks.includes(x)).length,
      };
    },
    loss: (h) => squaredLoss(h, () => target),
    ...(most === undefined
      ? {}
      : {
          globalBound: async () => {
            const own = await spectrumOf(d, weights);
            const outer = await spectrumOf(nodes, denseOperator(operator));
            return most * (own.singular[0] as number) * (outer.singular[0] as number);
          },
        }),
  };
}

interface GatedGraph {
  readonly operator: GraphOperator;
  /** d × 3 d, columns reset | update | candidate, of the messages and of the state; biases 3 d each. */
  readonly inputWeights: Vector;
  readonly hiddenWeights: Vector;
  readonly inputBias: Vector;
  readonly hiddenBias: Vector;
  readonly start: Vector;
  readonly target: number;
}

/** A gated recurrent unit with messages A H for its input: H' = (1 − u) n + u H. At rest H = n, whatever u. */
export function gatedGraph(graph: GatedGraph): Dynamics {
  const { operator, inputWeights, hiddenWeights, inputBias, hiddenBias, target } = graph;
  const nodes = operator.nodes;
  const d = graph.start.length / nodes;
  const turned = transpose(operator);
  const size = nodes * d;
  /** Gates and what they are made of, all nodes × d. */
  const gates = (h: Vector) => {
    const messages = propagate(operator, d, h);
    const a = multiply([nodes, 3 * d, d], messages, inputWeights);
    const b = multiply([nodes, 3 * d, d], h, hiddenWeights);
    const [r, u, n, inner] = Array.from({ length: 4 }, () => new Float64Array(size)) as [
      Vector,
      Vector,
      Vector,
      Vector,
    ];
    for (let k = 0; k < size; k++) {
      const [i, j] = [Math.floor(k / d), k % d];
      const part = (gate: number): readonly [number, number] => {
        const at = i * 3 * d + gate * d + j;
        const bias = gate * d + j;
        return [(a[at] as number) + (inputBias[bias] as number), (b[at] as number) + (hiddenBias[bias] as number)];
      };
      const [[ra, rb], [ua, ub], [na, nb]] = [part(0), part(1), part(2)];
      r[k] = logistic(ra + rb);
      u[k] = logistic(ua + ub);
      inner[k] = nb;
      n[k] = Math.tanh(na + (r[k] as number) * nb);
    }
    return { messages, r, u, n, inner };
  };
  /** Three nodes × d blocks beside each other, nodes × 3 d. */
  const beside = (...blocks: readonly Vector[]): Vector => {
    const all = new Float64Array(3 * size);
    for (const [gate, block] of blocks.entries())
      for (let k = 0; k < size; k++) all[Math.floor(k / d) * 3 * d + gate * d + (k % d)] = block[k] as number;
    return all;
  };
  const each = (f: (k: number) => number): Vector => Float64Array.from({ length: size }, (_, k) => f(k));
  return {
    size,
    start: graph.start.slice(),
    evaluate: (h) => {
      const { u, n } = gates(h);
      return each((k) => (1 - (u[k] as number)) * (n[k] as number) + (u[k] as number) * (h[k] as number));
    },
    at: (h) => {
      const { messages, r, u, n, inner } = gates(h);
      const at = (x: Vector, k: number): number => x[k] as number;
      const slopeOfN = each((k) => (1 - at(n, k)) * (1 + at(n, k)));
      const slopeOfU = each((k) => at(u, k) * (1 - at(u, k)));
      const slopeOfR = each((k) => at(r, k) * (1 - at(r, k)));
      const sides = (cotangent: Vector) => {
        const nBar = each((k) => (1 - at(u, k)) * at(cotangent, k) * at(slopeOfN, k));
        const uBar = each((k) => at(cotangent, k) * (at(h, k) - at(n, k)) * at(slopeOfU, k));
        const rBar = each((k) => at(nBar, k) * at(inner, k) * at(slopeOfR, k));
        return { input: beside(rBar, uBar, nBar), hidden: beside(rBar, uBar, byComponent(nBar, r)) };
      };
      return {
        jvp: (v) => {
          const a = multiply([nodes, 3 * d, d], propagate(operator, d, v), inputWeights);
          const b = multiply([nodes, 3 * d, d], v, hiddenWeights);
          return each((k) => {
            const place = (gate: number): number => Math.floor(k / d) * 3 * d + gate * d + (k % d);
            const sum = (gate: number): number => at(a, place(gate)) + at(b, place(gate));
            const dr = at(slopeOfR, k) * sum(0);
            const du = at(slopeOfU, k) * sum(1);
            const dn = at(slopeOfN, k) * (at(a, place(2)) + dr * at(inner, k) + at(r, k) * at(b, place(2)));
            return (1 - at(u, k)) * dn + (at(h, k) - at(n, k)) * du + at(u, k) * at(v, k);
          });
        },
        vjp: (cotangent) => {
          const { input, hidden } = sides(cotangent);
          const own = multiply([nodes, d, 3 * d], hidden, hiddenWeights, { b: true });
          const other = propagate(turned, d, multiply([nodes, d, 3 * d], input, inputWeights, { b: true }));
          return each((k) => at(u, k) * at(cotangent, k) + at(own, k) + at(other, k));
        },
        cotangent: (z) => {
          const { input, hidden } = sides(z);
          return {
            Wh: multiply([d, 3 * d, nodes], h, hidden, { a: true }),
            Wi: multiply([d, 3 * d, nodes], messages, input, { a: true }),
            ch: columnSums(hidden, 3 * d),
            ci: columnSums(input, 3 * d),
          };
        },
      };
    },
    loss: (h) => squaredLoss(h, () => target),
  };
}
