// Runs a suite of tests: node scripts/run-tests.mjs quick|long [FILE ...] [--update].
//
// Each file is a process of its own that prints TAP, two at a time, as `npx tap FILE` would run it, but without tap's own process in
// between: its loaders and the second reading of all that is printed were 0.6 s of processor time for each file.
// A suite fails when
//   - a file fails: an assertion, an exit code, a signal, a timeout;
//   - a test of it asserts nothing (an empty file, a loop without cases): tap passes these;
//   - a file makes fewer assertions than test/assertions.json demands, is missing there, or stands there and did not run;
//   - MFT_REQUIRE is set (continuous integration) and a test was skipped that is no experiment.
// With --update the table is written anew from this run: four fifths of the assertions seen, so that a case may go, not a fixture.
// Last it prints the time of each file, slowest first, the totals, and the processor that needed them.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Which files a suite has, and the seconds each may take. */
const suites = {
  quick: { has: (file) => !file.startsWith('test/verify/'), timeout: 300 },
  long: { has: (file) => file.startsWith('test/verify/'), timeout: 2400 },
};
const jobs = 2;
const nodeArguments = ['--enable-source-maps', '--import=./scripts/test-types.mjs', '--conditions=mft-native:source'];

/**
 * Reads the TAP of a run, line by line. Of each file: whether it passed, its seconds, its assertions, the tests in it that
 * assert nothing, what it skipped, and the lines to show if it failed.
 */
export function tapReader(onFile) {
  const open = [];
  let shown = [];
  /** Ends the innermost test: what it counted belongs to the one around it. */
  const close = (isSkipped) => {
    const top = open.pop();
    if (!isSkipped && top.assertions === 0 && top.tests === 0) top.empty.push(top.name);
    const parent = open.at(-1);
    if (parent !== undefined) {
      parent.tests++;
      parent.assertions += top.assertions;
      parent.empty.push(...top.empty);
      parent.skipped.push(...top.skipped);
    }
    return top;
  };
  return {
    line(text) {
      const [, margin, rest] = /^( *)(.*)$/.exec(text);
      if (rest.startsWith('# Subtest: ')) {
        open.push({ margin: margin.length, name: rest.slice(11), assertions: 0, tests: 0, empty: [], skipped: [] });
        return;
      }
      const point = /^(not )?ok \d+(?: - (.*?))?(?: # time=([\d.]+)ms)?(?: \{)?$/.exec(rest);
      if (point === null) {
        if (open.length > 0 && rest !== '' && !/^(\d+\.\.\d+|# time=)/.test(rest)) shown.push(text);
        return;
      }
      const [, failed, name = '', time] = point;
      if (failed) shown.push(text);
      // Tests within that never ended: their process was killed.
      while (open.length > 1 && open.at(-1).margin > margin.length) close(false);
      const top = open.at(-1);
      const isSkipped = /# (SKIP|TODO)/i.test(name);
      if (top === undefined || margin.length > top.margin) {
        if (isSkipped) top?.skipped.push(name);
        else if (top !== undefined) top.assertions++;
        return;
      }
      if (isSkipped) top.skipped.push(name);
      close(isSkipped);
      if (open.length > 0) return;
      const { assertions, empty, skipped } = top;
      onFile({ file: top.name, passed: !failed, seconds: Number(time) / 1000, assertions, empty, skipped, shown });
      shown = [];
    },
  };
}

/**
 * What is wrong with the files of a run, as sentences. `isWhole`: every file of the suite was asked for; `maySkip`: skipped
 * tests are no fault.
 */
export function complaints(files, floors, isWhole, maySkip = true) {
  const found = files.flatMap(({ file, assertions, empty, passed, skipped }) => {
    const floor = floors[file];
    const why = empty.map((name) => `${file}: "${name}" asserts nothing`);
    if (!maySkip)
      for (const name of skipped.filter((text) => !/# SKIP an experiment/i.test(text)))
        why.push(`${file}: skipped, which MFT_REQUIRE forbids: ${name}`);
    if (!passed) why.push(`${file}: failed`);
    else if (floor === undefined) why.push(`${file}: not in test/assertions.json; run its suite with --update`);
    else if (assertions < floor && skipped.length === 0)
      why.push(`${file}: ${assertions} assertions, at least ${floor} wanted (test/assertions.json)`);
    return why;
  });
  if (files.length === 0) found.push('no test file ran');
  const ran = new Set(files.map(({ file }) => file));
  if (isWhole) for (const file of Object.keys(floors)) if (!ran.has(file)) found.push(`${file}: did not run`);
  return found;
}

function testFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort();
}

/** Runs one file of tests; its TAP, one step further in, goes to `raw`. */
async function runFile(file, timeout, raw) {
  let result;
  const reader = tapReader((found) => (result = found));
  const lines = [];
  const read = (text) => {
    lines.push(text);
    reader.line(text);
  };
  read(`# Subtest: ${file}`);
  const started = performance.now();
  const child = spawn(process.execPath, [...nodeArguments, file], {
    cwd: root,
    env: { ...process.env, TAP_TYPE_STRIP_ONLY: '1', TAP_TIMEOUT: String(timeout) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  // A little more than the file itself is given, which names the test that hung.
  const overdue = setTimeout(() => child.kill('SIGKILL'), (timeout + 10) * 1000);
  for await (const text of createInterface({ input: child.stdout })) if (text !== 'TAP version 14') read(`    ${text}`);
  const end = await ended;
  clearTimeout(overdue);
  if (end !== 0) read(`    # ended with ${end}`);
  const milliseconds = performance.now() - started;
  read(`${end === 0 ? 'ok' : 'not ok'} 1 - ${file} # time=${milliseconds.toFixed(3)}ms`);
  raw.push(...lines);
  return result;
}

async function main([suite, ...given]) {
  if (suites[suite] === undefined || given.some((word) => word.startsWith('-') && word !== '--update')) {
    process.stderr.write('usage: node scripts/run-tests.mjs quick|long [FILE ...] [--update]\n');
    return 2;
  }
  const isUpdate = given.includes('--update');
  const asked = given.filter((word) => word !== '--update').map((file) => relative(root, join(process.cwd(), file)));
  const isWhole = asked.length === 0;
  const { has, timeout } = suites[suite];
  const waiting = isWhole ? testFiles().filter(has) : asked;

  const files = [];
  const raw = [];
  const started = performance.now();
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, timeout, raw);
      files.push(result);
      const { passed, seconds, assertions, shown } = result;
      process.stdout.write(
        `${passed ? 'ok    ' : 'not ok'} ${seconds.toFixed(1).padStart(6)} s ${file} (${assertions})\n`,
      );
      if (!passed) process.stdout.write(`${shown.join('\n')}\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  mkdirSync(join(root, 'build', 'tests'), { recursive: true });
  writeFileSync(join(root, 'build', 'tests', `${suite}.tap`), `${raw.join('\n')}\n`);

  const path = join(root, 'test', 'assertions.json');
  const table = JSON.parse(readFileSync(path, 'utf8'));
  if (isUpdate) {
    const before = table[suite];
    // A file that skipped something keeps a higher floor: elsewhere it does more.
    const floors = Object.fromEntries(
      files.map(({ file, assertions, skipped }) => [
        file,
        Math.max(1, Math.floor(0.8 * assertions), skipped.length === 0 ? 1 : (before[file] ?? 1)),
      ]),
    );
    const kept = isWhole ? {} : before;
    table[suite] = Object.fromEntries(Object.entries({ ...kept, ...floors }).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(path, `${JSON.stringify(table, null, 2)}\n`);
  }

  const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
  const assertions = files.reduce((sum, file) => sum + file.assertions, 0);
  process.stdout.write(`\n${suite} tests, slowest first:\n`);
  for (const file of files.toSorted((a, b) => b.seconds - a.seconds))
    process.stdout.write(`${file.seconds.toFixed(1).padStart(8)} s  ${file.file}\n`);
  process.stdout.write(
    `${seconds.toFixed(1).padStart(8)} s  all ${files.length} files, ${assertions} assertions; ` +
      `${((performance.now() - started) / 1000).toFixed(1)} s by the clock on ` +
      `${cpus()[0]?.model.trim() ?? 'an unknown processor'} (${availableParallelism()} threads)\n`,
  );
  for (const { file, skipped } of files)
    for (const name of skipped) process.stdout.write(`skipped: ${file}: ${name}\n`);
  const wrong = complaints(files, table[suite], isWhole, !process.env.MFT_REQUIRE);
  for (const sentence of wrong) process.stdout.write(`WRONG: ${sentence}\n`);
  return wrong.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));
