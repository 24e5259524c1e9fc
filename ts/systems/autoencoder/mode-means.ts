// Means over starts of one direction's mapping and squared norm, at recorded steps: descent step by step, or the flow.
import { type ControlOptions, ticker } from '../../core/control.js';
import { flow } from './flow.js';
import { diverged, type Mode, modeLoss, stiffness } from './mode.js';
import { stableLearningRate } from './rates.js';
import type { Starts } from './starts.js';
import type { Squares } from './taylor.js';

/** By record: means of w, of w1² + w2² and of the loss, and of the square of each. */
export interface ModeMeans {
  readonly mapping: Float64Array;
  readonly square: Float64Array;
  readonly norm: Float64Array;
  readonly normSquare: Float64Array;
  readonly loss: Float64Array;
  readonly lossSquare: Float64Array;
  /** Mappings that 5 and 95 of a hundred starts do not exceed. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Room for the means of so many records: made once, arrays outside V8's heap wait long for a collection. */
export function roomForMeans(size: number): ModeMeans {
  const make = (): Float64Array => new Float64Array(size);
  return {
    mapping: make(),
    square: make(),
    norm: make(),
    normSquare: make(),
    loss: make(),
    lossSquare: make(),
    low: make(),
    high: make(),
  };
}

/** Work that takes a while: counts what is done; a pause lets the event loop run now and then, reports, and stops when asked to. */
export interface Work {
  readonly advance: (units: number) => void;
  readonly pause: () => Promise<void>;
}

export function work(options: ControlOptions, total: number): Work {
  const tick = ticker(total, options);
  let done = 0;
  return {
    advance: (units) => {
      done += units;
    },
    pause: () => tick(done),
  };
}

const updatesBetweenPauses = 500_000;

/** Adds what nodes P, Q (weights: of the mean) give at a record. */
function gather(
  mode: Mode,
  P: Float64Array,
  Q: Float64Array,
  weights: Float64Array,
  order: Order,
  into: ModeMeans,
  at: number,
): void {
  let [mapping, square, norm, normSquare, loss, lossSquare] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    const w = ((P[i] as number) - (Q[i] as number)) / 4;
    const squares = ((P[i] as number) + (Q[i] as number)) / 2;
    mapping += weight * w;
    square += weight * w * w;
    norm += weight * squares;
    normSquare += weight * squares * squares;
    const own = modeLoss(mode, w, squares);
    loss += weight * own;
    lossSquare += weight * own * own;
  }
  [into.mapping[at], into.square[at], into.norm[at], into.loss[at]] = [mapping, square, norm, loss];
  [into.normSquare[at], into.lossSquare[at]] = [normSquare, lossSquare];
  [into.low[at], into.high[at]] = quantiles(P, Q, weights, order);
}

/** Nodes by rising mapping, kept from record to record: there is little left to sort. */
interface Order {
  readonly nodes: Uint32Array;
  readonly mappings: Float64Array;
}

/** Moves of a node, on average, beyond which sorting anew is faster. */
const mostMoves = 8;

/** Sorts by mapping, nodes of the same one by number: what stands is moved into place, without an object. */
function sort({ nodes, mappings }: Order): void {
  const isAfter = (a: number, b: number): boolean => {
    const [of, than] = [mappings[a] as number, mappings[b] as number];
    return of > than || (of === than && a > b);
  };
  let moves = 0;
  for (let at = 1; at < nodes.length; at++) {
    const node = nodes[at] as number;
    let to = at;
    for (; to > 0 && isAfter(nodes[to - 1] as number, node); to--) nodes[to] = nodes[to - 1] as number;
    nodes[to] = node;
    moves += at - to;
    if (moves > mostMoves * nodes.length) {
      nodes.sort((a, b) => (isAfter(a, b) ? 1 : -1));
      return;
    }
  }
}

/** The mappings below which 5 and 95 per cent of the weight lie, between nodes by interpolation. */
function quantiles(P: Float64Array, Q: Float64Array, weights: Float64Array, order: Order): [number, number] {
  const { nodes, mappings } = order;
  for (let i = 0; i < mappings.length; i++) mappings[i] = ((P[i] as number) - (Q[i] as number)) / 4;
  sort(order);
  const found: number[] = [];
  let [below, last, value] = [0, 0, mappings[nodes[0] as number] as number];
  for (const i of nodes) {
    // A node stands for the middle of its weight.
    const middle = below + (weights[i] as number) / 2;
    const mapping = mappings[i] as number;
    for (const share of [0.05, 0.95])
      if (last < share && middle >= share)
        found.push(value + ((mapping - value) * (share - last)) / Math.max(middle - last, Number.MIN_VALUE));
    below += weights[i] as number;
    [last, value] = [middle, mapping];
  }
  return [found[0] ?? value, found[1] ?? value];
}

/** A direction and its rate from a step on. */
export interface ModeStage {
  readonly fromStep: number;
  readonly mode: Mode;
  readonly rate: number;
}

/**
 * Means over the starts, through stages of which the first is from step 0. Records are rising steps; one at which a stage begins is
 * the state before its first step, the loss as the stage has it. They are written to `result`.
 *
 * @throws MftError ERR_MFT_NOT_FINITE where the descent diverges
 */
export async function modeMeans(
  stages: readonly ModeStage[],
  starts: Starts,
  records: Float64Array,
  dynamics: 'descent' | 'flow',
  { advance, pause }: Work,
  result: ModeMeans,
): Promise<ModeMeans> {
  const size = records.length;
  const P = starts.sums.slice();
  const Q = starts.differences.slice();
  // One for all records: arrays outside V8's heap wait long for a collection.
  const order = { nodes: Uint32Array.from(P.keys()), mappings: new Float64Array(P.length) };
  let stage = stages[0] as ModeStage;
  let next = 1;
  const endOf = (): number => stages[next]?.fromStep ?? Infinity;
  if (dynamics === 'flow') {
    // Where the stage begins. States are arrays: an object of every node and record would double V8's young generation.
    let from = { P: P.slice(), Q: Q.slice(), w: P.map((sum, i) => (sum - (Q[i] as number)) / 4) };
    const flowed = async (step: number, to: typeof from): Promise<void> => {
      const { mode, rate, fromStep } = stage;
      for (const i of P.keys()) {
        const start: Squares = { P: from.P[i] as number, Q: from.Q[i] as number, w: from.w[i] as number };
        const state = flow(mode, start, rate * (step - fromStep));
        [to.P[i], to.Q[i], to.w[i]] = [state.P, state.Q, state.w];
        if (i % 64 === 63 && mode.weightDecay > 0) await pause();
      }
    };
    const reached = { P, Q, w: new Float64Array(P.length) };
    for (let at = 0; at < size; at++) {
      while (endOf() <= (records[at] as number)) {
        const begun = { P: P.slice(), Q: Q.slice(), w: new Float64Array(P.length) };
        await flowed(endOf(), begun);
        from = begun;
        stage = stages[next++] as ModeStage;
      }
      await flowed(records[at] as number, reached);
      gather(stage.mode, P, Q, starts.weights, order, result, at);
      advance(1);
      await pause();
    }
    return result;
  }
  const block = Math.max(1, Math.floor(updatesBetweenPauses / P.length));
  let step = 0;
  let hasSettled = false;
  const before = P.slice();
  for (let at = 0; at < size; at++) {
    before.set(P);
    let isOneStage = true;
    while (step < (records[at] as number) || endOf() <= step) {
      if (endOf() <= step) {
        stage = stages[next++] as ModeStage;
        [hasSettled, isOneStage] = [false, false];
        continue;
      }
      const left = Math.min(endOf(), records[at] as number) - step;
      const steps = hasSettled ? left : Math.min(block, left);
      step += steps;
      if (hasSettled) continue;
      descend(stage.mode, stage.rate, steps, P, Q);
      if (!P.every((value) => value < 1e200)) throw diverged(step, stableLearningRate(stage.mode));
      await pause();
    }
    // Descent is a map: where a stretch of steps moves no node, none that follows does.
    hasSettled ||=
      at > 0 &&
      isOneStage &&
      Q.every((q, i) => q < 1e-16 * (P[i] as number) && Math.abs((P[i] as number) / (before[i] as number) - 1) < 1e-14);
    gather(stage.mode, P, Q, starts.weights, order, result, at);
    advance(1);
  }
  return result;
}

/** Steps of descent of every node: w1 ± w2 each keep their direction, and their squares are multiplied. */
function descend(mode: Mode, rate: number, steps: number, P: Float64Array, Q: Float64Array): void {
  const k = stiffness(mode);
  const { inputVariance } = mode;
  const kept = 1 - rate * mode.weightDecay;
  for (let i = 0; i < P.length; i++) {
    let [p, q] = [P[i] as number, Q[i] as number];
    for (let step = 0; step < steps; step++) {
      const pull = rate * (inputVariance - 0.25 * k * (p - q));
      const [up, down] = [kept + pull, kept - pull];
      p *= up * up;
      q *= down * down;
    }
    [P[i], Q[i]] = [p, q];
  }
}
