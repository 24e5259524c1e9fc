// What is said when the addon cannot be loaded; and what a suite of tests complains of.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The first command that needs the addon, or another. */
function mft(more: NodeJS.ProcessEnv, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...words], {
    encoding: 'utf8',
    env: { ...env, ...more },
  });
  return { status, stdout, stderr };
}

t.test('a folder that MFT_NATIVE_PREBUILD names has no addon: both are named', async (t) => {
  const folder = t.testdir({});
  const { status, stderr } = mft({ MFT_NATIVE_PREBUILD: folder }, 'predict');
  t.equal(status, 4);
  t.match(stderr, `MFT_NATIVE_PREBUILD is set: nothing was looked for but in ${folder}`);
  const musl = mft({ MFT_NATIVE_PREBUILD: folder, LIBC: 'musl' }, 'predict').stderr;
  t.match(musl, /with musl.*\n.*\n.*glibc.*\n.*apk add/);
});

t.test('doctor reports the rest of the machine, and why the addon does not load', async (t) => {
  const { status, stdout } = mft({ MFT_NATIVE_PREBUILD: t.testdir({}) }, 'doctor');
  t.equal(status, 4);
  for (const part of [
    /addon +NOT LOADED\. The native addon/,
    /^node +v\d/m,
    /^CPU +\S/m,
    /^memory allowed +[\d.]+ GiB/m,
  ])
    t.match(stdout, part);
  const asJson = mft({ MFT_NATIVE_PREBUILD: t.testdir({}) }, 'predict', '--json');
  t.equal(asJson.status, 4);
  t.match(
    JSON.parse(asJson.stderr),
    { error: { code: 'ERR_MFT_NATIVE_LOAD', exitCode: 4 } },
    'errors as JSON under --json',
  );
  const unknown = mft({}, 'predict', '--nonsense', '3', '--json');
  t.match(JSON.parse(unknown.stderr), { error: { code: 'ERR_MFT_INVALID_ARGUMENT', exitCode: 2 } });
  t.match(mft({}, 'predict', '--nonsense', '3').stderr, /^mft: unknown option '--nonsense'/, 'one voice');
});

t.test('a leftover of another build is named', async (t) => {
  const folder = t.testdir({ build: { Release: { 'old.node': 'junk' } } });
  const { status, stderr } = mft({ MFT_NATIVE_PREBUILD: folder }, 'predict');
  t.equal(status, 4);
  t.match(stderr, `The file taken is ${join(folder, 'build', 'Release', 'old.node')}`);
});

t.test('flags that forbid addons are named, and nothing is said of compilers', async (t) => {
  const [permission] = ['--permission', '--experimental-permission'].filter((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag),
  );
  const flags: readonly [string, RegExp][] = [
    ['--no-addons', /switched off by --no-addons.*\nStart Node without it/],
    ...(permission === undefined
      ? []
      : [
          [
            `${permission} --allow-fs-read=*`,
            new RegExp(`switched off by ${permission}.*\nAdd --allow-addons beside ${permission}`),
          ] as [string, RegExp],
        ]),
  ];
  const code =
    'import("mft-native").then((m) => m.predict({ system: "feedforward" })).catch((e) => console.log(e.code, e.message))';
  for (const [words, wanted] of flags)
    for (const byEnvironment of [false, true]) {
      const { NODE_OPTIONS: _, ...env } = process.env;
      const given = byEnvironment ? [] : words.split(' ');
      const { stdout } = spawnSync(process.execPath, [...given, '-e', code], {
        cwd: root,
        encoding: 'utf8',
        env: byEnvironment ? { ...env, NODE_OPTIONS: words } : env,
      });
      t.match(stdout, /^ERR_MFT_NATIVE_LOAD/, words);
      t.match(stdout, wanted);
      t.notMatch(stdout, /apt-get|npm install/);
    }
});
