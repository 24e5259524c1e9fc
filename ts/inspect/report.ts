// What is said of one matrix of a network, and whether it still is what its library drew.
import type { Undefined } from '../core/results.js';
import { biasLaws, type InitialLaw, largestScore, type LawScores, scoresOf, weightLaws } from './laws.js';
import {
  edgeProbability,
  leastForEdge,
  type Matrix,
  type Moments,
  momentsOf,
  randomEdge,
  singularOf,
  zeroLines,
} from './matrix.js';
import type { ModuleKind } from './module.js';

/** Whether numbers are a fresh draw of a law that some library starts from. */
export interface InitialVerdict {
  readonly verdict: 'asInitialized' | 'moved' | 'undecided';
  /** The law they fit best (`asInitialized`), or the one nearest in variance (`moved`). */
  readonly law: string;
  /** Other laws that they fit as well. */
  readonly alike: readonly string[];
  /** σ_w² (of a bias: σ_b²) of that law. */
  readonly expected: number;
  /** z-scores of mean, variance and kurtosis under that law; undefined where a number lies outside of its bound. */
  readonly scores: LawScores | Undefined;
  readonly reason: string;
}

export interface LayerReport {
  readonly name: string;
  readonly kind: ModuleKind;
  readonly role: 'weight' | 'input' | 'recurrent' | 'embedding';
  /** Of a cell or an attention: which gate. */
  readonly gate?: string;
  /** Shape of the whole array in the file. */
  readonly shape: readonly number[];
  readonly outputs: number;
  /** True fan-in: inputs times the places of a kernel. */
  readonly fanIn: number;
  /** σ_w²: variance of a weight times its fan-in. */
  readonly weightVariance: number;
  /** Mean of the weights. */
  readonly weightMean: number;
  /** Excess kurtosis of the weights; 0 for a normal law, −1.2 for a uniform one. */
  readonly weightKurtosis: number | Undefined;
  /** The largest singular value of outputs × fan-in. */
  readonly topSingularValue: number | Undefined;
  /** Where the singular values of independent weights of this variance end. */
  readonly randomEdge: number | Undefined;
  /** Two-sided probability of a largest singular value so far from its expectation, were the weights independent. */
  readonly edgeProbability: number | Undefined;
  readonly stableRank: number | Undefined;
  /** Outputs without any weight, and inputs that nothing looks at. */
  readonly deadOutputs: number;
  readonly deadInputs: number;
  readonly biasMean: number | Undefined;
  /** σ_b²: variance of the biases about their mean; of two biases that are added, of their sum. */
  readonly biasVariance: number | Undefined;
  readonly weights: InitialVerdict;
  readonly biases: InitialVerdict | Undefined;
  readonly tiedWith: readonly string[];
}

interface LayerFacts {
  readonly name: string;
  readonly kind: ModuleKind;
  readonly role: LayerReport['role'];
  readonly gate?: string;
  readonly shape: readonly number[];
  readonly places: number;
  readonly hidden?: number;
  readonly allOutputs: number;
  readonly biasPieces: 1 | 2;
  readonly tiedWith: readonly string[];
}

/** |z| below this is what chance does; the same for the edge, as a probability (two-sided). */
const largestChance = 4;
const leastProbability = 6.3e-5;
/** Fewer numbers tell no law from another: a bias has one candidate, weights have two dozen. */
const leastCount = { bias: 30, weight: 200 } as const;

export function reportOn(matrix: Matrix, facts: LayerFacts, bias: Float64Array | undefined): LayerReport {
  const moments = momentsOf(matrix.values);
  const { name, kind, role, gate, shape, hidden, places, tiedWith } = facts;
  const broken = moments.notFinite > 0 ? { reason: `${moments.notFinite} weights are NaN or infinite` } : undefined;
  const isTable = role === 'embedding';
  const isNoMap: Undefined = { reason: 'a table of words, no map' };
  const singular = broken ?? (isTable ? isNoMap : singularOf(matrix));
  const edge = randomEdge(matrix, moments.variance);
  const isLarge = Math.min(matrix.outputs, matrix.inputs) >= leastForEdge;
  const probability: number | Undefined =
    'reason' in singular
      ? singular
      : !(moments.variance > 0)
        ? { reason: 'all weights are equal' }
        : isLarge
          ? edgeProbability(matrix, moments.variance, singular.top)
          : { reason: `fewer than ${leastForEdge} rows or columns` };
  // A table looked up has no fan-in: its numbers are taken as they are.
  const fanIn = isTable ? 1 : matrix.inputs;
  const context = {
    role,
    fanIn,
    fanOut: matrix.outputs * places,
    allOutputs: facts.allOutputs * places,
    ...(hidden === undefined ? {} : { hidden }),
  };
  const zeros = zeroLines(matrix);
  const biasMoments = bias === undefined ? undefined : momentsOf(bias);
  const none: Undefined = { reason: 'no bias' };
  return {
    name,
    kind,
    role,
    ...(gate === undefined || gate === '' ? {} : { gate }),
    shape,
    outputs: matrix.outputs,
    fanIn: matrix.inputs,
    weightVariance: moments.variance * fanIn,
    weightMean: moments.mean,
    weightKurtosis: broken ?? moments.excessKurtosis,
    topSingularValue: 'reason' in singular ? singular : singular.top,
    randomEdge: isTable ? isNoMap : edge,
    edgeProbability: probability,
    stableRank: 'reason' in singular ? singular : singular.stableRank,
    deadOutputs: zeros.outputs,
    deadInputs: zeros.inputs,
    biasMean: biasMoments?.mean ?? none,
    biasVariance: biasMoments?.variance ?? none,
    weights: verdictOn('weight', moments, weightLaws(context), fanIn, probability, orthogonalGain(matrix, singular)),
    biases:
      biasMoments === undefined
        ? none
        : verdictOn('bias', biasMoments, biasLaws(context, facts.biasPieces), 1, none, undefined),
    tiedWith,
  };
}

/** The gain of a matrix whose singular values are all one number, which orthogonal initialisations have. */
function orthogonalGain(
  { outputs, inputs }: Matrix,
  singular: { top: number; stableRank: number } | Undefined,
): number | undefined {
  const rank = Math.min(outputs, inputs);
  if ('reason' in singular || rank < 2 || Math.abs(singular.stableRank / rank - 1) > 1e-3) return undefined;
  return singular.top;
}

function verdictOn(
  kind: 'weight' | 'bias',
  sample: Moments,
  laws: readonly InitialLaw[],
  factor: number,
  probability: number | Undefined,
  orthogonal: number | undefined,
): InitialVerdict {
  const plain = { alike: [], scores: { reason: 'no law to score' } } as const;
  if (sample.notFinite > 0)
    return {
      ...plain,
      verdict: 'moved',
      law: 'none',
      expected: 0,
      reason: `${sample.notFinite} numbers are NaN or infinite`,
    };
  if (sample.variance === 0 && (sample.count > 1 || sample.mean === 0)) {
    const law = sample.mean === 0 ? 'zeros' : `constant ${Number(sample.mean.toPrecision(6))}`;
    return { ...plain, verdict: 'asInitialized', law, expected: 0, reason: 'all numbers are equal' };
  }
  if (orthogonal !== undefined) {
    const law = `orthogonal, gain ${Number(orthogonal.toPrecision(4))}`;
    return {
      ...plain,
      verdict: 'asInitialized',
      law,
      expected: sample.variance * factor,
      reason: 'all singular values are equal',
    };
  }
  const scored = laws.flatMap((law) => {
    const scores = scoresOf(sample, law);
    return scores === undefined ? [] : [{ law, scores, worst: largestScore(scores) }];
  });
  const fitting = scored.filter(({ worst }) => worst < largestChance).sort((a, b) => a.worst - b.worst);
  const near = (law: InitialLaw): number => Math.abs(Math.log(Math.max(sample.variance, 1e-300) / law.variance));
  const nearest = [...laws].sort((a, b) => near(a) - near(b))[0] as InitialLaw;
  if (sample.count < leastCount[kind])
    return {
      ...plain,
      verdict: 'undecided',
      law: nearest.name,
      expected: nearest.variance * factor,
      reason: `${sample.count} numbers are too few to tell a law`,
    };
  const best = fitting[0];
  if (best === undefined) {
    const scores = scored.find(({ law }) => law === nearest)?.scores ?? {
      reason: 'a number lies outside of its bound',
    };
    return {
      verdict: 'moved',
      law: nearest.name,
      alike: [],
      expected: nearest.variance * factor,
      scores,
      reason: 'no law that a library starts from fits mean, variance and kurtosis within four standard errors',
    };
  }
  const { law, scores } = best;
  const isSpiked = typeof probability === 'number' && probability < leastProbability;
  return {
    verdict: isSpiked ? 'moved' : 'asInitialized',
    law: law.name,
    alike: fitting.slice(1).map((other) => other.law.name),
    expected: law.variance * factor,
    scores,
    reason: isSpiked
      ? 'mean, variance and kurtosis fit, the largest singular value does not: the weights are not independent'
      : 'mean, variance and kurtosis fit within four standard errors',
  };
}
