// The contract of a system, held by every entry of the registry: files, specs, hints, observables, bits, costs, flags, figures,
// reference values, pages. What takes longer (agreement of theory and simulation, memory, cancellation) is test/verify/contract.test.ts.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import t, { type Test } from 'tap';
import { figure, MftError, predict, simulate, type SystemName, systemNames } from 'mft-native';
import { addFlags } from '../dist/cli/flags.js';
import { hintFor, info } from '../dist/core/fields.js';
import type { ObservableInfo, System } from '../dist/core/system.js';
import { loadSystem } from '../dist/systems/registry.js';
import { check, type ReferenceCase } from '../scripts/reference-cases.mjs';
import { sameBits } from './bits.js';
import { type ContractCase, contractCase } from './contract/case.js';
import { brokenSources, missingSymbols } from './documents.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const any = <T>(value: unknown): T => value as T;
const predicted = (spec: object) => predict(any<Parameters<typeof predict>[0]>(spec));
const simulated = (spec: object, run: object) => simulate(any<Parameters<typeof simulate>[0]>(spec), run);
type AnySystem = System<unknown, unknown>;
type Field = Parameters<typeof info>[0];

const files = ['index', 'spec', 'observables', 'predict', 'simulate', 'cost', 'quantities', 'figures', 'findings'];
const headings = [
  'What it answers',
  'Model',
  'Quantities',
  'Observables',
  'Simulation',
  'Figures',
  'Limits and errors',
  'Example',
];

/** The observables a verb returns for a network with a pair of inputs and a run with the fields of `run`. */
function expectedNames(system: AnySystem, verb: 'predict' | 'simulate', run?: ObservableInfo['run']): string[] {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return Object.entries(system.observables)
    .filter(([, about]) => (about.only === undefined || about.only === verb) && about.spec === undefined)
    .filter(([, about]) => verb === 'predict' || same(about.run, run))
    .map(([name]) => name)
    .sort();
}

function checkShapes(t: Test, system: AnySystem, observables: object, what: string): void {
  for (const [name, observable] of Object.entries(any<Record<string, Shape>>(observables))) {
    const about = system.observables[name];
    t.same(
      observable.axes.map((axis) => axis.name),
      about?.axes,
      `${what}: axes of ${name}`,
    );
    t.equal(observable.scale, about?.scale, `${what}: scale of ${name}`);
    const size = observable.axes.reduce((product, axis) => product * axis.values.length, 1);
    t.equal(observable.values.length, size, `${what}: size of ${name}`);
    t.notOk(observable.values.some(Number.isNaN), `${what}: no NaN in ${name}`);
  }
}

interface Shape {
  readonly axes: readonly { readonly name: string; readonly values: Float64Array }[];
  readonly scale: string;
  readonly values: Float64Array;
  readonly trials?: Float64Array;
}

const tests: Readonly<Record<string, (t: Test, system: AnySystem, example: ContractCase) => Promise<void>>> = {
  'files, page and headings': async (t, { name }) => {
    for (const file of files)
      t.ok(existsSync(join(root, 'ts/systems', name, `${file}.ts`)), `ts/systems/${name}/${file}.ts`);
    const page = readFileSync(join(root, 'docs/systems', `${name}.md`), 'utf8');
    for (const heading of headings) t.match(page, `\n## ${heading}`, `the page says: ${heading}`);
    for (const table of ['fields', 'run', 'quantities', 'observables', 'figures'])
      t.match(page, `<!-- ${table}:${name} -->`, `the page has the table of ${table}`);
  },

  'a spec survives JSON, and resolving it again changes nothing': async (t, system, { small, run }) => {
    for (const spec of [{}, small]) {
      const once = system.resolveSpec({ system: system.name, ...spec });
      const again = system.resolveSpec(JSON.parse(JSON.stringify(once)));
      t.same(again, once);
      const resolved = system.resolveRun(run, once);
      t.same(system.resolveRun(JSON.parse(JSON.stringify(resolved)), once), resolved);
    }
  },

  'every field says what it is; hints name fields of this schema': async (t, system) => {
    const foreign = new Set<string>();
    for (const name of systemNames)
      for (const schema of [(await loadSystem(name)).specSchema, (await loadSystem(name)).runSchema])
        for (const field of Object.values(schema.shape))
          Object.keys(info(field as Field)?.also ?? {}).forEach((key) => foreign.add(key));
    t.ok(foreign.size >= 8, `${foreign.size} names from elsewhere`);
    let hinted = 0;
    for (const [what, schema, resolve] of [
      ['spec', system.specSchema, system.resolveSpec],
      ['run', system.runSchema, (given: unknown) => system.resolveRun(given, system.resolveSpec({}))],
    ] as const) {
      for (const [name, field] of Object.entries(schema.shape).filter(([key]) => key !== 'system'))
        t.match(info(field as Field), { expected: /./, description: /./ }, `${what}.${name}`);
      for (const key of [...foreign, 'nonsense', ...Object.keys(schema.shape).map((name) => `${name}s`)]) {
        const isAlias = Object.values(schema.shape).some((field) => info(field as Field)?.aliases?.includes(key));
        if (Object.hasOwn(schema.shape, key) || isAlias) continue;
        const error = thrown(() => resolve({ [key]: 1 }));
        t.equal(error?.code, 'ERR_MFT_INVALID_ARGUMENT', `${what}.${key} is refused`);
        const named = /(?:use|did you mean) `([^`]+)`/.exec(error?.message ?? '')?.[1];
        if (named === undefined) continue;
        t.ok(Object.hasOwn(schema.shape, named), `the hint for ${what}.${key} names a field: ${named}`);
        hinted++;
      }
      for (const name of foreign) if (hintFor(name, schema) !== undefined) hinted++;
    }
    t.ok(hinted >= 3, `${hinted} hints`);
  },

  'hostile specs and runs give documented errors': async (t, system) => {
    let refused = 0;
    const values = [
      null,
      'x',
      Number.NaN,
      Infinity,
      -1,
      1e300,
      [],
      {},
      [null],
      true,
      { values: [[Number.NaN]] },
      '__proto__',
    ];
    for (const [schema, resolve] of [
      [system.specSchema, system.resolveSpec],
      [system.runSchema, (given: unknown) => system.resolveRun(given, system.resolveSpec({}))],
    ] as const) {
      for (const whole of [null, undefined, 3, 'spec', [], () => 0]) {
        if (thrown(() => resolve(whole))?.code === 'ERR_MFT_INVALID_ARGUMENT') refused++;
        else t.fail(`${String(whole)} as a whole is not refused`);
      }
      for (const name of Object.keys(schema.shape)) {
        for (const value of values) {
          const error = thrown(() => resolve({ [name]: value }));
          if (error === undefined) continue;
          refused++;
          if (!(error instanceof MftError) || error.code === 'ERR_MFT_INTERNAL' || error.parameter === undefined)
            t.fail(`${name}: ${JSON.stringify(value)} gives ${String(error)}`);
        }
      }
    }
    t.ok(refused > 60, `${refused} refusals, all documented`);
  },

  'predict and simulate return what the table says': async (t, system, { small, run }) => {
    const spec = { system: system.name, ...small };
    const theory = await predicted(spec);
    t.same(Object.keys(theory.observables).sort(), expectedNames(system, 'predict'));
    checkShapes(t, system, theory.observables, 'theory');
    for (const name of Object.keys(theory.quantities).filter((key) => !key.includes('.')))
      t.ok(Object.hasOwn(system.quantities, name), `quantity ${name} is in the table`);
    const runs = [undefined, ...Object.values(system.observables).map((about) => about.run)];
    for (const fields of new Set(runs.map((fields) => JSON.stringify(fields ?? {})))) {
      const chosen = JSON.parse(fields) as object;
      const simulation = await simulated(spec, { ...run, ...chosen });
      const names = expectedNames(system, 'simulate', fields === '{}' ? undefined : any(chosen));
      t.same(Object.keys(simulation.observables).sort(), names, `simulation with ${fields}`);
      checkShapes(t, system, simulation.observables, `simulation with ${fields}`);
      t.same(simulation.spec, theory.spec, 'both are of the same spec');
    }
  },

  'the same bits for 1, 2 and 7 threads and for split trials': async (t, system, { small, run }) => {
    const spec = { system: system.name, ...small };
    const of = async (more: object): Promise<Record<string, Shape>> =>
      any((await simulated(spec, { ...run, rawTrials: true, ...more })).observables);
    const one = await of({ threads: 1 });
    for (const threads of [2, 7]) sameBits(t, await of({ threads }), one, `${threads} threads`);
    const trials = Number(any<{ trials: number }>(system.resolveRun(run, system.resolveSpec(spec))).trials);
    const first = Math.floor(trials / 3);
    const parts = [await of({ trials: first }), await of({ firstTrial: first, trials: trials - first })];
    let kept = 0;
    for (const [name, { trials: whole }] of Object.entries(one)) {
      if (whole === undefined) continue;
      const joined = Float64Array.from(parts.flatMap((part) => [...(part[name]?.trials ?? [])]));
      sameBits(t, joined, whole, `trials of ${name}, split`);
      kept++;
    }
    t.ok(kept > 0, `${kept} observables keep their trials`);
  },

  'flops and bytes grow with the network and the trials': async (t, system, { small, run, grows }) => {
    const spec = system.resolveSpec({ system: system.name, ...small });
    const chosen = system.resolveRun(run, spec);
    const { flops, bytes, lower } = system.simulation;
    t.ok(flops(spec, chosen) > 0 && Number.isFinite(flops(spec, chosen)));
    t.ok(bytes(spec, chosen) > 0 && Number.isFinite(bytes(spec, chosen)));
    t.ok(system.prediction.flops(spec) > 0 && system.prediction.bytes(spec) > 0);
    for (const more of grows) {
      const larger = system.resolveSpec({ system: system.name, ...small, ...more.spec });
      const largerRun = system.resolveRun({ ...run, ...more.run }, larger);
      const what = JSON.stringify(more);
      t.ok(flops(larger, largerRun) > 5 * flops(spec, chosen), `flops with ${what}`);
      t.ok(bytes(larger, largerRun) > bytes(spec, chosen), `bytes with ${what}`);
      if (more.spec !== undefined)
        t.ok(system.prediction.flops(larger) >= system.prediction.flops(spec), `theory with ${what}`);
      for (const name of lower(larger, largerRun))
        t.ok(
          Object.hasOwn(system.specSchema.shape, name) || Object.hasOwn(system.runSchema.shape, name),
          `${name} is a field`,
        );
    }
    await t.rejects(simulated({ system: system.name, ...small }, { ...run, memoryLimit: 1 }), {
      code: 'ERR_MFT_MEMORY',
      parameter: lower(spec, chosen)[0],
    });
  },

  'every switch has its negation': async (t, system) => {
    const command = new Command();
    addFlags(command, system.specSchema, 'spec');
    addFlags(command, system.runSchema, 'run');
    const flags = command.options.map((option) => option.long);
    const shape = { ...system.specSchema.shape, ...system.runSchema.shape };
    const switches = Object.entries(shape).filter(
      ([, field]) => any<Unwrapped>(field).def?.innerType?.def?.type === 'boolean',
    );
    t.ok(switches.length > 0, `${switches.length} switches`);
    for (const [name] of switches) {
      const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      t.ok(flags.includes(`--${kebab}`) && flags.includes(`--no-${kebab}`), `--${kebab} and --no-${kebab}`);
    }
  },

  'every figure builds, and changes with the spec where it says so': async (t, system, { small, run, other }) => {
    const names = Object.keys(system.figures);
    t.ok(names.length > 0, `${names.length} figures`);
    for (const name of names) {
      t.match(name, /^[a-z][A-Za-z]*$/, `${name} is camelCase`);
      const draw = (more: object): Promise<object> =>
        figure(any({ system: system.name, ...small, ...more }), name, { run: any({ ...run, trials: 2 }) });
      const drawn = await draw({});
      t.match(drawn, { $schema: /vega-lite/ }, `${name} is Vega-Lite`);
      t.notMatch(JSON.stringify(drawn), /"data":\{"values":\[\]\}/, `${name} has data`);
      const same = JSON.stringify(await draw(other)) === JSON.stringify(drawn);
      t.equal(same, !system.figures[name]?.usesSpec, `${name}: usesSpec is ${system.figures[name]?.usesSpec}`);
    }
    await t.rejects(figure(any({ system: system.name }), 'nonsense'), {
      code: 'ERR_MFT_INVALID_ARGUMENT',
      parameter: 'figure',
    });
  },

  'findings stop when asked to': async (t, system, { small }) => {
    if (system.findings === undefined) {
      t.pass('gives no advice');
      return;
    }
    const spec = system.resolveSpec({ system: system.name, ...small });
    t.ok((await system.findings(spec, {})).length > 0, 'there are findings');
    const reason = new Error('enough');
    await t.rejects(system.findings(spec, { signal: AbortSignal.abort(reason) }), reason);
  },

  'fields and observables have a row in docs/symbols.md': async (t, system) => {
    t.same(missingSymbols(system), []);
  },

  'quantities have the values that independent programs give': async (t, { name }, { references }) => {
    const file = join(root, 'test/fixtures', `${name}.json`);
    const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture;
    t.equal(fixture.system, name);
    t.match(fixture.origin, /\w+ \w+/, 'says where the values come from');
    let ran = 0;
    for (const entry of fixture.cases) {
      const problem = await check(name, entry);
      t.equal(problem, undefined, `${entry.quantity} ${JSON.stringify(entry.parameters).slice(0, 120)}`);
      ran++;
    }
    t.ok(ran > 0);
    t.equal(ran, references, `${ran} cases ran`);
  },

  'sources cite displays that exist': async (t, system) => {
    t.same(brokenSources(system), []);
  },
};

/** test/fixtures/<name>.json. */
interface Fixture {
  readonly system: string;
  readonly origin: string;
  readonly cases: readonly ReferenceCase[];
}

interface Unwrapped {
  readonly def?: { readonly innerType?: { readonly def?: { readonly type?: string } } };
}

function thrown(call: () => unknown): MftError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error as MftError;
  }
}

t.ok(systemNames.length >= 3, `${systemNames.length} systems`);
for (const name of systemNames as readonly SystemName[]) {
  t.test(name, async (t) => {
    const system = await loadSystem(name);
    const example = await contractCase(name);
    for (const [title, check] of Object.entries(tests)) await t.test(title, (t) => check(t, system, example));
  });
}
