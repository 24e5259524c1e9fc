// The long part of the contract of a system (test/contract.test.ts): theory agrees with simulation and would see an error of 2 %,
// memory is estimated, work stops when it is asked to.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import {
  advise,
  type ControlOptions,
  evaluate,
  figure,
  map,
  predict,
  simulate,
  type SystemName,
  systemNames,
  train,
} from 'mft-native';
import type { System } from '../../dist/core/system.js';
import type { Work } from '../../dist/sweep/verb.js';
import { verbs } from '../../dist/sweep/verbs.js';
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

/** A point of an observable that both verbs have: measured and expected value, and the standard error of the difference. */
interface Point {
  readonly index: number;
  readonly measured: number;
  /** Of infinite width, and with the stated term in 1/width. */
  readonly limit: number;
  readonly expected: number;
  readonly noise: number;
  /** The stated numerical error of theory. */
  readonly error: number;
}

/** Points that can tell something: not without a value, not the same in every trial (an exact layer), not the logarithm of 0. */
function pointsOf(theory: Shape, simulation: Shape): Point[] {
  const hidden = new Set([...(theory.undefinedAt ?? []), ...(simulation.undefinedAt ?? [])].map(({ index }) => index));
  const all = Array.from(simulation.values, (measured, index): Point => {
    const limit = theory.values[index] as number;
    return {
      index,
      measured,
      limit,
      expected: limit + (theory.finiteSize?.values[index] ?? 0),
      noise: simulation.standardError[index] as number,
      error: theory.error,
    };
  });
  return all.filter(
    ({ index, measured, expected, noise }) =>
      !hidden.has(index) &&
      simulation.variance[index] !== 0 &&
      [measured, expected, noise].every(Number.isFinite) &&
      noise > 0,
  );
}

/** |z| with theory moved by `planted`: a share on a linear scale, added to a logarithm. */
function distance({ measured, expected, noise, error }: Point, isLog: boolean, planted: number): number {
  const moved = isLog ? expected + planted : expected * (1 + planted);
  return Math.abs(measured - moved) / Math.hypot(noise, error * (isLog ? 1 : Math.abs(moved)), 1e-12);
}

/** Points with noise to speak of: what hardly varies between trials is easily told from anything. */
function noisy(points: readonly Point[], isLog: boolean): Point[] {
  const share = ({ noise, expected }: Point): number => noise / (isLog ? 1 : Math.max(Math.abs(expected), 1e-300));
  const largest = Math.max(...points.map(share));
  return points.filter((point) => 10 * share(point) >= largest);
}

const plantedError = 0.02;

async function agreement(t: Test, system: AnySystem, example: ContractCase): Promise<void> {
  const seen = new Set<string>();
  const elsewhere = new Set(example.agreement.flatMap(({ only }) => only ?? []));
  t.ok(example.agreement.length > 0, `${example.agreement.length} networks`);
  for (const { spec, run: given, only } of example.agreement) {
    const named = { system: system.name, ...spec };
    const theory = any<Record<string, Shape>>((await predicted(named)).observables);
    const wanted = (name: string): boolean => only?.includes(name) ?? !elsewhere.has(name);
    const abouts = Object.entries(system.observables).filter(([name]) => wanted(name));
    const runs = new Set(abouts.map(([, about]) => JSON.stringify(about.run ?? {})));
    for (const fields of runs) {
      const simulation = (await simulated(named, { ...given, ...(JSON.parse(fields) as object) })).observables;
      for (const [name, measured] of Object.entries(any<Record<string, Shape>>(simulation))) {
        const expected = theory[name];
        if (expected === undefined || !wanted(name)) continue;
        const isLog = expected.scale === 'log';
        const points = pointsOf(expected, measured);
        const plain = Math.max(...points.map((point) => distance(point, isLog, 0)));
        t.ok(plain < 5, `${name}: largest |z| ${plain.toFixed(2)} of ${points.length} points`);
        const planted = Math.max(...noisy(points, isLog).map((point) => distance(point, isLog, plantedError)));
        t.ok(planted > 5, `${name}: an error of ${plantedError} gives |z| up to ${planted.toFixed(1)}`);
        seen.add(name);
      }
    }
  }
  const both = Object.entries(system.observables).filter(([, about]) => about.only === undefined);
  t.same([...seen].sort(), both.map(([name]) => name).sort(), 'every observable was held against theory');
}

async function twoWidths(t: Test, system: AnySystem, example: ContractCase): Promise<void> {
  const { spec, run: given, widths, isExact } = example.twoWidths;
  const at = async (width: number): Promise<Map<string, Point[]>> => {
    const named = { system: system.name, ...spec, width };
    const theory = any<Record<string, Shape>>((await predicted(named)).observables);
    const simulation = any<Record<string, Shape>>((await simulated(named, given)).observables);
    const shared = Object.entries(simulation).filter(([name]) => theory[name] !== undefined);
    return new Map(shared.map(([name, measured]) => [name, pointsOf(theory[name] as Shape, measured)]));
  };
  const [narrow, wide] = [await at(widths[0]), await at(widths[1])];
  t.ok(narrow.size > 0, `${narrow.size} observables`);
  const seen: string[] = [];
  for (const [name, points] of narrow) {
    const others = new Map((wide.get(name) ?? []).map((point) => [point.index, point]));
    let [largest, noticed] = [0, 0];
    for (const point of points) {
      const other = others.get(point.index);
      if (other === undefined) continue;
      const [a, b] = [point, other].map(({ measured, limit }, i) => (widths[i] as number) * (measured - limit));
      const noise = [point, other].map(({ noise, error, limit }, i) => {
        return (widths[i] as number) * Math.hypot(noise, error * Math.max(1, Math.abs(limit)));
      });
      largest = Math.max(largest, Math.abs((a as number) - (b as number)) / Math.hypot(...noise, 1e-12));
      noticed = Math.max(noticed, Math.abs(a as number) / Math.hypot(noise[0] as number, 1e-12));
    }
    t.ok(
      largest < 5,
      `${name}: width × bias, |z| of the difference ${largest.toFixed(2)}; of the bias ${noticed.toFixed(1)}`,
    );
    if (noticed > 5) seen.push(name);
  }
  // Without a bias that shows there is nothing to compare.
  if (isExact) t.same(seen, [], 'no observable shows a bias');
  else t.ok(seen.length > 1, `the bias shows: ${seen.join(', ')}`);
}

/** Growth of the peak memory of a fresh process over one that loads the package and simulates a tiny network. */
const program = `
import { readFileSync } from 'node:fs';
const { predict, simulate } = await import('mft-native');
const peak = () => 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
const [small, spec, run] = JSON.parse(process.argv[1]);
await simulate(small.spec, small.run);
const before = peak();
const result = run === undefined ? await predict(spec) : await simulate(spec, run);
console.log(JSON.stringify({ growth: peak() - before, observables: Object.keys(result.observables).length }));
`;

async function memory(t: Test, system: AnySystem, example: ContractCase): Promise<void> {
  t.ok(example.memory.length > 0, `${example.memory.length} runs`);
  for (const { spec, run: given } of example.memory) {
    const named = { system: system.name, ...spec };
    const resolved = system.resolveSpec(named);
    const estimate =
      given === undefined
        ? system.prediction.bytes(resolved)
        : system.simulation.bytes(resolved, system.resolveRun(given, resolved));
    const small = { spec: { system: system.name, ...example.small }, run: { ...example.run, threads: 1 } };
    const arguments_ = [
      '--input-type=module',
      '-e',
      program,
      JSON.stringify(given === undefined ? [small, named] : [small, named, given]),
    ];
    const { stdout } = await run(process.execPath, arguments_, { cwd: new URL('../..', import.meta.url) });
    const { growth } = JSON.parse(stdout) as { growth: number };
    const [estimated, measured] = [estimate, growth].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`);
    const what = `${JSON.stringify({ ...spec, ...given }).slice(0, 120)}: ${estimated} estimated, ${measured} measured`;
    t.ok(growth > 2 ** 25, `the run is large enough to tell (${(growth / 2 ** 20).toFixed(1)} MiB)`);
    t.ok(estimate >= growth, `not below: ${what}`);
    t.ok(estimate <= 2 * growth, `at most twice: ${what}`);
  }
}

type Control = Required<Pick<ControlOptions, 'signal' | 'onProgress'>>;
const reason = new Error('enough');

/**
 * Refuses an aborted signal; aborted at its first report (or after 50 ms) it rejects with the reason, a tenth of the work undone. On a
 * busy machine the first report may come late in a short phase before the work (the theory of a figure): three times it does not.
 */
async function stops(t: Test, what: string, call: (control: Control) => Promise<unknown>, lasts = true): Promise<void> {
  const refused = call({ signal: AbortSignal.abort(reason), onProgress: () => t.fail(`${what} starts`) });
  await t.rejects(refused, reason, `${what}: an aborted signal is refused`);
  if (!lasts) return;
  let share = 1;
  for (let tries = 0; tries < 3 && share >= 0.1; tries++) {
    const controller = new AbortController();
    let [done, total] = [0, 1];
    const onProgress = (progress: { readonly done: number; readonly total: number }): void => {
      // A phase that is done is not the work.
      if (progress.done === progress.total) return;
      [done, total] = [progress.done, progress.total];
      if (done > 0) controller.abort(reason);
    };
    const timer = setTimeout(() => controller.abort(reason), 50);
    await call({ signal: controller.signal, onProgress }).then(
      () => t.fail(`${what}: stops`),
      (error: unknown) => error === reason || t.fail(`${what}: ends with ${error}`),
    );
    clearTimeout(timer);
    share = done / total;
  }
  t.ok(share < 0.1, `${what}: after ${(100 * share).toFixed(1)} % of the work`);
}

async function cancellation(t: Test, system: AnySystem, { heavy, busy, small }: ContractCase): Promise<void> {
  const name = system.name as SystemName;
  const of = (spec: object): never => any({ system: name, ...spec });
  const values = (from: number, to: number): number[] =>
    Array.from({ length: 300 }, (_, i) => from + ((to - from) * i) / 299);
  const axes = busy.map?.axes.map(({ field, from, to }) => ({ field, values: values(from, to) }));
  const quantity = busy.evaluate?.quantity ?? (Object.keys(system.quantities)[0] as string);
  const observable = Object.entries(system.observables).find(([, { only, run, spec }]) => !only && !run && !spec)?.[0];
  const fit = await verbs.fit?.resolve({ spec: of(heavy.spec), run: any(heavy.run), fit: { observable } });
  await stops(t, 'predict', (control) => predict(of(busy.predict ?? small), control), busy.predict !== undefined);
  await stops(t, 'simulate', (control) => simulate(of(heavy.spec), heavy.run, control));
  await stops(t, 'fit', async (control) =>
    verbs.fit?.execute({ ...any<Work>(fit), run: { ...heavy.run, seed: 1 } }, control),
  );
  const parameters = busy.evaluate?.parameters ?? {};
  const lasts = busy.evaluate !== undefined;
  await stops(t, 'evaluate', (control) => evaluate(name, any(quantity) as never, parameters as never, control), lasts);
  await stops(
    t,
    'map',
    (control) => map(of(busy.map?.spec ?? small), (axes ?? []) as never, control),
    axes !== undefined,
  );
  await stops(t, 'advise', (control) => advise(of(busy.advise ?? small), control), busy.advise !== undefined);
  await stops(t, 'figure', (control) => figure(of(heavy.spec), busy.figure, { run: any(heavy.run), ...control }));
  if (system.training === undefined) return;
  const training = busy.trainOptions ?? { steps: 100_000, threads: 1 };
  await stops(t, 'train', (control) => train(of(busy.train ?? {}), 'synthetic', { ...training, ...control }));
}

t.ok(systemNames.length >= 3, `${systemNames.length} systems`);
for (const name of systemNames as readonly SystemName[]) {
  t.test(name, { timeout: 600_000 }, async (t) => {
    const system = await loadSystem(name);
    const example = await contractCase(name);
    await t.test('theory agrees with simulation, and would see a planted error', (t) => agreement(t, system, example));
    await t.test('what theory leaves out falls like 1/width', (t) => twoWidths(t, system, example));
    await t.test('memory is estimated', (t) => memory(t, system, example));
    await t.test('work stops when it is asked to', (t) => cancellation(t, system, example));
  });
}
