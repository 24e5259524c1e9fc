import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { expandPlan, type SweepPlan } from '../../dist/sweep/plan.js';
import { queueExecutor } from '../../dist/sweep/queue/coordinator.js';
import { queueIdOf, queueNameFor } from '../../dist/sweep/queue/names.js';
import type { SweepRow } from '../../dist/sweep/rows.js';
import { freePort, hasRedis, startRedis } from '../fixtures/redis.mjs';
import { skipUnless } from '../fixtures/requirements.mjs';
import { collect, essence, local, locally, plan, start } from '../sweep/toy-sweeps.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const secret = 'a secret of this test only';
process.env.MFT_QUEUE_SECRET = secret;
const skip = skipUnless('redis', hasRedis);
const folder = mkdtempSync(join(tmpdir(), 'mft-faults-'));
t.test('a journal that is deleted, replaced or cut in mid-run is noticed within seconds', async (t) => {
  const faults: Readonly<Record<string, (journal: string) => void>> = {
    'was deleted': (journal) => rmSync(journal),
    'was replaced': (journal) => {
      renameSync(journal, `${journal}.old`);
      writeFileSync(journal, '');
    },
    'was cut': (journal) => truncateSync(journal, 0),
  };
  for (const [what, fault] of Object.entries(faults)) {
    const journal = join(folder, `${what.replace(' ', '-')}.jsonl`);
    let seen = 0;
    const run = collect(plan(400, { milliseconds: 30 }), { journal, executor: local() }, (count) => {
      seen = count;
      if (count === 20) fault(journal);
    });
    await t.rejects(run, { code: 'ERR_MFT_DISK', message: new RegExp(`${what}.*lost`) }, what);
    t.ok(seen < 390, `stopped after ${seen} of 400 rows`);
  }
});

t.test('a journal that is no regular file is refused by name, without waiting', async (t) => {
  for (const journal of ['/dev/full', '/dev/null'])
    await t.rejects(collect(plan(1), { journal, executor: local() }), { code: 'ERR_MFT_JOURNAL_MISMATCH' }, journal);
});

/** A sweep over one worker while `fault` strikes after 20 rows. */
async function disturbed(
  t: Test,
  given: SweepPlan,
  fault: (redis: Redis) => Promise<unknown>,
  serverOptions: readonly string[] = [],
): Promise<string[]> {
  const server = await startRedis(await freePort(), [...serverOptions]);
  const redis = new Redis(server.url);
  const worker = start('toy-worker.mjs', [server.url, '5000']);
  const warnings: string[] = [];
  const executor = queueExecutor({ redis: server.url });
  const rows = await collect(given, { executor, onWarning: (message) => warnings.push(message) }, async (count) => {
    if (count === 20) await fault(redis);
  });
  t.same(essence(rows), essence(await locally(given)), 'the rows of an undisturbed run');
  redis.disconnect();
  await worker.end('SIGTERM');
  await server.stop();
  return warnings;
}

t.test('lists of the queue that are lost: their jobs are offered again', { skip, timeout: 180_000 }, async (t) => {
  const queue = `mft:${await queueNameFor(secret)}`;
  const lose = async (redis: Redis): Promise<void> => {
    const lists = (await redis.keys(`${queue}:*`)).filter((key) => /:(wait|active|prioritized|marker)$/.test(key));
    t.ok(lists.length > 0, `${lists.length} lists`);
    await redis.del(...lists);
  };
  const warnings = await disturbed(t, plan(60, { milliseconds: 20 }), lose);
  t.match(warnings.join('\n'), /lost from its lists are offered again/);
});

t.test(
  'keys of another type under the names of jobs, and a server that is full',
  { skip, timeout: 180_000 },
  async (t) => {
    const given = plan(60, { milliseconds: 10 });
    const queue = `mft:${await queueNameFor(secret)}`;
    const server = await startRedis(await freePort());
    const redis = new Redis(server.url);
    const { jobs } = await expandPlan(given, toyVerbs());
    for (const { key } of jobs.slice(0, 5)) await redis.set(`${queue}:${queueIdOf(key)}`, 'something else');
    const worker = start('toy-worker.mjs', [server.url, '5000']);
    const rows = await collect(given, { executor: queueExecutor({ redis: server.url }) });
    t.same(essence(rows), essence(await locally(given)));
    await worker.end('SIGTERM');
    redis.disconnect();
    await server.stop();

    const large = plan(120, { milliseconds: 2, label: 'y'.repeat(20_000) });
    const warnings = await disturbed(t, large, () => Promise.resolve(), [
      '--maxmemory',
      '2500kb',
      '--maxmemory-policy',
      'noeviction',
    ]);
    t.match(warnings.join('\n'), /no memory left/);
  },
);

t.test('what Redis refuses for good is ERR_MFT_QUEUE with what to do', { skip }, async (t) => {
  const server = await startRedis(await freePort());
  const redis = new Redis(server.url);
  const sweeping = (url: string): Promise<SweepRow[]> => collect(plan(3), { executor: queueExecutor({ redis: url }) });
  await t.rejects(sweeping(`${server.url}/99`), { code: 'ERR_MFT_QUEUE', message: /DB index is out of range/ });
  t.equal(await redis.dbsize(), 0, 'nothing was written to database 0');
  await redis.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>a-password-of-this-test',
    '~*',
    '+@read',
    '+@connection',
    '+info',
  );
  process.env.MFT_REDIS_USERNAME = 'reader';
  process.env.MFT_REDIS_PASSWORD = 'a-password-of-this-test';
  await t.rejects(sweeping(server.url), { code: 'ERR_MFT_QUEUE', message: /may not run the commands of a queue/ });
  delete process.env.MFT_REDIS_USERNAME;
  delete process.env.MFT_REDIS_PASSWORD;
  redis.disconnect();
  await server.stop();
});

t.test(
  'a sweep that nobody works on says so, and names workers of another kind',
  { skip, timeout: 60_000 },
  async (t) => {
    const server = await startRedis(await freePort());
    const stranger = start('toy-worker.mjs', [server.url], { MFT_QUEUE_SECRET: 'another secret, also long' });
    const warnings: string[] = [];
    const stop = new AbortController();
    const run = collect(plan(3), {
      executor: queueExecutor({ redis: server.url }),
      signal: stop.signal,
      onWarning: (message) => {
        warnings.push(message);
        stop.abort(new Error('heard'));
      },
    });
    await t.rejects(run, /heard/);
    t.match(warnings, [
      /No worker has taken a job.*mft worker.*1 of another version.*or with another MFT_QUEUE_SECRET/,
    ]);
    t.notMatch(stranger.log(), /refused/, 'the stranger never met a job');
    await stranger.end('SIGTERM');
    await server.stop();
  },
);

t.test(
  'told to stop while Redis is away, sweep and worker end within a second or two',
  { skip, timeout: 120_000 },
  async (t) => {
    const port = await freePort();
    const server = await startRedis(port);
    const idle = start('toy-worker.mjs', [server.url]);
    const [busy, again] = [start('toy-worker.mjs', [server.url]), start('toy-worker.mjs', [server.url])];
    for (const worker of [idle, busy, again]) while (!/Worker with/.test(worker.log())) await sleep(50);
    const stop = new AbortController();
    const run = collect(
      plan(200, { milliseconds: 50 }),
      { executor: queueExecutor({ redis: server.url }), signal: stop.signal },
      async (count) => {
        if (count !== 10) return;
        await server.stop();
        await sleep(500);
        stop.abort(new Error('enough'));
      },
    );
    const started = performance.now();
    await t.rejects(run, /enough/);
    t.ok(performance.now() - started < 30_000, 'the sweep ends');
    t.ok((await idle.end('SIGTERM')) < 10, 'a worker that is told once');
    t.ok((await busy.end('SIGTERM', 'SIGTERM')) < 10, 'a worker that is told twice');
    const back = await startRedis(port);
    t.ok((await again.end('SIGTERM')) < 10, 'and one that is told after Redis is back');
    await back.stop();
  },
);
