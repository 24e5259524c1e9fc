import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { disk } from '../../dist/sweep/disk.js';
import { indexJournal, openJournal, readableJournal, rowReader } from '../../dist/sweep/journal.js';
import { manifestLine, rowLine } from '../../dist/sweep/lines.js';

/** A disk that does not wait for the medium, for tests that write thousands of files. */
const hasty = { ...disk, sync: async () => undefined, syncFolder: async () => undefined };
const folder = mkdtempSync(join(tmpdir(), 'mft-journal-'));
let files = 0;
const newPath = (): string => join(folder, `journal-${files++}.jsonl`);
const manifest = { plan: 'test', date: 'today' };
const key = (i: number): string => i.toString(16).padStart(64, '0');
const row = (i: number, status: 'done' | 'failed' = 'done'): string =>
  rowLine({ key: key(i), point: key(1000 + i), version: 1, status }, [], { verb: 'toy', x: i }, `{"value":${i}}`, {
    seconds: 0,
  });

async function written(count: number): Promise<string> {
  const path = newPath();
  const journal = await openJournal(path, manifest);
  await Promise.all(Array.from({ length: count }, (_, i) => journal.append(row(i))));
  await journal.close();
  return path;
}

t.test('rows survive; the manifest is the first line and is not repeated', async (t) => {
  const path = await written(10);
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  t.equal(lines.length, 11);
  t.ok(
    lines.every((line) => typeof JSON.parse(line) === 'object'),
    'every line is JSON',
  );
  t.match(JSON.parse(lines[0] ?? ''), { journal: 'mft-sweep', manifest });
  const journal = await openJournal(path, { ...manifest, date: 'tomorrow' });
  t.equal(journal.index.rows.size, 10);
  await journal.close();
  t.equal(readFileSync(path, 'utf8').trim().split('\n').length, 11);
});

t.test('cut at every byte of its last two rows, a journal loses only what was cut', async (t) => {
  const path = await written(4);
  const whole = readFileSync(path);
  const ends = [...whole.keys()].filter((i) => whole[i] === 10);
  const from = (ends[2] ?? 0) + 1;
  for (let size = from; size <= whole.length; size++) {
    const copy = `${path}.cut`;
    writeFileSync(copy, whole.subarray(0, size));
    const journal = await openJournal(copy, manifest, hasty);
    // A row lacking nothing but its newline is whole.
    const expected = 2 + ends.slice(3).filter((end) => end <= size).length;
    t.equal(journal.index.rows.size, expected, `cut at ${size}: rows`);
    for (let i = journal.index.rows.size; i < 4; i++) await journal.append(row(i));
    await journal.close();
    t.ok(readFileSync(copy).equals(whole), `cut at ${size}: the completed journal is the whole one`);
  }
  t.ok(whole.length - from > 100, 'at least a hundred cuts');
});

t.test(
  'a journal checked out with CRLF, or saved with a byte-order mark, loses nothing; UTF-16 is named',
  async (t) => {
    const path = await written(9);
    const text = readFileSync(path, 'utf8');
    for (const changed of [text.replaceAll('\n', '\r\n'), `\ufeff${text}`, `\ufeff${text.replaceAll('\n', '\r\n')}`]) {
      writeFileSync(path, changed);
      const journal = await openJournal(path, manifest, hasty);
      t.same([journal.index.rows.size, journal.index.damaged.length], [9, 0]);
      await journal.append(row(9));
      await journal.close();
      const { handle, index } = await readableJournal(path);
      await handle.close();
      t.same([index.rows.size, index.damaged.length], [10, 0], 'and takes new rows');
      t.ok(readFileSync(path, 'utf8').startsWith(changed), 'what was there is left as it is');
    }
    writeFileSync(path, Buffer.from(`\ufeff${text}`, 'utf16le'));
    await t.rejects(openJournal(path, manifest, hasty), { code: 'ERR_MFT_JOURNAL_MISMATCH', message: /UTF-16/ });
  },
);

t.test('a torn manifest is written anew', async (t) => {
  for (const size of [0, 1, 5, 40]) {
    const path = newPath();
    writeFileSync(path, manifestLine(manifest).slice(0, size));
    const journal = await openJournal(path, manifest);
    await journal.close();
    t.equal(readFileSync(path, 'utf8'), manifestLine(manifest));
  }
});

t.test('any flipped bit of a row is noticed, reported with its line, and costs that row alone', async (t) => {
  const path = await written(5);
  const whole = readFileSync(path);
  const lines = whole.toString().split('\n');
  const start = lines.slice(0, 3).join('\n').length + 1;
  for (let i = 0; i < (lines[3]?.length ?? 0); i++) {
    const damaged = Buffer.from(whole);
    damaged[start + i] = (damaged[start + i] as number) ^ 4;
    const copy = `${path}.flip`;
    writeFileSync(copy, damaged);
    const { handle, index } = await readableJournal(copy);
    await handle.close();
    t.match([index.rows.size, index.damaged.map(({ line }) => line)], [4, [4]], `flip at ${i}`);
  }
  t.ok((lines[3]?.length ?? 0) > 50, 'at least fifty flips');
});

t.test('a finished row is never replaced by a failed one, a failed one by a finished one', async (t) => {
  const path = newPath();
  const journal = await openJournal(path, manifest);
  for (const line of [row(1, 'failed'), row(1, 'done'), row(1, 'failed'), row(2, 'failed')]) await journal.append(line);
  await journal.close();
  const { handle, index } = await readableJournal(path);
  await handle.close();
  t.equal(index.rows.get(key(1))?.status, 'done');
  t.equal(index.rows.get(key(2))?.status, 'failed');
});

t.test('a file that is no journal is left alone', async (t) => {
  for (const content of ['{"name": "package"}\n', 'notes', '\0\0\0\0\n', `${'x'.repeat(100)}\n{"key":1}\n`]) {
    const path = newPath();
    writeFileSync(path, content);
    await t.rejects(openJournal(path, manifest), { code: 'ERR_MFT_JOURNAL_MISMATCH' });
    await t.rejects(readableJournal(path), { code: 'ERR_MFT_JOURNAL_MISMATCH' });
    t.equal(readFileSync(path, 'utf8'), content);
  }
});

t.test('a damaged manifest does not hide the rows', async (t) => {
  const path = await written(3);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"test"', '"tset"'));
  const journal = await openJournal(path, manifest);
  t.equal(journal.index.rows.size, 3);
  t.match(journal.index.damaged, [{ line: 1 }]);
  await journal.close();
});

t.test('two writers: the second is refused, and gets in when the first has gone', async (t) => {
  const path = newPath();
  const first = await openJournal(path, manifest);
  await t.rejects(openJournal(path, manifest), { code: 'ERR_MFT_JOURNAL_LOCKED' });
  await first.close();
  const second = await openJournal(path, manifest);
  await second.close();
});

t.test('a full disk, a folder that is not there, and one that may not be written', async (t) => {
  const path = newPath();
  let left = 500;
  const full = {
    ...disk,
    write: async (handle: Parameters<typeof disk.write>[0], bytes: Uint8Array) => {
      const fits = bytes.subarray(0, Math.max(0, left));
      left -= bytes.length;
      await disk.write(handle, fits);
      if (left < 0)
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    },
  };
  const journal = await openJournal(path, manifest, full);
  await journal.append(row(0));
  await t.rejects(journal.append(row(1)), { code: 'ERR_MFT_DISK', message: /disk is full.*resumes/ });
  await t.rejects(journal.append(row(2)), { code: 'ERR_MFT_DISK' }, 'nothing is written after that');
  await t.rejects(journal.close());
  const again = await openJournal(path, manifest);
  t.equal(again.index.rows.size, 1, 'the torn row is gone, the others are there');
  await again.close();
  await t.rejects(openJournal(join(folder, 'none', 'rows.jsonl'), manifest), {
    code: 'ERR_MFT_DISK',
    message: /does not exist/,
  });
  await t.rejects(openJournal('/proc/rows.jsonl', manifest), { code: 'ERR_MFT_DISK' });
  await t.rejects(openJournal(folder, manifest), { code: 'ERR_MFT_DISK', message: /it is a folder/ });
});

t.test('long lines and many lines cross the chunks of the reader', async (t) => {
  const path = newPath();
  const journal = await openJournal(path, manifest);
  const text = JSON.stringify('y'.repeat(3_000_000));
  for (let i = 0; i < 4; i++)
    await journal.append(rowLine({ key: key(i), point: key(i), version: 1, status: 'done' }, [], { x: i }, text, {}));
  await journal.close();
  appendFileSync(path, row(7).slice(0, 90));
  const { handle, index } = await readableJournal(path);
  t.equal(index.rows.size, 4);
  const once = await indexJournal(handle, path);
  t.same([...once.rows], [...index.rows]);
  await handle.close();
  truncateSync(path, 3_000_000);
});

t.test('stored rows are read back in any order, long ones among short ones', async (t) => {
  const path = newPath();
  const journal = await openJournal(path, manifest);
  const lines = Array.from({ length: 300 }, (_, i) =>
    rowLine(
      { key: key(i), point: key(i), version: 1, status: 'done' },
      [],
      { x: i },
      JSON.stringify('é'.repeat(i % 50 === 7 ? 200_000 : i * 10)),
      {},
    ),
  );
  await Promise.all(lines.map((line) => journal.append(line)));
  for (const i of [299, 0, 7, 8, 7, 150, 57, 298])
    t.equal(`${await journal.read(await entryOf(path, i))}\n`, lines[i], `row ${i}`);
  await journal.close();
  const { handle, index } = await readableJournal(path);
  const read = rowReader(handle);
  for (const [i, line] of lines.entries())
    if (`${await read(index.rows.get(key(i)) as never)}\n` !== line) t.fail(`row ${i}`);
  t.equal(index.rows.size, lines.length);
  await handle.close();
});

async function entryOf(path: string, i: number): Promise<never> {
  const { handle, index } = await readableJournal(path);
  await handle.close();
  return index.rows.get(key(i)) as never;
}
