// What the writers of an export read.
import type { SweepPlan } from './plan.js';
import type { SweepRow } from './rows.js';
import type { ColumnType } from './table.js';

/** A journal ready to be written out: its rows in the order of its plan, as often as needed. */
export interface ExportSource {
  readonly plan: SweepPlan | undefined;
  /** Why the plan gave neither the order of the rows nor the names of the axes; undefined when it gave them. */
  readonly planProblem: string | undefined;
  readonly axisNames: readonly string[];
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly rows: () => AsyncGenerator<SweepRow>;
  readonly columns: ReadonlyMap<string, ColumnType>;
}
