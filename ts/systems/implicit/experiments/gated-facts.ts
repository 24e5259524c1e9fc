// The two facts of gated graph networks run to rest, and what the released map does, on a citation network.
import { type ControlOptions, throwIfAborted } from '../../../core/control.js';
import type { CitationNetwork } from '../../../data/citations.js';
import { solveAdjointSystem } from '../adjoint.js';
import { solveForward } from '../forward.js';
import { graphOperator } from '../graph.js';
import { gatedGraph } from '../graph-dynamics.js';
import { minstd } from '../minstd.js';
import { difference, maximumOf, norm, type Vector } from '../products.js';

interface Fact {
  readonly what: string;
  readonly published: string;
  readonly measured: string;
  readonly holds: boolean;
}

const width = 8;

/** Gated network on the graph: messages are sums or means over neighbours, weights normal-like of variance `scale`²/width. */
function network(graph: CitationNetwork, normalisation: 'sum' | 'mean', scale: number, seed: number, features: number) {
  const drawn = (count: number, k: number, factor: number): Vector =>
    minstd(100 * seed + k, count).map((x) => factor * Math.sqrt(3) * x);
  const factor = scale / Math.sqrt(width);
  return gatedGraph({
    operator: graphOperator(graph.nodes, graph.edges, normalisation),
    inputWeights: drawn(3 * width * width, 1, factor),
    hiddenWeights: drawn(3 * width * width, 2, factor),
    inputBias: drawn(3 * width, 3, 0.3),
    hiddenBias: drawn(3 * width, 4, 0.3),
    start: drawn(graph.nodes * width, features, 0.5),
    target: 0.3,
  });
}

const blockNorm = (array: Vector, block: number): number =>
  norm(array.filter((_, i) => Math.floor((i % (3 * width)) / width) === block));

export async function structuralFacts(
  graph: CitationNetwork,
  seed: number,
  control: ControlOptions,
): Promise<readonly Fact[]> {
  const options = { absoluteTolerance: 1e-13, evaluationLimit: 400 };
  const resting = network(graph, 'mean', 0.3, seed, 10);
  const [one, other] = [
    await solveForward(resting, options, control),
    await solveForward(network(graph, 'mean', 0.3, seed, 11), options, control),
  ];
  const at = resting.at(one.state);
  const { gradient } = resting.loss(one.state);
  const { adjoint } = await solveAdjointSystem(resting, at, one.state, gradient, { tolerance: 1e-12 }, control);
  const { Wi = new Float64Array(0), Wh = new Float64Array(0) } = at.cotangent(adjoint);
  const gate = Math.max(blockNorm(Wi, 1), blockNorm(Wh, 1)) / Math.max(blockNorm(Wi, 2), blockNorm(Wh, 2));
  const apart = maximumOf(difference(one.state, other.state));
  throwIfAborted(control);
  const released = network(graph, 'sum', Math.SQRT2, seed, 10);
  const moved = await solveForward(released, { absoluteTolerance: 1e-6, evaluationLimit: 100 }, control);
  return [
    {
      what: 'gated network at rest: gradient of the update gate beside that of the candidate',
      published: 'exactly 0: H = n whatever the gate',
      measured: gate.toExponential(1),
      holds: one.converged && gate < 1e-9,
    },
    {
      what: 'gated network at rest: largest difference of the states of two sets of features',
      published: '0: features are only the start, and forgotten',
      measured: apart.toExponential(1),
      holds: one.converged && other.converged && apart < 1e-9,
    },
    {
      what: 'released map (sums over neighbours, weights of variance 2/width) after 100 updates',
      published: 'does not rest: single entries still change by about 2',
      measured: `${moved.status}, largest change ${moved.largestResidual.toFixed(2)}`,
      holds: !moved.converged && moved.largestResidual > 0.1,
    },
  ];
}
