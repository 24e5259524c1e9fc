// The exact one-site process of an infinitely wide network, sampled: weights shared over time, or cells without closed moments.
import { addon, seedHalves } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { threadsFor } from '../../core/memory.js';
import { type CellFields, nativeCell } from './cell.js';
import type { NativeCell, NativeSites } from './native.js';

export interface SiteOptions {
  readonly isTied: boolean;
  readonly inputCorrelation: number;
  readonly startVariance: number;
  readonly startCorrelation: number;
  readonly steps: number;
  /** Samples of a unit, in all. */
  readonly samples: number;
  readonly seed?: number;
}

/** Means over populations at times 0..steps, with their standard errors. */
export interface Sampled {
  readonly values: Float64Array;
  readonly standardError: Float64Array;
}

export interface SiteMoments {
  readonly stateVariance: Sampled;
  readonly stateCovariance: Sampled;
  /** Over the start, not its logarithm. */
  readonly perturbation: Sampled;
}

/** Samples of one population: what is estimated from themselves (the covariances) is off by about 1/sites. */
const sitesOfPopulation = 8192;
/** Of one population. */
const memoryLimit = 2 ** 30;

function processOf(options: SiteOptions): NativeSites {
  const populations = Math.max(8, Math.ceil(options.samples / sitesOfPopulation));
  return {
    isTied: options.isTied,
    inputCorrelation: options.inputCorrelation,
    startVariance: options.startVariance,
    startCorrelation: options.startCorrelation,
    steps: options.steps,
    sites: sitesOfPopulation,
    seed: seedHalves(options.seed ?? 1),
    populations,
    threads: Math.min(threadsFor(0), populations),
  };
}

/** Bytes while a process is sampled. */
export function siteBytes(fields: CellFields, options: SiteOptions): number {
  const process = processOf(options);
  return process.threads * addon().recurrentSiteMemory(process, nativeCell(fields));
}

/** Operations, about: every step looks back on all earlier ones. */
export function siteFlops(cell: NativeCell, options: SiteOptions): number {
  const { steps } = options;
  const back = options.isTied ? steps * steps : 0;
  return options.samples * cell.gates.length * (200 * steps + 6 * back);
}

/** @throws MftError ERR_MFT_MEMORY when a population of that many steps does not fit */
export async function sampleSites(
  fields: CellFields,
  options: SiteOptions,
  control: ControlOptions = {},
): Promise<SiteMoments> {
  const cell = nativeCell(fields);
  const process = processOf(options);
  const bytes = addon().recurrentSiteMemory(process, cell);
  if (bytes > memoryLimit)
    throw new MftError(
      'ERR_MFT_MEMORY',
      `The process of ${options.steps} steps needs ${(bytes / 2 ** 30).toPrecision(3)} GiB per population, ` +
        'more than 1 GiB; lower `steps`.',
      { parameter: 'steps', expected: `at most ${memoryLimit} bytes`, received: bytes },
    );
  const rows = await controlled(control, process.populations, (slots) => addon().recurrentSites(process, cell, slots));
  const places = options.steps + 1;
  const column = (k: number): Sampled => meanOverRows(rows, 3 * places, k * places, places);
  return { stateVariance: column(0), stateCovariance: column(1), perturbation: column(2) };
}

function meanOverRows(rows: Float64Array, length: number, offset: number, count: number): Sampled {
  const populations = rows.length / length;
  const values = new Float64Array(count);
  const standardError = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let mean = 0;
    let squares = 0;
    for (let p = 0; p < populations; p++) {
      const x = rows[p * length + offset + i] as number;
      const before = x - mean;
      mean += before / (p + 1);
      squares += before * (x - mean);
    }
    values[i] = mean;
    standardError[i] = Math.sqrt(squares / (populations - 1) / populations);
  }
  return { values, standardError };
}
