// npm run new:system NAME: a system that works, to be replaced piece by piece; it stands in its own folders and adds one line to each of
// four files. npm run new:system -- NAME --remove takes all of it away again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const templates = join(root, 'scripts', 'new-system');

const [name = '', option] = process.argv.slice(2);
if (!/^[a-z]+$/.test(name)) {
  process.stderr.write(
    'usage: npm run new:system NAME, one word in lower-case letters (npm run new:system -- NAME --remove)\n',
  );
  process.exit(2);
}
const Name = name[0].toUpperCase() + name.slice(1);
const filled = (text) => text.replaceAll('{{name}}', name).replaceAll('{{Name}}', Name);
const template = (path) => filled(readFileSync(join(templates, `${path}.template`), 'utf8'));

/** Own files: path → template. */
const own = Object.fromEntries([
  ...readdirSync(join(templates, 'ts')).map((file) => {
    const path = file.replace('.template', '');
    return [`ts/systems/${name}/${path}`, `ts/${path}`];
  }),
  [`native/systems/${name}/simulation.h`, 'native/simulation.h'],
  [`native/systems/${name}/simulation.cc`, 'native/simulation.cc'],
  [`native/node/${name}.cc`, 'native/adapter.cc'],
  [`docs/systems/${name}.md`, 'docs/page.md'],
  [`test/fixtures/${name}.json`, 'test/fixture.json'],
  [`test/systems/${name}/contract.ts`, 'test/contract.ts'],
]);

/** The line a file gets, and the pattern of the line before which (or, with `after`, behind which) it stands. */
const lines = {
  'ts/systems/registry.ts': {
    line: `  ${name}: entry<import('./${name}/index.js').${Name}Types>(() => import('./${name}/index.js')),`,
    before: /^\} as const;$/,
  },
  'ts/index.ts': {
    line: `export type { ${Name}Run, ${Name}Spec } from './systems/${name}/spec.js';`,
    before: /^export type \{ DatasetInputs/,
  },
  'native/node/addon.cc': {
    line: `  subject(${name});${' '.repeat(Math.max(1, 18 - name.length))}\\`,
    before: /^ {2}subject\(train\)$/,
  },
  'CHANGELOG.md': { line: `* System \`${name}\`.`, before: /^\* One vocabulary/ },
};

if (option === '--remove') {
  for (const folder of [`ts/systems/${name}`, `native/systems/${name}`, `test/systems/${name}`])
    rmSync(join(root, folder), { recursive: true, force: true });
  for (const path of Object.keys(own)) rmSync(join(root, path), { force: true });
  for (const [file, { line }] of Object.entries(lines)) {
    const text = readFileSync(join(root, file), 'utf8');
    writeFileSync(join(root, file), text.replace(`${line}\n`, ''));
  }
} else {
  if (existsSync(join(root, 'ts', 'systems', name))) {
    process.stderr.write(`ts/systems/${name} is there already\n`);
    process.exit(2);
  }
  for (const [path, from] of Object.entries(own)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), template(from));
  }
  for (const [file, { line, before }] of Object.entries(lines)) {
    const rows = readFileSync(join(root, file), 'utf8').split('\n');
    const at = rows.findIndex((row) => before.test(row));
    if (at < 0) throw new Error(`${file}: no line like ${before}`);
    rows.splice(at, 0, line);
    writeFileSync(join(root, file), rows.join('\n'));
  }
  const ours = Object.keys(own).filter((path) => path.endsWith('.ts'));
  const format = spawnSync('npx', ['--no-install', 'biome', 'format', '--write', ...ours], {
    cwd: root,
    stdio: 'ignore',
  });
  if (format.status !== 0) process.stderr.write('not formatted: npm run format\n');
  process.stdout.write(`System \`${name}\` stands in:
${Object.keys(own)
  .map((path) => `  ${path}`)
  .join('\n')}
and in one line of ${Object.keys(lines).join(', ')}.
Next: npm run build && node scripts/docs.mjs && npm run api -- --update,
then replace the chain of layers by the model; what is still missing, test/contract.test.ts names.
`);
}
