// A system more, in a copy of this checkout: four lines outside its own folders, held to its word by the contract test, which names each
// of five things when it is forgotten; then taken away without a trace. The copy compiles its own addon: minutes.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const copy = mkdtempSync(join(tmpdir(), 'mft-ninth-'));
t.teardown(() => rmSync(copy, { recursive: true, force: true }));

const { NODE_OPTIONS: _, ...clean } = process.env;
/** The environment of a tap of its own, not of a child of this one. */
const env = Object.fromEntries(Object.entries(clean).filter(([name]) => !name.startsWith('TAP')));

function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, env, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

function listed(folder: string): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: folder, encoding: 'utf8' });
  // The link to the packages is a file to git, and no folder that .gitignore names.
  return stdout.split('\n').filter((path) => path !== '' && path !== 'node_modules');
}

const compile = (): void => {
  const { status, output } = run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
  if (status !== 0) throw new Error(output);
};

/** The contract test of the toy system: its failing assertions. */
function broken(): { readonly status: number | null; readonly failed: readonly string[]; readonly output: string } {
  const tap = 'node_modules/tap/dist/esm/run.mjs';
  const { status, output } = run(tap, '--reporter=tap', '--grep=/^toy$/', 'test/contract.test.ts');
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*?)(?: # time=.*)?$/gm)].map((match) => match[1] as string);
  return { status, failed, output };
}

/** A mistake of whoever adds a system: what is replaced by what in which file, and the assertion that says so. */
const forgotten: readonly {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly named: RegExp;
}[] = [
  {
    what: 'a heading of the page',
    file: 'docs/systems/toy.md',
    from: '## Limits and errors',
    to: '## Limits',
    named: /the page says: Limits and errors/,
  },
  {
    what: 'trials in the cost of a run',
    file: 'ts/systems/toy/cost.ts',
    from: '10 * trials * width * depth',
    to: '10 * Math.min(trials, 1) * width * depth',
    named: /flops with .*trials/,
  },
  {
    what: 'an observable in a simulation',
    file: 'ts/systems/toy/simulate.ts',
    from: 'observables: { secondMoment:',
    to: 'observables: run.rawTrials === undefined ? {} : run.trials > 0 && !run.rawTrials ? {} : { secondMoment:',
    named: /simulation with \{\}/,
  },
  {
    what: 'the first trial',
    file: 'ts/systems/toy/simulate.ts',
    from: 'firstTrial: run.firstTrial',
    to: 'firstTrial: 0',
    named: /trials of secondMoment, split/,
  },
  {
    what: 'that its figure uses the spec',
    file: 'ts/systems/toy/figures.ts',
    from: 'usesSpec: true',
    to: 'usesSpec: false',
    named: /usesSpec is false/,
  },
];

const before = new Map<string, string>();

t.test('added: four lines outside its own folders', { timeout: 900_000 }, async (t) => {
  for (const path of listed(root)) if (existsSync(join(root, path))) cpSync(join(root, path), join(copy, path));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  spawnSync('git', ['init', '-q'], { cwd: copy });
  for (const path of listed(copy)) before.set(path, readFileSync(join(copy, path), 'latin1'));
  t.ok(before.size > 500, `${before.size} files`);
  t.equal(run('scripts/new-system.mjs', 'toy').status, 0);
  let lines = 0;
  for (const path of listed(copy)) {
    const old = before.get(path);
    const now = readFileSync(join(copy, path), 'latin1');
    if (old === undefined) t.match(path, /\btoy\b/, `${path} is its own`);
    else if (old !== now) {
      const rest = now.split('\n');
      for (const line of old.split('\n')) t.equal(rest.splice(rest.indexOf(line), 1)[0], line, `${path} loses nothing`);
      lines += rest.length;
      t.comment(`${path}: ${rest.join('\n')}`);
    }
  }
  t.equal(lines, 4);
});

t.test('the contract holds', { timeout: 1_800_000 }, async (t) => {
  const built = run('scripts/build-native.mjs');
  t.equal(built.status, 0, built.output.slice(-2000));
  compile();
  t.equal(run('scripts/docs.mjs').status, 0);
  const { status, failed, output } = broken();
  t.same(failed, []);
  t.equal(status, 0, output.slice(-2000));
  t.match(output, /the same bits for 1, 2 and 7 threads/, 'the contract test ran');
});

for (const { what, file, from, to, named } of forgotten) {
  t.test(`forgotten: ${what}`, { timeout: 300_000 }, async (t) => {
    const path = join(copy, file);
    const whole = readFileSync(path, 'utf8');
    t.match(whole, from, 'there is something to forget');
    writeFileSync(path, whole.replace(from, to));
    if (file.startsWith('ts/')) compile();
    const { status, failed } = broken();
    t.not(status, 0);
    t.ok(
      failed.some((assertion) => named.test(assertion)),
      `named by: ${failed.join('; ')}`,
    );
    writeFileSync(path, whole);
  });
}

t.test('removed without a trace', async (t) => {
  t.equal(run('scripts/new-system.mjs', 'toy', '--remove').status, 0);
  // The generated tables forget it too.
  compile();
  t.equal(run('scripts/docs.mjs').status, 0);
  const after = listed(copy);
  t.same(after.sort(), [...before.keys()].sort());
  for (const [path, old] of before)
    if (readFileSync(join(copy, path), 'latin1') !== old) t.fail(`${path} is not what it was`);
});
