// Fills the generated tables of README.md and docs/ from the code: the systems; spec and run fields, quantities, observables of each.
// A table stands between <!-- fields:NAME -->, <!-- run:NAME -->, <!-- quantities:NAME -->, <!-- observables:NAME --> or
// <!-- figures:NAME --> and the matching closing mark; README's between <!-- systems -->.
// With --check nothing is written and a stale table is an error.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { loadSystem, systemNames } = await import('../dist/systems/registry.js');
const { info } = await import('../dist/core/fields.js');

const cell = (text) => String(text).replace(/\|/g, '\\|').replace(/\n/g, ' ');
const rows = (header, body) =>
  [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...body.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n');

function fields(schema) {
  return rows(
    ['field', 'symbol', 'what', 'expected', 'default'],
    Object.entries(schema.shape)
      .filter(([name]) => name !== 'system')
      .map(([name, type]) => {
        const about = info(type);
        const fallback = type.def.type === 'default' ? `\`${JSON.stringify(type.def.defaultValue)}\`` : '';
        return [`\`${name}\``, about?.symbol ?? '', about?.description ?? '', about?.expected ?? '', fallback];
      }),
  );
}

const tables = {
  fields: (system) => fields(system.specSchema),
  run: (system) => fields(system.runSchema),
  quantities: (system) =>
    rows(
      ['quantity', 'symbol', 'what', 'parameters', 'source'],
      Object.entries(system.quantities).map(([name, q]) => [
        `\`${name}\``,
        q.symbol,
        q.description,
        Object.keys(q.parameters.shape).join(', '),
        q.source,
      ]),
    ),
  observables: (system) =>
    rows(
      ['observable', 'symbol', 'what', 'axes', 'scale', 'source'],
      Object.entries(system.observables).map(([name, about]) => [
        `\`${name}\``,
        about.symbol,
        about.description,
        about.axes.join(' × '),
        about.scale,
        about.source,
      ]),
    ),
  figures: (system) =>
    rows(
      ['figure', 'shows'],
      Object.entries(system.figures).map(([name, figure]) => [`\`${name}\``, figure.description]),
    ),
};

async function filled(text) {
  let result = text;
  for (const match of text.matchAll(/<!-- (\w+):(\w+) -->\n[\s\S]*?<!-- \/\1:\2 -->/g)) {
    const [block, kind, name] = match;
    if (tables[kind] === undefined) continue;
    const table = tables[kind](await loadSystem(name));
    result = result.replace(block, () => `<!-- ${kind}:${name} -->\n${table}\n<!-- /${kind}:${name} -->`);
  }
  return result;
}

/** README's table of the systems, in the order of the registry. */
async function withSystems(text) {
  const systems = await Promise.all(systemNames.map(loadSystem));
  const table = rows(
    ['`system`', 'model', 'page'],
    systems.map(({ name, title }) => [`\`${name}\``, title, `[docs/systems/${name}.md](docs/systems/${name}.md)`]),
  );
  return text.replace(
    /<!-- systems -->\n[\s\S]*?<!-- \/systems -->/,
    () => `<!-- systems -->\n${table}\n<!-- /systems -->`,
  );
}

/** Names of the systems that docs/symbols.md has no section of by hand: their fields and observables, with their symbols. */
async function withNames(text) {
  const block = /<!-- names -->\n[\s\S]*?<!-- \/names -->/;
  if (!block.test(text)) return text;
  const byHand = text.replace(block, '');
  const others = systemNames.filter((name) => !byHand.includes(`## Names of system \`${name}\``));
  const sections = (await Promise.all(others.map(loadSystem))).map(
    ({ name, specSchema, runSchema, observables }) =>
      `## Names of system \`${name}\`\n\n${rows(
        ['symbol', 'name', 'meaning'],
        [
          ...Object.entries({ ...specSchema.shape, ...runSchema.shape })
            .filter(([field]) => field !== 'system')
            .map(([field, type]) => [info(type)?.symbol ?? '', `\`${field}\``, info(type)?.description ?? '']),
          ...Object.entries(observables).map(([key, about]) => [about.symbol, `\`${key}\``, about.description]),
        ],
      )}\n\n`,
  );
  return text.replace(block, () => `<!-- names -->\n${sections.join('')}<!-- /names -->`);
}

let stale = 0;
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.md'),
);
for (const name of ['README.md', ...pages.sort().map((page) => `docs/${page}`)]) {
  const file = join(root, name);
  const text = readFileSync(file, 'utf8');
  const wanted = await withNames(await withSystems(await filled(text)));
  if (wanted === text) continue;
  stale++;
  if (process.argv.includes('--check')) process.stderr.write(`${name} is stale: run node scripts/docs.mjs\n`);
  else writeFileSync(file, wanted);
}
if (stale > 0 && process.argv.includes('--check')) process.exit(1);
