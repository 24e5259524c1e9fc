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
  /** What keeps the other verbs busy for seconds: a verb that is not named takes no time in this system. */
  readonly busy: {
    readonly predict?: object;
    readonly evaluate?: { readonly quantity: string; readonly parameters: object };
    readonly map?: { readonly spec: object; readonly axes: readonly { field: string; from: number; to: number }[] };
    readonly advise?: object;
    readonly figure: string;
    /** A network of which `train` takes 100,000 steps; none in a system without training. */
    readonly train?: object;
    /** The options of that run where a trainer takes no steps. */
    readonly trainOptions?: object;
  };
  /**
   * Networks on which theory must agree with simulation and see a planted error of 2 % (0.02 of a logarithm), and the trials
   * that takes. One with `only` is for those observables, which the others then leave out.
   */
  readonly agreement: readonly { readonly spec: object; readonly run: object; readonly only?: readonly string[] }[];
  /** A network simulated at two widths: what theory of infinite width leaves out falls like 1/width. */
  readonly twoWidths: {
    readonly spec: object;
    readonly run: object;
    readonly widths: readonly [number, number];
    /** Theory leaves nothing out at any width. */
    readonly isExact?: true;
  };
  /** How many cases of quantities test/fixtures/<name>.json has: all of them must run. */
  readonly references: number;
  /** Simulations (and without `run` predictions) that hold 32 MiB or more, for the estimate of memory. */
  readonly memory: readonly { readonly spec: object; readonly run?: object }[];
}

/** The case of a system. */
export async function contractCase(name: SystemName): Promise<ContractCase> {
  const { contract } = (await import(`../systems/${name}/contract.js`)) as { contract: ContractCase };
  return contract;
}
