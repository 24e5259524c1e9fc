// mft sweep: the commands and their exit codes (failures, Ctrl-C and locks: test/verify/sweep-cli.test.ts).
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Ended, mft as command } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-cli-sweep-'));
const env: Record<string, string> = {};

function mft(...words: string[]): Promise<Ended> {
  return command(['sweep', ...words], { cwd: folder, env });
}

function plan(name: string, content: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(content));
  return name;
}

const base = { system: 'feedforward', activation: 'tanh', biasVariance: 0.05, width: 50, depth: 6 };
const small = plan('small.json', {
  verb: 'simulate',
  base,
  run: { trials: 2, seed: 5 },
  axes: { weightVariance: { linear: [1, 3, 5] } },
});

t.test('dry run, run, run again, status, export', async (t) => {
  const dry = await mft('run', small, '--journal', 'rows.jsonl', '--dry-run', '--json');
  t.equal(dry.status, 0, dry.stderr);
  const report = JSON.parse(dry.stdout) as {
    jobs: number;
    pending: { why: string }[];
    estimate: { coreHours: number; memoryBytes: number; diskBytes: number };
  };
  t.equal(report.jobs, 5);
  t.ok(report.pending.every(({ why }) => why === 'new'));
  t.ok(report.estimate.coreHours > 0 && report.estimate.memoryBytes > 0 && report.estimate.diskBytes > 0);
  t.match(await mft('run', small, '--journal', 'rows.jsonl', '--json'), { status: 0, stdout: /"ran": 5/ });
  t.match(await mft('run', small, '--journal', 'rows.jsonl', '--json'), { status: 0, stdout: /"ran": 0/ });
  t.match(await mft('run', small, '--journal', 'rows.jsonl', '--dry-run'), { status: 0, stdout: /to run +0/ });
  t.match(await mft('status', 'rows.jsonl', '--json'), { status: 0, stdout: /"done": 5/ });
  t.match(
    await mft(
      'export',
      'rows.jsonl',
      '--csv',
      'rows.csv',
      '--parquet',
      'rows.parquet',
      '--json',
      'rows.json',
      '--report',
      'rows.html',
    ),
    { status: 0 },
  );
  t.equal(readFileSync(join(folder, 'rows.csv'), 'utf8').trim().split('\r\n').length, 1 + 5 * 6);
  t.match(readFileSync(join(folder, 'rows.html'), 'utf8'), /Content-Security-Policy/);
  t.equal(readFileSync(join(folder, 'rows.parquet')).toString('latin1', 0, 4), 'PAR1');
});

t.test('shards, merged', async (t) => {
  for (const shard of ['1/2', '2/2'])
    t.equal((await mft('run', small, '--journal', `shard-${shard[0]}.jsonl`, '--shard', shard)).status, 0);
  t.match(await mft('merge', 'merged.jsonl', 'shard-1.jsonl', 'shard-2.jsonl'), { status: 0, stderr: /5 rows/ });
  t.equal((await mft('export', 'merged.jsonl', '--csv', 'merged.csv')).status, 0);
  t.equal(
    readFileSync(join(folder, 'merged.csv'), 'utf8'),
    readFileSync(join(folder, 'rows.csv'), 'utf8'),
    'the bytes of the unsharded export',
  );
});

t.test('usage and environment', async (t) => {
  const cases: [string[], number, RegExp][] = [
    [['run', small], 2, /--journal/],
    [['run', small, '--journal', 'x.jsonl', '--shard', '3/2'], 2, /`shard`/],
    [['run', small, '--journal', 'x.jsonl', '--processes', 'many'], 2, /`processes`/],
    [['run', small, '--journal', 'x.jsonl', '--on-error', 'ignore'], 2, /continue, stop/],
    [['run', 'none.json', '--journal', 'x.jsonl'], 4, /none\.json/],
    [
      ['run', plan('bad.json', { verb: 'simulate', base, axes: { weightVariance: [-1] } }), '--journal', 'x.jsonl'],
      2,
      /weightVariance.*At weightVariance = -1/,
    ],
    [['run', small, '--journal', small], 4, /not the journal/],
    [['run', small, '--journal', 'none/x.jsonl'], 4, /does not exist/],
    [['export', 'rows.jsonl'], 2, /--csv/],
    [['export', 'rows.jsonl', '--csv', 'none/x.csv'], 4, /ERR_MFT_DISK/],
    [['merge', 'rows.jsonl', 'merged.jsonl'], 4, /exists/],
    [
      ['run', small, '--journal', 'x.jsonl', '--executor', 'bullmq', '--redis', 'redis://user:word@127.0.0.1'],
      2,
      /MFT_REDIS_PASSWORD/,
    ],
    [['run', small, '--journal', 'x.jsonl', '--executor', 'bullmq', '--redis', 'redis://192.0.2.1'], 4, /--insecure/],
  ];
  env.MFT_QUEUE_SECRET = 'a secret of this test only';
  for (const [args, status, message] of cases) {
    const result = await mft(...args);
    t.equal(result.status, status, `${args.join(' ')}: ${result.stderr}`);
    t.match(result.stderr, message);
  }
});

t.test('--set and --axis change the plan; best and halve rank its points', async (t) => {
  const search = plan('search.json', { verb: 'predict', base, axes: { weightVariance: [1, 2] } });
  const run = ['run', search, '--journal', 'search.jsonl', '--json'];
  t.match(
    await mft(...run, '--set', 'base.depth=3', '--axis', 'weightVariance=1:2:3', '--axis', 'activation=tanh,erf'),
    {
      status: 0,
      stdout: /"jobs": 6/,
    },
  );
  const best = await mft('best', 'search.jsonl', '--by', 'fixed_point_variance', '--count', '2', '--json');
  t.equal(best.status, 0, best.stderr);
  t.match(JSON.parse(best.stdout), { ranked: 6, points: [{ fields: { weight_variance: 2 } }, {}] });
  t.match((await mft('best', 'search.jsonl', '--by', 'fixed_point_variance')).stdout, /activation +weight_variance/);
  const halved = await mft(
    ...['halve', search, '--journal', 'halve.jsonl', '--by', 'fixed_point_variance', '--field', 'depth'],
    ...['--set', 'base.depth=2', '--axis', 'weightVariance=1,1.5,2', '--json'],
  );
  t.equal(halved.status, 0, halved.stderr);
  t.match(halved.stderr, /budget 2: 3 points, .* 1 kept\n.*budget 6: 1 points/);
  t.match(JSON.parse(halved.stdout), [{ budget: 2 }, { budget: 6, points: [{ point: { weightVariance: 2 } }] }]);
  t.match(await mft(...run, '--set', 'depth'), { status: 2, stderr: /name=value/ });
  t.match(await mft(...run, '--axis', 'depth=1:2'), { status: 2, stderr: /field=low:high:count/ });
  t.match(await mft(...run, '--set', 'verbs=1'), { status: 2, stderr: /verbs/ });
  t.match(await mft('best', 'search.jsonl'), { status: 2, stderr: /--by/ });
});
