// A training run killed with SIGKILL at ten random moments ends with bit-identical weights.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { main } from '../cli/command.js';
import { choices } from '../data/mutations.js';

const child = fileURLToPath(new URL('../fixtures/train-child.mjs', import.meta.url));
const kills = 10;

/** Runs the child; kills it some milliseconds after its checkpoint has been renewed so many times. */
async function run(
  args: string[],
  kill?: { readonly renewals: number; readonly milliseconds: number },
): Promise<{ signal: string | null; output: string }> {
  const process_ = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  process_.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<{ signal: string | null; output: string }>((resolve) =>
    process_.on('close', (_, signal) => resolve({ signal, output })),
  );
  if (kill !== undefined) {
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));
    let seen = await modified(args[0] as string);
    for (let renewals = 0; renewals < kill.renewals && !hasEnded; ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = await modified(args[0] as string);
      if (now !== seen) renewals++;
      seen = now;
    }
    await new Promise((resolve) => setTimeout(resolve, kill.milliseconds));
    process_.kill('SIGKILL');
  }
  return ended;
}

async function modified(path: string): Promise<number> {
  return stat(path).then(
    (status) => status.mtimeMs,
    () => 0,
  );
}

t.test('killed ten times', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mft-kill-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const checkpoint = join(folder, 'run.checkpoint');
  const undisturbed = (await run([])).output.split(' ');
  const pick = choices(7);
  let killed = 0;
  for (let i = 0; i < kills; i++)
    if ((await run([checkpoint], { renewals: 1 + pick(24), milliseconds: pick(30) })).signal === 'SIGKILL') killed++;
  t.equal(killed, kills, 'every kill came before the end');
  const [checksum = '', resumedFrom, reports] = (await run([checkpoint])).output.split(' ');
  t.ok(Number(resumedFrom) > 0, `the last run continued from step ${resumedFrom}`);
  t.equal(checksum, undisturbed[0], 'the same bits');
  t.equal(reports, undisturbed[2], 'the same reports');
});

t.test('SIGTERM and SIGHUP save as Ctrl-C does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mft-term-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const checkpoint = join(folder, signal);
    const words = ['train', 'synthetic', '--width', '40', '--steps', '1000000', '--checkpoint', checkpoint];
    // No checkpoint but the one of the signal.
    const training = spawn(process.execPath, [main, ...words, '--checkpoint-every', '1000000'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    training.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise((resolve) => training.on('close', resolve));
    // The lock is there as soon as the training runs.
    while ((await modified(`${checkpoint}.lock`)) === 0 && training.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    training.kill(signal);
    t.equal(await ended, code, said);
    t.ok((await modified(checkpoint)) > 0, `${signal}: saved`);
    t.match(said, /the state of the training is in/);
    t.equal(await modified(`${checkpoint}.lock`), 0, 'no lock is left');
  }
});
