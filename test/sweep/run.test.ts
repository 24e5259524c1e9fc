import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { localExecutor } from '../../dist/sweep/local.js';
import type { SweepPlan } from '../../dist/sweep/plan.js';
import { readJournal, type SweepRow } from '../../dist/sweep/rows.js';
import { type SweepOptions, type SweepSummary, sweep } from '../../dist/sweep/run.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';
import { childModule, essence } from './toy-sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-sweep-'));
let files = 0;
const newJournal = (): string => join(folder, `rows-${files++}.jsonl`);
const onToys = (processes = 2, limits = {}): SweepOptions => ({
  verbs: toyVerbs(),
  executor: localExecutor({ processes, childModule, ...limits }),
});
const plan = (axes: SweepPlan['axes'], base = {}): SweepPlan => ({
  verb: 'toy',
  base: { system: 'toy', ...base },
  run: { seed: 3 },
  ...(axes === undefined ? {} : { axes }),
});

async function collect(given: SweepPlan, options: SweepOptions): Promise<{ rows: SweepRow[]; summary: SweepSummary }> {
  const rows: SweepRow[] = [];
  const iterator = sweep(given, options);
  for (;;) {
    const next = await iterator.next();
    if (next.done) return { rows, summary: next.value };
    rows.push(next.value);
  }
}

t.test('the same rows from one process, two processes, two shards, and read back', async (t) => {
  const given = plan({ x: { linear: [0, 1, 30] } });
  const journal = newJournal();
  const two = await collect(given, { ...onToys(2), journal });
  t.match(two.summary, { jobs: 30, ran: 30, resumed: 0, failed: 0, missing: 0 });
  const one = await collect(given, onToys(1));
  t.same(essence(one.rows), essence(two.rows));
  const shards = [];
  for (const index of [1, 2]) shards.push(...(await collect(given, { ...onToys(1), shard: { index, count: 2 } })).rows);
  t.same(essence(shards), essence(two.rows));
  const stored: SweepRow[] = [];
  for await (const row of readJournal(journal)) stored.push(row);
  t.same(essence(stored), essence(two.rows));
  const result = stored.find((row) => row.status === 'done')?.result as {
    observables: { errorNorm: { sign: unknown; values: Float64Array } };
    quantities: unknown;
  };
  t.ok(result.observables.errorNorm.sign instanceof Int8Array, 'typed arrays come back typed');
  t.equal(result.observables.errorNorm.values[0], -Infinity);
  t.match(result.quantities, { limit: Infinity, nothing: { reason: 'not defined at this x' } });
});

t.test('run again, nothing runs; a new point runs alone; a new version reruns and says why', async (t) => {
  const journal = newJournal();
  await collect(plan({ x: [1, 2, 3] }), { ...onToys(), journal });
  t.match((await collect(plan({ x: [1, 2, 3] }), { ...onToys(), journal })).summary, { ran: 0, resumed: 3 });
  const more = await collect(plan({ x: [1, 2, 3, 4] }), { ...onToys(), journal });
  t.match(more.summary, { ran: 1, resumed: 3, reasons: { new: 1 } });
  t.equal(more.rows.length, 4);
  const changed = await collect(plan({ x: [1, 2, 3, 4] }), { ...onToys(), verbs: toyVerbs(2), journal });
  t.match(changed.summary, { ran: 4, resumed: 0, reasons: { version: 4 } });
  t.equal(
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"manifest"')).length,
    3,
    'every change of plan or version has its manifest line',
  );
});

t.test('a failing job is a row; it is missing next time; others go on or stop', async (t) => {
  const journal = newJournal();
  const given = plan({ points: [{ x: 1 }, { x: 2, fail: true }, { x: 3 }] });
  const { rows, summary } = await collect(given, { ...onToys(), journal });
  t.match(summary, { ran: 3, failed: 1 });
  t.match(
    rows.find((row) => row.status === 'failed'),
    { error: { code: 'ERR_MFT_NO_CONVERGENCE', message: 'No convergence at x = 2.', parameter: 'x' } },
  );
  t.match((await collect(given, { ...onToys(), journal })).summary, {
    ran: 1,
    resumed: 2,
    failed: 1,
    reasons: { failed: 1 },
  });
  const wider = plan({ points: [{ x: 1 }, { x: 2, fail: true }, { x: 3 }, { x: 4 }] });
  t.match(
    (await collect(wider, { ...onToys(), journal, retryFailed: true })).summary,
    { jobs: 4, resumed: 2, ran: 1, missing: 1 },
    'retryFailed leaves new jobs alone, and says so',
  );
  const stopped = await collect(plan({ x: { linear: [0, 1, 40] } }, { fail: true, milliseconds: 2 }), {
    ...onToys(1),
    onError: 'stop',
  });
  t.match(stopped.summary, { ran: 1, missing: 39 }, 'no job starts behind the failed one');
});

t.test('a job whose process dies fails alone', async (t) => {
  const { rows, summary } = await collect(
    plan({ points: [{ x: 1 }, { x: 2, crash: true }, { x: 3 }, { x: 4 }] }),
    onToys(1),
  );
  t.match(summary, { ran: 4, failed: 1 });
  t.match(
    rows.find((row) => row.status === 'failed'),
    { error: { code: 'ERR_MFT_JOB_FAILED', message: /SIGKILL/ }, spec: { x: 2 } },
  );
});

t.test('limits of time and memory end a job', async (t) => {
  const slow = await collect(plan({ points: [{ milliseconds: 60_000 }, { x: 3 }] }), onToys(1, { maxSeconds: 1 }));
  t.match(
    slow.rows.find((row) => row.status === 'failed'),
    { error: { message: /max-seconds/ } },
  );
  t.equal(slow.summary.failed, 1);
  const large = await collect(plan({ points: [{ milliseconds: 5_000 }] }), onToys(1, { maxMemory: 1e6 }));
  t.match(large.rows[0], { status: 'failed', error: { code: 'ERR_MFT_MEMORY' } });
});

t.test('drain finishes the running jobs; a signal ends everything', async (t) => {
  const drain = new AbortController();
  const given = plan({ x: { linear: [0, 1, 50] } }, { milliseconds: 30 });
  const drained = await collect(given, {
    ...onToys(2),
    drain: drain.signal,
    onProgress: ({ done }) => done >= 2 && drain.abort(),
  });
  t.ok(drained.summary.missing > 0 && drained.summary.ran >= 2, `${drained.summary.ran} ran`);
  const stop = new AbortController();
  const reason = new Error('enough');
  await t.rejects(collect(given, { ...onToys(2), signal: stop.signal, onProgress: () => stop.abort(reason) }), reason);
  await t.rejects(collect(given, { ...onToys(2), signal: AbortSignal.abort(reason) }), reason);
});

t.test('a caller that stops reading ends the sweep', async (t) => {
  for await (const row of sweep(plan({ x: { linear: [0, 1, 50] } }, { milliseconds: 20 }), onToys(1))) {
    t.equal(row.status, 'done');
    break;
  }
});

t.test('large arrays lie in side files and come back exactly; a missing one is made again', async (t) => {
  const journal = newJournal();
  const given = plan({ x: [0.5, 0.7] }, { layers: 6000 });
  const { rows } = await collect(given, { ...onToys(), journal });
  t.same(essence(rows), essence((await collect(given, onToys())).rows));
  t.ok(readFileSync(journal, 'utf8').length < 20_000, 'the journal itself is small');
  const names = readdirSync(`${journal}.arrays`);
  t.equal(names.length, 2 * 8);
  t.ok(
    names.some((name) => name.endsWith('.int8')) &&
      names.some((name) => name.endsWith('.float32')) &&
      names.some((name) => name.endsWith('.float64')),
  );
  rmSync(join(`${journal}.arrays`, names[0] as string));
  const again = await collect(given, { ...onToys(), journal });
  t.match(again.summary, { ran: 1, resumed: 1, reasons: { damaged: 1 } });
  const path = join(`${journal}.arrays`, names[1] as string);
  const bytes = readFileSync(path);
  bytes[3] = (bytes[3] as number) ^ 1;
  writeFileSync(path, bytes);
  await t.rejects(collect(given, { ...onToys(), journal }), { code: 'ERR_MFT_DATA_CHECKSUM' });
});

t.test('a wrong shard is refused', async (t) => {
  for (const shard of [
    { index: 0, count: 2 },
    { index: 3, count: 2 },
    { index: 1.5, count: 2 },
  ])
    await t.rejects(collect(plan({}), { ...onToys(), shard }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'shard' });
});
