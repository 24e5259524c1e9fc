// The benchmark's runner on a tiny case: ours and the naive twin, answers checked. Nothing here looks at seconds.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Row {
  readonly task: string;
  readonly competitor: string;
  readonly precision: string;
  readonly threads: number;
  readonly seconds?: number;
  readonly spread?: number;
  readonly ratioToOurs?: number;
  readonly check?: string;
  readonly wrong?: string;
  readonly absent?: string;
}

t.test('the runner checks answers and writes one object per row', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-bench-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rows.json');
  execFileSync(
    process.execPath,
    [join(root, 'bench/run.mjs'), 'w1', 'native,naive', '--quick', '--threads', '1', '--repeats', '1', '--json', file],
    { stdio: 'pipe' },
  );
  const { machine, rows, command } = JSON.parse(readFileSync(file, 'utf8')) as {
    machine: { blasCore: string };
    rows: Row[];
    command: string;
  };
  t.ok(machine.blasCore.length > 0);
  t.equal(command, 'npm run bench -- w1 native,naive --quick --threads 1 --repeats 1');
  t.same(
    rows.map(({ competitor }) => competitor),
    [
      'native dense float32',
      'native dense float64',
      'native conditioned float32',
      'native conditioned float64',
      'naive JavaScript',
    ],
  );
  for (const row of rows) {
    t.equal(row.wrong, undefined, `${row.competitor}: the answer is right`);
    t.match(row.check, /largest \|z\|/);
    t.ok(row.seconds !== undefined && row.seconds > 0 && row.ratioToOurs !== undefined && row.precision.length > 0);
  }
  const table = execFileSync(process.execPath, [join(root, 'bench/table.mjs'), file], { encoding: 'utf8' });
  t.match(table, '| naive JavaScript | float32, sums float64 |');
});

t.test('a wrong answer is caught', async (t) => {
  interface Answer {
    readonly networks: number;
    readonly observables: Readonly<Record<string, readonly number[]>>;
  }
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, 'bench', file)).href);
  const { expectedNetworks, checkNetworks } = (await load('runner/networks.mjs')) as {
    expectedNetworks: (options: object, trials: number) => Promise<unknown>;
    checkNetworks: (expected: unknown, answer: Answer) => { isRight: boolean; detail: string };
  };
  const { naiveNetworks } = (await load('competitor/naive-network.mjs')) as {
    naiveNetworks: (options: object, seed: number) => Answer;
  };
  const options = {
    width: 32,
    depth: 10,
    inputs: 2,
    networks: 200,
    weightVariance: 1.69,
    biasVariance: 0.05,
    keepProbability: 0.9,
  };
  const expected = await expectedNetworks(options, 2000);
  t.ok(checkNetworks(expected, naiveNetworks(options, 3)).isRight);
  for (const planted of [{ weightVariance: 1.69 * 1.05 }, { keepProbability: 0.85 }, { biasVariance: 0.1 }]) {
    const verdict = checkNetworks(expected, naiveNetworks({ ...options, ...planted }, 3));
    t.notOk(verdict.isRight, JSON.stringify(planted));
    t.match(verdict.detail, /largest \|z\|/, 'by its numbers');
  }
  const answer = naiveNetworks(options, 3);
  t.notOk(
    checkNetworks(expected, { ...answer, observables: { ...answer.observables, errorCorrelation: [] } }).isRight,
    'a missing observable',
  );
});

t.test('mistakes on the command line', async (t) => {
  for (const words of [['--threads', '0'], ['--clock', 'sun'], ['no-such-task'], ['--repeats', 'x']]) {
    try {
      execFileSync(process.execPath, [join(root, 'bench/run.mjs'), ...words], { stdio: 'pipe' });
      t.fail(`accepted ${words.join(' ')}`);
    } catch (error) {
      t.equal((error as { status: number }).status, 2, words.join(' '));
    }
  }
});
