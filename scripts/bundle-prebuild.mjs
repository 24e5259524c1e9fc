// Makes prebuilds/<platform>/mft-native.glibc.node for the npm package: OpenBLAS linked statically, its symbols hidden,
// stripped; then checks what it needs of the system (glibc floor, no OpenBLAS, no libgfortran) and prints it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, 'build', 'prebuild');
const target = join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'mft-native.glibc.node');

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}\n`);
    process.exit(1);
  }
  return result.stdout;
}

const require = createRequire(import.meta.url);
const nodeApi = require('node-api-headers').include_dir;
const addonApi = join(dirname(require.resolve('node-addon-api/package.json')));
run('cmake', [
  '-S',
  '.',
  '-B',
  build,
  '-DCMAKE_BUILD_TYPE=Release',
  '-DMFT_STATIC_OPENBLAS=ON',
  `-DMFT_OUTPUT_DIRECTORY=${build}`,
  `-DCMAKE_JS_INC=${nodeApi};${addonApi}`,
]);
run('cmake', ['--build', build, '--target', 'mft_native', '--parallel', '2']);

rmSync(dirname(target), { recursive: true, force: true });
mkdirSync(dirname(target), { recursive: true });
cpSync(join(build, 'mft_native.node'), target);
run('strip', ['--strip-unneeded', target]);
// Licences of what is linked in: OpenBLAS (BSD, with LAPACK's routines) as its package states them, and the headers of the interface.
const notices = ['/usr/share/doc/libopenblas-pthread-dev/copyright', join(addonApi, 'LICENSE.md')];
writeFileSync(
  join(dirname(target), 'THIRD-PARTY-NOTICES'),
  ['mft-native.glibc.node contains code of others.', ...notices.map((file) => readFileSync(file, 'utf8').trim())].join(
    `\n\n${'-'.repeat(80)}\n\n`,
  ),
);

const needed = [...run('objdump', ['-p', target]).matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]);
const versions = [...run('objdump', ['-T', target]).matchAll(/GLIBC_(\d+\.\d+)/g)].map((match) => match[1]);
const floor = versions.sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1])).at(-1);
const exported = run('nm', ['-D', '--defined-only', target])
  .split('\n')
  .filter((line) => /cblas_|openblas_|dgemm/.test(line));
const foreign = needed.filter(
  (name) => !/^(libc|libm|libpthread|libdl|librt|ld-linux.*|libgcc_s|libstdc\+\+)\.so/.test(name),
);
if (foreign.length > 0 || exported.length > 0) {
  process.stderr.write(
    `The prebuild must stand alone; it needs ${foreign.join(', ') || 'nothing foreign'} and exports ${exported.length} BLAS symbols.\n`,
  );
  process.exit(1);
}
process.stdout.write(
  `${target.slice(root.length + 1)}: glibc >= ${floor}; needs ${needed.join(', ')}; BLAS symbols exported: 0\n`,
);
