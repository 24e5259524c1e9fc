// The spec and the run of system `recurrent`: a user's data, its checks and defaults.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import {
  activationNames,
  also,
  biasDeviationNames,
  booleanField,
  choiceField,
  numberField,
  runFields,
  spelled,
  weightDeviationNames,
  widthNames,
  wholeField,
} from '../../core/fields.js';
import { type ActivationSpec, activationField, canonicalActivation } from '../../gaussian/activations.js';

const cellNames = ['vanilla', 'minimal', 'gru', 'peepholeLstm', 'lstm', 'minGru', 'minLstm'] as const;
export type CellName = (typeof cellNames)[number];

/** The pre-activations of a cell by name, in the order of the native code. */
export const gatesOf: Readonly<Record<CellName, readonly string[]>> = {
  vanilla: ['e'],
  minimal: ['u'],
  gru: ['z', 'r', 'g'],
  peepholeLstm: ['i', 'f', 'g'],
  lstm: ['i', 'f', 'g', 'o'],
  minGru: ['z', 'g'],
  minLstm: ['i', 'f', 'g'],
};

/** The gate that keeps the state: it has the spec's `biasMean`; of vanilla the only pre-activation. */
export const keepGate: Readonly<Record<CellName, string>> = {
  vanilla: 'e',
  minimal: 'u',
  gru: 'z',
  peepholeLstm: 'f',
  lstm: 'f',
  minGru: 'z',
  minLstm: 'f',
};

/** One pre-activation of a gated cell, where it differs from the common values. */
export interface GateSpec {
  /** σ_k² ≥ 0. */
  readonly recurrentWeightVariance?: number;
  /** ν_k² ≥ 0. */
  readonly inputWeightVariance?: number;
  /** ρ_k² ≥ 0. */
  readonly biasVariance?: number;
  /** μ_k in [−700, 700]. */
  readonly biasMean?: number;
}

/**
 * A random recurrent cell: vanilla h' = φ(W h + V x + b); minimal u = σ(W h + V x + b), h' = u h + (1 − u) x; gru, peepholeLstm,
 * lstm; minGru and minLstm, whose gates read the input only. W_ij ~ N(0, σ_w²/N), V_ij ~ N(0, σ_v²/M), b_i ~ N(μ_b, σ_b²);
 * inputs of mean 0 and variance R, independent over time.
 */
export interface RecurrentSpec {
  /** Default 'vanilla'. */
  readonly cell?: CellName;
  /** φ of the vanilla cell. Default 'tanh'. */
  readonly activation?: ActivationSpec;
  /** The gate of the minimal cell. Default 'sigmoid'. */
  readonly gate?: 'sigmoid' | 'probit';
  /** σ_w² ≥ 0, of every gate that `gates` does not name. Default 1. */
  readonly recurrentWeightVariance?: number;
  /** σ_v² ≥ 0. Default 1. */
  readonly inputWeightVariance?: number;
  /** σ_b² ≥ 0. Default 0. */
  readonly biasVariance?: number;
  /** μ_b in [−700, 700]: of the gate that keeps (u, z, f); of vanilla the only one. The other gates have mean 0. Default 0. */
  readonly biasMean?: number;
  /** Values of single gates: {f: {biasMean: 1}, i: {…}}. */
  readonly gates?: Readonly<Record<string, GateSpec>>;
  /** GRU: r acts on W h + b_hn (PyTorch, Keras 2, cuDNN), not on h. Default false. */
  readonly resetAfter?: boolean;
  /** Variance of b_hn, with `resetAfter`. Default 0. */
  readonly candidateRecurrentBias?: number;
  /** R = E x² ≥ 0 of a component of the input (minimal: of the projected input). Default 1. */
  readonly inputVariance?: number;
  /** E x⁴. Default 3 R². */
  readonly inputFourthMoment?: number;
  /** Σ₁₂ in [−1, 1]: correlation of the inputs of the two sequences at equal times. Default 0. */
  readonly inputCorrelation?: number;
  /** 'orthogonal': W = σ_w O, O Haar. Default 'gaussian'. */
  readonly weights?: 'gaussian' | 'orthogonal';
  /** 'tied': one network for all times; 'untied': weights and biases drawn anew at every step. Default 'tied'. */
  readonly weightSharing?: 'tied' | 'untied';
  /** E h_0² (lstm: E c_0²). Default 0: the zero state. */
  readonly initialStateVariance?: number;
  /** Correlation of the initial states of the two sequences. Default 1: the same state. */
  readonly initialStateCorrelation?: number;
  /** N. Default 256. */
  readonly width?: number;
  /** M. Default N; the minimal cell has M = N. */
  readonly inputWidth?: number;
  /** T, the length of the sequences. Default 20. */
  readonly steps?: number;
  /** What only `train` reads. */
  readonly training?: RecurrentTraining;
}

/** The network around the cell, and what it learns. */
interface RecurrentTraining {
  /**
   * 'pixels': an image cut into T inputs (28: rows of a digit, 784: pixel by pixel), classified from the last state; 'digitThenNoise':
   * the image, times √R, then T − 1 inputs N(0, R), the same classes; 'words': the next word at every position of a text, in
   * stretches of T. Default 'pixels'.
   */
  readonly task?: 'pixels' | 'digitThenNoise' | 'words';
  /** Recurrent layers, one on the other. Default 1. */
  readonly layers?: number;
  /** ρ of the outputs of every layer and of the vectors of words; the state is not masked. Default 1. */
  readonly keepProbability?: number;
  /** Errors go back at most to the last multiple of so many positions; 0: through the whole row. Default 0. */
  readonly truncation?: number;
  /** Words: the output has the matrix of the vectors, N numbers a word. Default false. */
  readonly tiedEmbedding?: boolean;
  /** Whether the projection of inputs to the N components of the minimal cell is trained. Default 'trained'. */
  readonly projection?: 'trained' | 'fixed';
}

/** How a simulation of `recurrent` runs. */
export interface RecurrentRun {
  /** Carry the whole Jacobian ∂h_t/∂h_0: `jacobianSecondMoment`. Costs N² numbers and 2 N³ operations a step. Default false. */
  readonly jacobian?: boolean;
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const largestVariance = 1e8;
const largestBias = 700;
const variance = (description: string, symbol: string) =>
  numberField({ low: 0, high: largestVariance }, description, symbol);

const gateFields = {
  recurrentWeightVariance: variance('Variance of a recurrent weight times N.', 'σ_k²').optional(),
  inputWeightVariance: variance('Variance of an input weight times M.', 'ν_k²').optional(),
  biasVariance: variance('Variance of a bias.', 'ρ_k²').optional(),
  biasMean: numberField({ low: -largestBias, high: largestBias }, 'Mean of a bias.', 'μ_k').optional(),
} as const;
const gateSchema = z.strictObject(gateFields);

/** The fields of a cell, shared by specs and by the parameters of quantities. */
export const cellFields = {
  cell: also(
    spelled(choiceField(cellNames, 'Kind of cell.'), {
      rnn: 'vanilla',
      minimalRnn: 'minimal',
      minGRU: 'minGru',
      minLSTM: 'minLstm',
      GRU: 'gru',
      LSTM: 'lstm',
      peepholeLSTM: 'peepholeLstm',
    }),
    { cellType: '', rnnType: '', mode: '' },
  ).default('vanilla'),
  activation: also(activationField, activationNames),
  gate: spelled(choiceField(['sigmoid', 'probit'], 'Gate of the minimal cell.'), { logistic: 'sigmoid' }).default(
    'sigmoid',
  ),
  recurrentWeightVariance: also(
    variance('Variance of a recurrent weight times N.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  inputWeightVariance: also(variance('Variance of an input weight times M.', 'σ_v²'), {
    sigmaV: ' = sigma_v squared',
    inputGain: ' = gain squared',
  }).default(1),
  biasVariance: also(variance('Variance of a bias.', 'σ_b²'), biasDeviationNames).default(0),
  biasMean: also(
    numberField(
      { low: -largestBias, high: largestBias },
      'Mean of the bias of the gate that keeps the state (u, z, f).',
      'μ_b',
    ),
    {
      forgetBias: ', where 1 keeps: the bias of f',
      unitForgetBias: ' = 1 for true',
      updateBias: ', where z keeps',
      muB: '',
    },
  ).default(0),
  gates: z
    .custom<Readonly<Record<string, GateSpec>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    )
    .optional()
    .meta({
      kind: 'object',
      expected: 'an object of gates (z, r, g or i, f, g, o), each with variances and a biasMean',
      description: 'Values of single gates.',
    }),
  resetAfter: booleanField('GRU: r acts on W h + b_hn, as in PyTorch and cuDNN, not on h.').default(false),
  candidateRecurrentBias: variance('Variance of the bias b_hn that r multiplies.', 'ρ_hn²').default(0),
  inputVariance: variance('Second moment of a component of the input.', 'R').default(1),
  inputFourthMoment: numberField(
    { low: 0 },
    'Fourth moment of a component of the input; 3 R² when left out.',
    'E x⁴',
  ).optional(),
  weights: spelled(choiceField(['gaussian', 'orthogonal'], 'Law of the recurrent weights.'), {
    normal: 'gaussian',
    haar: 'orthogonal',
  }).default('gaussian'),
} as const;

export const correlationField = numberField(
  { low: -1, high: 1 },
  'Correlation of the inputs of the two sequences.',
  'Σ₁₂',
);

const training = z.strictObject({
  task: choiceField(['pixels', 'digitThenNoise', 'words'], 'What the network learns.').default('pixels'),
  layers: wholeField(1, 100, 'Recurrent layers.').default(1),
  keepProbability: numberField({ low: 0, above: true, high: 1 }, 'Of what goes up from a layer.', 'ρ').default(1),
  truncation: wholeField(0, 100_000, 'Positions that errors go back; 0 = all.').default(0),
  tiedEmbedding: booleanField('The output has the matrix of the vectors of words.').default(false),
  projection: choiceField(['trained', 'fixed'], 'Of inputs to the minimal cell.').default('trained'),
});

/** With defaults. */
export const resolveTraining = (given: RecurrentTraining | undefined): z.output<typeof training> =>
  parse(training, given ?? {}, 'training');

export const specSchema = z.strictObject({
  system: z.literal('recurrent').default('recurrent'),
  ...cellFields,
  inputCorrelation: correlationField.default(0),
  weightSharing: choiceField(['tied', 'untied'], 'One network for all times, or a new one at every step.').default(
    'tied',
  ),
  initialStateVariance: variance('Second moment of the initial state.', 'Q_0').default(0),
  initialStateCorrelation: numberField({ low: -1, high: 1 }, 'Correlation of the two initial states.', 'C_0').default(
    1,
  ),
  width: also(wholeField(2, 1_000_000, 'Units.', 'N'), widthNames).default(256),
  inputWidth: also(wholeField(1, 1_000_000, 'Components of an input; N when left out.', 'M'), {
    inputSize: '',
    inputDim: '',
  }).optional(),
  steps: also(wholeField(1, 100_000, 'Length of the sequences.', 'T'), {
    sequenceLength: '',
    seqLen: '',
    timesteps: '',
  }).default(20),
  training: training.optional().meta({
    expected:
      '{task, layers, keepProbability, truncation, tiedEmbedding, projection} (docs/systems/recurrent.md, Training)',
    description: 'What only training reads: the task, layers, dropout, truncation, how words and inputs are taken.',
  }),
});

export const runSchema = z.strictObject({
  jacobian: booleanField('Carry the whole Jacobian of the first state.').default(false),
  ...runFields,
});

type Parsed = z.output<typeof specSchema>;
export interface ResolvedRecurrentSpec
  extends Omit<Parsed, 'gates' | 'inputWidth' | 'inputFourthMoment' | 'activation'> {
  readonly activation: ActivationSpec;
  readonly gates?: Readonly<Record<string, GateSpec>>;
  readonly inputFourthMoment: number;
  readonly inputWidth: number;
}
export type ResolvedRecurrentRun = z.output<typeof runSchema>;

/** The gates of a spec, checked against its cell. @throws MftError naming gate and field */
export function resolveGates(
  cell: CellName,
  gates: Readonly<Record<string, GateSpec>> | undefined,
): Readonly<Record<string, GateSpec>> | undefined {
  if (gates === undefined) return undefined;
  const known = gatesOf[cell];
  const resolved: Record<string, GateSpec> = {};
  for (const [name, gate] of Object.entries(gates)) {
    if (!known.includes(name))
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'gates', `an object with the gates ${known.join(', ')}`, {
        [name]: gate,
      });
    try {
      resolved[name] = parse(gateSchema, gate, `gates.${name}`) as GateSpec;
    } catch (error) {
      if (!(error instanceof MftError)) throw error;
      const parameter = `gates.${name}${error.parameter === undefined || error.parameter === `gates.${name}` ? '' : `.${error.parameter}`}`;
      throw new MftError(error.code, `${error.message} (in \`gates.${name}\`)`, {
        parameter,
        expected: error.expected,
        received: error.received,
      });
    }
  }
  return resolved;
}

export function resolveSpec(input: unknown): ResolvedRecurrentSpec {
  const { gates, activation, inputFourthMoment, inputWidth, ...spec } = parse(specSchema, input, 'spec');
  const checked = resolveGates(spec.cell, gates);
  if (spec.cell === 'minimal' && inputWidth !== undefined && inputWidth !== spec.width)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'inputWidth',
      `${spec.width}, the width: the minimal cell takes projected inputs`,
      inputWidth,
    );
  requireFourthMoment(spec.inputVariance, inputFourthMoment);
  return {
    ...spec,
    activation: canonicalActivation(activation),
    ...(checked === undefined ? {} : { gates: checked }),
    inputFourthMoment: inputFourthMoment ?? 3 * spec.inputVariance ** 2,
    inputWidth: inputWidth ?? spec.width,
  };
}

/** @throws MftError when a fourth moment is below the squared second one */
export function requireFourthMoment(inputVariance: number, fourth: number | undefined): void {
  if (fourth !== undefined && fourth < inputVariance ** 2 * (1 - 1e-12))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'inputFourthMoment', `at least R² = ${inputVariance ** 2}`, fourth);
}

export function resolveRun(input: unknown, _spec: ResolvedRecurrentSpec): ResolvedRecurrentRun {
  return parse(runSchema, input, 'run');
}
