// figure: a named figure of a system, drawn from a spec.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { type ControlOptions, throwIfAborted } from '../core/control.js';
import { plainCopy } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { controlFields } from '../core/options.js';
import type { VegaLiteFigure } from '../core/system.js';
import { loadSystem, type SystemName, type Systems } from '../systems/registry.js';
import { givenSpec, withInputs } from './inputs.js';
import type { SpecOf } from './results.js';

export interface FigureOptions<K extends SystemName = SystemName> extends ControlOptions {
  /** For figures that simulate: trials, seed, threads, … */
  readonly run?: Systems[K]['run'];
}

const figureOptions = z.strictObject({
  ...controlFields,
  run: z.unknown().optional().meta({ expected: 'an object', description: 'The run, for figures that simulate.' }),
});

/**
 * A figure of a system: theory as lines, and simulation as points with bars of two standard errors where the figure simulates.
 *
 * @param spec the network; figures of the system as such (a phase table, …) take no notice of it, as their description says
 * @param name a figure of the system (the table of its page, or `mft figure --system NAME`)
 * @param options `run` for figures that simulate; progress and cancellation
 * @returns a promise of a Vega-Lite specification: plain JSON for any Vega-Lite viewer, or for `render` (SVG, PNG)
 * @throws MftError (rejects): ERR_MFT_INVALID_ARGUMENT for a name the system does not have; as `predict` and `simulate`;
 *   `signal.reason` when cancelled
 *
 * **Numerics**: the values are those of `predict` and `simulate`.
 *
 * **Source**: the system's page says which figure is a paper's.
 *
 * @example
 * import { figure, render } from 'mft-native';
 * const drawn = await figure({ system: 'feedforward', activation: 'tanh', depth: 20 }, 'profile', { run: { trials: 5 } });
 * console.log((await render(drawn)).length > 1000); // true
 */
export async function figure<K extends SystemName>(
  spec: SpecOf<K>,
  name: string,
  options: FigureOptions<K> = {},
): Promise<VegaLiteFigure> {
  const { run, ...control } = parse(figureOptions, options, 'options') as FigureOptions;
  const given = givenSpec(spec);
  const givenRun = plainCopy(run ?? {}, 'run');
  throwIfAborted(control);
  const system = await loadSystem(given.system);
  const found = typeof name === 'string' && Object.hasOwn(system.figures, name) ? system.figures[name] : undefined;
  if (found === undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'figure', `one of ${Object.keys(system.figures).join(', ')}`, name);
  const { spec: resolved, context } = await withInputs(system.resolveSpec(given), control);
  return found.build(resolved, system.resolveRun(givenRun, resolved), { ...control, ...context });
}
