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
