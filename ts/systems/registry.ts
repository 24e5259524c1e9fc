// The only list of systems: name → system. Types here, implementations loaded when used.
import type { System, SystemTypes } from '../core/system.js';
import { expectedError } from '../core/errors.js';
import type { FeedforwardObservable, FeedforwardQuantity } from './feedforward/index.js';
import type { FeedforwardRun, FeedforwardSpec } from './feedforward/spec.js';
import type { PercolationObservable, PercolationQuantity } from './percolation/index.js';
import type { PercolationRun, PercolationSpec } from './percolation/spec.js';
import type { ResidualObservable, ResidualQuantity } from './residual/index.js';
import type { ResidualRun, ResidualSpec } from './residual/spec.js';

/** One entry per system; `SystemTypes` (ts/core/system.ts) is its shape. */
export interface Systems {
  feedforward: {
    spec: FeedforwardSpec;
    run: FeedforwardRun;
    quantity: FeedforwardQuantity;
    observable: FeedforwardObservable;
    train: true;
  };
  percolation: {
    spec: PercolationSpec;
    run: PercolationRun;
    quantity: PercolationQuantity;
    observable: PercolationObservable;
    train: true;
  };
  residual: {
    spec: ResidualSpec;
    run: ResidualRun;
    quantity: ResidualQuantity;
    observable: ResidualObservable;
    train: true;
  };
}

export type SystemName = keyof Systems;

/** Systems that `train` takes. */
export type Trainable = { [K in SystemName]: Systems[K] extends SystemTypes & { train: true } ? K : never }[SystemName];

type AnySystem = System<unknown, unknown>;

const loaders: { readonly [K in SystemName]: () => Promise<unknown> } = {
  feedforward: async () => (await import('./feedforward/index.js')).feedforward,
  percolation: async () => (await import('./percolation/index.js')).percolation,
  residual: async () => (await import('./residual/index.js')).residual,
};

/** Names of all systems, in the order they are listed everywhere. */
export const systemNames = Object.keys(loaders) as readonly SystemName[];

const loaded = new Map<string, AnySystem>();

/** The system of that name. @throws MftError ERR_MFT_INVALID_ARGUMENT for a name nobody knows. */
export async function loadSystem(name: unknown): Promise<AnySystem> {
  if (typeof name !== 'string' || !Object.hasOwn(loaders, name)) {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'system', `one of ${systemNames.join(', ')}`, name);
  }
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const system = (await loaders[name as SystemName]()) as AnySystem;
  loaded.set(name, system);
  return system;
}
