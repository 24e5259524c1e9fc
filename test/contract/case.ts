// What the contract test must be told about a system (test/systems/<name>/contract.ts): examples of its specs, nothing it can ask.
import type { SystemName } from 'mft-native';

export interface ContractCase {
  /** A network that predicts and simulates in milliseconds, with a pair of inputs where the system has inputs. */
  readonly small: Readonly<Record<string, unknown>>;
  /** A run of `small`. */
  readonly run: Readonly<Record<string, unknown>>;
  /** Changes of `small` that every figure which uses the spec must show. */
  readonly other: Readonly<Record<string, unknown>>;
  /** Changes of `small` and of the run that must raise `flops` and `bytes` of a simulation. */
  readonly grows: readonly { readonly spec?: object; readonly run?: object }[];
  /** A simulation of several seconds on one thread, for cancellation. */
  readonly heavy: { readonly spec: object; readonly run: object };
  /** Networks on which theory must agree with simulation and see a planted error, and the trials that takes. */
  readonly agreement: readonly { readonly spec: object; readonly run: object }[];
  /** The smallest error that the trials of `agreement` resolve, where that is more than 2 % (0.02 of a logarithm). */
  readonly resolves?: Readonly<Record<string, number>>;
  /** Simulations that hold 64 MiB or more, for the estimate of memory. */
  readonly memory: readonly { readonly spec: object; readonly run: object }[];
}

/** The case of a system. */
export async function contractCase(name: SystemName): Promise<ContractCase> {
  const { contract } = (await import(`../systems/${name}/contract.js`)) as { contract: ContractCase };
  return contract;
}
