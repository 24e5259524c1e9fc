// The package as a user gets it: packed, installed without install scripts, imported, type-checked by a strict consumer.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startRegistry } from '../fixtures/registry.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Neither the loader of the test runner nor the silence of an outer `npm run --silent`: what npm says is read here. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, npm_config_loglevel: __, npm_config_silent: ___, ...env } = process.env;
  return env;
}

function run(command: string, args: readonly string[], cwd: string): { status: number | null; output: string } {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: ownEnvironment(), maxBuffer: 2 ** 28 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

/** The same beside the registry, which answers in this process. */
function runAsync(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: ownEnvironment() });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    child.on('close', (status) => resolve({ status, output }));
  });
}

const folder = mkdtempSync(join(tmpdir(), 'mft-package-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const packageFolder = join(folder, 'node_modules', 'mft-native');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

t.test('published to a registry and installed from it: no install script, no compiler, few packages', async (t) => {
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  const refused = run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], root);
  t.not(refused.status, 0, 'a package without its binary is not packed');
  t.match(refused.output, /Not packed: the package would lack the addon for linux-x64 \(npm run bundle:prebuild\)/);
  const prebuild = run('node', ['scripts/bundle-prebuild.mjs'], root);
  t.equal(prebuild.status, 0, prebuild.output);
  t.match(prebuild.output, /glibc >= 2\.(1\d|2\d|3[0-4]);.*BLAS symbols exported: 0/);

  const upstream = run('npm', ['config', 'get', 'registry'], root).output.trim();
  const registry = await startRegistry(upstream);
  t.teardown(() => registry.close());
  write('.npmrc', `registry=${registry.url}/\n${registry.url.replace('http:', '')}/:_authToken=loopback\n`);
  const published = await runAsync(
    'npm',
    ['publish', root, '--userconfig', join(folder, '.npmrc'), '--registry', `${registry.url}/`, '--loglevel=error'],
    folder,
  );
  t.equal(published.status, 0, published.output);
  const told = registry.manifests.get('mft-native')?.versions[manifest.version];
  const scripts = (told?.scripts ?? {}) as Record<string, string>;
  for (const name of ['preinstall', 'install', 'postinstall']) t.equal(scripts[name], undefined, `no ${name} script`);
  t.notOk(told?.gypfile === true, 'and none that npm adds');

  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const installed = await runAsync('npm', ['install', '--no-audit', '--no-fund', 'mft-native'], folder);
  t.equal(installed.status, 0, installed.output);
  t.match(installed.output, /added \d+ packages/, 'npm speaks here');
  t.notMatch(installed.output, /install.scripts?/, 'npm has nothing to ask');
  const files = readdirSync(packageFolder, { recursive: true, encoding: 'utf8' });
  t.notOk(files.some((name) => name.endsWith('.gyp')));
  for (const name of ['lib/THIRD-PARTY-NOTICES', 'prebuilds/linux-x64/THIRD-PARTY-NOTICES', 'SECURITY.md', 'LICENSE'])
    t.ok(files.includes(name), name);
  t.match(readFileSync(join(packageFolder, 'prebuilds/linux-x64/THIRD-PARTY-NOTICES'), 'utf8'), /OpenBLAS[\s\S]*BSD-3/);

  const lean = mkdtempSync(join(folder, 'lean-'));
  writeFileSync(join(lean, 'package.json'), JSON.stringify({ name: 'lean', private: true }));
  writeFileSync(join(lean, '.npmrc'), `registry=${registry.url}/\n`);
  const small = await runAsync('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', 'mft-native'], lean);
  t.equal(small.status, 0, small.output);
  const count = Number(/added (\d+) packages?/.exec(small.output)?.[1]);
  t.ok(count >= 2 && count <= 20, `${count} packages`);
  const megabytes = Number(run('du', ['-sm', join(lean, 'node_modules')], lean).output.split(/\s/)[0]);
  t.ok(megabytes > 5 && megabytes <= 75, `${megabytes} MB without the optional packages`);
});

t.test('imported and type-checked by strict consumers of several compilers, as a module and in CommonJS', async (t) => {
  const text = `import { compare, predict, simulate, type Simulation } from 'mft-native';
async function main(): Promise<void> {
  const spec = { system: 'feedforward', activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, width: 400, depth: 6 } as const;
  const simulation: Simulation<'feedforward'> = await simulate(spec, { trials: 20, seed: 3 });
  const comparison = compare(await predict(spec), simulation, { observables: ['variance'] });
  console.log(simulation.provenance.blasCore.length > 0, comparison.verdict);
}
void main();
`;
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'ES2022'];
  flags.push('--skipLibCheck', 'false', '--lib', 'ES2022,DOM');
  for (const version of ['5.4', '5.9']) {
    const compiler = mkdtempSync(join(folder, 'tsc-'));
    writeFileSync(join(compiler, 'package.json'), '{"private": true}');
    const got = await runAsync('npm', ['install', '--no-audit', '--no-fund', `typescript@${version}`], compiler);
    t.equal(got.status, 0, got.output);
    for (const [module, name] of [
      ['nodenext', 'consumer.mts'],
      ['node16', 'consumer.cts'],
    ] as const) {
      write(name, text);
      const tsc = join(compiler, 'node_modules/typescript/bin/tsc');
      const compiled = await runAsync('node', [tsc, ...flags, '--module', module, name], folder);
      t.equal(compiled.status, 0, `TypeScript ${version}, ${name}: ${compiled.output}`);
      const ran = run('node', [name.replace('ts', 'js')], folder);
      t.equal(ran.status, 0, ran.output);
      t.match(ran.output, /^true (agrees|finiteSize)/, name);
    }
  }
  const command = run('npx', ['mft', 'doctor'], folder);
  t.match(command.output, /addon\s+\S+mft-native\.glibc\.node, compiled with/);
});

t.test("bundled by esbuild, and under Jest's default configuration", async (t) => {
  const bundler = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild');
  write(
    'app.mjs',
    "import { predict } from 'mft-native';\nconsole.log((await predict({ system: 'feedforward' })).kind);\n",
  );
  const bundle = (out: string, ...more: string[]): { status: number | null; output: string } => {
    const args = ['app.mjs', '--bundle', '--platform=node', '--format=esm', `--outfile=${out}`, ...more];
    const made = run(bundler, args, folder);
    t.equal(made.status, 0, made.output);
    return run('node', [out], folder);
  };
  t.match(bundle('beside.mjs', '--external:mft-native').output, /^prediction/);
  const elsewhere = mkdtempSync(join(tmpdir(), 'mft-bundled-'));
  t.teardown(() => rmSync(elsewhere, { recursive: true, force: true }));
  const alone = bundle(join(elsewhere, 'all.mjs'));
  t.match(alone.output, /A bundler took mft-native along without its addon[\s\S]*--external:mft-native/);

  const jest = mkdtempSync(join(folder, 'jest-'));
  writeFileSync(join(jest, 'package.json'), '{"private": true}');
  const got = await runAsync('npm', ['install', '--no-audit', '--no-fund', 'jest@30'], jest);
  t.equal(got.status, 0, got.output);
  writeFileSync(
    join(jest, 'predict.test.js'),
    `const { predict, simulate, MftError } = require('mft-native');
test('theory, simulation and errors', async () => {
  const spec = { system: 'feedforward', width: 50, depth: 3 };
  expect((await predict(spec)).observables.variance.values[3]).toBeGreaterThan(0);
  expect((await simulate(spec, { trials: 2, seed: 1 })).kind).toBe('simulation');
  await expect(predict({ system: 'feedforward', weightVariance: -1 })).rejects.toThrow(MftError);
});
`,
  );
  const tested = await runAsync('npx', ['jest'], jest);
  t.equal(tested.status, 0, tested.output);
});

t.test('without scripts, and with other package managers', async (t) => {
  const registryOf = readFileSync(join(folder, '.npmrc'), 'utf8').split('\n')[0] ?? '';
  t.ok(registryOf.startsWith('registry=http://127.0.0.1:'));
  const tarball = run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], root);
  t.equal(tarball.status, 0, tarball.output);
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  const megabytes = statSync(join(folder, file)).size / 2 ** 20;
  t.ok(megabytes > 2 && megabytes <= 20, `${megabytes.toFixed(1)} MB packed`);
  for (const [manager, install] of [
    ['npm@11', ['npx', '--yes', 'npm@11', 'install', '--ignore-scripts', '--no-audit', '--no-fund']],
    ['npm@12', ['npx', '--yes', 'npm@12', 'install', '--no-audit', '--no-fund']],
    ['pnpm@10', ['npx', '--yes', 'pnpm@10', 'add']],
  ] as const) {
    const project = mkdtempSync(join(folder, 'manager-'));
    writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
    const [command, ...args] = install;
    const installed = await runAsync(command, [...args, join(folder, file)], project);
    t.equal(installed.status, 0, `${manager}: ${installed.output}`);
    t.notMatch(installed.output, /mft-native.*(script|build)/i, `${manager} has nothing to say about scripts`);
    const ran = run(
      'node',
      [
        '--input-type=module',
        '-e',
        "const { predict } = await import('mft-native'); console.log((await predict({ system: 'feedforward' })).kind);",
      ],
      project,
    );
    t.match(ran.output, /^prediction/, manager);
  }
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
