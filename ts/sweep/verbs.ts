// The verbs a sweep can run: how each one resolves a point, runs it, and says what it will need. This table is also the
// allow-list of the workers: what is not in it does not run.
import type { ControlOptions } from '../core/control.js';
import { parse } from '../core/checks.js';
import { expectedError, MftError, nearest } from '../core/errors.js';
import { type Comparison, compare } from '../statistics/compare.js';
import { loadSystem } from '../systems/registry.js';
import { evaluate } from '../verbs/evaluate.js';
import { withInputs } from '../verbs/inputs.js';
import { predict, simulate } from '../verbs/predict.js';
import { simulationCost } from './cost.js';

type System = Awaited<ReturnType<typeof loadSystem>>;
type Data = Readonly<Record<string, unknown>>;

/** What a verb works on: the fields of a job that decide its result, but for the seed. */
export interface Work {
  readonly system: string;
  readonly systemVersion: number;
  /** The spec with every default filled in (for `evaluate`: the parameters of the quantity). */
  readonly spec: Data;
  /** The run with defaults filled in, without seed, threads and memory limit. */
  readonly run?: Data;
  readonly quantity?: string;
  readonly outputs?: readonly string[];
}

/** What a plan says about one point, before its defaults are filled in. */
export interface WorkInput {
  readonly spec: Data;
  readonly run: Data;
  readonly quantity?: string | undefined;
  readonly outputs?: readonly string[] | undefined;
}

/** One verb of a sweep. */
export interface SweepVerb {
  /** Whether results depend on a seed (and jobs get one). */
  readonly isRandom: boolean;
  /** Checks a point and fills in its defaults; resolving a resolved point changes nothing. Throws MftErrors. */
  readonly resolve: (input: WorkInput) => Promise<Work>;
  /** The result: plain data. `run` holds the seed and the number of threads. */
  readonly execute: (work: Work, control: ControlOptions) => Promise<unknown>;
  /** Relative cost, comparable within one sweep: orders jobs and scales estimates. */
  readonly cost: (work: Work) => number;
  /** Estimated peak memory in bytes with one thread. */
  readonly memory: (work: Work) => Promise<number>;
}

export type VerbTable = Readonly<Record<string, SweepVerb>>;

/** Fields of a run that never change a result, and the seed, which follows from the key. */
const outsideTheKey = new Set(['threads', 'memoryLimit', 'seed']);

async function resolveNetwork(input: WorkInput, takesRun: boolean): Promise<Work> {
  const system = await loadSystem(input.spec.system);
  const spec = (await withDataHash(system.resolveSpec(input.spec))) as Data;
  refuseUnknownOutputs(system, input.outputs);
  const work = { system: system.name, systemVersion: system.version, spec, ...(input.outputs === undefined ? {} : { outputs: [...new Set(input.outputs)].sort() }) };
  if (!takesRun) {
    refuseRun(input.run);
    return work;
  }
  const run = system.resolveRun(input.run, spec) as Data;
  return { ...work, run: Object.fromEntries(Object.entries(run).filter(([name, value]) => !outsideTheKey.has(name) && value !== undefined)) };
}

/** The spec with the hash of its data file, so that the key names the data and not a place. */
async function withDataHash(spec: unknown): Promise<unknown> {
  const inputs = (spec as { inputs?: { dataset?: unknown; sha256?: unknown } }).inputs;
  if (inputs?.dataset === undefined || inputs.sha256 !== undefined) return spec;
  return (await withInputs(spec, {})).spec;
}

function refuseRun(run: Data): void {
  const first = Object.keys(run).find((name) => name !== 'seed');
  if (first !== undefined) throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected no \`run\` for this verb, which has no trials and no seed; received the field \`${first}\`.`, { parameter: `run.${first}` });
}

function refuseUnknownOutputs(system: System, outputs: readonly string[] | undefined): void {
  const known = [...Object.keys(system.observables), ...Object.keys(system.quantities)];
  const unknown = outputs?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Unknown output "${unknown.slice(0, 60)}" of system ${system.name}${near === undefined ? `; known: ${known.join(', ')}.` : `; did you mean \`${near}\`?`}`, { parameter: 'outputs', received: unknown });
}

async function resolveQuantity(input: WorkInput): Promise<Work> {
  const { system: name, ...parameters } = input.spec;
  refuseRun(input.run);
  const system = await loadSystem(name);
  const quantity = input.quantity ?? '';
  const found = Object.hasOwn(system.quantities, quantity) ? system.quantities[quantity] : undefined;
  if (found === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'quantity', `one of ${Object.keys(system.quantities).join(', ')}`, input.quantity);
  if (input.outputs !== undefined) throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected no `outputs` for verb evaluate: its one output is the quantity.', { parameter: 'outputs' });
  const spec = { system: system.name, ...(parse(found.parameters, parameters, `parameters of ${quantity}`) as Data) };
  return { system: system.name, systemVersion: system.version, spec, quantity };
}

/** The quantities and observables a plan asked for; all of them when it did not say. */
function selected<T extends { readonly observables: object; readonly quantities?: object }>(result: T, outputs: readonly string[] | undefined): T {
  if (outputs === undefined) return result;
  const pick = (from: object): object => Object.fromEntries(Object.entries(from).filter(([name]) => outputs.includes(name)));
  return { ...result, observables: pick(result.observables), ...(result.quantities === undefined ? {} : { quantities: pick(result.quantities) }) };
}

// The registry's types tie a spec to its system; here both came through `resolve`, which the type system cannot see.
type AnyVerb = (...values: unknown[]) => Promise<never>;
const anyPredict = predict as AnyVerb;
const anySimulate = simulate as AnyVerb;
const anyEvaluate = evaluate as AnyVerb;

async function simulationMemory(work: Work): Promise<number> {
  const system = await loadSystem(work.system);
  return system.simulationMemory(work.spec, { ...work.run, threads: 1, seed: 0 });
}

export const verbs: VerbTable = {
  predict: {
    isRandom: false,
    resolve: (input) => resolveNetwork(input, false),
    execute: async (work, control) => selected(await anyPredict(work.spec, control), work.outputs),
    cost: () => 1,
    memory: async () => 0,
  },
  simulate: {
    isRandom: true,
    resolve: (input) => resolveNetwork(input, true),
    execute: async (work, control) => selected(await anySimulate(work.spec, work.run, control), work.outputs),
    cost: simulationCost,
    memory: simulationMemory,
  },
  compare: {
    isRandom: true,
    resolve: (input) => resolveNetwork(input, true),
    execute: async (work, control) => {
      const prediction = await anyPredict(work.spec, control);
      const simulation = await anySimulate(work.spec, work.run, control);
      return selected(compare(prediction, simulation) as Comparison, work.outputs);
    },
    cost: simulationCost,
    memory: simulationMemory,
  },
  evaluate: {
    isRandom: false,
    resolve: resolveQuantity,
    execute: async (work) => {
      const { system, ...parameters } = work.spec;
      return { kind: 'evaluation', quantities: { [work.quantity ?? '']: await anyEvaluate(system, work.quantity, parameters) } };
    },
    cost: () => 1,
    memory: async () => 0,
  },
};
