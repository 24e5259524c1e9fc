// The published code, lib/, from the compiled dist/: few files that load fast, for import and for require.
//
//   lib/index.js, lib/mft.js, …   modules; systems, verbs and commands stay files of their own, loaded when used
//   lib/index.cjs                 the same for require(), in one file
//   lib/index.d.ts, index.d.cts   the declarations
//   lib/explorer.js               the script of the explorer's page, for browsers
//   lib/THIRD-PARTY-NOTICES       licences of the packages bundled here
//
// dist/ holds some hundreds of modules and stays what the tests read; importing them one by one took three times as long, most of it
// zod, of which the bundle keeps only what is used. What `import 'mft-native'` evaluates is one file, with which everything that is
// loaded later begins: of its own accord esbuild makes a file for every set of entries that share a module, eighty of them, and 40 ms
// more; short names save 10 ms of compilation. `--conditions=mft-native:source` makes `mft-native` mean dist/ (tests). Part of the build.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lib = join(root, 'lib');
const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
rmSync(lib, { recursive: true, force: true });

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: true,
  legalComments: 'none',
  external: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
  metafile: true,
  logLevel: 'warning',
  // Imports that only merge declarations: nothing is lost.
  logOverride: { 'ignored-bare-import': 'silent' },
};
const entry = (name, out) => ({ in: join('dist', `${name}.js`), out });
const commonModules = await staticModules('dist/index.js');
// All files in one folder: a module that names a file beside it finds it there.
const modules = await build({
  ...shared,
  entryPoints: [entry('index', 'index'), entry('cli/main', 'mft'), entry('sweep/job-process-main', 'job-process-main')],
  outdir: lib,
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]',
  plugins: [{ name: 'one-common-file', setup: joinCommonModules }],
  // Packages in CommonJS ask for Node's modules by require.
  banner: { js: "import{createRequire as mftRequire}from'node:module';var require=mftRequire(import.meta.url);" },
});
const common = await build({
  ...shared,
  entryPoints: [entry('index', 'index')],
  outdir: lib,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  banner: { js: "var mftUrl=require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'mftUrl' },
});
// The page of the explorer, for browsers.
const page = await build({
  ...shared,
  entryPoints: [{ in: join('ts', 'explore', 'page', 'main.ts'), out: 'explorer' }],
  outdir: lib,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  external: [],
});
for (const extension of ['ts', 'cts'])
  copyFileSync(join(root, 'dist', 'mft-native.d.ts'), join(lib, `index.d.${extension}`));

const inputs = [modules, common, page].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const packages = new Set(
  inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []).sort(),
);
const texts = [...packages].map((name) => {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} is bundled and has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
});
writeFileSync(
  join(lib, 'THIRD-PARTY-NOTICES'),
  [
    'lib/ of mft-native contains code of others, each under its own licence (prebuilds/ says its own).\n',
    ...texts,
  ].join(`\n${'-'.repeat(80)}\n\n`),
);

/** The modules that a file imports without `import()`, and they in turn: paths from the root. */
async function staticModules(file) {
  const { metafile } = await build({
    ...shared,
    entryPoints: [file],
    outdir: lib,
    format: 'esm',
    splitting: true,
    write: false,
  });
  const found = new Set();
  const add = (path) => {
    if (found.has(path) || metafile.inputs[path] === undefined) return;
    found.add(path);
    for (const { path: imported, kind } of metafile.inputs[path].imports) if (kind !== 'dynamic-import') add(imported);
  };
  add(file);
  return [...found];
}

/** All entries but the command itself import the common modules first: they share them, so these are one file. */
function joinCommonModules({ onResolve, onLoad }) {
  const common = new Set(commonModules.map((path) => join(root, path)));
  const entries = new Set([join(root, 'dist/index.js'), join(root, 'dist/sweep/job-process-main.js')]);
  onResolve({ filter: /^mft-common$/ }, ({ path }) => ({ path, namespace: 'mft-common', sideEffects: true }));
  onLoad({ filter: /./, namespace: 'mft-common' }, () => ({
    contents: [...common].map((path) => `import ${JSON.stringify(path)};`).join('\n'),
    resolveDir: root,
  }));
  onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
    const file = join(resolveDir, path);
    if (kind === 'dynamic-import' && !common.has(file)) entries.add(file);
    return undefined;
  });
  onLoad({ filter: /\.js$/, namespace: 'file' }, ({ path }) => {
    if (!entries.has(path)) return undefined;
    return { contents: `import 'mft-common';\n${readFileSync(path, 'utf8')}`, resolveDir: dirname(path) };
  });
}
