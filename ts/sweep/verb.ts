// What a verb of a sweep is.
import type { ControlOptions } from '../core/control.js';

export type Data = Readonly<Record<string, unknown>>;

/** A depth scale to fit: of which observable, against which limit. */
export interface FitRequest {
  readonly observable: string;
  /** Which input or pair. */
  readonly series: number;
  /** What the profile tends to: a number, or the name of a predicted quantity. */
  readonly limit: number | string;
  /** Leave out layers before this one. */
  readonly from: number;
  /** The window ends where the residual falls below this many standard errors. */
  readonly significance: number;
}

/** A data set by name, with the hashes of its images: never a path. */
export interface DatasetRequest {
  readonly name: string;
  readonly sha256: string;
  readonly testSha256: string;
}

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
  readonly fit?: FitRequest;
  readonly dataset?: DatasetRequest;
}

/** What a plan (or a job from elsewhere) says about one point, before its defaults are filled in. */
export interface WorkInput {
  readonly spec: Data;
  readonly run: Data;
  readonly quantity?: unknown;
  readonly outputs?: readonly string[] | undefined;
  readonly fit?: unknown;
  readonly dataset?: unknown;
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
  readonly cost: (work: Work) => number | Promise<number>;
  /** Estimated peak memory in bytes with one thread. */
  readonly memory: (work: Work) => Promise<number>;
  /** Whether fewer `steps` of its run make a job a shorter one of the same kind; left out: never. */
  readonly hasSteps?: (work: Work) => Promise<boolean>;
}

export type VerbTable = Readonly<Record<string, SweepVerb>>;
