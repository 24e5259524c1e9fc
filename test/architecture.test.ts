// The house rules of ARCHITECTURE.md, enforced: who imports whom, names of folders, length of files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => pattern.test(name) && !name.includes('node_modules'));
}

/** The room of a file: ts/core, ts/systems/feedforward, ts/figures/render, … */
function room(file: string): string {
  const parts = file.replace(/\.(ts|js|cc|h)$/, '').split('/');
  if (file.startsWith('ts/figures/render')) return 'ts/figures/render';
  if (parts[0] === 'ts' && parts[1] === 'systems') return parts.slice(0, parts[3] === 'experiments' ? 4 : 3).join('/');
  if (parts[0] === 'ts' && parts.length === 2) return parts.join('/');
  return parts.slice(0, 2).join('/');
}

/** Which rooms a room may import, besides itself; `<name>` stands for one name, `*` for any rooms. The table of ARCHITECTURE.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'ts/core': [],
  'ts/numeric': ['ts/core'],
  'ts/gaussian': ['ts/core', 'ts/numeric'],
  'ts/statistics': ['ts/core', 'ts/numeric'],
  'ts/fit': ['ts/core', 'ts/numeric', 'ts/statistics'],
  'ts/figures': ['ts/core'],
  'ts/figures/render': ['ts/core', 'ts/figures'],
  'ts/data': ['ts/core'],
  'ts/weights': ['ts/core', 'ts/data'],
  'ts/training': ['ts/core', 'ts/data', 'ts/weights'],
  'ts/systems/<name>': ['ts/core', 'ts/numeric', 'ts/gaussian', 'ts/fit', 'ts/statistics', 'ts/figures', 'ts/training'],
  'ts/systems/<name>/experiments': [
    'ts/core',
    'ts/numeric',
    'ts/gaussian',
    'ts/fit',
    'ts/statistics',
    'ts/figures',
    'ts/data',
    'ts/training',
    'ts/verbs',
    'ts/systems/<name>',
  ],
  'ts/systems/registry': ['ts/core', 'ts/systems/<name>'],
  'ts/verbs': ['ts/core', 'ts/numeric', 'ts/systems/registry', 'ts/data', 'ts/training', 'ts/statistics', 'ts/fit'],
  'ts/sweep': [
    'ts/core',
    'ts/numeric',
    'ts/verbs',
    'ts/systems/registry',
    'ts/fit',
    'ts/statistics',
    'ts/figures',
    'ts/figures/render',
    'ts/training',
    'ts/data',
  ],
  'ts/inspect': ['*'],
  'ts/advise': ['*'],
  'ts/reproduce': ['*'],
  'ts/explore': ['*'],
  'ts/cli': ['*'],
  'ts/index': ['*'],
};

/** Whether a room has a name of the table. */
const isNamed = (room: string, name: string): boolean =>
  name === '*'
    ? !/^ts\/(cli|index)$/.test(room)
    : new RegExp(`^${name.replace('<name>', '(?!registry$)[a-z]+')}$`).test(room);

/** Packages and the only rooms that may import them. */
const packages: readonly { readonly name: RegExp; readonly rooms: RegExp; readonly isDynamic?: boolean }[] = [
  { name: /^(vega|vega-lite|@resvg\/resvg-js)$/, rooms: /^ts\/figures\/render$/, isDynamic: true },
  { name: /^vega-interpreter$/, rooms: /^ts\/(figures\/render|sweep)$/, isDynamic: true },
  { name: /^@observablehq\/plot$/, rooms: /^ts\/explore$/ },
  { name: /^(bullmq|ioredis)$/, rooms: /^ts\/sweep$/, isDynamic: true },
  { name: /^zod$/, rooms: /^ts\/(?!index)/ },
  { name: /^commander$/, rooms: /^ts\/cli$/ },
  { name: /^cli-progress$/, rooms: /^ts\/cli$/ },
  { name: /^hyparquet-writer$/, rooms: /^ts\/sweep$/ },
  { name: /^node:/, rooms: /./ },
];

interface Import {
  readonly target: string;
  readonly isDynamic: boolean;
  /** Gone when the program runs. */
  readonly isType: boolean;
}

const texts = new Map<string, string>();
function textOf(file: string): string {
  const known = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
  texts.set(file, known);
  return known;
}

function importsOf(file: string): Import[] {
  const text = textOf(file).replace(/^\s*(\*|\/\/).*$/gm, '');
  const isType = (statement: string): boolean => /^(import|export) type\b/.test(statement);
  const found = (pattern: RegExp, isDynamic: boolean): Import[] =>
    Array.from(text.matchAll(pattern), (match) => ({
      target: match[1] as string,
      isDynamic,
      isType: !isDynamic && isType(match[0]),
    }));
  return [
    ...found(/^(?:import|export)\s[^;']*?from\s+'([^']+)'/gm, false),
    ...found(/^import\s+'([^']+)'/gm, false),
    ...found(/import\(\s*'([^']+)'\s*\)/g, true),
  ];
}

/** The file an import names, from the root; tests and scripts import what was built from it. */
const fileOf = (file: string, target: string): string =>
  relative(root, resolve(root, dirname(file), target))
    .replace(/^dist\//, 'ts/')
    .replace(/\.js$/, '.ts');

t.test('TypeScript imports follow the table', async (t) => {
  let count = 0;
  for (const file of files('ts', /\.ts$/)) {
    const from = room(file);
    const may = Object.entries(allowed).find(([name]) => isNamed(from, name))?.[1];
    t.ok(may, `${file} stands in a known room (${from})`);
    for (const { target, isDynamic, isType } of importsOf(file)) {
      count++;
      if (target.startsWith('.')) {
        const to = room(fileOf(file, target));
        if (to !== from && !may?.some((name) => isNamed(to, name))) t.fail(`${file} may not import ${to}`);
        const [here, there] = [from, to].map((one) => /^ts\/systems\/(?!registry$)([a-z]+)/.exec(one)?.[1]);
        if (here !== undefined && there !== undefined && here !== there)
          t.fail(`${file}: no system imports another (${to})`);
      } else {
        const owner = packages.find((candidate) => candidate.name.test(target));
        if (owner === undefined || !owner.rooms.test(from)) t.fail(`${file} may not import the package ${target}`);
        if (owner?.isDynamic && !isDynamic && !isType) t.fail(`${file} must import ${target} dynamically`);
      }
    }
  }
  t.ok(count > 500, `${count} imports were read`);
});

t.test('the table of ARCHITECTURE.md is this one', async (t) => {
  const rows = Object.entries(allowed).map(
    ([name, may]) => `| ${name} | ${may[0] === '*' ? 'everything but ts/cli and ts/index' : may.join(', ') || '–'} |`,
  );
  const table = ['| room | may import |', '|---|---|', ...rows].join('\n').replaceAll('<name>', '\\<name>');
  t.ok(textOf('ARCHITECTURE.md').includes(`\n${table}\n`), `ARCHITECTURE.md has this table:\n${table}`);
});

t.test('no circle of imports, of types neither', async (t) => {
  const targets = new Map(
    files('ts', /\.ts$/).map((file) => [
      file,
      importsOf(file).flatMap(({ target, isDynamic }) =>
        target.startsWith('.') && !isDynamic ? [fileOf(file, target)] : [],
      ),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) t.fail([...path.slice(path.indexOf(file)), file].join(' → '));
    if (path.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  t.ok(done.size > 150, `${done.size} files were visited`);
});

/** `file name` → the files that import that name; `file *` → those that import everything. */
function usersOfExports(): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>();
  const note = (target: string, name: string, user: string): void => {
    const key = `${target} ${name}`;
    users.set(key, (users.get(key) ?? new Set()).add(user));
  };
  const readers = ['ts', 'test', 'bench', 'scripts', 'examples'].flatMap((folder) => files(folder, /\.(ts|mjs|js)$/));
  for (const file of readers) {
    const named = /^(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|\*[^']*)\s*from\s+'(\.[^']+)'/gm;
    for (const [, names, target] of textOf(file).matchAll(named))
      for (const name of (names ?? '*').split(','))
        note(
          fileOf(file, target as string),
          (name
            .trim()
            .replace(/^type /, '')
            .split(' ')[0] as string) || '-',
          file,
        );
    for (const [, target] of textOf(file).matchAll(/import\(\s*'(\.[^']+)'\s*\)/g))
      note(fileOf(file, target as string), '*', file);
    for (const [, target] of textOf(file).matchAll(/^declare module '(\.[^']+)'/gm))
      note(fileOf(file, target as string), '*', file);
  }
  return users;
}

t.test('no dead export', async (t) => {
  const users = usersOfExports();
  let count = 0;
  // What the index and the registry export is the public interface; what native code takes is declared beside its loader.
  for (const file of files('ts', /\.ts$/).filter((name) => !/^ts\/(index|systems\/registry)\.ts$/.test(name))) {
    const exported = /^export (?:async )?(?:const|let|function\*?|interface|type|class) (\w+)/gm;
    for (const [, name] of textOf(file).matchAll(exported)) {
      if (/^Native[A-Z]/.test(name as string)) continue;
      count++;
      const word = new RegExp(`\\b${name}\\b`, 'g');
      const all = [
        ...(users.get(`${file} ${name}`) ?? []),
        ...[...(users.get(`${file} *`) ?? [])].filter((user) => textOf(user).match(word) !== null),
      ];
      const isUsed = all.some((user) => /^(ts|bench|scripts)\//.test(user));
      // What only tests import must at least be part of something that is used.
      const isPart = all.length > 0 && (textOf(file).match(word)?.length ?? 0) > 1;
      if (!isUsed && !isPart) t.fail(`${file} exports ${name}, which no other file imports`);
    }
  }
  t.ok(count > 500, `${count} exports were read`);
});

t.test('native includes follow the table', async (t) => {
  const may: Readonly<Record<string, RegExp>> = {
    'native/core': /^core\//,
    'native/systems': /^core\//,
    'native/train': /^(core|train)\//,
    'native/node': /^(core|systems|train|node)\//,
    'native/test': /./,
  };
  for (const file of files('native', /\.(cc|h)$/)) {
    const text = textOf(file);
    for (const [, include] of text.matchAll(/^#include "([^"]+)"/gm)) {
      const isOwn = room(file) === 'native/systems' && dirname(file) === `native/${dirname(include as string)}`;
      t.ok(isOwn || may[room(file)]?.test(include as string), `${file} includes ${include}`);
    }
    if (/<cblas\.h>/.test(text)) t.equal(file, 'native/core/blas.cc', 'only core/blas includes cblas.h');
    if (/<napi\.h>/.test(text)) t.equal(room(file), 'native/node', 'only native/node includes napi.h');
    // The core that the user chose for OpenBLAS is the one variable that native code reads, where the library is opened.
    const isCoreChoice = file === 'native/core/blas.cc';
    if (!file.startsWith('native/test'))
      t.notMatch(
        isCoreChoice ? text.replaceAll('getenv(kCoreVariable)', '') : text,
        /std::(normal_distribution|cout|cerr)|\b(f?printf|puts|exit|getenv)\(/,
        `${file} prints nothing, reads no environment, draws from no foreign generator`,
      );
    t.notMatch(text, /fast-math/, `${file} asks for no fast-math`);
  }
});

t.test('names and lengths', async (t) => {
  const sources = [...files('ts', /\.ts$/), ...files('native', /\.(cc|h)$/)];
  for (const file of sources) {
    t.notMatch(file, /\/(utils?|helpers?|common|lib)\//, `${file} stands in a room with a name`);
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
    t.ok(lines <= 501, `${file} has ${lines} lines, at most 500`);
  }
  const written = ['test', 'bench', 'scripts', 'examples'].flatMap((folder) => files(folder, /\.(ts|mjs|js|py|sh)$/));
  for (const file of [...sources, ...written]) {
    const long = textOf(file)
      .split('\n')
      .findIndex((line) => [...line].length > 140);
    if (long >= 0) t.fail(`${file}:${long + 1} is longer than 140 characters`);
  }
  const lengths = files('ts', /\.ts$/)
    .map((file) => readFileSync(join(root, file), 'utf8').split('\n').length)
    .sort((a, b) => a - b);
  t.ok((lengths[Math.floor(lengths.length / 2)] ?? 0) <= 150, 'median TypeScript file has at most 150 lines');
  for (const file of files('ts', /\.ts$/)) {
    const text = readFileSync(join(root, file), 'utf8');
    t.notMatch(text, /^export default/m, `${file} has no default export`);
    if (file !== 'ts/core/errors.ts') t.notMatch(text, /^(export )?class /m, `${file} declares no class`);
  }
});
