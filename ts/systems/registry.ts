// The only list of systems: name → system. Types here, implementations loaded when used.
import type { System, SystemTypes } from '../core/system.js';
import { expectedError } from '../core/errors.js';

/** How a system is loaded when it is used, and its types. */
interface Entry<T extends SystemTypes> {
  readonly load: () => Promise<Readonly<Record<string, unknown>>>;
  /** Only a type: never there. */
  readonly types?: T;
}

function entry<T extends SystemTypes>(load: Entry<T>['load']): Entry<T> {
  return { load };
}

// One line per system, in the order they are listed everywhere. The module exports the system under the name it has here.
const entries = {
  feedforward: entry<import('./feedforward/index.js').FeedforwardTypes>(() => import('./feedforward/index.js')),
  percolation: entry<import('./percolation/index.js').PercolationTypes>(() => import('./percolation/index.js')),
  residual: entry<import('./residual/index.js').ResidualTypes>(() => import('./residual/index.js')),
  kernel: entry<import('./kernel/index.js').KernelTypes>(() => import('./kernel/index.js')),
  autoencoder: entry<import('./autoencoder/index.js').AutoencoderTypes>(() => import('./autoencoder/index.js')),
  recurrent: entry<import('./recurrent/index.js').RecurrentTypes>(() => import('./recurrent/index.js')),
  convolution: entry<import('./convolution/index.js').ConvolutionTypes>(() => import('./convolution/index.js')),
  implicit: entry<import('./implicit/index.js').ImplicitTypes>(() => import('./implicit/index.js')),
} as const;

type Entries = typeof entries;

/** The types of every system, by name; `SystemTypes` (ts/core/system.ts) is the shape of an entry. */
export type Systems = { readonly [K in keyof Entries]: Entries[K] extends Entry<infer T> ? T : never };

export type SystemName = keyof Systems;

/** Systems that `train` takes. */
export type Trainable = { [K in SystemName]: Systems[K] extends SystemTypes & { train: true } ? K : never }[SystemName];

/** What `train` is told of a system, and what results record of it; `Otherwise` where the system does not say. */
export type TrainOptionsOf<K extends Trainable, Otherwise> = Systems[K] extends {
  readonly trainOptions: infer O extends object;
}
  ? O
  : Otherwise;
export type ResolvedTrainOptionsOf<K extends Trainable, Otherwise> = Systems[K] extends {
  readonly resolvedTrainOptions: infer O extends object;
}
  ? O
  : Otherwise;

type AnySystem = System<unknown, unknown>;

/** Names of all systems, in the order they are listed everywhere. */
export const systemNames = Object.keys(entries) as readonly SystemName[];

const loaded = new Map<string, AnySystem>();

/** The system of that name. @throws MftError ERR_MFT_INVALID_ARGUMENT for a name nobody knows. */
export async function loadSystem(name: unknown): Promise<AnySystem> {
  if (typeof name !== 'string' || !Object.hasOwn(entries, name)) {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'system', `one of ${systemNames.join(', ')}`, name);
  }
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const system = (await entries[name as SystemName].load())[name] as AnySystem;
  loaded.set(name, system);
  return system;
}
