// A depth scale fitted to simulated networks, beside the same fit of the map.
import { fittedDepthScale, type ResidualRun } from '../../systems/feedforward/experiments/residuals.js';
import { measuredRow } from '../rows.js';
import type { ReproductionRow } from '../types.js';

/** The fit to networks against the same fit of the paper's map. */
export function fittedRow(what: string, run: ResidualRun, width: number, source: string): ReproductionRow[] {
  const fit = fittedDepthScale(run);
  if (fit === undefined) return [];
  const [first, last] = fit.window;
  return [
    measuredRow({
      what,
      published: fit.ofTheory,
      source,
      measured: fit.measured,
      allowance: (5 * fit.ofTheory ** 2) / width,
      note: `published: the same fit of the paper's map, layers ${first} to ${last}`,
    }),
  ];
}
