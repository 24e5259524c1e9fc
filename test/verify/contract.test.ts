// The long part of the contract of a system (test/contract.test.ts): theory agrees with simulation and would see an error of 2 %,
// memory is estimated, work stops when it is asked to.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { predict, simulate, type SystemName, systemNames } from 'mft-native';
import type { System } from '../../dist/core/system.js';
import { loadSystem } from '../../dist/systems/registry.js';
import { type ContractCase, contractCase } from '../contract/case.js';

const run = promisify(execFile);
const any = <T>(value: unknown): T => value as T;
const predicted = (spec: object, options = {}) => predict(any<Parameters<typeof predict>[0]>(spec), options);
const simulated = (spec: object, given: object, options = {}) =>
  simulate(any<Parameters<typeof simulate>[0]>(spec), given, options);
type AnySystem = System<unknown, unknown>;

interface Shape {
  readonly scale: 'linear' | 'log';
  readonly values: Float64Array;
  readonly error: number;
  readonly sign?: Int8Array;
  readonly finiteSize?: { readonly values: Float64Array };
  readonly standardError: Float64Array;
  readonly variance: Float64Array;
  readonly undefinedAt?: readonly { readonly index: number }[];
}

/** |z| of every point of an observable, theory moved by `planted`: a share on a linear scale, added to a logarithm. */
function distances(theory: Shape, simulation: Shape, planted: number): number[] {
  const hidden = new Set([...(theory.undefinedAt ?? []), ...(simulation.undefinedAt ?? [])].map(({ index }) => index));
  const result: number[] = [];
  simulation.values.forEach((measured, i) => {
    const noise = simulation.standardError[i] as number;
    const plain = (theory.values[i] as number) + (theory.finiteSize?.values[i] ?? 0);
    // Points without a value, without noise (an exact layer) or with the logarithm of zero say nothing.
    if (
      hidden.has(i) ||
      simulation.variance[i] === 0 ||
      !Number.isFinite(noise) ||
      !Number.isFinite(plain) ||
      !Number.isFinite(measured)
    )
      return;
    const isLog = theory.scale === 'log';
    const expected = isLog ? plain + planted : plain * (1 + planted);
    const numerical = theory.error * (isLog ? 1 : Math.abs(expected));
    const z = Math.abs(measured - expected) / Math.hypot(noise, numerical, 1e-12);
    result.push(z);
  });
  return result;
}

async function agreement(t: Test, system: AnySystem, example: ContractCase): Promise<void> {
  const seen = new Set<string>();
  t.ok(example.agreement.length > 0, `${example.agreement.length} networks`);
  for (const { spec, run: given } of example.agreement) {
    const named = { system: system.name, ...spec };
    const theory = any<Record<string, Shape>>((await predicted(named)).observables);
    const runs = new Set(Object.values(system.observables).map((about) => JSON.stringify(about.run ?? {})));
    for (const fields of runs) {
      const simulation = (await simulated(named, { ...given, ...(JSON.parse(fields) as object) })).observables;
      for (const [name, measured] of Object.entries(any<Record<string, Shape>>(simulation))) {
        const expected = theory[name];
        if (expected === undefined || seen.has(name)) continue;
        const size = example.resolves?.[name] ?? 0.02;
        const plain = Math.max(...distances(expected, measured, 0));
        const planted = Math.max(...distances(expected, measured, size));
        t.ok(plain < 5, `${name}: largest |z| ${plain.toFixed(2)}`);
        t.ok(planted > 5, `${name}: an error of ${size} gives |z| up to ${planted.toFixed(1)}`);
        seen.add(name);
      }
    }
  }
  const both = Object.entries(system.observables).filter(([, about]) => about.only === undefined);
  t.same([...seen].sort(), both.map(([name]) => name).sort(), 'every observable was held against theory');
}

/** Growth of the peak memory of a fresh process over one that loads the package and simulates a tiny network. */
const program = `
import { readFileSync } from 'node:fs';
const { simulate } = await import('mft-native');
const peak = () => 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
const [small, spec, run] = JSON.parse(process.argv[1]);
await simulate(small.spec, small.run);
const before = peak();
const result = await simulate(spec, run);
console.log(JSON.stringify({ growth: peak() - before, observables: Object.keys(result.observables).length }));
`;

async function memory(t: Test, system: AnySystem, example: ContractCase): Promise<void> {
  t.ok(example.memory.length > 0, `${example.memory.length} runs`);
  for (const { spec, run: given } of example.memory) {
    const named = { system: system.name, ...spec };
    const resolved = system.resolveSpec(named);
    const estimate = system.simulation.bytes(resolved, system.resolveRun(given, resolved));
    const small = { spec: { system: system.name, ...example.small }, run: { ...example.run, threads: 1 } };
    const arguments_ = ['--input-type=module', '-e', program, JSON.stringify([small, named, given])];
    const { stdout } = await run(process.execPath, arguments_, { cwd: new URL('../..', import.meta.url) });
    const { growth } = JSON.parse(stdout) as { growth: number };
    const [estimated, measured] = [estimate, growth].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`);
    const what = `${JSON.stringify({ ...spec, ...given })}: ${estimated} estimated, ${measured} measured`;
    t.ok(growth > 2 ** 25, `the run is large enough to tell (${(growth / 2 ** 20).toFixed(1)} MiB)`);
    t.ok(estimate >= growth, `not below: ${what}`);
    t.ok(estimate <= 2 * growth, `at most twice: ${what}`);
  }
}

async function cancellation(t: Test, system: AnySystem, { heavy }: ContractCase): Promise<void> {
  const named = { system: system.name, ...heavy.spec };
  const controller = new AbortController();
  const reason = new Error('enough');
  let [done, total] = [0, 1];
  const onProgress = (progress: { readonly done: number; readonly total: number }): void => {
    [done, total] = [progress.done, progress.total];
    if (done > 0) controller.abort(reason);
  };
  const started = performance.now();
  setTimeout(() => controller.abort(reason), 300);
  await t.rejects(simulated(named, heavy.run, { signal: controller.signal, onProgress }), reason);
  const seconds = (performance.now() - started) / 1000;
  t.ok(done < 0.1 * total, `stopped after ${((100 * done) / total).toFixed(1)} % of the work, ${seconds.toFixed(2)} s`);
  await t.rejects(predicted(named, { signal: AbortSignal.abort(reason) }), reason);
  await t.rejects(simulated(named, heavy.run, { signal: AbortSignal.abort(reason) }), reason);
}

t.ok(systemNames.length >= 3, `${systemNames.length} systems`);
for (const name of systemNames as readonly SystemName[]) {
  t.test(name, { timeout: 600_000 }, async (t) => {
    const system = await loadSystem(name);
    const example = await contractCase(name);
    await t.test('theory agrees with simulation, and would see a planted error', (t) => agreement(t, system, example));
    await t.test('memory is estimated', (t) => memory(t, system, example));
    await t.test('work stops when it is asked to', (t) => cancellation(t, system, example));
  });
}
