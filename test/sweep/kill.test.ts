// The short form of test/verify/sweep-kill.test.ts: one kill of each kind.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { essence, failpoints, killPlan, run, state } from '../fixtures/kills.mjs';

t.test('killed while writing, before a sync, in a side file, before its renaming, and in mid-job', async (t) => {
  const journal = join(mkdtempSync(join(tmpdir(), 'mft-kill-')), 'rows.jsonl');
  for (const failpoint of failpoints(5, 3)) {
    const rows = await state(journal).then(
      (now) => now.rows,
      () => 0,
    );
    const { signal, errors } = await run(journal, {
      failpoint: failpoint.at === 'job' ? { ...failpoint, count: failpoint.count + rows } : failpoint,
    });
    t.equal(signal, 'SIGKILL', `${failpoint.at} ${errors}`);
    const now = await state(journal);
    t.same(now.damaged, []);
    t.ok(now.rows >= rows);
  }
  t.equal((await run(journal)).code, 0);
  t.equal(new Set(essence(journal)).size, killPlan.axes.points.length);
  t.equal(essence(journal).length, killPlan.axes.points.length);
});
