// The quantities of system `feedforward` (docs/systems/feedforward.md): name → formula.
import type { Quantity } from '../../core/system.js';

export const quantities = {} as const satisfies Readonly<Record<string, Quantity>>;

export type FeedforwardQuantity = keyof typeof quantities;

/** Quantities that `map` draws over the fields of a spec. */
export const mapped: readonly string[] = [];
