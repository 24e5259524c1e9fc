// predict and simulate: two functions of the same spec that return the same observables.
import { type ControlOptions, throwIfAborted } from '../core/control.js';
import { machineWarnings, provenance } from '../core/provenance.js';
import { schemaVersion } from '../core/results.js';
import type { SimulationVerb } from '../core/system.js';
import { loadSystem, type SystemName, type Systems } from '../systems/registry.js';
import { requireMemory, requireRoom } from '../core/memory.js';
import { withJson } from '../core/codec.js';
import { plainCopy } from '../core/copy.js';
import { definedBody } from '../core/defined.js';
import { controlOptions } from '../core/options.js';
import { givenSpec, withInputs } from './inputs.js';
import type { Prediction, Simulation, SpecOf, VariableSpec, Widened } from './results.js';

/** As below, of a spec that stood in a variable and has lost its literal types (`system: string`): it is checked when it runs. */
export function predict<const S extends VariableSpec, O extends ControlOptions>(
  spec: Widened<S>,
  options?: O,
): Promise<Prediction>;
/**
 * Theory of the network that `spec` describes: quantities (fixed points, depth scales, …) and the observables that
 * `simulate` estimates, layer by layer.
 *
 * @param spec the network; fields with defaults may be left out
 * @param options progress and cancellation
 * @returns a promise of plain data; `observables[...].error` is the numerical error, `finiteSize` the predicted 1/width term
 * @throws MftError (rejects): ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_SHAPE for a bad spec; ERR_MFT_DATA_NOT_FOUND;
 *   ERR_MFT_MEMORY before anything is allocated
 *
 * **Numerics**: every observable states its numerical `error`; `finiteSize` is to leading order in 1/width.
 * **Source**: the `source` of each observable and quantity, on the page of the system.
 *
 * @example
 * import { predict } from 'mft-native';
 * const theory = await predict({ system: 'feedforward', activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1,
 * keepProbability: 0.8 });
 * console.log(theory.quantities.depthScaleCorrelation); // 2.43186
 */
export function predict<K extends SystemName>(spec: SpecOf<K>, options?: ControlOptions): Promise<Prediction<K>>;
export async function predict<K extends SystemName>(
  spec: SpecOf<K>,
  options: ControlOptions = {},
): Promise<Prediction<K>> {
  const control = controlOptions(options);
  const given = givenSpec(spec);
  throwIfAborted(control);
  const system = await loadSystem(given.system);
  const resolved = await withInputs(system.resolveSpec(given), control);
  const { bytes, isHeap, lower } = system.prediction;
  requireRoom('prediction', bytes(resolved.spec), lower, isHeap);
  const body = definedBody(await system.prediction.run(resolved.spec, { ...control, ...resolved.context }));
  return withJson({
    kind: 'prediction',
    schemaVersion,
    system: system.name,
    spec: resolved.spec,
    ...body,
    provenance: provenance(system.version),
  }) as unknown as Prediction<K>;
}

/** As below, of a spec that stood in a variable and has lost its literal types (`system: string`): it is checked when it runs. */
export function simulate<const S extends VariableSpec, O extends ControlOptions>(
  spec: Widened<S>,
  run?: Systems[SystemName]['run'],
  options?: O,
): Promise<Simulation>;
/**
 * Monte Carlo of the same network on native kernels: seeded, cancellable, on all cores, the same bits for any number of threads.
 *
 * @param spec the network
 * @param run trials, seed, engine, threads, …
 * @param options progress and cancellation
 * @returns a promise of plain data: per observable and axis point the mean, variance, standard error and count
 * @throws MftError (rejects): as `predict`, and ERR_MFT_MEMORY before anything is allocated; `signal.reason` when cancelled
 *
 * **Numerics**: exact in distribution at every finite width; statistics are double; the same seed gives the same bits.
 * **Source**: the page of the system; exact conditioning is derived there.
 *
 * @example
 * import { simulate } from 'mft-native';
 * const simulation = await simulate({ system: 'feedforward', activation: 'tanh', width: 300, depth: 20 }, { trials: 10, seed: 7 });
 * console.log(simulation.observables.variance?.values.length); // 40
 */
export function simulate<K extends SystemName>(
  spec: SpecOf<K>,
  run?: Systems[K]['run'],
  options?: ControlOptions,
): Promise<Simulation<K>>;
export async function simulate<K extends SystemName>(
  spec: SpecOf<K>,
  run: Systems[K]['run'] = {},
  options: ControlOptions = {},
): Promise<Simulation<K>> {
  const control = controlOptions(options);
  const given = givenSpec(spec);
  const givenRun = plainCopy(run, 'run');
  throwIfAborted(control);
  const system = await loadSystem(given.system);
  const resolved = await withInputs(system.resolveSpec(given), control);
  const resolvedRun = system.resolveRun(givenRun, resolved.spec);
  refuseHugeRun(system.simulation, resolved.spec, resolvedRun);
  const body = definedBody(
    await system.simulation.run(resolved.spec, resolvedRun, { ...control, ...resolved.context }),
  );
  return withJson({
    kind: 'simulation',
    schemaVersion,
    system: system.name,
    spec: resolved.spec,
    run: resolvedRun,
    ...body,
    warnings: [...machineWarnings(), ...body.warnings],
    provenance: provenance(system.version),
  }) as unknown as Simulation<K>;
}

function refuseHugeRun(simulation: SimulationVerb<unknown, unknown>, spec: unknown, run: unknown): void {
  requireMemory(
    'run',
    simulation.bytes(spec, run),
    simulation.lower(spec, run),
    (run as { memoryLimit?: number }).memoryLimit,
  );
}
