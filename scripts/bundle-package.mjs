// The published code, lib/, from the compiled dist/: few files that load fast, for import and for require.
//
//   lib/index.js, lib/mft.js, …   modules; systems, verbs and commands stay files of their own, loaded when used
//   lib/index.cjs                 the same for require(), in one file
//   lib/index.d.ts, index.d.cts   the declarations
//   lib/THIRD-PARTY-NOTICES       licences of the packages bundled here
//
// dist/ holds some hundreds of modules and stays what the tests read; importing them one by one took three times as long, most of it
// zod, of which the bundle keeps only what is used. `--conditions=mft-native:source` makes `mft-native` mean dist/ (tests). Part of the
// build.
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
  legalComments: 'none',
  external: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
  metafile: true,
  logLevel: 'warning',
  // Imports that only merge declarations: nothing is lost.
  logOverride: { 'ignored-bare-import': 'silent' },
};
const entry = (name, out) => ({ in: join('dist', `${name}.js`), out });
// All files in one folder: a module that names a file beside it finds it there.
const modules = await build({
  ...shared,
  entryPoints: [entry('index', 'index'), entry('cli/main', 'mft'), entry('sweep/job-process-main', 'job-process-main')],
  outdir: lib,
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]',
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
for (const extension of ['ts', 'cts'])
  copyFileSync(join(root, 'dist', 'mft-native.d.ts'), join(lib, `index.d.${extension}`));

const inputs = [...Object.keys(modules.metafile.inputs), ...Object.keys(common.metafile.inputs)];
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
