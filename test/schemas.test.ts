// The JSON Schemas of the package accept what the verbs accept, and refuse other names, as an editor reads them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import * as z from 'zod';
import { packageRoot } from '../dist/core/addon.js';
import { loadSystem } from '../dist/systems/registry.js';
import { systemNames } from 'mft-native';

type Made = Parameters<typeof z.fromJSONSchema>[0] & { readonly properties: Record<string, { description?: string }> };
const read = (name: string): Made =>
  JSON.parse(readFileSync(join(packageRoot, 'lib', 'schemas', `${name}.json`), 'utf8')) as Made;

for (const name of systemNames) {
  t.test(name, async (t) => {
    const system = await loadSystem(name);
    const made = read(`${name}-spec`);
    t.same(Object.keys(made.properties), Object.keys(system.specSchema.shape), 'every field');
    for (const [field, about] of Object.entries(made.properties))
      if (field !== 'system') t.ok((about.description ?? '').length > 5, `${field} is described`);
    const schema = z.fromJSONSchema(made);
    t.ok(schema.safeParse({ system: name, width: 20 }).success);
    t.notOk(schema.safeParse({ system: name, widht: 20 }).success, 'another name');
    t.notOk(schema.safeParse({ system: 'another' }).success, 'another system');
    const run = z.fromJSONSchema(read(`${name}-run`));
    t.ok(run.safeParse({ trials: 3, seed: 1 }).success);
    t.notOk(run.safeParse({ trials: 0 }).success, 'out of range');
  });
}

t.test('activations are offered by name, and may be objects', async (t) => {
  const schema = z.fromJSONSchema(read('feedforward-spec'));
  for (const activation of ['gelu', { name: 'leakyRelu', slope: 0.2 }, { expression: 'tanh(2*x)' }, ['tanh', 'relu']])
    t.ok(schema.safeParse({ system: 'feedforward', activation }).success, JSON.stringify(activation));
  t.notOk(schema.safeParse({ system: 'feedforward', activation: 'geluu' }).success);
});

t.test('plans', async (t) => {
  const schema = z.fromJSONSchema(read('plan'));
  const plan = {
    verb: 'predict',
    base: { system: 'feedforward' },
    axes: { depth: [5, 10], weightVariance: { linear: [1, 2, 3] } },
  };
  t.ok(schema.safeParse(plan).success);
  t.notOk(schema.safeParse({ ...plan, verb: 'predcit' }).success);
  t.notOk(schema.safeParse({ ...plan, axes: { depth: { linear: [1, 2] } } }).success, 'a range needs three numbers');
  t.notOk(schema.safeParse({ ...plan, base: { system: 'feedfoward' } }).success);
});
