// A plan: one base spec, one verb, axes. Read, validated as a whole, and expanded to jobs.
import { type ControlOptions, throwIfAborted, ticker } from '../core/control.js';
import { parse } from '../core/checks.js';
import { canonicalHash } from '../core/codec.js';
import { plainCopy } from '../core/copy.js';
import { describe, MftError } from '../core/errors.js';
import { gridOf, type PlanAxes, withField } from './axes.js';
import type { GridPoint } from './point.js';
import { planSchema } from './plan-schema.js';
import { type Job, makeJob } from './job.js';
import type { VerbTable, Work } from './verb.js';
import { verbs as allVerbs } from './verbs.js';

/**
 * A grid of jobs. `base` is a spec of any system; every axis replaces one of its fields (or, as `run.<field>`, one of the
 * run's). Every point is run once per sweep seed.
 *
 * @example
 * const plan: SweepPlan = {
 *   verb: 'simulate',
 *   base: { system: 'feedforward', activation: 'tanh', biasVariance: 0.05, width: 300, depth: 60, keepProbability: 0.95 },
 *   run: { trials: 20, seed: 5 },
 *   axes: { weightVariance: { linear: [1, 3, 60] } },
 * };
 */
export interface SweepPlan {
  readonly verb: string;
  readonly base: { readonly system: string } & Readonly<Record<string, unknown>>;
  /** Fields of the run; `seed` is the sweep's seed. */
  readonly run?: Readonly<Record<string, unknown>>;
  readonly axes?: PlanAxes;
  /** Short for `run.trials`. */
  readonly trials?: number;
  /** Sweep seeds: every point is run once for each. Default: `run.seed`, else 1. */
  readonly seeds?: readonly number[];
  /** Quantities and observables to keep. Default: all. */
  readonly outputs?: readonly string[];
  /** For verb `evaluate`: the quantity. */
  readonly quantity?: string;
  /** For verb `fit`: the depth scale of this observable; `limit` is a number or the name of a predicted quantity. */
  readonly fit?: {
    readonly observable: string;
    readonly series?: number;
    readonly limit?: number | string;
    readonly from?: number;
    readonly significance?: number;
  };
  /** For verb `train`: mnist, cifar10, synthetic, gratings, of recurrent also ptb. `run` holds the training options. */
  readonly dataset?: string;
  /** Shown in reports. */
  readonly title?: string;
}

/** A job of a plan by its names: a plan of a million jobs keeps no more of each. `ExpandedPlan.job` gives the whole of it. */
export interface PlannedJob extends Pick<Job, 'key' | 'point' | 'system' | 'systemVersion'> {
  /** Relative cost, comparable within the plan. */
  readonly cost: number;
  /** Which point of the grid it is, and which of the sweep's seeds it has. */
  readonly place: number;
  readonly sweepSeed: number;
}

/** A plan whose every point has been checked. */
export interface ExpandedPlan {
  readonly plan: SweepPlan;
  readonly hash: string;
  readonly jobs: readonly PlannedJob[];
  /** The whole of one of the jobs. */
  readonly job: (planned: PlannedJob) => Promise<Job>;
  /** Points that name a job the plan already has. */
  readonly duplicates: number;
  /** Names of the fields that vary, in the order of the axes. */
  readonly axisNames: readonly string[];
}

/** Fields of a plan that belong to one verb. */
const ownFields = { quantity: 'evaluate', fit: 'fit', dataset: 'train' } as const;

/**
 * Reads a plan, resolves every point through its system, and returns the jobs, before anything runs.
 *
 * @param given the plan, as data; copied, so that it may change afterwards
 * @param verbs the verbs a plan may name
 * @param control cancels and reports: a plan may have 10⁵ points
 * @returns the jobs with their keys, in the order of the axes, and what the plan says beside them
 * @throws MftError (rejects) what the plan's fields, its axes or the spec of any point get wrong, naming the point
 *
 * **Numerics**: seeds of jobs come from their keys: the order of the axes does not change them.
 * **Source**: ours.
 *
 * @example
 * const { jobs } = await expandPlan({ verb: 'predict', base: { system: 'feedforward' }, axes: { depth: [5, 10] } });
 * console.log(jobs.length); // 2
 */
export async function expandPlan(
  given: SweepPlan,
  verbs: VerbTable = allVerbs,
  control: ControlOptions = {},
): Promise<ExpandedPlan> {
  const plan = plainCopy(given, 'plan');
  const read = parse(planSchema(Object.keys(verbs)), plan, 'plan');
  const verb = verbs[read.verb];
  if (verb === undefined)
    throw new MftError('ERR_MFT_INTERNAL', `The verb ${read.verb} passed the schema without being known.`);
  if (read.trials !== undefined && 'trials' in read.run)
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected `trials` or `run.trials`, not both.', {
      parameter: 'trials',
    });
  if (read.seeds !== undefined && 'seed' in read.run)
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected `seeds` or `run.seed`, not both.', { parameter: 'seeds' });
  for (const [field, owner] of Object.entries(ownFields)) {
    if (read[field as keyof typeof ownFields] !== undefined && owner !== read.verb)
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        `Expected \`${field}\` only with verb ${owner}, received it with ${read.verb}.`,
        { parameter: field },
      );
  }
  if (read.seeds !== undefined && !verb.isRandom)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected no \`seeds\` for verb ${read.verb}, which draws nothing.`,
      { parameter: 'seeds' },
    );
  const { seed = 1, ...run } = { ...read.run, ...(read.trials === undefined ? {} : { trials: read.trials }) };
  const seeds = verb.isRandom ? (read.seeds ?? [checkedSeed(seed)]) : [0];
  const grid = gridOf(read.axes);
  const resolved = async (place: number): Promise<Work> => {
    const point = grid.at(place);
    const { spec, run: changed } = applied(point, read.base, run);
    try {
      return await verb.resolve({
        spec,
        run: changed,
        quantity: read.quantity,
        outputs: read.outputs,
        fit: read.fit,
        dataset: read.dataset,
      });
    } catch (error) {
      throw located(error, point);
    }
  };
  const jobs = new Map<string, PlannedJob>();
  throwIfAborted(control);
  const tick = ticker(grid.count, control, 'plan');
  for (let place = 0; place < grid.count; place++) {
    await tick(place);
    const work = await resolved(place);
    const cost = await verb.cost(work);
    for (const sweepSeed of seeds) {
      const { key, point, system, systemVersion } = makeJob(read.verb, verb.isRandom, work, sweepSeed);
      jobs.set(key, { key, point, system, systemVersion, cost, place, sweepSeed });
    }
  }
  return {
    plan,
    hash: canonicalHash(plan),
    jobs: [...jobs.values()],
    job: async ({ place, sweepSeed }) => makeJob(read.verb, verb.isRandom, await resolved(place), sweepSeed),
    duplicates: grid.count * seeds.length - jobs.size,
    axisNames: grid.names,
  };
}

function checkedSeed(seed: unknown): number {
  if (Number.isSafeInteger(seed) && (seed as number) >= 0) return seed as number;
  throw new MftError(
    'ERR_MFT_OUT_OF_RANGE',
    `Expected \`run.seed\` to be a whole number >= 0, received ${describe(seed)}.`,
    { parameter: 'run.seed', received: seed },
  );
}

function applied(point: GridPoint, base: Readonly<Record<string, unknown>>, run: Readonly<Record<string, unknown>>) {
  let spec = base;
  let changed = run;
  for (const [name, value] of Object.entries(point)) {
    const path = name.split('.');
    if (name === 'run.seed')
      throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected the seeds of a sweep in `seeds`, not in an axis.', {
        parameter: 'axes.run.seed',
      });
    if (path[0] === 'run') changed = withField(changed, path.slice(1), value);
    else spec = withField(spec, path, value);
  }
  return { spec, run: changed };
}

/** The error with the point in its message. */
function located(error: unknown, point: GridPoint): unknown {
  if (!(error instanceof MftError) || Object.keys(point).length === 0) return error;
  const where = Object.entries(point)
    .map(([name, value]) => `${name} = ${describe(value)}`)
    .join(', ');
  return new MftError(error.code, `${error.message} (At ${where}.)`, {
    parameter: error.parameter,
    expected: error.expected,
    received: error.received,
    cause: error,
  });
}
