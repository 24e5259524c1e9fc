// The package as a user gets it: packed, installed without install scripts, imported, type-checked by a strict consumer.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function run(command: string, args: readonly string[], cwd: string): { status: number | null; output: string } {
  // The outer test runner's loader must not follow into child processes.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env, maxBuffer: 2 ** 28 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

t.test('packed, installed without scripts, imported and type-checked', async (t) => {
  const prebuild = run('node', ['scripts/bundle-prebuild.mjs'], root);
  t.equal(prebuild.status, 0, prebuild.output);
  t.match(prebuild.output, /glibc >= 2\.\d+;.*BLAS symbols exported: 0/);
  const folder = mkdtempSync(join(tmpdir(), 'mft-package-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const packed = run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], root);
  t.equal(packed.status, 0, packed.output);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const installed = run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], folder);
  t.equal(installed.status, 0, installed.output);

  writeFileSync(
    join(folder, 'consumer.ts'),
    `import { compare, predict, simulate, type Simulation } from 'mft-native';
const spec = { system: 'feedforward', activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, width: 400, depth: 6 } as const;
const simulation: Simulation<'feedforward'> = await simulate(spec, { trials: 20, seed: 3 });
const comparison = compare(await predict(spec), simulation, { observables: ['variance'] });
console.log(simulation.provenance.blasCore.length > 0, comparison.verdict);
`,
  );
  const flags = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--target',
    'ES2022',
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    '--skipLibCheck',
    'false',
  ];
  const compiled = run('node', [join(root, 'node_modules/typescript/bin/tsc'), ...flags, 'consumer.ts'], folder);
  t.equal(compiled.status, 0, compiled.output);
  const ran = run('node', ['consumer.js'], folder);
  t.equal(ran.status, 0, ran.output);
  t.match(ran.output, /^true (agrees|finiteSize)/);
  const command = run('npx', ['mft', 'doctor'], folder);
  t.match(command.output, /addon\s+\S+mft-native\.glibc\.node, compiled with/);
});

t.test('a source build without OpenBLAS says what to install', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-cmake-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  // CMake looks nowhere by itself, so that it finds no OpenBLAS; compiler and make are named instead.
  const tool = (name: string): string => run('sh', ['-c', `command -v ${name}`], root).output.trim();
  const nowhere = [
    '-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF',
    '-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF',
    `-DCMAKE_MAKE_PROGRAM=${tool('make')}`,
    `-DCMAKE_CXX_COMPILER=${tool('g++')}`,
  ];
  const configured = run('cmake', ['-S', root, '-B', folder, ...nowhere], root);
  t.not(configured.status, 0);
  t.match(configured.output, /apt-get install libopenblas-dev/);
});

t.test('without the optional peers no package but ours runs an install script', async (t) => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; dev?: boolean; peer?: boolean; devOptional?: boolean }>;
  };
  const scripted = Object.entries(lock.packages).filter(
    ([name, entry]) => name !== '' && entry.hasInstallScript && !entry.dev && !entry.peer && !entry.devOptional,
  );
  t.same(
    scripted.map(([name]) => name),
    [],
  );
});
