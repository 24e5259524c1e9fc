// reproduce: a published figure or table, published numbers beside ours.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { throwIfAborted } from '../core/control.js';
import { describe, didYouMean, MftError } from '../core/errors.js';
import { choiceField, wholeField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import { provenance } from '../core/provenance.js';
import { loadSystem } from '../systems/registry.js';
import { loadReproduction, reproductionIds } from './registry.js';
import type {
  ReproductionOptions,
  ReproductionResult,
  ReproductionRow,
  ReproductionScale,
  RowVerdict,
} from './types.js';

const reproductionOptions = z.strictObject({
  ...controlFields,
  scale: choiceField(['quick', 'paper'], 'How much is computed.').default('quick'),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the generator.').optional(),
  threads: wholeField(0, 1024, 'Threads over trials, processes over training runs; 0 = all processors.').optional(),
  journal: z.string().min(1).optional().meta({ expected: 'the path of a file', description: 'Journal of the runs.' }),
});

/**
 * Computes a published figure or table again and holds its numbers against the published ones.
 *
 * @param id one of `reproductionIds`, e.g. 'deep-dropout-figure-7-curves'
 * @param options `scale`: 'quick' (default; seconds) or 'paper' (the paper's widths, depths and numbers of networks); `seed`
 *   (default 1), `threads`, `signal`, `onProgress`
 * @returns Vega-Lite figures and rows { what, published, source, measured, standardError, z, verdict, note }
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for an unknown id or scale
 * **Numerics**: verdicts use Student's t with the number of independent networks, at the probability of |z| > 4.5;
 * deterministic rows the printed digits.
 * **Source**: docs/papers.md says for each row whose statement it is.
 *
 * @example
 * import { reproduce } from 'mft-native';
 * const { rows } = await reproduce('deep-dropout-figure-7-curves', { scale: 'quick' });
 * console.log(rows.every((row) => row.verdict === 'agrees')); // true
 */
export async function reproduce(
  id: string,
  options: ReproductionOptions & { readonly scale?: ReproductionScale } = {},
): Promise<ReproductionResult> {
  const { scale, ...rest } = parse(reproductionOptions, options, 'options');
  throwIfAborted(rest as ReproductionOptions);
  const found = await loadReproduction(id);
  if (found === undefined) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Unknown reproduction ${describe(id)}${didYouMean(id, reproductionIds)}`,
      { parameter: 'id', received: id },
    );
  }
  const computed = found.scales[scale];
  const { figures, rows } = await found.run(computed, rest as ReproductionOptions);
  const { paper, system, title, settings } = found;
  return {
    kind: 'reproduction',
    id,
    paper,
    system,
    title,
    scale,
    settings,
    computed,
    figures,
    rows,
    provenance: provenance((await loadSystem(system)).version),
  };
}

/** What `mft reproduce` lists. */
export interface ReproductionEntry {
  readonly id: string;
  readonly paper: string;
  readonly title: string;
  /** Time at scale quick and at scale paper, on two cores. */
  readonly quickCost: string;
  readonly paperCost: string;
}

/**
 * Every figure and table that `reproduce` knows, with its cost.
 *
 * @returns a promise of entries: id, paper, title, time at both scales on two cores
 * @throws never
 *
 * **Numerics**: times as seen on two cores.
 * **Source**: docs/papers.md.
 *
 * @example
 * console.log((await reproductions()).some(({ id }) => id === 'expressivity-figure-1')); // true
 */
export async function reproductions(): Promise<readonly ReproductionEntry[]> {
  const entries: ReproductionEntry[] = [];
  for (const id of reproductionIds) {
    const found = await loadReproduction(id);
    if (found !== undefined)
      entries.push({
        id,
        paper: found.paper,
        title: found.title,
        quickCost: found.scales.quick.cost,
        paperCost: found.scales.paper.cost,
      });
  }
  return entries;
}

/** "12 agree, 1 explained": the verdicts of the rows in words. */
export function summary(rows: readonly Pick<ReproductionRow, 'verdict'>[]): string {
  const words = {
    agrees: 'agree',
    explained: 'explained',
    differs: 'differ',
    inconclusive: 'inconclusive',
    notComparable: 'not comparable',
  } as const;
  return (Object.keys(words) as RowVerdict[])
    .map((verdict) => ({ verdict, count: rows.filter((row) => row.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${words[verdict]}`)
    .join(', ');
}
