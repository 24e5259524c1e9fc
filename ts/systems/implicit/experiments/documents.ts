// Document classification by a graph network with input injection that is run to rest: H = tanh(A H W + X U + 1 cᵀ), read out linearly.
import { addon } from '../../../core/addon.js';
import { type ControlOptions, throwIfAborted } from '../../../core/control.js';
import { MftError } from '../../../core/errors.js';
import type { CitationNetwork } from '../../../data/citations.js';
import { solveAdjointSystem } from '../adjoint.js';
import type { Dynamics, Iteration } from '../dynamics.js';
import { projectSpectralNorm } from '../enforce.js';
import { solveForward } from '../forward.js';
import { unrolled } from '../gradient.js';
import { type GraphOperator, graphOperator, propagate, transpose } from '../graph.js';
import { columnSums } from '../graph-dynamics.js';
import { resolveActivation } from '../../../gaussian/activations.js';
import { minstd } from '../minstd.js';
import { byComponent, combined, multiply, norm, type Vector } from '../products.js';
import { adam } from './adam.js';

/** How the gradient goes through the steady state; k products (Neumann: k + 1 terms), iterations, or updates gone back through. */
export type GradientMethod =
  | { readonly name: 'neumann' | 'conjugateGradient' | 'originalRbp'; readonly products: number }
  | { readonly name: 'unrolled'; readonly updates?: number };

interface DocumentOptions {
  readonly width: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Singular values of W are cut off here: with the operator's norm of 1 the map contracts. */
  readonly largestSingularValue: number;
  /** L2 on U. */
  readonly weightDecay: number;
  /** Of the root mean square of F(H) − H. */
  readonly tolerance: number;
  readonly method: GradientMethod;
  readonly seed: number;
}

export interface TrainedDocuments {
  /** Of the test nodes, at the epoch of the best validation accuracy. */
  readonly testAccuracy: number;
  readonly validationAccuracy: number;
  readonly losses: readonly number[];
  /** Updates of the forward solves and products of the adjoint ones, in all. */
  readonly evaluations: number;
  readonly products: number;
  readonly seconds: number;
}

/** X with rows that sum to 1 (0 where a node has no word), and its transpose. */
function featuresOf({ name, nodes, features, words, wordStarts }: CitationNetwork) {
  if (words === undefined || wordStarts === undefined)
    throw new MftError('ERR_MFT_UNSUPPORTED', `The documents of ${name} come without features.`, { parameter: 'name' });
  const values = new Float64Array(words.length);
  const counts = new Int32Array(features + 1);
  for (let i = 0; i < nodes; i++) {
    const [from, to] = [wordStarts[i] as number, wordStarts[i + 1] as number];
    values.fill(1 / (to - from), from, to);
    for (let e = from; e < to; e++) {
      const next = (words[e] as number) + 1;
      counts[next] = (counts[next] as number) + 1;
    }
  }
  for (let k = 0; k < features; k++) counts[k + 1] = (counts[k + 1] as number) + (counts[k] as number);
  const [rows, turned, at] = [new Int32Array(words.length), new Float64Array(words.length), counts.slice()];
  for (let i = 0; i < nodes; i++)
    for (let e = wordStarts[i] as number; e < (wordStarts[i + 1] as number); e++) {
      const word = words[e] as number;
      const place = at[word] as number;
      at[word] = place + 1;
      rows[place] = i;
      turned[place] = values[e] as number;
    }
  const by =
    (starts: Int32Array, columns: Int32Array, of: Vector, count: number, columnCount: number) =>
    (width: number, x: Vector): Vector => {
      const y = new Float64Array(count * width);
      addon().implicitGraphMultiply(starts, columns, of, columnCount, width, x, y);
      return y;
    };
  return {
    times: by(wordStarts, words, values, nodes, features),
    transposed: by(counts, rows, turned, features, nodes),
  };
}

interface Network {
  readonly operator: GraphOperator;
  readonly turned: GraphOperator;
  readonly features: ReturnType<typeof featuresOf>;
  readonly width: number;
}

const activation = resolveActivation('tanh');

/** The map at the parameters W, U, c. */
function mapOf(
  { operator, turned, features, width: d }: Network,
  w: Readonly<Record<'W' | 'U' | 'c', Vector>>,
): Iteration {
  const n = operator.nodes;
  const drive = features.times(d, w.U).map((x, i) => x + (w.c[i % d] as number));
  const activate = (z: Vector, order: 0 | 1): Vector => addon().activate({ activation, z, order });
  const pre = (h: Vector): Vector => combined(1, multiply([n, d, d], propagate(operator, d, h), w.W), drive);
  return {
    size: n * d,
    start: new Float64Array(n * d),
    evaluate: (h) => activate(pre(h), 0),
    at: (h) => {
      const slope = activate(pre(h), 1);
      return {
        jvp: (v) => byComponent(slope, multiply([n, d, d], propagate(operator, d, v), w.W)),
        vjp: (u) => propagate(turned, d, multiply([n, d, d], byComponent(slope, u), w.W, { b: true })),
        cotangent: (z) => {
          const inner = byComponent(slope, z);
          return {
            U: features.transposed(d, inner),
            W: multiply([d, d, n], propagate(operator, d, h), inner, { a: true }),
            c: columnSums(inner, d),
          };
        },
      };
    },
  };
}

/** Cross-entropy of nodes from H V + b, its gradients, and how many are right. */
function readOut(h: Vector, V: Vector, b: Vector, d: number, nodes: Int32Array, labels: Int32Array) {
  const classes = b.length;
  const [gradient, dV, db] = [new Float64Array(h.length), new Float64Array(V.length), new Float64Array(classes)];
  let [loss, right] = [0, 0];
  for (const node of nodes) {
    const row = h.subarray(node * d, (node + 1) * d);
    const scores = b.slice();
    for (let i = 0; i < d; i++)
      for (let c = 0; c < classes; c++)
        scores[c] = (scores[c] as number) + (row[i] as number) * (V[i * classes + c] as number);
    const most = Math.max(...scores);
    const sum = scores.reduce((all, x) => all + Math.exp(x - most), 0);
    const label = labels[node] as number;
    loss += most + Math.log(sum) - (scores[label] as number);
    if (scores.indexOf(most) === label) right++;
    for (let c = 0; c < classes; c++) {
      const slope = (Math.exp((scores[c] as number) - most) / sum - (c === label ? 1 : 0)) / nodes.length;
      db[c] = (db[c] as number) + slope;
      for (let i = 0; i < d; i++) {
        const [at, place] = [i * classes + c, node * d + i];
        dV[at] = (dV[at] as number) + slope * (row[i] as number);
        gradient[place] = (gradient[place] as number) + slope * (V[at] as number);
      }
    }
  }
  return { value: loss / nodes.length, accuracy: right / nodes.length, gradient, V: dV, b: db };
}

/** Trains on the nodes of the split; every epoch is one step on all of them. */
export async function trainDocuments(
  network: CitationNetwork,
  options: DocumentOptions,
  control: ControlOptions,
): Promise<TrainedDocuments> {
  const started = performance.now();
  const { width: d, seed, method, weightDecay, largestSingularValue } = options;
  const { classes, split, labels, features } = network;
  const operator = graphOperator(network.nodes, network.edges, 'symmetricWithSelfLoops');
  const own = { operator, turned: transpose(operator), features: featuresOf(network), width: d };
  const drawn = (rows: number, columns: number, k: number): Vector =>
    minstd(1000 * seed + k, rows * columns).map((x) => x * Math.sqrt(6 / (rows + columns)));
  const parameters = {
    U: drawn(features, d, 1),
    V: drawn(d, classes, 2),
    W: projectSpectralNorm(drawn(d, d, 3), d, d, largestSingularValue),
    b: new Float64Array(classes),
    c: new Float64Array(d),
  };
  const step = adam(options.learningRate);
  const losses: number[] = [];
  let [evaluations, products, best, testAccuracy] = [0, 0, -1, 0];
  let state: Vector = new Float64Array(network.nodes * d);
  for (let epoch = 0; epoch <= options.epochs; epoch++) {
    throwIfAborted(control);
    const map = mapOf(own, parameters);
    const absoluteTolerance = options.tolerance * Math.sqrt(map.size);
    // From the last epoch's state: the steady state is the same, and far fewer updates reach it. Whole back-propagation starts at 0.
    const start = method.name === 'unrolled' && method.updates === undefined ? map.start : state;
    const forward = await solveForward(map, { absoluteTolerance, evaluationLimit: 500, start }, control);
    if (!forward.converged)
      throw new MftError('ERR_MFT_NO_CONVERGENCE', `The state of epoch ${epoch} did not settle: ${forward.status}.`);
    state = forward.state;
    evaluations += forward.evaluations;
    const of = (nodes: Int32Array) => readOut(state, parameters.V, parameters.b, d, nodes, labels);
    const found = of(split.train);
    losses.push(found.value);
    const validation = of(split.validation).accuracy;
    if (validation > best) [best, testAccuracy] = [validation, of(split.test).accuracy];
    if (epoch === options.epochs) break;
    const through = await gradientThrough(
      map,
      state,
      found,
      forward.evaluations,
      method,
      seed * 10_000 + epoch + 1,
      control,
    );
    products += through.products;
    const { W, U, c } = through.arrays as Record<'W' | 'U' | 'c', Vector>;
    step(parameters, { U: combined(weightDecay, parameters.U, U), V: found.V, W, b: found.b, c });
    parameters.W = projectSpectralNorm(parameters.W, d, d, largestSingularValue);
  }
  const seconds = (performance.now() - started) / 1000;
  return { testAccuracy, validationAccuracy: best, losses, evaluations, products, seconds };
}

async function gradientThrough(
  map: Iteration,
  state: Vector,
  loss: { readonly value: number; readonly gradient: Vector },
  steps: number,
  method: GradientMethod,
  seed: number,
  control: ControlOptions,
) {
  if (method.name === 'unrolled') {
    const dynamics: Dynamics = { ...map, loss: () => loss };
    const terms = Math.min(method.updates ?? steps, steps);
    return { arrays: unrolled(dynamics, steps, terms), products: terms };
  }
  const g = loss.gradient;
  const { name, products } = method;
  const given =
    name === 'neumann'
      ? {
          method: name,
          productLimit: Math.max(products, 1),
          ...(products <= 5 ? { termCount: products + 1 } : {}),
          tolerance: 1e-10,
        }
      : name === 'conjugateGradient'
        ? { method: name, productLimit: products, tolerance: 1e-10 }
        : {
            method: name,
            productLimit: products,
            tolerance: 1e-12,
            // The start of the released code: from [0, 1], far from gradients of a mean.
            initialGuess: minstd(seed, g.length).map((x) => (x + 1) / 2),
          };
  const at = map.at(state);
  const solved = await solveAdjointSystem(map, at, state, g, given, control);
  if (!(norm(solved.adjoint) < Infinity)) throw new MftError('ERR_MFT_NOT_FINITE', 'The adjoint is not finite.');
  return { arrays: at.cotangent(solved.adjoint), products: solved.vjpCount + solved.jvpCount };
}
