// The variances, slope, keep probability and noise of the largest marginal likelihood.
import type { ControlOptions } from '../../core/control.js';
import { expectedError, MftError } from '../../core/errors.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { minimize } from '../../numeric/minimize.js';
import { gramOf, type Likelihood, type LikelihoodQuestion, likelihood, pairFunctionOf } from './likelihood.js';
import type { DataMatrix, KernelModel } from './model.js';
import type { Targets } from './regression.js';

/** What can be fitted. */
export const fitted = ['weightVariance', 'biasVariance', 'noiseVariance', 'slope', 'keepProbability'] as const;
export type Fitted = (typeof fitted)[number];

interface Question {
  readonly model: KernelModel;
  readonly data: DataMatrix;
  readonly targets: Targets;
  readonly kernel: 'nngp' | 'ntk';
  readonly noiseVariance: number;
  readonly fit: readonly Fitted[];
  /** Whether the dense layers have variances of their own. */
  readonly isPerLayer: boolean;
  readonly iterations: number;
}

interface LikelihoodFit {
  readonly model: KernelModel;
  readonly noiseVariance: number;
  readonly slope?: number;
  readonly value: number;
  readonly start: number;
  readonly isConverged: boolean;
  readonly iterations: number;
  readonly evaluations: number;
}

/** A point of the search: positive numbers by their logarithms, probabilities by their logits. */
interface Variable {
  readonly name: string;
  readonly start: number;
  /** Changes the question by the variable's value. */
  readonly put: (question: LikelihoodQuestion, value: number) => LikelihoodQuestion;
  /** Derivative of the likelihood by the variable. */
  readonly slope: (found: Likelihood, value: number) => number;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The maximum that limited-memory BFGS finds from where the question starts.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED, ERR_MFT_OUT_OF_RANGE where a start is on the edge of its range
 */
export async function fitLikelihood(question: Question, options: ControlOptions): Promise<LikelihoodFit> {
  const { model, data, targets, kernel } = question;
  pairFunctionOf(model);
  const gram = await gramOf(model, data, options);
  const first: LikelihoodQuestion = { model, data, gram, targets, kernel, noiseVariance: question.noiseVariance };
  const variables = question.fit.flatMap((name) => variablesOf(name, first, question.isPerLayer));
  const at = (x: Float64Array): LikelihoodQuestion =>
    variables.reduce((changed, { put }, i) => put(changed, x[i] as number), first);
  let start: number | undefined;
  const result = await minimize(
    async (x) => {
      try {
        const found = await likelihood(at(x), options);
        start ??= found.value;
        return {
          value: -found.value,
          gradient: Float64Array.from(variables, ({ slope }, i) => -slope(found, x[i] as number)),
        };
      } catch (error) {
        // A step into what is singular, or beyond the range of numbers, is too long; at the start it is the caller's.
        const isOutside =
          error instanceof MftError && ['ERR_MFT_DEGENERATE', 'ERR_MFT_NOT_FINITE'].includes(error.code);
        if (start === undefined || !isOutside) throw error;
        return { value: Number.POSITIVE_INFINITY, gradient: new Float64Array(variables.length) };
      }
    },
    Float64Array.from(variables, (variable) => variable.start),
    { tolerance: 1e-5 * targets.rows, iterations: question.iterations },
  );
  const end = at(result.x);
  const { kind, a } = pairFunctionOf(end.model);
  return {
    model: end.model,
    noiseVariance: end.noiseVariance,
    ...(kind === 'rectifier' ? { slope: a } : {}),
    value: -result.value,
    start: start as number,
    isConverged: result.isConverged,
    iterations: result.iterations,
    evaluations: result.evaluations,
  };
}

function variablesOf(name: Fitted, { model, noiseVariance }: LikelihoodQuestion, isPerLayer: boolean): Variable[] {
  if (name === 'noiseVariance') {
    requireInside(name, noiseVariance, noiseVariance > 0, 'a number > 0 to start from');
    const start = Math.log(noiseVariance);
    const put: Variable['put'] = (question, value) => ({ ...question, noiseVariance: Math.exp(value) });
    return [{ name, start, put, slope: ({ noise }, value) => noise * Math.exp(value) }];
  }
  if (name === 'slope') return [slopeOf(model)];
  if (name === 'keepProbability') return [keepOf(model)];
  const field = name === 'weightVariance' ? 'weights' : 'biases';
  const values = model[field];
  const groups = isPerLayer ? values.map((_, l) => [l]) : [values.map((_, l) => l)];
  return groups.map((layers): Variable => {
    const first = values[layers[0] as number] as number;
    requireInside(name, first, first > 0, 'numbers > 0 to start from');
    requireInside(
      name,
      values,
      layers.every((l) => values[l] === first),
      'one number, or a list with `perLayer`',
    );
    return {
      name,
      start: Math.log(first),
      put: (question, value) => {
        const list = question.model[field].map((old, l) => (layers.includes(l) ? Math.exp(value) : old));
        return { ...question, model: { ...question.model, [field]: list } };
      },
      slope: (found, value) => layers.reduce((sum, l) => sum + (found[field][l] as number), 0) * Math.exp(value),
    };
  });
}

function slopeOf(model: KernelModel): Variable {
  const { kind, a, b } = pairFunctionOf(model);
  requireInside('activation', kind, kind === 'rectifier', 'a rectifier, which has a slope');
  return {
    name: 'slope',
    start: a,
    put: (question, value) => ({ ...question, model: withSlope(question.model, value, b) }),
    slope: ({ slope }) => slope,
  };
}

function withSlope(model: KernelModel, a: number, b: number): KernelModel {
  const activation = { name: 'abRelu', a, b } as const;
  return { ...model, activation, phi: gaussianFunctionOf(activation) };
}

function keepOf(model: KernelModel): Variable {
  const first = model.keeps[0] ?? 1;
  requireInside('keepProbability', first, first < 1, 'a number in (0, 1) to start from');
  requireInside(
    'keepProbability',
    model.keeps,
    model.keeps.every((keep) => keep === first),
    'one number',
  );
  return {
    name: 'keepProbability',
    start: Math.log(first / (1 - first)),
    put: (question, value) => {
      const keeps = question.model.keeps.map(() => logistic(value));
      return { ...question, model: { ...question.model, keeps } };
    },
    slope: ({ keep }, value) => keep * logistic(value) * (1 - logistic(value)),
  };
}

function requireInside(name: string, value: unknown, isInside: boolean, expected: string): void {
  if (!isInside) throw expectedError('ERR_MFT_OUT_OF_RANGE', name, expected, value);
}
