// A sweep is killed at 25 seeded failpoints and at 5 random times, and resumed each time: its rows are those of a sweep that
// nobody disturbed, bit for bit, none lost, none doubled.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { essence, failpoints, killPlan, run, seeded, state } from '../fixtures/kills.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mft-kill-'));

t.test('25 failpoints, 5 timed kills', { timeout: 600_000 }, async (t) => {
  const whole = join(folder, 'whole.jsonl');
  t.equal((await run(whole)).code, 0);
  const killed = join(folder, 'killed.jsonl');
  let rows = 0;
  const check = async (what: string): Promise<void> => {
    const now = await state(killed);
    t.same(now.damaged, [], `${what}: no damaged line`);
    t.ok(now.rows >= rows, `${what}: ${now.rows} rows, none lost`);
    rows = now.rows;
  };
  const pointSeed = 20261121;
  for (const failpoint of failpoints(25, pointSeed)) {
    const counted = failpoint.at === 'job' ? { ...failpoint, count: failpoint.count + rows } : failpoint;
    const { signal, errors } = await run(killed, { failpoint: counted });
    t.equal(signal, 'SIGKILL', `died at ${JSON.stringify(counted)} ${errors}`);
    await check(failpoint.at);
  }
  const timeSeed = Number(process.env.MFT_KILL_SEED ?? Date.now() % 1_000_000);
  t.comment(`timed kills: MFT_KILL_SEED=${timeSeed}`);
  const random = seeded(timeSeed);
  for (let i = 0; i < 5; i++) {
    const [before, milliseconds] = [rows, Math.floor(random() * 200)];
    const { signal } = await run(killed, { milliseconds });
    await check(`timed kill ${i} of seed ${timeSeed}`);
    t.equal(signal, 'SIGKILL', `killed ${milliseconds} ms after the first new row, at ${rows - before} rows`);
  }
  t.ok(rows < killPlan.axes.points.length, `killed at ${rows} rows, before the end`);
  t.equal((await run(killed)).code, 0);
  const [expected, found] = [essence(whole), essence(killed)];
  t.equal(found.length, killPlan.axes.points.length, 'as many rows as jobs');
  t.same(found, expected, 'the same rows');
  const arrays = (journal: string): [string, string][] =>
    readdirSync(`${journal}.arrays`)
      .filter((name) => !name.endsWith('.partial'))
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(`${journal}.arrays`, name)))
          .digest('hex'),
      ]);
  t.same(arrays(killed), arrays(whole), 'the same side files');
  t.same(
    readdirSync(`${killed}.arrays`).filter((name) => name.endsWith('.partial')),
    [],
    'no remains of half-written ones',
  );
});
