// JSON Schemas (2020-12) of what users write in files, for editors: lib/schemas/<system>-spec.json, <system>-run.json, plan.json.
// Part of the build; made from the schemas that check the same files when they are read.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonSchema } from './field-types.mjs';

const { loadSystem, systemNames } = await import('../dist/systems/registry.js');
const { planSchema } = await import('../dist/sweep/plan-schema.js');
const { verbs } = await import('../dist/sweep/verbs.js');
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'lib', 'schemas');
mkdirSync(folder, { recursive: true });

const write = (name, title, schema) =>
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...schema })}\n`,
  );
const { $schema: _, ...plan } = jsonSchema(planSchema(Object.keys(verbs)));
for (const name of systemNames) {
  const { specSchema, runSchema, title } = await loadSystem(name);
  write(`${name}-spec`, title, jsonSchema(specSchema));
  write(`${name}-run`, `How a simulation of ${name} runs`, jsonSchema(runSchema));
}
// What varies and what an axis holds, which the plan itself checks when it is read (ts/sweep/axes.ts).
const range = {
  type: 'array',
  prefixItems: [{ type: 'number' }, { type: 'number' }, { type: 'integer' }],
  minItems: 3,
  maxItems: 3,
};
const values = {
  anyOf: [
    { type: 'array', minItems: 1 },
    { type: 'object', required: ['linear'], additionalProperties: false, properties: { linear: range } },
    { type: 'object', required: ['log'], additionalProperties: false, properties: { log: range } },
  ],
};
const interval = { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2, maxItems: 2 };
const drawn = {
  anyOf: [
    { type: 'array', minItems: 1 },
    { type: 'object', required: ['linear'], additionalProperties: false, properties: { linear: interval } },
    { type: 'object', required: ['log'], additionalProperties: false, properties: { log: interval } },
  ],
};
const group = { type: 'object', additionalProperties: values };
write('plan', 'A sweep: one spec, one verb, axes', {
  ...plan,
  properties: {
    ...plan.properties,
    base: {
      type: 'object',
      description: 'The spec that the axes vary (of verb evaluate: the parameters of the quantity).',
      required: ['system'],
      properties: { system: { enum: systemNames } },
    },
    axes: {
      type: 'object',
      description:
        'Field → values; `run.<field>` varies the run; {"linear": [low, high, count]}, {"log": …} are ranges.',
      properties: {
        zip: { anyOf: [group, { type: 'array', items: group }] },
        points: { type: 'array', items: { type: 'object' } },
        random: {
          type: 'object',
          description: 'Points drawn at random; the first ones stay when the count grows.',
          required: ['count', 'fields'],
          additionalProperties: false,
          properties: {
            count: { type: 'integer', minimum: 1 },
            seed: { type: 'integer', minimum: 0 },
            fields: { type: 'object', minProperties: 1, additionalProperties: drawn },
          },
        },
      },
      additionalProperties: values,
    },
  },
});
