// Builds the addon with cmake-js into build/Release/mft_native.node (the one build definition is CMakeLists.txt).
// Options for CMake go through MFT_CMAKE_OPTIONS, e.g. MFT_CMAKE_OPTIONS="-DMFT_STATIC_OPENBLAS=ON"; flags for the compiler through
// CXXFLAGS (cmake-js sets CMAKE_CXX_FLAGS itself and drops both).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The arguments that keep the generator of an earlier build: CMake refuses to change it in one folder, and cmake-js takes Ninja
 * where it finds it. Where the earlier one is gone, the folder is made anew.
 */
function generatorOf(folder) {
  const cache = join(folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return [];
  const generator = /^CMAKE_GENERATOR:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  const program = generator === 'Ninja' ? 'ninja' : generator === 'Unix Makefiles' ? 'make' : undefined;
  if (program !== undefined && spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0)
    return ['--generator', generator];
  rmSync(folder, { recursive: true });
  return [];
}

export function buildNative() {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('cmake-js/package.json');
  const bin = join(dirname(manifest), require(manifest).bin['cmake-js']);
  const environment = { ...process.env };
  // Inside node-gyp's make these describe its own job server and would confuse ours.
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL']) delete environment[name];
  const options = (process.env.MFT_CMAKE_OPTIONS ?? '').split(/\s+/).filter(Boolean);
  const isFlags = (option) => /^-DCMAKE_CXX_FLAGS(:\w+)?=/.test(option);
  const flags = [process.env.CXXFLAGS ?? '', ...options.filter(isFlags).map((option) => option.replace(/^.*?=/, ''))];
  const definitions = [
    `-DMFT_CXX_FLAGS=${flags.join(' ').trim()}`,
    ...options.filter((option) => !isFlags(option)),
  ].map((option) => option.replace(/^-D/, '--CD'));
  const folder = join(root, 'build', 'cmake');
  const generator = generatorOf(folder);
  // configure, then build: `compile` would retry a failed build and print every error twice.
  for (const command of ['configure', 'build']) {
    const args = [bin, command, '-d', root, '--out', folder, '--parallel', '2', ...generator];
    if (command === 'configure') args.push(...definitions);
    const run = spawnSync(process.execPath, args, { cwd: root, env: environment, stdio: 'inherit' });
    if (run.status !== 0) {
      process.stderr.write(
        `mft-native: the native build failed in \`cmake-js ${command}\`. It needs g++ (C++20), CMake >= 3.20 and OpenBLAS:\n` +
          '  Debian, Ubuntu: apt-get install g++ cmake make libopenblas-dev\n' +
          '  Fedora:         dnf install gcc-c++ cmake make openblas-devel\n',
      );
      process.exit(run.status ?? 1);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) buildNative();
