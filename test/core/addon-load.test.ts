// What is said when the addon cannot be loaded; and what a suite of tests complains of.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function doctor(more: NodeJS.ProcessEnv): { readonly status: number | null; readonly stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'doctor'], {
    encoding: 'utf8',
    env: { ...env, ...more },
  });
  return { status, stderr };
}

t.test('a folder that MFT_NATIVE_PREBUILD names has no addon: both are named', async (t) => {
  const folder = t.testdir({});
  const { status, stderr } = doctor({ MFT_NATIVE_PREBUILD: folder });
  t.equal(status, 4);
  t.match(stderr, `MFT_NATIVE_PREBUILD is set: nothing was looked for but in ${folder}`);
  t.match(doctor({ MFT_NATIVE_PREBUILD: folder, LIBC: 'musl' }).stderr, /with musl.*\n.*\n.*glibc.*\n.*apk add/);
});

t.test('a leftover of another build is named', async (t) => {
  const folder = t.testdir({ build: { Release: { 'old.node': 'junk' } } });
  const { status, stderr } = doctor({ MFT_NATIVE_PREBUILD: folder });
  t.equal(status, 4);
  t.match(stderr, `The file taken is ${join(folder, 'build', 'Release', 'old.node')}`);
});

t.test('a suite complains of skipped tests where MFT_REQUIRE is set, but not of experiments', async (t) => {
  const { complaints } = (await import(pathToFileURL(join(root, 'scripts/run-tests.mjs')).href)) as {
    complaints: (files: object[], floors: object, isWhole: boolean, maySkip?: boolean) => string[];
  };
  const file = (skipped: string[]) => ({ file: 'a', passed: true, assertions: 1, empty: [], skipped });
  const wanting = file(['reads data # SKIP MFT_DATA is not set']);
  t.same(complaints([wanting], { a: 1 }, false), []);
  t.match(complaints([wanting], { a: 1 }, false, false), [/MFT_REQUIRE forbids: reads data/]);
  t.same(complaints([file(['long # SKIP an experiment: set X'])], { a: 1 }, false, false), []);
});
