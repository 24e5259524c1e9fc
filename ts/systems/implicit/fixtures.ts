// Dynamics from the parameters of a quantity: arrays as they are given, or filled by a generator that any language can write.
import * as z from 'zod';
import { expectedError, MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { canonicalActivation } from '../../gaussian/activations.js';
import { affine, equilibriumLayer, type Hopfield, hopfield, symmetricCouplings } from './dense-dynamics.js';
import { descent, type InnerLoss, logisticLoss, quadraticLoss } from './descent-dynamics.js';
import { type Dynamics, type Loss, squaredLoss } from './dynamics.js';
import { graphOperator, normalisations } from './graph.js';
import { gatedGraph, injectedGraph } from './graph-dynamics.js';
import { minstd } from './minstd.js';
import type { Vector } from './products.js';

const kinds = [
  'affine',
  'hopfield',
  'deepEquilibrium',
  'graphTanh',
  'graphGru',
  'descentQuadratic',
  'descentLogistic',
] as const;

const list = (description: string) =>
  z.array(z.number()).min(1).max(4_000_000).meta({ expected: 'a list of numbers', description });
const square = (description: string) =>
  z.array(z.array(z.number()).min(1)).min(1).max(4096).meta({ expected: 'a list of rows of numbers', description });
const seed = (what: string) => wholeField(1, 2147483646, `Seed of ${what}.`).optional();
const scale = (what: string) => numberField({}, `Scale of ${what}.`).optional();
const size = (what: string) => wholeField(1, 100_000, what).optional();

/** The parameters of all dynamics; which of them a kind needs, `dynamicsOf` says. */
export const dynamicsFields = {
  dynamics: choiceField(kinds, 'Kind of dynamics.'),
  fixture: z
    .string()
    .max(200)
    .optional()
    .meta({ expected: 'a name', description: 'Name of the case; read by nobody.' }),
  note: z.string().max(2000).optional().meta({ expected: 'a text', description: 'Remark; read by nobody.' }),
  matrix: square('M, row by row.').optional(),
  offset: list('c.').optional(),
  size: size('Size of a generated matrix.'),
  scale: scale('a generated matrix'),
  seed: seed('a generated matrix'),
  offsetSeed: seed('a generated offset'),
  target: z
    .union([z.number(), z.array(z.number()).min(1)])
    .optional()
    .meta({ expected: 'a number or a list of numbers', description: 'Target of the loss.' }),
  loss: choiceField(['squared', 'meanAbsolute'], 'Loss of a Hopfield network on its outputs.').default('squared'),
  inputs: wholeField(0, 100_000, 'Clamped units.').optional(),
  hidden: wholeField(0, 100_000, 'Hidden units.').optional(),
  outputs: size('Output units.'),
  couplings: square('V of a Hopfield network (W = V + Vᵀ without diagonal).').optional(),
  couplingScale: scale('V'),
  couplingSeed: seed('V'),
  input: z.array(z.number()).max(100_000).optional().meta({ expected: 'a list of numbers', description: 'x.' }),
  leak: numberField({ low: 0, above: true }, 'Time constant.', 'a').default(1),
  gain: numberField({}, 'Slope of the logistic function.', 'b').default(0.5),
  step: numberField({ low: 0, above: true }, 'Euler step.').default(1),
  width: size('Units, features of a node, or components of w.'),
  inputWidth: size('Components of an input.'),
  activation: z
    .custom<ActivationSpec>((value) => value !== undefined)
    // Equilibrium layers are written with φ = identity; everywhere else here it is `linear`.
    .transform((value) => ((value as unknown) === 'identity' ? 'linear' : value))
    .default('tanh')
    .meta({
      expected: 'an activation: a name, {name, ...parameters}, or {expression}',
      description: 'φ.',
      symbol: 'φ',
    }),
  weights: square('W, row by row.').optional(),
  weightScale: scale('W'),
  weightSeed: seed('W'),
  inputWeights: square('U, row by row.').optional(),
  inputScale: scale('U'),
  inputSeed: seed('U, or inputs'),
  bias: list('c.').optional(),
  biasScale: scale('biases'),
  biasSeed: seed('c'),
  nodes: size('Nodes of a graph.'),
  edges: z.array(z.array(z.number())).optional().meta({
    expected: 'a list of pairs of nodes',
    description: 'Undirected edges; one that stands twice counts once.',
  }),
  normalisation: choiceField(normalisations, 'What stands for an edge.').default('sum'),
  featureWidth: size('Features of a node.'),
  featureSeed: seed('features'),
  inputWeightSeed: seed('weights of messages'),
  hiddenWeightSeed: seed('weights of states'),
  inputBiasSeed: seed('biases of messages'),
  hiddenBiasSeed: seed('biases of states'),
  hessian: square('H of the inner loss.').optional(),
  linear: list('c of the inner loss.').optional(),
  outerHessian: square('H of the outer loss.').optional(),
  outerLinear: list('c of the outer loss.').optional(),
  logLearningRate: numberField({ low: -700, high: 700 }, 'ln α.').optional(),
  momentumLogit: numberField({ low: -700, high: 700 }, 'Logit of β.').optional(),
  logL2: numberField({ low: -700, high: 700 }, 'ln λ.').optional(),
  samples: size('Samples of a logistic loss.'),
  labelSeed: seed('labels'),
  outerInputSeed: seed('inputs of the outer loss'),
  outerLabelSeed: seed('labels of the outer loss'),
  order: z.array(z.string()).optional().meta({
    expected: 'a list of names of parameters',
    description: 'Arrays of a gradient; by code points when left out.',
  }),
  layout: z.string().max(2000).optional().meta({ expected: 'a text', description: 'Remark; read by nobody.' }),
};
export const dynamicsSchema = z.strictObject(dynamicsFields);
export type DynamicsParameters = z.output<typeof dynamicsSchema>;

const missing = (name: string, dynamics: string): MftError =>
  expectedError('ERR_MFT_INVALID_ARGUMENT', name, `given for dynamics "${dynamics}"`, undefined);

function wrongLength(name: string, wanted: string, received: number): MftError {
  return new MftError('ERR_MFT_SHAPE', `Expected \`${name}\` to have ${wanted}, received ${received}.`, {
    parameter: name,
    expected: wanted,
    received,
  });
}

/** Reads arrays of the parameters, given or generated. */
function reader(p: DynamicsParameters) {
  function get<K extends keyof DynamicsParameters>(name: K): NonNullable<DynamicsParameters[K]> {
    const value = p[name];
    if (value === undefined || value === null) throw missing(name, p.dynamics);
    return value as NonNullable<DynamicsParameters[K]>;
  }
  const fill = (count: number, factor: number, seedName: keyof DynamicsParameters): Vector =>
    minstd(get(seedName) as number, count).map((x) => factor * x);
  /** Rows of equal length, one after the other. */
  function rows(
    name: keyof DynamicsParameters,
    count: number | undefined,
    width: number | undefined,
  ): Vector | undefined {
    const given = p[name] as readonly (readonly number[])[] | undefined;
    if (given === undefined) return undefined;
    const columns = width ?? (count === undefined ? given.length : (given[0]?.length ?? 0));
    if (count !== undefined && given.length !== count) throw wrongLength(name, `${count} rows`, given.length);
    for (const row of given)
      if (row.length !== columns) throw wrongLength(name, `rows of ${columns} numbers`, row.length);
    return Float64Array.from(given.flat());
  }
  function vector(name: keyof DynamicsParameters, length: number): Vector | undefined {
    const given = p[name] as readonly number[] | undefined;
    if (given === undefined) return undefined;
    if (given.length !== length) throw wrongLength(name, `${length} numbers`, given.length);
    return Float64Array.from(given);
  }
  function target(length: number): Vector {
    const given = p.target;
    if (given === undefined || typeof given === 'number') return new Float64Array(length).fill(given ?? 0);
    return vector('target', length) as Vector;
  }
  function scalarTarget(): number {
    const given = p.target ?? 0;
    if (typeof given !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'target', 'a number', given);
    return given;
  }
  return { get, fill, rows, vector, target, scalarTarget };
}

/** Components of the state; 0 where the parameters do not say. */
function stateSize(p: DynamicsParameters): number {
  const width = p.width ?? p.weights?.length ?? p.hessian?.length ?? 0;
  if (p.dynamics === 'affine') return p.matrix?.length ?? p.size ?? 0;
  if (p.dynamics === 'hopfield') return (p.inputs ?? p.input?.length ?? 0) + (p.hidden ?? 0) + (p.outputs ?? 0);
  if (p.dynamics === 'graphTanh' || p.dynamics === 'graphGru') return (p.nodes ?? 0) * width;
  return p.dynamics === 'deepEquilibrium' ? width : 2 * width;
}

/** Of a quantity that needs J as a matrix: J, I − J, what LAPACK overwrites, and their copies on the way there. */
export const denseBytes = (p: DynamicsParameters): number => 2 ** 24 + 10 * 8 * Math.min(stateSize(p), 4096) ** 2;

/** @throws MftError ERR_MFT_INVALID_ARGUMENT (a parameter that the kind needs is not there), ERR_MFT_SHAPE */
export function dynamicsOf(p: DynamicsParameters): Dynamics {
  const read = reader(p);
  switch (p.dynamics) {
    case 'affine': {
      const matrix = read.rows('matrix', undefined, undefined);
      const n = matrix === undefined ? read.get('size') : read.get('matrix').length;
      const m = matrix ?? read.fill(n * n, read.get('scale'), 'seed');
      return affine(m, read.vector('offset', n) ?? read.fill(n, 1, 'offsetSeed'), read.target(n));
    }
    case 'hopfield':
      return hopfield(hopfieldOf(p));
    case 'deepEquilibrium': {
      const input = Float64Array.from(read.get('input'));
      const n = p.width ?? read.get('weights').length;
      if (p.inputWidth !== undefined && p.inputWidth !== input.length)
        throw wrongLength('input', `${p.inputWidth} numbers`, input.length);
      const m = input.length;
      return equilibriumLayer({
        activation: canonicalActivation(p.activation),
        weights: read.rows('weights', n, n) ?? read.fill(n * n, read.get('weightScale'), 'weightSeed'),
        inputWeights: read.rows('inputWeights', n, m) ?? read.fill(n * m, read.get('inputScale'), 'inputSeed'),
        bias: read.vector('bias', n) ?? read.fill(n, read.get('biasScale'), 'biasSeed'),
        input,
        target: read.target(n),
      });
    }
    case 'graphTanh': {
      const [nodes, d] = [read.get('nodes'), p.width ?? read.get('weights').length];
      const m = p.featureWidth ?? (p.featureSeed === undefined ? 1 : read.get('featureWidth'));
      return injectedGraph({
        operator: graphOperator(nodes, read.get('edges'), p.normalisation),
        activation: canonicalActivation(p.activation),
        features: p.featureSeed === undefined ? new Float64Array(nodes * m) : read.fill(nodes * m, 1, 'featureSeed'),
        weights: read.rows('weights', d, d) ?? read.fill(d * d, read.get('weightScale'), 'weightSeed'),
        inputWeights:
          read.rows('inputWeights', m, d) ??
          (p.inputSeed === undefined && p.featureSeed === undefined
            ? new Float64Array(m * d)
            : read.fill(m * d, read.get('inputScale'), 'inputSeed')),
        bias:
          read.vector('bias', d) ??
          (p.biasSeed === undefined ? new Float64Array(d) : read.fill(d, read.get('biasScale'), 'biasSeed')),
        target: read.scalarTarget(),
      });
    }
    case 'graphGru': {
      const [nodes, d] = [read.get('nodes'), read.get('width')];
      const [ofWeights, ofBiases] = [read.get('weightScale'), read.get('biasScale')];
      return gatedGraph({
        operator: graphOperator(nodes, read.get('edges'), p.normalisation),
        inputWeights: read.fill(3 * d * d, ofWeights, 'inputWeightSeed'),
        hiddenWeights: read.fill(3 * d * d, ofWeights, 'hiddenWeightSeed'),
        inputBias: read.fill(3 * d, ofBiases, 'inputBiasSeed'),
        hiddenBias: read.fill(3 * d, ofBiases, 'hiddenBiasSeed'),
        start: read.fill(nodes * d, 1, 'featureSeed'),
        target: read.scalarTarget(),
      });
    }
    default:
      return descent({
        ...innerAndOuter(p),
        logLearningRate: read.get('logLearningRate'),
        momentumLogit: read.get('momentumLogit'),
        logL2: read.get('logL2'),
      });
  }
}

/** The losses of momentum descent. */
export function innerAndOuter(p: DynamicsParameters): { readonly inner: InnerLoss; readonly outer: InnerLoss } {
  const read = reader(p);
  if (p.dynamics === 'descentQuadratic') {
    const n = read.get('hessian').length;
    const loss = (hessian: 'hessian' | 'outerHessian', linear: 'linear' | 'outerLinear'): InnerLoss => {
      read.get(hessian);
      read.get(linear);
      return quadraticLoss(read.rows(hessian, n, n) as Vector, read.vector(linear, n) as Vector);
    };
    return { inner: loss('hessian', 'linear'), outer: loss('outerHessian', 'outerLinear') };
  }
  if (p.dynamics !== 'descentLogistic')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dynamics', '"descentQuadratic" or "descentLogistic"', p.dynamics);
  const [samples, n] = [read.get('samples'), read.get('width')];
  const labels = (name: 'labelSeed' | 'outerLabelSeed'): Vector =>
    read.fill(samples, 1, name).map((x) => (x < 0 ? -1 : 1));
  return {
    inner: logisticLoss(read.fill(samples * n, 1, 'inputSeed'), labels('labelSeed')),
    outer: logisticLoss(read.fill(samples * n, 1, 'outerInputSeed'), labels('outerLabelSeed')),
  };
}

/** The arrays of a Hopfield network. */
export function hopfieldOf(p: DynamicsParameters): Hopfield {
  const read = reader(p);
  const input = Float64Array.from(p.input ?? []);
  const inputs = p.inputs ?? input.length;
  if (inputs !== input.length) throw wrongLength('input', `${inputs} numbers`, input.length);
  const outputs = read.get('outputs');
  const n = inputs + (p.hidden ?? 0) + outputs;
  const v = read.rows('couplings', n, n) ?? read.fill(n * n, read.get('couplingScale'), 'couplingSeed');
  const target = read.target(outputs);
  const from = n - outputs;
  return {
    weights: symmetricCouplings(v, n),
    input,
    leak: p.leak,
    gain: p.gain,
    step: p.step,
    loss: (h) =>
      p.loss === 'squared' ? squaredLoss(h, (i) => target[i] as number, from) : absoluteLoss(h, target, from),
  };
}

/** Mean of |h − target| over the outputs; slope 0 where they are equal. */
function absoluteLoss(h: Vector, target: Vector, from: number): Loss {
  const count = target.length;
  const gaps = h.map((x, i) => (i < from ? 0 : x - (target[i - from] as number)));
  return {
    value: gaps.reduce((sum, x) => sum + Math.abs(x), 0) / count,
    gradient: gaps.map((x) => Math.sign(x) / count),
  };
}
