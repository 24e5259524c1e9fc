// What a zod schema of a system takes, as JSON Schema and as the text of a TypeScript type: for editors.
import { toJSONSchema } from 'zod';

const { activationCatalogue } = await import('../dist/gaussian/activation-catalogue.js');
const names = Object.keys(activationCatalogue);

// Words are offered and any text compiles: parameters that stand in a variable have lost their literal types. `evaluate` checks them.
const anActivation = 'ActivationSpec | Activation | (string & {})';

/** Fields that zod checks with a function: what they take, by their own words. */
const ownForms = [
  {
    is: (expected) => /^an activation/.test(expected),
    json: (expected) => {
      const one = [
        { enum: names },
        { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        { type: 'object', required: ['expression'], properties: { expression: { type: 'string' } } },
      ];
      return { anyOf: /list/.test(expected) ? [...one, { type: 'array', items: { anyOf: one } }] : one };
    },
    type: (expected) => `${anActivation}${/list/.test(expected) ? ` | readonly (${anActivation})[]` : ''}`,
  },
];

/** JSON Schema (2020-12) of what a user writes: descriptions with symbol and form, without our own words for other tools. */
export function jsonSchema(schema) {
  return clean(
    toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema: made }) => {
        const known = Object.keys(made).some((key) =>
          ['type', 'anyOf', 'enum', 'const', 'allOf', '$ref'].includes(key),
        );
        const form = known ? undefined : ownForms.find(({ is }) => is(made.expected ?? ''));
        if (form !== undefined) Object.assign(made, form.json(made.expected));
      },
    }),
  );
}

const ours = new Set(['kind', 'expected', 'also', 'aliases', 'spellings', 'symbol', 'unit']);

function clean(node) {
  if (Array.isArray(node)) return node.map(clean);
  if (typeof node !== 'object' || node === null) return node;
  const result = {};
  for (const [key, value] of Object.entries(node))
    if (!ours.has(key) || node.expected === undefined) result[key] = clean(value);
  if (typeof node.expected === 'string') result.description = description(node);
  return result;
}

/** "σ_w²: variance of a weight times its fan-in (a number >= 0)." */
function description({ symbol, description: text, expected }) {
  const what = `${symbol === undefined ? '' : `${symbol}: `}${(text ?? '').replace(/\.$/, '')}`;
  return what === '' ? expected : `${what} (${expected.length > 160 ? `${expected.slice(0, 160)}…` : expected}).`;
}

/** Text for a comment. */
export const comment = (text) => `/** ${text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ').trim()} */`;

/** The members of an object type: a line of comment and a line each. */
export function members(schema, info, indent) {
  const { properties = {} } = toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(schema.shape).flatMap(([name, type]) => {
    const about = info(type);
    const aliases = about?.aliases ?? [];
    const optional = aliases.length > 0 || ['default', 'optional'].includes(type.def.type) ? '?' : '';
    const note = fallbackNote(type);
    const text = comment(`${about === undefined ? name : description(about)}${note}`);
    return [
      `${indent}${text}`,
      `${indent}readonly ${key(name)}${optional}: ${typeText(properties[name] ?? {}, about)};`,
      ...aliases.map((alias) => `${indent}readonly ${key(alias)}?: ${typeText(properties[name] ?? {}, about)};`),
    ];
  });
}

function fallbackNote(type) {
  const { def } = type;
  return def.type === 'default' ? ` Default ${JSON.stringify(def.defaultValue)}.` : '';
}

export const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function typeText(node, about) {
  const form = ownForms.find(({ is }) => is(about?.expected ?? ''));
  if (form !== undefined && !['type', 'enum', 'anyOf'].some((word) => node[word] !== undefined))
    return form.type(about.expected);
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (Array.isArray(node.enum)) return [...node.enum.map((word) => JSON.stringify(word)), '(string & {})'].join(' | ');
  const parts = node.anyOf ?? node.oneOf;
  if (parts !== undefined) return [...new Set(parts.map((part) => typeText(part)))].join(' | ');
  if (node.type === 'number' || node.type === 'integer') return 'number';
  if (node.type === 'string' || node.type === 'boolean' || node.type === 'null') return node.type;
  if (node.type === 'array') {
    if (Array.isArray(node.prefixItems))
      return `readonly [${node.prefixItems.map((item) => typeText(item)).join(', ')}]`;
    return `readonly (${typeText(node.items ?? {})})[]`;
  }
  if (node.type === 'object' && node.properties !== undefined) {
    const required = new Set(node.required ?? []);
    const fields = Object.entries(node.properties).map(
      ([name, value]) => `readonly ${key(name)}${required.has(name) ? '' : '?'}: ${typeText(value)}`,
    );
    return `{ ${fields.join('; ')} }`;
  }
  return 'unknown';
}
