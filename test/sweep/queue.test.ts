import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { connectRedis, redisTarget, scrubbed } from '../../dist/sweep/queue/connection.js';
import { openJob, openOutcome, queueSecret, sealJob, sealOutcome } from '../../dist/sweep/queue/envelope.js';
import { expandPlan, type PlannedJob } from '../../dist/sweep/plan.js';
import type { Outcome } from '../../dist/sweep/rows.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const secret = 'a secret of this test only';

t.test('where the queue may be', async (t) => {
  t.match(redisTarget({}, {}), { host: '127.0.0.1', port: 6379, db: 0, isTls: false });
  t.match(redisTarget({ redis: 'redis://[::1]:7000/2' }, {}), { host: '::1', port: 7000, db: 2 });
  t.match(redisTarget({ redis: 'rediss://queue.example.org' }, { MFT_REDIS_PASSWORD: 'p', MFT_REDIS_USERNAME: 'u' }), {
    isTls: true,
    username: 'u',
    password: 'p',
  });
  t.match(redisTarget({}, { MFT_REDIS_URL: 'rediss://user:p%40ss@queue.example.org:1' }), {
    username: 'user',
    password: 'p@ss',
    port: 1,
  });
  t.match(redisTarget({ redis: 'redis://queue.example.org', isInsecure: true }, {}), { host: 'queue.example.org' });
  t.throws(() => redisTarget({ redis: 'redis://queue.example.org' }, {}), {
    code: 'ERR_MFT_QUEUE',
    message: /--insecure/,
  });
  t.throws(
    () => redisTarget({ redis: 'redis://127.evil.example.org' }, {}),
    { code: 'ERR_MFT_QUEUE' },
    'a name that starts like loopback is not loopback',
  );
  for (const redis of ['redis://user:secretword@127.0.0.1', 'redis://secretword@127.0.0.1', 'rediss://:secretword@h']) {
    t.throws(() => redisTarget({ redis }, {}), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'redis' });
    try {
      redisTarget({ redis }, {});
    } catch (error) {
      t.notMatch((error as Error).message, 'secretword');
    }
  }
  for (const redis of ['http://127.0.0.1', 'nonsense', 'redis://h/x', 'redis://127.0.0.1?password=x'])
    t.throws(() => redisTarget({ redis }, {}), { code: 'ERR_MFT_INVALID_ARGUMENT' }, redis);
});

t.test('secrets are scrubbed', async (t) => {
  const text = 'AUTH hunter2-hunter2 failed for redis://user:abc@host and the secret is 0123456789abcdef';
  t.equal(
    scrubbed(text, { password: 'hunter2-hunter2' }, { MFT_QUEUE_SECRET: '0123456789abcdef' }),
    'AUTH *** failed for redis://***@host and the secret is ***',
  );
});

t.test('a secret is needed', async (t) => {
  t.throws(() => queueSecret({}), { code: 'ERR_MFT_QUEUE', parameter: 'MFT_QUEUE_SECRET' });
  t.throws(() => queueSecret({ MFT_QUEUE_SECRET: 'short' }), { code: 'ERR_MFT_QUEUE' });
  t.equal(queueSecret({ MFT_QUEUE_SECRET: secret }), secret);
});

t.test('jobs and rows pass, changed ones do not', async (t) => {
  const verbs = toyVerbs();
  const expanded = await expandPlan({ verb: 'toy', base: { system: 'toy' }, axes: { x: [2] } }, verbs);
  const job = await expanded.job(expanded.jobs[0] as PlannedJob);
  const envelope = sealJob(job, secret);
  t.same(await openJob(envelope, secret, verbs), job);
  await t.rejects(openJob({ ...envelope, payload: envelope.payload.replace('"x":2', '"x":3') }, secret, verbs), {
    message: /signature/,
  });
  const outcome: Outcome = {
    key: job.key,
    status: 'done',
    result:
      '{"observables":{"v":{"axes":[{"name":"layer","values":[1,2]}],"scale":"linear","values":[1,"-Infinity"]}}}',
    meta: { seconds: 1, host: 'h' },
  };
  t.same(openOutcome(sealOutcome(outcome, secret), job.key, secret), outcome);
  t.throws(() => openOutcome(sealOutcome(outcome, secret), 'f'.repeat(64), secret), { message: /another job/ });
  t.throws(() => openOutcome(envelope, job.key, secret), { message: /signature/ }, 'a job is not a row');
  t.throws(
    () =>
      openOutcome(
        sealOutcome({ ...outcome, result: outcome.result.replace('[1,2]', '[1,2,3]') }, secret),
        job.key,
        secret,
      ),
    { message: /does not fit its axes/ },
  );
  t.throws(
    () =>
      openOutcome(
        sealOutcome(
          { key: job.key, status: 'failed', error: { code: 'EVIL' as never, message: 'm' }, meta: { seconds: 0 } },
          secret,
        ),
        job.key,
        secret,
      ),
    { message: /no code and message/ },
  );
  t.throws(() => sealJob({ ...job, spec: { ...job.spec, label: 'x'.repeat(2 ** 20) } }, secret), {
    message: /longer than/,
  });
  const extra = {
    ...outcome,
    meta: { seconds: 1, files: ['/etc/passwd'], host: 'x'.repeat(1000) },
  } as unknown as Outcome;
  t.same(
    openOutcome(sealOutcome(extra, secret), job.key, secret).meta,
    { seconds: 1, host: 'x'.repeat(255) },
    'only known fields come through, at a length',
  );
});

t.test('a server that is too old, and one that is not there', async (t) => {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      for (const _ of bytes.toString().matchAll(/\*\d+\r\n/g)) {
        const info = '# Server\r\nredis_version:6.0.16\r\nloading:0\r\n';
        socket.write(/info/i.test(bytes.toString()) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = (): Promise<unknown> =>
    connectRedis({ host: '127.0.0.1', port, db: 0, isTls: false }, () => undefined);
  await t.rejects(connect(), { code: 'ERR_MFT_QUEUE', message: /version 6\.0, needed is 6\.2/ });
  server.close();
  await once(server, 'close');
  await t.rejects(connect(), { code: 'ERR_MFT_QUEUE', message: /ECONNREFUSED/ });
});
