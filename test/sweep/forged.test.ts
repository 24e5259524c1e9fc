// Journals whose lines have right checksums and wrong content: a stored row is checked as one that comes through a queue.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bestPoints } from '../../dist/sweep/best.js';
import { exportJournal } from '../../dist/sweep/export.js';
import { manifestLine, rowLine } from '../../dist/sweep/lines.js';
import { readJournal } from '../../dist/sweep/rows.js';
import { journalStatus } from '../../dist/sweep/status.js';
import { mft } from '../cli/command.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-forged-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const [key, point] = ['a'.repeat(64), 'b'.repeat(64)];
const plan = { verb: 'predict', base: { system: 'feedforward' }, axes: { depth: [1] } };
const axis = { name: 'layer', values: [1, 2] };
const long = { name: 'x', values: Array.from({ length: 3000 }, (_, i) => i) };
const rest = { verb: 'predict', system: 'feedforward', spec: { system: 'feedforward', depth: 1 } };
const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

interface Forged {
  readonly result?: unknown;
  /** The result as text. */
  readonly text?: string;
  readonly error?: unknown;
  readonly rest?: object;
  readonly meta?: unknown;
  readonly files?: readonly object[];
}

let count = 0;
/** A journal of one row, its second line. */
function forged({
  result,
  text: written = JSON.stringify(result),
  error,
  rest: fields = rest,
  meta = { seconds: 1 },
  files = [],
}: Forged): string {
  const path = join(folder, `${count++}.jsonl`);
  const isFailed = error !== undefined;
  const head = { key, point, version: 1, status: isFailed ? 'failed' : 'done' } as const;
  const text = isFailed ? undefined : written;
  const line = rowLine(head, files, isFailed ? { ...fields, error } : fields, text, meta as object);
  writeFileSync(path, `${manifestLine({ plan })}${line}`);
  return path;
}

const observable = (given: object): Forged => ({ result: { kind: 'prediction', observables: { variance: given } } });
const rows: Readonly<Record<string, Forged>> = {
  'result null': { result: null },
  'result a list': { result: [1] },
  'observables a number': { result: { observables: 3 } },
  'an observable that is none': { result: { observables: { variance: null } } },
  'no axes': observable({ values: [1, 2] }),
  'an axis without values': observable({ axes: [{ name: 'layer' }], values: [1] }),
  'an axis without a name': observable({ axes: [{ values: [1] }], values: [1] }),
  'two axes of 3,000 and four values': observable({ axes: [long, { ...long, name: 'y' }], values: [1, 2, 3, 4] }),
  'two axes of 3,000 and no values': observable({ axes: [long, { ...long, name: 'y' }] }),
  'fewer values than points': observable({ axes: [axis], values: [1] }),
  'statistics that do not fit': {
    result: { kind: 'training', statistics: { q: { axes: [axis], values: [1, 2, 3] } } },
  },
  'a failure without its reason': { error: null },
  'a code that is none': { error: { code: 'rm -rf', message: 'x' } },
  'a spec that is none': { result: {}, rest: { ...rest, spec: null } },
  'a system that is none': { result: {}, rest: { ...rest, system: { a: 1 } } },
  'no meta': { result: {}, meta: null },
  'nested beyond reading': { text: deep },
};

t.test('rows of another form are refused with their line, by whoever reads them', async (t) => {
  for (const [what, given] of Object.entries(rows)) {
    const journal = forged(given);
    const readers = {
      readJournal: async () => {
        for await (const row of readJournal(journal)) t.fail(`${what}: ${row.status} was read`);
      },
      export: () => exportJournal(journal, { csv: join(folder, 'out.csv'), report: join(folder, 'out.html') }),
      best: () => bestPoints(journal, { by: 'variance' }),
    };
    for (const [name, read] of Object.entries(readers))
      t.match(
        await read().then(
          () => 'read',
          ({ name, code, message }: { name: string; code: string; message: string }) => ({ name, code, message }),
        ),
        { name: 'MftError', code: 'ERR_MFT_JOURNAL_MISMATCH', message: /Line 2 of .* cannot be used: .*/ },
        `${what}: ${name}`,
      );
    t.notOk(
      readdirSync(folder).some((name) => name.startsWith('out.') || name.endsWith('.partial')),
      what,
    );
  }
});

t.test('what the queue and the verbs write is read', async (t) => {
  for (const given of [
    observable({ axes: [axis], values: [1, 2] }),
    { result: { kind: 'training', statistics: { q: { axes: [axis], values: [1, 2] } } } },
    { result: { kind: 'comparison', observables: { q: { axes: [long, axis], index: [0, 5], expected: [1, 2] } } } },
    { error: { code: 'ERR_MFT_MEMORY', message: 'too large' } },
  ]) {
    let seen = 0;
    for await (const _ of readJournal(forged(given))) seen++;
    t.equal(seen, 1, JSON.stringify(given).slice(0, 60));
  }
});

t.test('manifests and side files of another form', async (t) => {
  for (const manifest of [{ plan: { ...plan, title: { a: 1 } } }, { plan: 3 }, { plan: { ...plan, base: null } }, {}]) {
    const journal = join(folder, `manifest-${count++}.jsonl`);
    writeFileSync(journal, manifestLine(manifest));
    const report = join(folder, 'page.html');
    t.match(await journalStatus(journal), { planProblem: /holds no plan/ }, JSON.stringify(manifest));
    await exportJournal(journal, { report });
    t.notMatch(readFileSync(report, 'utf8'), '[object Object]');
  }
  for (const files of [[{ file: '../../etc/passwd', type: 'int8', length: 1 }], [{ file: 3 }], ['x' as never]])
    t.match(await journalStatus(forged({ result: {}, files })), { done: 0, damaged: [{ line: 2 }] });
});

t.test('control characters of a stored failure reach no terminal', async (t) => {
  const evil = '\x1b[2J\x1b]0;title\x07\u202egnp';
  const journal = forged({ error: { code: 'ERR_MFT_JOB_FAILED', message: evil } });
  appendFileSync(journal, `${evil}\n`);
  for (const words of [['status'], ['status', '--json'], ['export', '--csv', join(folder, 'evil.csv')]]) {
    const [verb = '', ...more] = words;
    const { status, stdout, stderr } = await mft(['sweep', verb, journal, ...more]);
    t.ok(status === 0 || status === 3, `${words.join(' ')}: ${stderr}`);
    t.notMatch(stdout + stderr, /[\x1b\x07\u202e]/, words.join(' '));
  }
});
