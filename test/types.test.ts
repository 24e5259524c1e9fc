// The interface of the verbs, at the level of types: what must compile, and what must not (checked by tsc -p test).
import t from 'tap';
import type { Simulation as AnySimulation } from '../dist/core/results.js';
import { loadSystem } from '../dist/systems/registry.js';
import {
  compare,
  type Comparison,
  evaluate,
  type Finding,
  map,
  type MftError,
  predict,
  type Prediction,
  simulate,
  type SystemName,
  systemNames,
  type Systems,
  train,
  type Undefined,
} from 'mft-native';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

/** Never called: its body only has to compile. */
export async function compiles(): Promise<void> {
  const theory = await predict({ system: 'feedforward', activation: 'tanh', weightVariance: [1.4, 1.5], depth: 2 });
  const simulation = await simulate(
    { system: 'feedforward', activation: { name: 'leakyRelu', slope: 0.2 } },
    { trials: 3, seed: 1, threads: 2 },
  );
  holds<Equal<(typeof theory)['system'], 'feedforward'>>();
  const verdict: Comparison<'feedforward'> = compare(theory, simulation);
  compare(simulation, simulation);
  theory.observables.variance?.values.at(0)?.toFixed();
  simulation.observables.variance?.standardError.at(0)?.toFixed();
  const findings: readonly Finding[] = [];
  holds<Equal<(typeof verdict)['system'], 'feedforward'>>();
  const literal = { system: 'feedforward', activation: 'relu', depth: 3 } as const;
  await predict(literal);
  void findings;
  // Numbers are numbers, what every result has is there, and a spec needs no `as const`.
  const depth: number | { readonly reason: string } | undefined = theory.quantities.depthScaleCorrelation;
  theory.observables.variance.values.at(0)?.toFixed();
  const variable = { system: 'feedforward', activation: 'gelu', depth: 30, weightVariance: 2 };
  (await predict(variable)).kind.at(0);
  (await simulate(variable, { trials: 2 })).run;
  const critical = await evaluate('feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVariance: 0.05 });
  holds<Equal<typeof critical, number | Undefined>>();
  await map({ system: 'feedforward' }, [{ field: 'weightVariance', values: [1, 2] }]);
  void depth;

  // @ts-expect-error a parameter of another name
  await evaluate('feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVarience: 0.05 });
  // @ts-expect-error a parameter is missing
  await evaluate('feedforward', 'varianceMap', { activation: 'tanh' });
  // @ts-expect-error no such field
  await map({ system: 'feedforward' }, [{ field: 'weightVarience', values: [1, 2] }]);
  // @ts-expect-error a field that is no number
  await map({ system: 'feedforward' }, [{ field: 'activation', values: [1, 2] }]);

  // @ts-expect-error an unknown activation
  await predict({ system: 'feedforward', activation: 'tahn' });
  // @ts-expect-error an unknown system
  await predict({ system: 'feedfoward' });
  // @ts-expect-error keepProbability is a number
  await predict({ system: 'feedforward', keepProbability: 'half' });
  // @ts-expect-error a run has no field networks
  await simulate({ system: 'feedforward' }, { networks: 3 });
  // @ts-expect-error no such observable
  theory.observables.varience;
  // @ts-expect-error the second argument of compare is a simulation
  compare(simulation, theory);
}

/** Results of different systems must not compare. */
export function refusesOtherSystems(a: Prediction<'feedforward'>, b: AnySimulation<'another'>): void {
  // @ts-expect-error compare across systems does not compile
  compare(a, b);
}

/** What holds for the types of every system, K by K. */
type Holds<K extends SystemName> = [
  Equal<Awaited<ReturnType<typeof predict<K>>>['system'], K>,
  Equal<Awaited<ReturnType<typeof simulate<K>>>['system'], K>,
  Equal<keyof Awaited<ReturnType<typeof predict<K>>>['observables'], Systems[K]['observable']>,
  Equal<keyof Awaited<ReturnType<typeof simulate<K>>>['observables'], Systems[K]['observable']>,
  Equal<Parameters<typeof evaluate<K>>[1], Systems[K]['quantity']>,
  Equal<string extends Systems[K]['observable'] ? true : false, false>,
  Equal<string extends Systems[K]['quantity'] ? true : false, false>,
];

type Every = { [K in SystemName]: Equal<Holds<K>, [true, true, true, true, true, true, true]> };
/** The systems of which something does not hold: none. Checked by the compiler. */
const wrong: readonly Exclude<SystemName, { [K in SystemName]: Every[K] extends true ? K : never }[SystemName]>[] = [];
holds<Equal<(typeof wrong)[number], never>>();

t.test('names of observables and quantities in the types are those of the systems', async (t) => {
  t.ok(systemNames.length >= 3);
  for (const name of systemNames) {
    const { observables, quantities, training } = await loadSystem(name);
    t.ok(Object.keys(observables).length > 0 && Object.keys(quantities).length > 0, `${name} has names`);
    // `Trainable` in the types and a trainer in the system go together.
    const refused = train({ system: name } as never, 'nothing' as never, {}).catch((error: MftError) => error.code);
    if (training === undefined) t.equal(await refused, 'ERR_MFT_UNSUPPORTED', `${name}: train refuses it`);
    else t.not(await refused, 'ERR_MFT_UNSUPPORTED', `${name}: train takes it`);
  }
});
