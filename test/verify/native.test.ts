// The native tests: the plain build, and the same programs under AddressSanitizer and UndefinedBehaviorSanitizer.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...env, MFT_TEST_QUICK: '1' }, maxBuffer: 2 ** 28 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

for (const [name, options] of [
  ['plain', []],
  ['sanitized', ['-DMFT_SANITIZE=address,undefined', '-DCMAKE_BUILD_TYPE=RelWithDebInfo']],
] as const) {
  t.test(`native tests, ${name}`, { timeout: 2_400_000 }, async (t) => {
    const build = join(root, 'build', `native-${name}`);
    const configured = run('cmake', ['-S', '.', '-B', build, '-DMFT_BUILD_TESTS=ON', ...options]);
    t.equal(configured.status, 0, configured.output.slice(-2000));
    const built = run('cmake', ['--build', build, '--parallel', '2']);
    t.equal(built.status, 0, built.output.slice(-4000));
    const tested = run('ctest', ['--test-dir', build, '--output-on-failure', '--parallel', '2']);
    t.equal(tested.status, 0, tested.output.slice(-6000));
    t.match(tested.output, /100% tests passed/);
  });
}
