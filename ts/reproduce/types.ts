// The one shape of every reproduced figure or table: settings, two scales, and a run that gives figures and rows.
import type { ControlOptions } from '../core/control.js';
import type { Provenance } from '../core/results.js';
import type { VegaLiteFigure } from '../core/system.js';
import type { SystemName } from '../systems/registry.js';

export type ReproductionScale = 'quick' | 'paper';

/**
 * `agrees`: within the statistical or the printed error. `explained`: differs from what is published, and meets `expected`,
 * which theory gives for the same setting once the effect that `note` names is counted. `differs`: neither. `inconclusive`:
 * the measurement cannot tell. `notComparable`: the setting is not the published one (fewer steps, smaller networks), so
 * the row neither agrees nor differs, whatever it measured.
 */
export type RowVerdict = 'agrees' | 'explained' | 'differs' | 'inconclusive' | 'notComparable';

/** One published number or statement beside ours. */
export interface ReproductionRow {
  readonly what: string;
  readonly published: number | string;
  /** Where the published side comes from: the paper's equation, caption, code or data, or "derived" (ours). */
  readonly source: string;
  readonly measured: number | string;
  readonly standardError?: number;
  /** What theory gives for exactly this setting, where that is not the published value. */
  readonly expected?: number | string;
  /** (measured − published)/error. */
  readonly z?: number;
  /** Known systematic difference that does not count against the row: terms of higher order in 1/width, the window of a fit. */
  readonly allowance?: number;
  readonly verdict: RowVerdict;
  readonly note?: string;
}

export interface NamedFigure {
  /** Part of the file name. */
  readonly name: string;
  readonly figure: VegaLiteFigure;
}

interface ReproductionOutput {
  readonly figures: readonly NamedFigure[];
  readonly rows: readonly ReproductionRow[];
}

export interface ReproductionOptions extends ControlOptions {
  readonly seed?: number;
  /** Threads over trials, processes over training runs; 0 = all processors. */
  readonly threads?: number;
  /** Journal of the training runs: made, or continued when it is there. Figures may share one. Without it runs live in memory only. */
  readonly journal?: string;
}

/** How much is computed: free numbers, and what that costs on two cores, in words. */
export type Scale = Readonly<Record<string, unknown>> & { readonly cost: string };

/** A published figure or table. */
export interface Reproduction<S extends Scale = Scale> {
  /** Paper and figure: 'deep-dropout-figure-2'. */
  readonly id: string;
  readonly paper: string;
  /** The system whose theory and simulation it runs. */
  readonly system: SystemName;
  readonly title: string;
  /** The settings of the published figure. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scales: Readonly<Record<ReproductionScale, S>>;
  readonly run: (scale: S, options: ReproductionOptions) => Promise<ReproductionOutput>;
}

/** What `reproduce` returns. */
export interface ReproductionResult extends ReproductionOutput {
  readonly kind: 'reproduction';
  readonly id: string;
  readonly paper: string;
  readonly system: SystemName;
  readonly title: string;
  readonly scale: ReproductionScale;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The numbers of the scale that was run. */
  readonly computed: Scale;
  readonly provenance: Provenance;
}
