// The building blocks of a system's schema. A field is declared once and gives the type, the check, the error sentence,
// the command-line flag, the JSON Schema and the row of the docs table.
import * as z from 'zod';

/** What a value of a field is; `list`: one value or several, separated by commas on a command line. */
type FieldKind = 'number' | 'whole' | 'list' | 'choice' | 'boolean' | 'object';

/** What a field says about itself beside its type. */
interface FieldInfo {
  readonly kind?: FieldKind;
  /** Second half of the error sentence: "Expected `name` to be …". */
  readonly expected: string;
  readonly description: string;
  readonly symbol?: string;
  /** Left out for pure numbers. */
  readonly unit?: string;
  /**
   * Names from elsewhere that are refused with a hint, for their values mean something else: name → what to write after this
   * field's name, such as " = 1 - dropRate".
   */
  readonly also?: Readonly<Record<string, string>>;
  /** Other names of the field that are taken as well: a British spelling, or the name of an older file. */
  readonly aliases?: readonly string[];
  /** Other spellings of its words. */
  readonly spellings?: Readonly<Record<string, string>>;
}

/** What a field says about itself; looks through `.default()` and `.optional()`. */
export function info(schema: z.ZodType): FieldInfo | undefined {
  const meta = schema.meta();
  if (meta !== undefined && typeof meta.expected === 'string') return meta as unknown as FieldInfo;
  const inner = (schema as { def?: { innerType?: z.ZodType } }).def?.innerType;
  return inner === undefined ? undefined : info(inner);
}

/** The default of a field; undefined where it has none. */
export function fallback(schema: z.ZodType): unknown {
  const { def } = schema as { def?: { type?: string; defaultValue?: unknown } };
  return def?.type === 'default' ? def.defaultValue : undefined;
}

/** A name without case and separators: W_std, w-std and wStd are one. */
const folded = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The hint for a name from elsewhere: "`keepProbability` = 1 - dropRate", where a field of this schema has it. */
export function hintFor(name: string, schema: z.ZodObject): string | undefined {
  for (const [field, type] of Object.entries(schema.shape)) {
    const names = Object.entries(info(type as z.ZodType)?.also ?? {});
    const found = names.find(([foreign]) => folded(foreign) === folded(name));
    if (found !== undefined) return `\`${field}\`${found[1]}`;
  }
  return undefined;
}

/** What a spec does not hold: how a network is run or trained (folded) → its name there. */
const runNames: Readonly<Record<string, string>> = {
  seed: 'seed',
  randomseed: 'seed',
  trials: 'trials',
  networks: 'trials',
  samples: 'trials',
  threads: 'threads',
  engine: 'engine',
  precision: 'precision',
  dtype: 'precision',
  steps: 'steps',
  iterations: 'steps',
  epochs: 'steps',
  batch: 'batchSize',
  batchsize: 'batchSize',
  lr: 'learningRate',
  learningrate: 'learningRate',
  optimizer: 'optimizer',
  momentum: 'momentum',
};

/** The hint for what is said of a run beside the spec. */
export function runHintFor(name: string): string | undefined {
  const field = runNames[folded(name)];
  return field === undefined
    ? undefined
    : `not of the network but of its run or training: \`${field}\` beside the spec`;
}

/** A field with the names that users bring from elsewhere. */
export function also<T extends z.ZodType>(schema: T, names: Readonly<Record<string, string>>): T {
  return schema.meta({ ...info(schema), also: names });
}

/** Names of a keep probability elsewhere. */
export const dropNames = {
  dropRate: ' = 1 - dropRate, a probability of keeping',
  dropout: ' = 1 - dropout, a probability of keeping',
  dropoutRate: ' = 1 - dropoutRate, a probability of keeping',
  dropProbability: ' = 1 - the probability of dropping',
  dropProb: ' = 1 - the probability of dropping',
  pDrop: ' = 1 - the probability of dropping',
  rate: ' = 1 - rate where that is a dropout rate',
  p: ' = 1 - p where p is the probability of dropping',
  keepProb: ', the same probability',
  keepRate: ', the same probability',
  rho: ', the same probability',
  retain: ', the same probability',
} as const;

/** What the named initialisers of other libraries are as a number. */
const initializerNames =
  ': 2 for He, 1 for LeCun, 2 fan-in/(fan-in + fan-out) for Xavier, 1/3 for the default of PyTorch';

/** Names of the variance of a weight times its fan-in elsewhere, and of the variance of a bias. */
export const weightDeviationNames = {
  sigmaW: ' = sigma_w squared',
  weightStd: ', the square of the standard deviation times the fan-in',
  wStd: ' = W_std squared',
  gain: ' = gain squared',
  weightGain: ' = gain squared',
  sigmaW2: ', the same number',
  weightVar: ', the variance of a weight times the fan-in',
  std: ', the square of the standard deviation times the fan-in',
  stddev: ', the square of the standard deviation times the fan-in',
  variance: ', the variance of a weight times the fan-in',
  scale: ', the same number where it is the scale of a variance divided by the fan-in',
  init: initializerNames,
  initialization: initializerNames,
  initialisation: initializerNames,
  initializer: initializerNames,
  weightInit: initializerNames,
  kernelInitializer: initializerNames,
} as const;
export const biasDeviationNames = {
  sigmaB: ' = sigma_b squared',
  biasStd: ', the square of the standard deviation',
  bStd: ' = b_std squared',
  sigmaB2: ', the same number',
  biasVar: ', the same number',
  useBias: ', 0 without biases',
  hasBias: ', 0 without biases',
  biasInit: ', 0 for zeros',
  biasInitializer: ', 0 for zeros',
} as const;

/** Names of a width, of a depth and of φ elsewhere. */
export const widthNames = {
  hidden: '',
  hiddenLayerSizes: ', a list with one number per layer',
  layerSizes: ', a list with one number per layer',
  hiddenSize: '',
  hiddenDim: '',
  hiddenUnits: '',
  hiddenFeatures: '',
  units: '',
  neurons: '',
  features: '',
  n: '',
} as const;
export const depthNames = {
  layers: ', a number; what it counts stands in the docs of the system',
  hiddenLayers: ', a number; what it counts stands in the docs of the system',
  numLayers: ', what it counts stands in the docs of the system',
  nLayers: ', what it counts stands in the docs of the system',
  l: ', what it counts stands in the docs of the system',
} as const;
export const activationNames = {
  nonlinearity: '',
  act: '',
  actFn: '',
  activationFunction: '',
  phi: '',
  negativeSlope: " = {name: 'leakyRelu', slope: ...}",
} as const;

/** A field that is also taken under other names. */
export function aliased<T extends z.ZodType>(schema: T, ...aliases: readonly string[]): T {
  return schema.meta({ ...info(schema), aliases });
}

function described<T extends z.ZodType>(schema: T, about: FieldInfo): T {
  return schema.meta({ ...about });
}

interface NumberRange {
  readonly low?: number;
  readonly high?: number;
  /** Exclude the lower end. */
  readonly above?: boolean;
}

function numberSchema(range: NumberRange): z.ZodNumber {
  let schema = z.number();
  if (range.low !== undefined) schema = range.above ? schema.gt(range.low) : schema.gte(range.low);
  if (range.high !== undefined) schema = schema.lte(range.high);
  return schema;
}

function rangeText(range: NumberRange): string {
  const { low, high, above } = range;
  if (low !== undefined && high !== undefined) return `a number in ${above ? '(' : '['}${low}, ${high}]`;
  if (low !== undefined) return `a number ${above ? '>' : '>='} ${low}`;
  return high === undefined ? 'a finite number' : `a number <= ${high}`;
}

/** A finite number in a range. */
export function numberField(range: NumberRange, description: string, symbol?: string): z.ZodNumber {
  return described(numberSchema(range), {
    kind: 'number',
    expected: rangeText(range),
    description,
    ...(symbol === undefined ? {} : { symbol }),
  });
}

/** A number, or one number per layer. */
export function perLayerField(
  range: NumberRange,
  description: string,
  symbol?: string,
): z.ZodUnion<readonly [z.ZodNumber, z.ZodArray<z.ZodNumber>]> {
  const schema = z.union([numberSchema(range), z.array(numberSchema(range)).min(1)]);
  return described(schema, {
    expected: `${rangeText(range)}, or a list with one such number per layer`,
    description,
    kind: 'list',
    ...(symbol === undefined ? {} : { symbol }),
  });
}

/** A whole number in a range. */
export function wholeField(low: number, high: number, description: string, symbol?: string): z.ZodNumber {
  return described(z.int().gte(low).lte(high), {
    kind: 'whole',
    expected: `a whole number in [${low}, ${high}]`,
    description,
    ...(symbol === undefined ? {} : { symbol }),
  });
}

/** A whole number, or one per layer. */
export function perLayerWholeField(
  low: number,
  high: number,
  description: string,
  symbol?: string,
): z.ZodUnion<readonly [z.ZodNumber, z.ZodArray<z.ZodNumber>]> {
  const one = z.int().gte(low).lte(high);
  return described(z.union([one, z.array(one).min(1)]), {
    expected: `a whole number in [${low}, ${high}], or a list with one per layer`,
    description,
    kind: 'list',
    ...(symbol === undefined ? {} : { symbol }),
  });
}

/** One of a few words. */
export function choiceField<const T extends readonly [string, ...string[]]>(
  choices: T,
  description: string,
): z.ZodEnum<{ [K in T[number]]: K }> {
  return described(z.enum(choices) as unknown as z.ZodEnum<{ [K in T[number]]: K }>, {
    kind: 'choice',
    expected: `one of ${choices.join(', ')}`,
    description,
  });
}

/** A field whose words are taken in another spelling as well: `spellings` says which word each stands for. */
export function spelled<T extends z.ZodType>(schema: T, spellings: Readonly<Record<string, string>>): T {
  return schema.meta({ ...info(schema), spellings });
}

/** True or false. */
export function booleanField(description: string): z.ZodBoolean {
  return described(z.boolean(), { kind: 'boolean', expected: 'true or false', description });
}

/** The run fields every simulation has. */
export const runFields = {
  trials: also(wholeField(1, 10_000_000, 'Number of independent networks (trials).'), {
    networks: '',
    samples: '',
    repeats: '',
  }).default(20),
  seed: also(
    wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the counter-based generator; the same seed gives the same bits.'),
    { randomState: '', randomSeed: '', rngSeed: '' },
  ).default(1),
  firstTrial: wholeField(
    0,
    4_000_000_000,
    'Index of the first trial: splitting a run into ranges of trials gives the same trials.',
  ).default(0),
  threads: wholeField(0, 1024, 'Threads over trials; 0 = all processors. Never changes the result.').default(0),
  rawTrials: booleanField('Return the values of every trial too.').default(false),
  memoryLimit: numberField(
    { low: 0, above: true },
    'Refuse to start when the estimated memory exceeds this; 0.8 of the memory allowed when left out.',
  )
    .meta({ unit: 'bytes' })
    .optional(),
} as const;
