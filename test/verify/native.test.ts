// The native tests: with the objects of the addon, and the same programs under AddressSanitizer and UndefinedBehaviorSanitizer.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', env, maxBuffer: 2 ** 28 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

/** Configures a folder, builds the native tests there (not the addon: other tests are using it), and runs them. */
function nativeTests(t: Test, build: string, options: readonly string[]): void {
  const configured = run('cmake', ['-S', '.', '-B', build, '-DMFT_BUILD_TESTS=ON', ...options]);
  t.equal(configured.status, 0, configured.output.slice(-2000));
  const built = run('cmake', ['--build', build, '--target', 'native_tests', '--parallel', '2']);
  t.equal(built.status, 0, built.output.slice(-4000));
  const tested = run('ctest', ['--test-dir', build, '--output-on-failure', '--parallel', '2']);
  t.equal(tested.status, 0, tested.output.slice(-6000));
  t.match(tested.output, /100% tests passed/);
}

t.test('native tests, as shipped', { timeout: 2_400_000 }, async (t) => {
  // The objects of the addon's own build: what is tested is what is loaded.
  const build = join(root, 'build', 'cmake');
  t.teardown(() => run('cmake', ['-S', '.', '-B', build, '-DMFT_BUILD_TESTS=OFF']));
  nativeTests(t, build, []);
});

t.test('native tests, sanitized', { timeout: 2_400_000 }, async (t) => {
  nativeTests(t, join(root, 'build', 'native-sanitized'), [
    '-DMFT_SANITIZE=address,undefined',
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
  ]);
});
