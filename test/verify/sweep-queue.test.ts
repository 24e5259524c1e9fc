import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import t from 'tap';
import { canonicalJson } from '../../dist/core/codec.js';
import { packageVersion } from '../../dist/core/provenance.js';
import { expandPlan, type PlannedJob, type SweepPlan } from '../../dist/sweep/plan.js';
import { queueExecutor } from '../../dist/sweep/queue/coordinator.js';
import { sealJob } from '../../dist/sweep/queue/envelope.js';
import { queueIdOf, queueNameFor } from '../../dist/sweep/queue/names.js';
import { localExecutor } from '../../dist/sweep/local.js';
import { freePort, hasRedis, startRedis } from '../fixtures/redis.mjs';
import { skipUnless } from '../fixtures/requirements.mjs';
import { childModule, collect, essence, locally, type Program, plan, start } from '../sweep/toy-sweeps.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const secret = 'a secret of this test only';
process.env.MFT_QUEUE_SECRET = secret;
const skip = skipUnless('redis', hasRedis);
const folder = mkdtempSync(join(tmpdir(), 'mft-queue-'));
async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !isTrue(); i++) await sleep(50);
  if (!isTrue()) throw new Error(`waited in vain for ${what}`);
}

t.test('the same rows as locally; failures come back as failures', { skip }, async (t) => {
  const redis = await startRedis(await freePort());
  const workers = [start('toy-worker.mjs', [redis.url]), start('toy-worker.mjs', [redis.url])];
  const given: SweepPlan = { ...plan(1), axes: { x: { linear: [0, 1, 40] }, fail: [false, true] } };
  t.same(
    essence(await collect(given, { executor: queueExecutor({ redis: redis.url }) })),
    essence(await locally(given)),
  );
  const [crash] = await collect(plan(1, { crash: true }), {
    executor: queueExecutor({ redis: redis.url, backoffMilliseconds: 50 }),
  });
  t.match(crash, {
    status: 'failed',
    error: { code: 'ERR_MFT_JOB_FAILED', message: /SIGKILL/ },
    meta: { attempts: 3 },
  });
  for (const worker of workers) await worker.end();
  t.same(
    workers.map((worker) => worker.process.exitCode),
    [0, 0],
    'a drained worker ends with 0',
  );
  await redis.stop();
});

t.test(
  'a worker killed in mid-job, Redis restarted empty, the coordinator killed: no row is lost or doubled',
  { skip, timeout: 240_000 },
  async (t) => {
    const port = await freePort();
    let redis = await startRedis(port);
    const given = plan(300, { milliseconds: 20 });
    const journal = join(folder, 'kills.jsonl');
    const rowCount = (): number => {
      try {
        return readFileSync(journal, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('{"key"')).length;
      } catch {
        return 0;
      }
    };
    const workers = [start('toy-worker.mjs', [redis.url]), start('toy-worker.mjs', [redis.url])];
    const coordinator = (): Program => start('toy-coordinator.mjs', [redis.url, journal, JSON.stringify(given)]);
    let running = coordinator();
    await until('the first rows', () => rowCount() >= 20);
    await workers[0]?.end('SIGKILL');
    workers.push(start('toy-worker.mjs', [redis.url]));
    await until('more rows', () => rowCount() >= 80);
    await redis.stop();
    redis = await startRedis(port);
    await until('rows after the restart of Redis', () => rowCount() >= 140);
    await running.end('SIGKILL');
    await sleep(200);
    running = coordinator();
    await once(running.process, 'exit');
    t.equal(running.process.exitCode, 0, running.log());
    for (const worker of workers) await worker.end();
    await redis.stop();
    const keys = readFileSync(journal, 'utf8')
      .split('\n')
      .flatMap((line) => /^\{"key":"(\w+)"/.exec(line)?.[1] ?? []);
    t.equal(keys.length, 300, 'as many rows as jobs');
    t.equal(new Set(keys).size, 300, 'each once');
    t.same(
      essence(await collect(given, { journal, executor: localExecutor({ processes: 1, childModule }) })),
      essence(await locally(given)),
      'the rows of an uninterrupted run',
    );
  },
);

t.test('a worker refuses what it should, says why, and goes on', { skip }, async (t) => {
  const redis = await startRedis(await freePort());
  const worker = start('toy-worker.mjs', [redis.url, '2000', '1', '100000000']);
  const queue = new Queue(await queueNameFor(secret), { connection: { url: redis.url }, prefix: 'mft' });
  const expanded = await expandPlan(plan(1), toyVerbs());
  const job = await expanded.job(expanded.jobs[0] as PlannedJob);
  const id = queueIdOf(job.key);
  const true_ = sealJob(job, secret);
  const elsewhere = JSON.parse(true_.payload) as { package: string };
  const { createHmac } = await import('node:crypto');
  const signed = (content: unknown): object => {
    const payload = canonicalJson(content);
    return { payload, hmac: createHmac('sha256', secret).update('mft-native job\n').update(payload).digest('hex') };
  };
  const forgeries: readonly { readonly data: unknown; readonly id?: string; readonly why: RegExp }[] = [
    { data: { ...true_, hmac: 'f'.repeat(64) }, why: /signature is wrong/ },
    { data: sealJob(job, 'another secret, also long'), why: /signature is wrong/ },
    { data: { payload: 'x'.repeat(2 ** 20 + 1), hmac: 'f' }, why: /longer than 1048576 bytes/ },
    { data: 'rm -rf', why: /not a signed envelope/ },
    {
      data: signed({ package: packageVersion(), job: { ...job, verb: 'eval' } }),
      why: /its verb "eval" is not one of toy/,
    },
    {
      data: signed({ package: packageVersion(), job: { ...job, spec: { ...job.spec, label: '/etc/passwd' } } }),
      why: /looks like a path/,
    },
    { data: signed({ package: packageVersion(), job: { ...job, key: '0'.repeat(64) } }), why: /not the hash/ },
    { data: signed({ ...elsewhere, package: '0.0.1' }), why: /comes from mft-native 0.0.1/ },
    { data: signed({ package: packageVersion(), job: { ...job, systemVersion: 7 } }), why: /version 7 of system toy/ },
    { data: true_, id: 'job-other', why: /its name in the queue is not its key/ },
  ];
  for (const [i, forgery] of forgeries.entries()) {
    const entry = await queue.add('job', forgery.data, { jobId: forgery.id ?? `forged-${i}` });
    await until(
      `the refusal of ${String(forgery.why)}`,
      () => forgery.why.test(worker.log().split('\n').slice(i).join('\n')) && worker.log().split('\n').length > i + 1,
    );
    for (let n = 0; n < 100 && !(await entry.isFailed()); n++) await sleep(50);
    t.match((await queue.getJob(entry.id as string))?.failedReason, forgery.why, String(forgery.why));
  }
  // A forged job under the name of a true one does not keep it from running.
  await queue.add('job', { payload: '{}', hmac: 'f' }, { jobId: id });
  const warnings: string[] = [];
  const rows = await collect(plan(1), {
    executor: queueExecutor({ redis: redis.url }),
    onWarning: (message) => warnings.push(message),
  });
  t.match(rows, [{ status: 'done' }]);
  t.match(warnings.join('\n'), /offered again.*refused/);
  const [large] = await collect(plan(1, { layers: 3_000_000 }), { executor: queueExecutor({ redis: redis.url }) });
  t.match(large, { status: 'failed', error: { code: 'ERR_MFT_MEMORY', message: /max-memory/ } });
  const [long] = await collect(plan(1, { label: 'y'.repeat(2 ** 20) }), {
    executor: queueExecutor({ redis: redis.url }),
  });
  t.match(long, { status: 'failed', error: { message: /longer than 1048576 bytes/ } });
  await queue.close();
  await worker.end();
  await redis.stop();
});

t.test('the coordinator takes no forged rows, and gives up on a worker of another version', { skip }, async (t) => {
  const redis = await startRedis(await freePort());
  // A false worker that answers everything.
  const { Worker } = await import('bullmq');
  const liar = new Worker(
    await queueNameFor(secret),
    async (entry) => ({
      payload: canonicalJson({
        package: packageVersion(),
        outcome: { key: String(entry.id).slice(4), status: 'done', result: '{}', meta: { seconds: 0 } },
      }),
      hmac: '0'.repeat(64),
    }),
    { connection: { url: redis.url }, prefix: 'mft' },
  );
  const [row] = await collect(plan(1), { executor: queueExecutor({ redis: redis.url }) });
  t.match(row, { status: 'failed', error: { code: 'ERR_MFT_QUEUE', message: /signature is wrong/ } });
  await liar.close();
  const old = start('toy-worker.mjs', [redis.url, '2000', '6']);
  const [other] = await collect(plan(1), { executor: queueExecutor({ redis: redis.url, attempts: 1 }) });
  t.match(other, { status: 'failed', error: { message: /version 1 of system toy, this worker has version 6/ } });
  await old.end();
  await redis.stop();
});

t.test('a password from the environment is used and never shown', { skip }, async (t) => {
  const password = 'p4ssword-of-this-test';
  const redis = await startRedis(await freePort(), ['--requirepass', password]);
  const wrong = collect(plan(1), { executor: queueExecutor({ redis: redis.url }) });
  await t.rejects(wrong, { code: 'ERR_MFT_QUEUE', message: /NOAUTH|Authentication/i });
  process.env.MFT_REDIS_PASSWORD = password;
  const worker = start('toy-worker.mjs', [redis.url]);
  const journal = join(folder, 'password.jsonl');
  t.match(await collect(plan(2), { journal, executor: queueExecutor({ redis: redis.url }) }), [
    { status: 'done' },
    { status: 'done' },
  ]);
  process.env.MFT_REDIS_PASSWORD = `${password}x`;
  const refused = await collect(plan(1), { executor: queueExecutor({ redis: redis.url }) }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  t.notMatch(`${refused} ${worker.log()} ${readFileSync(journal, 'utf8')}`, password);
  delete process.env.MFT_REDIS_PASSWORD;
  await worker.end();
  await redis.stop();
});
