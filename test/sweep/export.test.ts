import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { csvCell } from '../../dist/sweep/csv.js';
import { fromJson } from '../../dist/core/codec.js';
import { exportJournal, type ExportFiles } from '../../dist/sweep/export.js';
import { localExecutor } from '../../dist/sweep/local.js';
import { mergeJournals } from '../../dist/sweep/merge.js';
import type { SweepPlan } from '../../dist/sweep/plan.js';
import type { SweepRow } from '../../dist/sweep/rows.js';
import { type SweepOptions, sweep } from '../../dist/sweep/run.js';
import { journalPlan, journalStatus } from '../../dist/sweep/status.js';
import { snake, tableRows } from '../../dist/sweep/table.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mft-export-'));
const childModule = new URL('../fixtures/toy-child.mjs', import.meta.url);
const plan: SweepPlan = {
  verb: 'toy',
  base: { system: 'toy', label: '=1+1' },
  run: { seed: 3 },
  axes: { x: [0.1, 2, 1 / 3], fail: [false, true] },
};

async function written(name: string, options: SweepOptions = {}, given = plan): Promise<string> {
  const journal = join(folder, name);
  for await (const _ of sweep(given, {
    journal,
    verbs: toyVerbs(),
    executor: localExecutor({ processes: 1, childModule }),
    ...options,
  }));
  return journal;
}

function outside(...words: string[]): unknown {
  const { NODE_OPTIONS, ...env } = process.env;
  return fromJson(
    JSON.parse(
      execFileSync(
        process.execPath,
        [fileURLToPath(new URL('../fixtures/toy-export.mjs', import.meta.url)), ...words],
        { env, encoding: 'utf8', maxBuffer: 2 ** 28 },
      ),
    ),
  );
}

const exported = (journal: string, files: ExportFiles): unknown => outside(journal, JSON.stringify(files));

/** A reader of RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (isQuoted) {
      if (character === '"' && text[i + 1] === '"') cell += text[++i];
      else if (character === '"') isQuoted = false;
      else cell += character;
    } else if (character === '"') isQuoted = true;
    else if (character === ',' || character === '\n') {
      rows.at(-1)?.push(cell.replace(/\r$/, ''));
      cell = '';
      if (character === '\n') rows.push([]);
    } else cell += character;
  }
  return rows.slice(0, -1);
}

t.test('cells: exact numbers, no formulas', async (t) => {
  t.equal(csvCell(0.1 + 0.2), '0.30000000000000004');
  t.equal(csvCell(-1.5e-300), '-1.5e-300', 'a negative number is a number');
  t.equal(csvCell(-Infinity), '-Infinity');
  t.equal(csvCell('a,b "c"\n'), '"a,b ""c""\n"');
  for (const evil of ['=cmd|"/c calc"!A1', '+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '＝1'])
    t.match(csvCell(evil), /^"?'/, JSON.stringify(evil));
});

t.test('one row per job and layer; inputs are columns; failed jobs have one row', async (t) => {
  const journal = await written('rows.jsonl');
  const [csv, parquet, json] = ['rows.csv', 'rows.parquet', 'rows.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  t.same(exported(journal, { csv, parquet, json }), [csv, json, parquet]);
  const [header = [], ...lines] = readCsv(readFileSync(csv, 'utf8'));
  t.equal(lines.length, 3 * 4 + 3);
  t.ok(
    [
      'key',
      'x',
      'run_seed',
      'layer',
      'square',
      'variance_input_0',
      'variance_input_1_standard_error',
      'ln_error_norm',
      'ln_error_norm_sign',
      'error_code',
    ].every((name) => header.includes(name)),
    header.join(' '),
  );
  t.ok(lines.every((line) => line[header.indexOf('label')] === "'=1+1"));
  const rows: SweepRow[] = JSON.parse(readFileSync(json, 'utf8'));
  t.equal(rows.length, 6);
  t.same(
    rows.map((row) => row.spec.x),
    [0.1, 0.1, 2, 2, 1 / 3, 1 / 3],
    'in the order of the plan',
  );
  const table = outside('--read', parquet) as Record<string, unknown>[];
  t.equal(table.length, lines.length);
  for (const [i, line] of lines.entries()) {
    for (const [j, name] of header.entries()) {
      const value = table[i]?.[name];
      const expected =
        value === null || value === undefined
          ? ''
          : typeof value === 'string'
            ? value.startsWith('=')
              ? `'${value}`
              : value
            : String(value);
      if (line[j] !== expected) t.fail(`row ${i}, ${name}: CSV ${line[j]}, Parquet ${expected}`);
    }
  }
  const layerOne = table.find((row) => row.layer === 1 && row.x === 2) as Record<string, unknown>;
  t.equal(layerOne.ln_error_norm, -Infinity, 'infinities survive');
  t.equal(layerOne.square, 4);
  t.equal(layerOne.nothing_reason, 'not defined at this x');
});

t.test('shards merged give the bytes of the whole, side files and all', async (t) => {
  const small = Array.from({ length: 8 }, (_, x) => ({ x, layers: 3 }));
  const given: SweepPlan = { ...plan, axes: { points: [...small, { x: 1, layers: 5000 }, { x: 2, layers: 2500 }] } };
  const whole = await written('whole.jsonl', {}, given);
  const shards = await Promise.all(
    [1, 2, 3].map((index) => written(`shard-${index}.jsonl`, { shard: { index, count: 3 } }, given)),
  );
  const merged = join(folder, 'merged.jsonl');
  t.match(await mergeJournals(merged, [...shards, whole]), {
    rows: 10,
    failed: 0,
    repeated: 10,
    conflicts: [],
    damaged: 0,
  });
  for (const journal of [whole, merged]) exported(journal, { csv: `${journal}.csv`, parquet: `${journal}.parquet` });
  t.equal(readFileSync(`${merged}.csv`, 'utf8'), readFileSync(`${whole}.csv`, 'utf8'));
  await t.rejects(mergeJournals(merged, shards), { code: 'ERR_MFT_DISK', message: /exists/ });
  t.match(await journalStatus(merged, toyVerbs()), { done: 10, failed: 0, missing: 0 });
});

t.test('a merge prefers a finished row, and reports two results for one job', async (t) => {
  const { openJournal } = await import('../../dist/sweep/journal.js');
  const { rowLine } = await import('../../dist/sweep/lines.js');
  const key = (i: number): string => i.toString(16).padStart(64, '0');
  const journalOf = async (name: string, rows: [number, 'done' | 'failed', number][]): Promise<string> => {
    const path = join(folder, name);
    const journal = await openJournal(path, { plan });
    for (const [i, status, value] of rows)
      await journal.append(
        rowLine(
          { key: key(i), point: key(i), version: 1, status },
          [],
          { verb: 'toy', error: { code: 'E', message: 'm' } },
          `{"value":${value}}`,
          { seconds: value },
        ),
      );
    await journal.close();
    return path;
  };
  const first = await journalOf('a.jsonl', [
    [1, 'failed', 0],
    [2, 'done', 1],
    [3, 'done', 5],
  ]);
  const second = await journalOf('b.jsonl', [
    [1, 'done', 7],
    [2, 'done', 2],
    [3, 'done', 5],
  ]);
  t.match(await mergeJournals(join(folder, 'ab.jsonl'), [first, second]), {
    rows: 3,
    failed: 0,
    repeated: 3,
    conflicts: [key(2)],
  });
});

t.test('status and the plan of a journal', async (t) => {
  const journal = await written('status.jsonl', { onError: 'continue' });
  t.match(await journalStatus(journal, toyVerbs()), {
    done: 3,
    failed: 3,
    missing: 0,
    failures: [{ code: 'ERR_MFT_NO_CONVERGENCE', count: 3 }],
  });
  t.same(await journalPlan(journal), plan);
});

t.test('rows of an older version stay in the journal and leave the exports', async (t) => {
  const given: SweepPlan = { ...plan, axes: { x: [1, 2, 3] } };
  const journal = await written('versions.jsonl', {}, given);
  t.match(await journalStatus(journal, toyVerbs()), { done: 3, superseded: 0, missing: 0 });
  await written('versions.jsonl', { verbs: toyVerbs(2) }, { ...given, axes: { x: [1, 2] } });
  t.match(
    await journalStatus(journal, toyVerbs(2)),
    { done: 3, superseded: 2, missing: 0 },
    'one point was not run again',
  );
  const json = join(folder, 'versions.json');
  exported(journal, { json });
  const rows = JSON.parse(readFileSync(json, 'utf8')) as SweepRow[];
  t.same(rows.map(({ spec, systemVersion }) => [spec.x, systemVersion]).sort(), [
    [1, 2],
    [2, 2],
    [3, 1],
  ]);
});

t.test('names and nested fields become columns without clashes', async (t) => {
  t.equal(snake('oneMinusCorrelation'), 'one_minus_correlation');
  const row = {
    key: 'k',
    status: 'done',
    verb: 'predict',
    system: 's',
    systemVersion: 1,
    meta: { seconds: 0 },
    spec: { system: 's', activation: { name: 'elu', alpha: 2 }, width: [1, 2], inputs: { correlation: 0.5 } },
    result: { quantities: { width: 3 }, observables: {} },
  } as unknown as SweepRow;
  t.same(tableRows(row), [
    {
      key: 'k',
      system: 's',
      system_version: 1,
      verb: 'predict',
      status: 'done',
      activation: 'elu',
      activation_alpha: 2,
      width: '[1,2]',
      inputs_correlation: 0.5,
      quantity_width: 3,
    },
  ]);
  const matrix = {
    axes: [
      { name: 'input', values: [0, 1] },
      { name: 'input', values: [0, 1], isInner: true },
    ],
    scale: 'linear',
    values: [1, 2, 3, 4],
    undefinedAt: [{ index: 3, reason: 'r' }],
  };
  const many = {
    ...matrix,
    axes: [
      { name: 'input', values: [0, 1] },
      { name: 'input', values: Array.from({ length: 20 }, (_, i) => i), isInner: true },
    ],
    values: Array.from({ length: 40 }, (_, i) => i),
    undefinedAt: [],
  };
  const tables = [matrix, many].map((kernel) =>
    tableRows({ ...row, spec: {}, result: { observables: { kernel } } } as unknown as SweepRow).map(
      ({ key, system, system_version, verb, status, ...cells }) => cells,
    ),
  );
  t.same(tables[0], [
    { input: 0, kernel_input_0: 1, kernel_input_1: 2 },
    { input: 1, kernel_input_0: 3 },
  ]);
  t.equal(tables[1]?.length, 40);
  t.same(tables[1]?.[21], { input: 1, input_2: 1, kernel: 21 });
});

t.test('an export never takes the place of its journal, nor of another export', async (t) => {
  const journal = await written('kept.jsonl', { onError: 'continue' });
  const before = readFileSync(journal, 'utf8');
  const link = join(folder, 'link.jsonl');
  symlinkSync(journal, link);
  for (const csv of [journal, join(folder, '.', 'kept.jsonl'), link])
    await t.rejects(exportJournal(journal, { csv }, toyVerbs()), {
      code: 'ERR_MFT_INVALID_ARGUMENT',
      parameter: 'csv',
      message: /another file than the journal/,
    });
  const twice = join(folder, 'twice');
  await t.rejects(exportJournal(journal, { csv: twice, json: twice }, toyVerbs()), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'json',
    message: /another file than csv/,
  });
  t.equal(readFileSync(journal, 'utf8'), before, 'the journal is what it was');
});

t.test('every export keeps a link to its target, leaves no part, and never takes the place of a device', async (t) => {
  const journal = await written('placed.jsonl', { onError: 'continue' });
  const place = mkdtempSync(join(folder, 'placed-'));
  for (const kind of ['csv', 'json', 'parquet', 'report']) {
    const [target, link] = [join(place, `${kind}.target`), join(place, kind)];
    writeFileSync(target, 'older');
    symlinkSync(target, link);
    await exportJournal(journal, { [kind]: link }, toyVerbs());
    t.ok(lstatSync(link).isSymbolicLink(), kind);
    t.not(readFileSync(target, 'utf8'), 'older');
    await exportJournal(journal, { [kind]: '/dev/null' }, toyVerbs());
    t.ok(statSync('/dev/null').isCharacterDevice(), kind);
  }
  t.equal(readdirSync(place).length, 8);
});
