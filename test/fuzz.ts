// Random specs of any system, drawn from its schema, and what every verb must do with them: finite values or a documented reason,
// no error but MftError, no call of more than ten seconds. A system that comes later comes in by itself.
import { z } from 'zod';
import {
  advise,
  compare,
  evaluate,
  figure,
  map,
  MftError,
  predict,
  simulate,
  type SystemName,
  toJson,
  type Verdict,
} from 'mft-native';
import type { Quantity } from '../dist/core/system.js';
import { loadSystem } from '../dist/systems/registry.js';
import { activationCatalogue } from '../dist/gaussian/activation-catalogue.js';

type AnySystem = Awaited<ReturnType<typeof loadSystem>>;
const activationNames = Object.keys(activationCatalogue);

/** A JSON Schema, as far as it is looked at. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default?: unknown;
}

/** Numbers in [0, 1) from a seed: mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

const expressions = [
  'x / (1 + abs(x))',
  'sin(30 * x)',
  'x * x',
  '0',
  '1',
  'tanh(x) + 0.1 * x',
  'max(x, 0.2 * x - 1)',
  'exp(-x * x)',
];
const extremes = [0, 1e-320, 1e-300, 1e-100, 1e-12, 1, 1e12, 1e100, 1e154, 1e300];

export class Fuzz {
  readonly random: () => number;
  constructor(random: () => number) {
    this.random = random;
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  private number(schema: Schema): number {
    const low = Math.max(schema.minimum ?? -Infinity, schema.exclusiveMinimum ?? -Infinity);
    const high = Math.min(schema.maximum ?? Infinity, schema.exclusiveMaximum ?? Infinity);
    const fits = (x: number): boolean =>
      x >= low && x <= high && x !== schema.exclusiveMinimum && x !== schema.exclusiveMaximum;
    if (schema.type === 'integer') {
      const [first, last] = [Math.max(low, -5), Math.min(high, Math.max(low, 0) + 40)];
      return Math.round(first + (last - first) * this.random() ** 2);
    }
    if (this.random() < 0.08) {
      const extreme = this.pick(extremes.flatMap((x) => [x, -x]).filter(fits));
      if (extreme !== undefined) return extreme;
    }
    const [first, last] = [Math.max(low, -2), Math.min(high, Math.max(low, 0) + 3)];
    const value = first + (last - first) * this.random();
    return fits(value) ? value : last;
  }

  private activation(): unknown {
    const kind = this.random();
    if (kind < 0.2) return { expression: this.pick(expressions) };
    if (kind < 0.25) return { name: 'leakyRelu', slope: this.random() };
    if (kind < 0.3) return { name: 'elu', alpha: 2 * this.random() };
    const name = this.pick(activationNames);
    const required = (activationCatalogue[name]?.parameters ?? []).filter((one) => one.default === undefined);
    if (required.length === 0) return name;
    const given = required.map(({ name: key, low, high }) => {
      const value = Math.max(low, -2) + (Math.min(high, 4) - Math.max(low, -2)) * this.random();
      return [key, key === 'degree' ? Math.round(value) : value];
    });
    return { name, ...Object.fromEntries(given) };
  }

  private inputs(schema: Schema): unknown {
    const kind = this.random();
    if (kind < 0.4) return { correlation: 2 * this.random() - 1 };
    if (kind < 0.55)
      return { secondMoment: 10 ** (6 * this.random() - 3), oneMinusCorrelation: 10 ** (-12 * this.random()) };
    if (kind < 0.65) return { secondMoment: this.pick([1e-300, 1e-100, 1e100, 1e300]), correlation: 0.5 };
    return kind < 0.85 ? { count: 1 } : schema.default;
  }

  /** A value of a schema; `length`: of lists. */
  value(schema: Schema, name: string, length: number): unknown {
    if (schema.enum !== undefined) return this.pick(schema.enum);
    if (name === 'activation') return this.activation();
    if (name === 'inputs') return this.inputs(schema);
    if (name === 'architecture' && schema.type === undefined && schema.enum === undefined && schema.anyOf === undefined)
      return {
        input: [6 + 2 * this.below(4), 8, 1],
        layers: [{ kernel: 3, channels: 1 + this.below(8) }],
        classes: 2 + this.below(9),
      };
    if (schema.const !== undefined) return schema.const;
    if (schema.prefixItems !== undefined) return schema.prefixItems.map((item) => this.value(item, '', length));
    const forms = schema.anyOf ?? schema.oneOf;
    if (forms !== undefined)
      return this.value(this.random() < 0.7 ? (forms[0] as Schema) : this.pick(forms), '', length);
    if (schema.type === 'number' || schema.type === 'integer') return this.number(schema);
    if (schema.type === 'boolean') return this.random() < 0.5;
    if (schema.type === 'array')
      return Array.from({ length: Math.max(0, length + (this.random() < 0.95 ? 0 : this.pick([-1, 1]))) }, () =>
        this.value(schema.items ?? {}, '', length),
      );
    if (schema.properties !== undefined) return this.object(schema, length);
    return schema.default;
  }

  /** An object with what is required and some of the rest. */
  object(schema: Schema, length = 3): Record<string, unknown> {
    const depth = 'depth' in (schema.properties ?? {}) ? { depth: 1 + this.below(this.random() < 0.9 ? 7 : 60) } : {};
    const count = 'depth' in depth ? depth.depth : length;
    const entries = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
      if (name in depth || (!schema.required?.includes(name) && this.random() < 0.6)) return [];
      const value = this.value(field, name, count);
      return value === undefined ? [] : [[name, value] as const];
    });
    // Widths of thousands would make every call slow.
    const width = 'width' in (schema.properties ?? {}) ? { width: 1 + this.below(40) } : {};
    return { ...width, ...Object.fromEntries(entries), ...depth };
  }
}

const listOr = (fuzz: Fuzz, values: readonly number[]): number | readonly number[] =>
  values.every((value) => value === values[0]) && fuzz.random() < 0.5 ? (values[0] as number) : values;

/** Maps that every kernel fits and every pool divides, ranks that their matrices can have. */
function fittingMaps(fuzz: Fuzz, spec: Record<string, unknown>): void {
  const depth = Math.min(4, spec.depth as number);
  const input = [4 + fuzz.below(12), 4 + fuzz.below(12), 1 + fuzz.below(4)];
  let [height, width, before] = input as [number, number, number];
  const layers = Array.from({ length: depth }, () => {
    const kernel = 1 + fuzz.below(Math.min(5, height, width));
    const stride = fuzz.random() < 0.7 ? 1 : 2;
    const side = (length: number): number =>
      (spec.padding ?? 'valid') === 'valid' ? Math.floor((length - kernel) / stride) + 1 : Math.ceil(length / stride);
    const map = [side(height), side(width)] as const;
    const pool = fuzz.pick([1, 2, 3].filter((one) => map.every((length) => length % one === 0)));
    [height, width] = [map[0] / pool, map[1] / pool];
    const channels = 1 + fuzz.below(12);
    const rank = 1 + fuzz.below(Math.min(kernel ** 2 * before, channels));
    before = channels;
    return { kernel, stride, pool, width: channels, rank };
  });
  const classes = 2 + fuzz.below(9);
  for (const field of ['norm', 'rank', 'fcRank'])
    if (Array.isArray(spec[field]) || fuzz.random() < 0.5) delete spec[field];
  const ofLayers = (['kernel', 'stride', 'pool', 'width'] as const).map((field) => [
    field,
    listOr(
      fuzz,
      layers.map((layer) => layer[field]),
    ),
  ]);
  if (spec.rank !== undefined) spec.rank = layers.map(({ rank }) => rank);
  if (spec.fcRank !== undefined) spec.fcRank = 1 + fuzz.below(Math.min(classes, height * width * before));
  Object.assign(spec, { depth, input, classes }, Object.fromEntries(ofLayers));
}

/** What the fields of a spec ask of each other, which no JSON Schema says: without it most random specs are refused at once. */
const agreements: Partial<Record<SystemName, (fuzz: Fuzz, spec: Record<string, unknown>) => void>> = {
  convolution: fittingMaps,
  residual: (fuzz, spec) => {
    if (Array.isArray(spec.width))
      spec.width = Array.from({ length: (spec.depth as number) + 1 }, () => 1 + fuzz.below(40));
    if ((spec.block ?? 'full') !== 'generalized') delete spec.skipStrength;
    if (spec.block === 'reduced')
      for (const field of Object.keys(spec)) if (field.startsWith('outer')) delete spec[field];
  },
  percolation: (fuzz, spec) => {
    if (Array.isArray(spec.width)) delete spec.depth;
    if (spec.hasBiases === true) delete spec.activeProbability;
    if (typeof spec.topology === 'object') {
      delete spec.inputWidth;
      delete spec.outputWidth;
    }
    // Lists have an entry more or less than `depth`, which only the network knows.
    for (const field of ['edgeKeepProbability', 'keepProbability'])
      if (Array.isArray(spec[field])) spec[field] = fuzz.random();
  },
  autoencoder: (_, spec) => {
    const { learningRate } = spec;
    if (typeof learningRate === 'number') spec.learningRate = Math.min(0.05, Math.abs(learningRate) / 20);
  },
};

/** A random spec, valid nine times out of ten: one in ten keeps what does not agree. */
function specOf(fuzz: Fuzz, name: SystemName, system: AnySystem): Record<string, unknown> {
  const spec = fuzz.object(schemaOf(system.specSchema));
  if (fuzz.random() < 0.9) agreements[name]?.(fuzz, spec);
  return { ...spec, system: name };
}

export const schemaOf = (schema: unknown): Schema =>
  z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }) as Schema;

/** What is wrong with a result: NaN anywhere, an infinite number that has no reason; or undefined. */
export function unexplained(result: unknown): string | undefined {
  try {
    toJson(result);
  } catch (error) {
    return (error as Error).message;
  }
  const observables = (result as { observables?: Record<string, unknown> }).observables ?? {};
  for (const [name, observable] of Object.entries(observables)) {
    const {
      scale,
      values,
      undefinedAt = [],
    } = observable as {
      scale: string;
      values?: Float64Array;
      undefinedAt?: readonly { index: number }[];
    };
    if (values === undefined) continue; // of a comparison
    const hidden = new Set(undefinedAt.map(({ index }) => index));
    const at = values.findIndex(
      (x, i) => !hidden.has(i) && !(Number.isFinite(x) || (scale === 'log' && x === -Infinity)),
    );
    if (at >= 0) return `${name}[${at}] is ${values[at]}`;
  }
  return undefined;
}

export interface Finding {
  readonly call: string;
  readonly spec: unknown;
  readonly problem: string;
}

export interface Tally {
  readonly findings: Finding[];
  /** Calls of more than ten seconds. */
  readonly slow: Finding[];
  readonly verdicts: Partial<Record<Verdict, number>>;
  calls: number;
  refused: number;
  /** How often each reason was given, in the words of the errors with their numbers taken out. */
  readonly refusals: Record<string, number>;
}

export const emptyTally = (): Tally => ({ findings: [], slow: [], verdicts: {}, calls: 0, refused: 0, refusals: {} });
const noted = (tally: Tally, call: string, error: unknown): void => {
  tally.refused++;
  const { code = (error as Error).name, message } = error as MftError;
  const words = `${call.split(' ')[0]}: ${code} ${message.replaceAll(/-?\d[\d.e+-]*/g, '#').slice(0, 150)}`;
  tally.refusals[words] = (tally.refusals[words] ?? 0) + 1;
};

/** Processor time of a call, in milliseconds; what takes longer is slow. */
const patience = 10_000;

async function called(
  tally: Tally,
  call: string,
  spec: unknown,
  run: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const start = process.cpuUsage();
  tally.calls++;
  let result: unknown;
  let problem: string | undefined;
  try {
    result = await run(AbortSignal.timeout(3 * patience));
    problem = unexplained(result);
  } catch (error) {
    if (!(error instanceof MftError) && (error as Error).name !== 'TimeoutError')
      problem = `${(error as Error).name}: ${(error as Error).message}`;
    if (error instanceof MftError && (!/^ERR_MFT_[A-Z_]+$/.test(error.code) || error.message === ''))
      problem = `an error without words: ${error.code}`;
    noted(tally, call, error);
  }
  const used = process.cpuUsage(start);
  const seconds = (used.user + used.system) / 1e6;
  if (seconds * 1000 > patience) tally.slow.push({ call, spec, problem: `${seconds.toFixed(1)} s of processor time` });
  if (problem !== undefined) tally.findings.push({ call, spec, problem });
  return result;
}

/** The random spec of an index, and the generator behind it. */
export function drawnSpec(name: SystemName, system: AnySystem, index: number): { fuzz: Fuzz; spec: never } {
  const fuzz = new Fuzz(generator(index * 977 + name.length * 7919 + (name.codePointAt(0) ?? 0)));
  return { fuzz, spec: specOf(fuzz, name, system) as never };
}

/** One random spec of a system through the verbs; which of the slow ones is up to `index`. */
export async function fuzzOnce(name: SystemName, system: AnySystem, index: number, tally: Tally): Promise<void> {
  const { fuzz, spec } = drawnSpec(name, system, index);
  const theory = (await called(tally, 'predict', spec, (signal) => predict(spec, { signal }))) as never;
  const run = { trials: fuzz.pick([1, 2, 8]), seed: index, threads: 1 } as never;
  const simulation = (await called(tally, 'simulate', spec, (signal) => simulate(spec, run, { signal }))) as never;
  if (theory !== undefined && simulation !== undefined)
    await called(tally, 'compare', spec, async () => compare(theory, simulation));
  const quantities = Object.entries(system.quantities as Readonly<Record<string, Quantity>>);
  const [quantity, { parameters }] = fuzz.pick(quantities);
  const given = fuzz.object(schemaOf(parameters));
  await called(tally, `evaluate ${quantity}`, given, async (signal) => ({
    quantities: { [quantity]: await evaluate(name as never, quantity as never, given as never, { signal }) },
  }));
  if (index % 5 === 0) await called(tally, 'advise', spec, (signal) => advise(spec, { signal }));
  if (index % 20 === 1) {
    const numeric = Object.entries(spec as Record<string, unknown>).filter(([, value]) => typeof value === 'number');
    const [field] = fuzz.pick(numeric) ?? ['depth'];
    const axes = [{ field, values: [1, 2, 3] }] as never;
    await called(tally, `map over ${field}`, spec, (signal) => map(spec, axes, { signal }));
  }
  if (index % 40 === 2) {
    const which = fuzz.pick(Object.keys(system.figures));
    await called(tally, `figure ${which}`, spec, (signal) => figure(spec, which as never, { run, signal } as never));
  }
}

/** The random spec and run of a comparison: many trials, ordinary widths. */
export function verdictSpec(name: SystemName, system: AnySystem, index: number): { spec: never; run: never } {
  const fuzz = new Fuzz(generator(index * 7307 + name.length * 104_729));
  const drawn = specOf(fuzz, name, system);
  const isWide = name !== 'convolution' && !Array.isArray(drawn.width);
  const spec = { ...drawn, ...(isWide && 'width' in drawn ? { width: 60 + fuzz.below(100) } : {}) } as never;
  return { spec, run: { trials: 60, seed: index, threads: 1 } as never };
}

/** Whether theory and simulation of a random spec can be held against each other with power. */
export async function fuzzVerdict(name: SystemName, system: AnySystem, index: number, tally: Tally): Promise<void> {
  const { spec, run } = verdictSpec(name, system, index);
  try {
    const theory = await predict(spec, { signal: AbortSignal.timeout(patience) });
    const simulation = await simulate(spec, run, { signal: AbortSignal.timeout(patience) });
    const comparison = compare(theory as never, simulation as never) as {
      verdict: Verdict;
      largestZ: number;
      observables: object;
    };
    tally.calls++;
    tally.verdicts[comparison.verdict] = (tally.verdicts[comparison.verdict] ?? 0) + 1;
    if (comparison.verdict !== 'disagrees') return;
    const worst = Object.entries(comparison.observables as Record<string, { verdict: string }>)
      .filter(([, { verdict }]) => verdict === 'disagrees')
      .map(([observable]) => observable);
    tally.findings.push({
      call: 'compare',
      spec,
      problem: `disagrees, |z| ${comparison.largestZ.toFixed(1)}: ${worst.join(', ')}`,
    });
  } catch (error) {
    noted(tally, 'compare', error);
  }
}

export async function fuzzSystem(name: SystemName, from: number, count: number): Promise<Tally> {
  const tally = emptyTally();
  const system = (await loadSystem(name)) as AnySystem;
  for (let index = from; index < from + count; index++) await fuzzOnce(name, system, index, tally);
  return tally;
}
