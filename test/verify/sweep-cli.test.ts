// mft sweep with failing jobs, interrupted, and run twice at a time.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist', 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'mft-cli-sweep-'));
const { NODE_OPTIONS: _, ...env } = process.env;

function mft(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'sweep', ...args], {
    encoding: 'utf8',
    env,
    cwd: folder,
  });
  return { status, stdout, stderr };
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

t.test('failed jobs: exit code 3, status, retry', async (t) => {
  const slow = plan('slow.json', {
    verb: 'simulate',
    base: { ...base, width: 400, depth: 100 },
    run: { trials: 2000, engine: 'dense' },
    axes: { weightVariance: [1, 2] },
  });
  t.match(mft('run', slow, '--journal', 'slow.jsonl', '--max-seconds', '0.3'), { status: 3, stderr: /2 failed/ });
  t.match(mft('status', 'slow.jsonl'), { status: 3, stdout: /max-seconds/ });
  t.match(mft('retry', 'slow.jsonl', '--max-seconds', '0.3', '--on-error', 'stop', '--processes', '1'), {
    status: 3,
    stderr: /1 ran, 1 failed, 1 missing/,
  });
});

const long = plan('long.json', {
  verb: 'simulate',
  base: { ...base, width: 300, depth: 40 },
  run: { trials: 40, engine: 'dense' },
  axes: { weightVariance: { linear: [1, 3, 400] } },
});

async function started(journal: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, 'sweep', 'run', long, '--journal', journal], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  const rows = (): number => {
    try {
      return readFileSync(join(folder, journal), 'utf8').split('\n').length;
    } catch {
      return 0;
    }
  };
  while (rows() < 4 && child.exitCode === null) await sleep(50);
  return child;
}

t.test('the first Ctrl-C finishes the running jobs, the second ends them: exit code 130', async (t) => {
  const first = await started('drained.jsonl');
  first.kill('SIGINT');
  await once(first, 'exit');
  t.equal(first.exitCode, 130);
  t.match(mft('status', 'drained.jsonl', '--json'), { status: 0, stdout: /"damaged": \[\]/ });
  const second = await started('stopped.jsonl');
  second.kill('SIGINT');
  await sleep(30);
  second.kill('SIGINT');
  await once(second, 'exit');
  t.equal(second.exitCode, 130);
  t.equal(mft('run', long, '--journal', 'stopped.jsonl', '--dry-run', '--json').status, 0, 'the lock is free again');
});

t.test('SIGTERM and SIGHUP finish the running jobs as Ctrl-C does, with their own exit codes', async (t) => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const journal = `${signal}.jsonl`;
    const child = await started(journal);
    child.kill(signal);
    await once(child, 'exit');
    t.equal(child.exitCode, code, signal);
    t.match(mft('status', journal, '--json'), { status: 0, stdout: /"damaged": \[\]/ }, signal);
  }
});

t.test('two runs on one journal: the second is refused', async (t) => {
  const running = await started('shared.jsonl');
  t.match(mft('run', long, '--journal', 'shared.jsonl'), { status: 4, stderr: /Another run.*ERR_MFT_JOURNAL_LOCKED/ });
  running.kill('SIGKILL');
  await once(running, 'exit');
  t.match(
    mft('run', small, '--journal', 'shared.jsonl'),
    { status: 0 },
    'a dead process holds no lock; a journal takes another plan too',
  );
});
