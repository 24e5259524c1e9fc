// Lets Node run the TypeScript of tests and examples: types are taken out, nothing is checked (npm run typecheck does that).
//
// tap would load the compiler twice for every file of tests, once in the test and once in a thread of hooks: more than a second
// of processor time each. Here what was once translated is kept in build/tests/types and the compiler is loaded only for what is
// new. TAP_TYPE_STRIP_ONLY (set in .taprc) tells tap to leave the types to us.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'build', 'tests', 'types');
const { version } = require('typescript/package.json');

// Node imports this file once in the process, to register it, and once in the thread of hooks, to use it.
if (isMainThread) register(import.meta.url);

/** `./tiny.js` of a TypeScript file is `./tiny.ts`, when only that is there. */
export function resolve(specifier, context, next) {
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const written = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    if (existsSync(written) && !existsSync(new URL(specifier, context.parentURL))) return next(written.href, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!/^file:.*\.ts(\?.*)?$/.test(url)) return next(url, context);
  return { format: 'module', shortCircuit: true, source: translated(fileURLToPath(url.replace(/\?.*$/, ''))) };
}

function translated(file) {
  const source = readFileSync(file, 'utf8');
  const kept = join(folder, `${createHash('sha256').update(`${version}\n${file}\n${source}`).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const ts = require('typescript');
  const { outputText } = ts.transpileModule(source, {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
  });
  // Several files of tests may translate the same fixture at once.
  mkdirSync(folder, { recursive: true });
  const draft = `${kept}.${process.pid}`;
  writeFileSync(draft, outputText);
  renameSync(draft, kept);
  return outputText;
}
