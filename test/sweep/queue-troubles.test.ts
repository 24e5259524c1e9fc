import t from 'tap';
import { quiet } from '../../dist/sweep/queue/messages.js';
import { queueNameFor } from '../../dist/sweep/queue/names.js';
import { redisTarget } from '../../dist/sweep/queue/connection.js';
import { troubleOf } from '../../dist/sweep/queue/troubles.js';

t.test('a message is said once, then counted', async (t) => {
  const said: string[] = [];
  const say = quiet((message) => said.push(message), 50);
  for (let i = 0; i < 5; i++) say('a');
  say('b');
  await new Promise((resolve) => setTimeout(resolve, 80));
  say('a');
  t.same(said, ['a', 'b', 'a (4 times more since)']);
});

t.test('what replies of Redis mean', async (t) => {
  const kind = (text: string): string | undefined =>
    troubleOf(Object.assign(new Error(text), { name: 'ReplyError' }))?.kind;
  const cases = {
    "OOM command not allowed when used memory > 'maxmemory'.": 'wait',
    'ERR Error running script (call to f_1): @user_script:1: OOM command not allowed': 'wait',
    "READONLY You can't write against a read only replica.": 'wait',
    'WRONGTYPE Operation against a key holding the wrong kind of value': 'foreignKey',
    "NOPERM this user has no permissions to run the 'evalsha' command": 'refused',
    'WRONGPASS invalid username-password pair or user is disabled.': 'wait',
    'ERR something else': 'refused',
  };
  for (const [text, expected] of Object.entries(cases)) t.equal(kind(text), expected, text);
  t.equal(troubleOf(new TypeError('x is undefined')), undefined, 'an error of ours is none');
});

t.test('an address that is wrong is never shown, and the message says what is wrong with it', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['redis://user:pa/ssword@host:6379', /%2F|port cannot be read/],
    ['user:hunter2@host:6379', /no scheme/],
    ['redis://user:hunter 2@host:port', /cannot be read/],
    ['redis://host/0?password=hunter2', /question mark/],
    ['rediss//u:hunter2@host', /no scheme/],
    ['redis://u:hunter2#1@host', /cannot be read|#/],
    ['redis://u:hunter2%zz@127.0.0.1', /%25/],
    ['http://u:hunter2@host', /scheme is neither/],
    ['redis://u:hunter2@host/x', /no number of a database/],
  ];
  for (const [text, why] of cases)
    for (const given of ['environment', 'argument'] as const) {
      const attempt = (): unknown =>
        given === 'argument' ? redisTarget({ redis: text }, {}) : redisTarget({}, { MFT_REDIS_URL: text });
      t.throws(attempt, { code: 'ERR_MFT_INVALID_ARGUMENT', message: why }, `${given} ${text}`);
      try {
        attempt();
      } catch (error) {
        t.notMatch(JSON.stringify([error, (error as Error).message]), /hunter2|pa.ssword/, 'not shown');
      }
    }
});

t.test('the name of a queue tells versions and secrets apart and holds neither', async (t) => {
  const [a, b] = [await queueNameFor('first secret, long enough'), await queueNameFor('other secret, long enough')];
  t.not(a, b);
  t.equal(a, await queueNameFor('first secret, long enough'));
  t.match(a, /^jobs-[\w.]+-[0-9a-f]{12}-[0-9a-f]{12}$/);
});
