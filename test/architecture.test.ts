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
  if (parts[0] === 'ts' && parts[1] === 'systems' && parts.length > 3) return parts.slice(0, 3).join('/');
  if (file.startsWith('ts/figures/render')) return 'ts/figures/render';
  if (parts[0] === 'ts' && parts.length === 2) return parts.join('/');
  if (parts[0] === 'ts' && parts[1] === 'systems') return parts.slice(0, 3).join('/');
  return parts.slice(0, 2).join('/');
}

const system = /^ts\/systems\/(?!registry)/;
/** Which rooms a room may import, besides itself. */
const allowed: readonly { readonly from: RegExp; readonly to: readonly RegExp[] }[] = [
  { from: /^ts\/core$/, to: [] },
  { from: /^ts\/gaussian$/, to: [/^ts\/core$/] },
  { from: /^ts\/statistics$/, to: [/^ts\/core$/] },
  { from: /^ts\/fit$/, to: [/^ts\/core$/, /^ts\/statistics$/] },
  { from: /^ts\/figures(\/render)?$/, to: [/^ts\/core$/, /^ts\/figures$/] },
  { from: system, to: [/^ts\/core$/, /^ts\/gaussian$/, /^ts\/fit$/, /^ts\/statistics$/, /^ts\/figures$/] },
  { from: /^ts\/systems\/registry$/, to: [/^ts\/core$/, system] },
  {
    from: /^ts\/(data|train)$/,
    to: [
      /^ts\/core$/,
      /^ts\/data$/,
      /^ts\/gaussian$/,
      /^ts\/systems/,
      /^ts\/statistics$/,
      /^ts\/fit$/,
      /^ts\/figures$/,
      /^ts\/verbs$/,
    ],
  },
  { from: /^ts\/verbs$/, to: [/^ts\/core$/, /^ts\/systems\/registry$/, /^ts\/data$/, /^ts\/statistics$/, /^ts\/fit$/] },
  {
    from: /^ts\/sweep$/,
    to: [
      /^ts\/core$/,
      /^ts\/verbs$/,
      /^ts\/systems\/registry$/,
      /^ts\/fit$/,
      /^ts\/statistics$/,
      /^ts\/figures/,
      /^ts\/train$/,
      /^ts\/data$/,
    ],
  },
  { from: /^ts\/(advise|reproduce)$/, to: [/^ts\/(?!cli)/] },
  { from: /^ts\/cli$/, to: [/^ts\//] },
  { from: /^ts\/index$/, to: [/^ts\/(?!cli)/] },
];

/** Packages and the only rooms that may import them. */
const packages: readonly { readonly name: RegExp; readonly rooms: RegExp; readonly isDynamic?: boolean }[] = [
  { name: /^(vega|vega-lite|@resvg\/resvg-js)$/, rooms: /^ts\/figures\/render$/, isDynamic: true },
  { name: /^vega-interpreter$/, rooms: /^ts\/(figures\/render|sweep)$/, isDynamic: true },
  { name: /^(bullmq|ioredis)$/, rooms: /^ts\/sweep$/, isDynamic: true },
  { name: /^zod$/, rooms: /^ts\/(core|gaussian|systems\/|train|sweep|cli)/ },
  { name: /^commander$/, rooms: /^ts\/cli$/ },
  { name: /^cli-progress$/, rooms: /^ts\/cli$/ },
  { name: /^hyparquet-writer$/, rooms: /^ts\/sweep$/ },
  { name: /^node:/, rooms: /./ },
];

interface Import {
  readonly target: string;
  readonly isDynamic: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, '');
  const found = (pattern: RegExp, isDynamic: boolean): Import[] =>
    Array.from(text.matchAll(pattern), (match) => ({ target: match[1] as string, isDynamic }));
  return [...found(/(?:from|^import)\s+'([^']+)'/gm, false), ...found(/import\(\s*'([^']+)'\s*\)/g, true)];
}

t.test('TypeScript imports follow the table', async (t) => {
  for (const file of files('ts', /\.ts$/)) {
    const from = room(file);
    const rule = allowed.find((candidate) => candidate.from.test(from));
    t.ok(rule, `${file} stands in a known room (${from})`);
    for (const { target, isDynamic } of importsOf(file)) {
      if (target.startsWith('.')) {
        const to = room(relative(root, resolve(root, dirname(file), target)));
        const isOwn = to === from;
        if (!isOwn && !rule?.to.some((pattern) => pattern.test(to))) t.fail(`${file} may not import ${to}`);
        if (system.test(from) && system.test(to) && !isOwn) t.fail(`${file}: no system imports another (${to})`);
      } else {
        const owner = packages.find((candidate) => candidate.name.test(target));
        if (owner === undefined || !owner.rooms.test(from)) t.fail(`${file} may not import the package ${target}`);
        if (owner?.isDynamic && !isDynamic && !/^\s*import type/m.test(readFileSync(join(root, file), 'utf8')))
          t.fail(`${file} must import ${target} dynamically`);
      }
    }
  }
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
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, include] of text.matchAll(/^#include "([^"]+)"/gm)) {
      const isOwn = room(file) === 'native/systems' && dirname(file) === `native/${dirname(include as string)}`;
      t.ok(isOwn || may[room(file)]?.test(include as string), `${file} includes ${include}`);
    }
    if (/<cblas\.h>/.test(text)) t.equal(file, 'native/core/blas.cc', 'only core/blas includes cblas.h');
    if (/<napi\.h>/.test(text)) t.equal(room(file), 'native/node', 'only native/node includes napi.h');
    if (!file.startsWith('native/test'))
      t.notMatch(
        text,
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
