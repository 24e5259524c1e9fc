// Verbs that predict and simulate a network: predict, simulate, compare.
import { describe, didYouMean, MftError } from '../../core/errors.js';
import { leftBehind, oneAfterTheOther } from '../../core/memory.js';
import { compare } from '../../statistics/compare.js';
import { loadSystem } from '../../systems/registry.js';
import { withInputs } from '../../verbs/inputs.js';
import { predict, simulate } from '../../verbs/predict.js';
import type { Data, SweepVerb, Work, WorkInput } from '../verb.js';

type System = Awaited<ReturnType<typeof loadSystem>>;

// The registry's types tie a spec to its system; here both came through `resolve`, which the type system cannot see.
type AnyVerb = (...values: unknown[]) => Promise<never>;
export const anyPredict = predict as AnyVerb;
export const anySimulate = simulate as AnyVerb;

/** Fields of a run that never change a result, and the seed, which follows from the key. */
const outsideTheKey = new Set(['threads', 'seed']);

/** The fields of a run that belong to the key. */
export function decidingFields(run: Data): Data {
  return Object.fromEntries(
    Object.entries(run).filter(([name, value]) => !outsideTheKey.has(name) && value !== undefined),
  );
}

/** Spec and run of a network with defaults filled in. */
export async function resolveNetwork(input: WorkInput, takesRun: boolean): Promise<Work> {
  const system = await loadSystem(input.spec.system);
  const given = system.resolveSpec(input.spec) as Data;
  const spec = needsDataHash(given) ? ((await withInputs(given, {})).spec as Data) : given;
  refuseUnknownOutputs(system, input.outputs);
  const work = {
    system: system.name,
    systemVersion: system.version,
    spec,
    ...(input.outputs === undefined ? {} : { outputs: [...new Set(input.outputs)].sort() }),
  };
  if (!takesRun) {
    refuseRun(input.run);
    return work;
  }
  refuseRunFields(input.run, ['memoryLimit'], 'limit the memory of all jobs with max-memory');
  return { ...work, run: decidingFields(system.resolveRun(input.run, spec) as Data) };
}

/** Whether a spec names a data file without its hash, which the key needs: it names the data and not a place. */
function needsDataHash(spec: Data): boolean {
  const inputs = spec.inputs as { dataset?: unknown; sha256?: unknown } | undefined;
  return inputs?.dataset !== undefined && inputs.sha256 === undefined;
}

/** Refuses fields of a run that a sweep decides. */
export function refuseRunFields(run: Data, names: readonly string[], instead: string): void {
  const found = names.find((name) => run[name] !== undefined);
  if (found !== undefined)
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected no \`${found}\` in the run of a sweep: ${instead}.`, {
      parameter: `run.${found}`,
    });
}

/** Refuses a run for verbs that have none. */
export function refuseRun(run: Data): void {
  const first = Object.keys(run).find((name) => name !== 'seed');
  if (first !== undefined)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected no \`run\` for this verb, which has no trials and no seed; received the field \`${first}\`.`,
      { parameter: `run.${first}` },
    );
}

function refuseUnknownOutputs(system: System, outputs: readonly string[] | undefined): void {
  if (outputs === undefined) return;
  const known = [...Object.keys(system.observables), ...Object.keys(system.quantities)];
  const unknown = outputs.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `Unknown output ${describe(unknown)} of system ${system.name}${didYouMean(unknown, known)}`,
    { parameter: 'outputs', received: unknown },
  );
}

/** The quantities and observables a plan asked for; all of them when it did not say. */
function selected<T extends { readonly observables: object; readonly quantities?: object }>(
  result: T,
  outputs: readonly string[] | undefined,
): T {
  if (outputs === undefined) return result;
  const pick = (from: object): object =>
    Object.fromEntries(Object.entries(from).filter(([name]) => outputs.includes(name)));
  return {
    ...result,
    observables: pick(result.observables),
    ...(result.quantities === undefined ? {} : { quantities: pick(result.quantities) }),
  };
}

/** What a verb does with a network: its arithmetic and memory are those that the system says, on one thread. */
interface Parts {
  readonly predicts: boolean;
  readonly simulates: boolean;
}

/** Arithmetic of a job. */
export async function networkCost(work: Work, parts: Parts): Promise<number> {
  const { prediction, simulation } = await loadSystem(work.system);
  const theory = parts.predicts ? prediction.flops(work.spec) : 0;
  return Math.max(1, theory + (parts.simulates ? simulation.flops(work.spec, onOneThread(work)) : 0));
}

/** Bytes of objects that the tests of a comparison leave behind, beside about as many as theory makes of its points; that they keep. */
const [perComparison, keptOfComparison] = [2.25 * 2 ** 20, 1.5 * 2 ** 20] as const;

/** Peak memory of a job: what theory has found is there while the simulation runs, and both while they are compared. */
export async function networkMemory(work: Work, parts: Parts): Promise<number> {
  const { prediction, simulation } = await loadSystem(work.system);
  if (!parts.simulates) return prediction.bytes(work.spec);
  const simulated = simulation.bytes(work.spec, onOneThread(work));
  if (!parts.predicts) return simulated;
  // Objects come with the trials, engines with the network.
  const objects = simulated - simulation.bytes(work.spec, { ...onOneThread(work), trials: 1 });
  const theory = prediction.bytes(work.spec);
  const tests = perComparison + theory;
  return oneAfterTheOther(oneAfterTheOther(theory, simulated, objects), leftBehind(tests, keptOfComparison), tests);
}

function onOneThread(work: Work): object {
  return { ...work.run, threads: 1, seed: 0 };
}

const theoryOnly = { predicts: true, simulates: false } as const;
const simulationOnly = { predicts: false, simulates: true } as const;
const theoryAndSimulation = { predicts: true, simulates: true } as const;

export const predictVerb: SweepVerb = {
  isRandom: false,
  resolve: (input) => resolveNetwork(input, false),
  execute: async (work, control) => selected(await anyPredict(work.spec, control), work.outputs),
  cost: (work) => networkCost(work, theoryOnly),
  memory: (work) => networkMemory(work, theoryOnly),
};

export const simulateVerb: SweepVerb = {
  isRandom: true,
  resolve: (input) => resolveNetwork(input, true),
  execute: async (work, control) => selected(await anySimulate(work.spec, work.run, control), work.outputs),
  cost: (work) => networkCost(work, simulationOnly),
  memory: (work) => networkMemory(work, simulationOnly),
};

export const compareVerb: SweepVerb = {
  isRandom: true,
  resolve: (input) => resolveNetwork(input, true),
  execute: async (work, control) => {
    const prediction = await anyPredict(work.spec, control);
    const simulation = await anySimulate(work.spec, work.run, control);
    // Only what was asked for counts among the points that are tested together.
    return compare(prediction, simulation, work.outputs === undefined ? {} : { observables: work.outputs });
  },
  cost: (work) => networkCost(work, theoryAndSimulation),
  memory: (work) => networkMemory(work, theoryAndSimulation),
};
