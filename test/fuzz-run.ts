// Runs the random specs of test/fuzz.ts in parts and keeps a journal, so that parts add up and a part that is killed is not lost:
//   node --import ./scripts/test-types.mjs --conditions=mft-native:source test/fuzz-run.ts JOURNAL verbs|verdicts FROM COUNT [SYSTEM ...]
//   node --import ./scripts/test-types.mjs --conditions=mft-native:source test/fuzz-run.ts JOURNAL report
// COUNT is per system; a spec that the journal has is not run again. One line per spec: what was called, refused, slow and found.
// A process of its own runs the specs: one that stays longer than four minutes with a spec is deaf to its signal, and ended.
import { fork } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadSystem, systemNames } from '../dist/systems/registry.js';
import { emptyTally, fuzzOnce, fuzzVerdict, type Tally } from './fuzz.js';

interface Line extends Omit<Tally, 'refusals'> {
  readonly mode: string;
  readonly system: string;
  readonly index: number;
  readonly seconds: number;
  readonly refusals?: Tally['refusals'];
}

const [journal, mode, from, count, ...chosen] = process.argv.slice(2) as [string, string, ...string[]];
const known: Line[] = existsSync(journal)
  ? readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line)
  : [];

/** Milliseconds after which a spec is given up. */
const longest = 240_000;

if (mode === 'report') report(known);
else if (process.send === undefined) await watch();
else {
  await run(Number(from), Number(count), chosen.length > 0 ? chosen : systemNames);
  process.send('done');
  process.disconnect();
}

/** Starts the process that runs, and another in its place when it hangs or breaks. */
async function watch(): Promise<void> {
  for (let isDone = false; !isDone; ) {
    const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2));
    let current = { system: '', index: -1 };
    let timer: NodeJS.Timeout | undefined;
    child.on('message', (message: typeof current | 'done') => {
      clearTimeout(timer);
      if (message === 'done') isDone = true;
      else {
        current = message;
        timer = setTimeout(() => child.kill('SIGKILL'), longest);
      }
    });
    const code = await new Promise((resolve) => child.once('exit', (exit, signal) => resolve(exit ?? signal)));
    clearTimeout(timer);
    if (isDone) return;
    if (current.index < 0) throw new Error(`The process that runs ended at once: ${code}.`);
    const finding = { call: 'the whole', spec: current, problem: `the process ended: ${code}` };
    const line = { mode, ...current, seconds: longest / 1000, ...emptyTally(), findings: [finding] };
    appendFileSync(journal, `${JSON.stringify(line)}\n`);
  }
}

async function run(from: number, count: number, names: readonly string[]): Promise<void> {
  const done = new Set(known.map((line) => `${line.mode} ${line.system} ${line.index}`));
  const once = mode === 'verdicts' ? fuzzVerdict : fuzzOnce;
  // Index by index, not system by system: a part that ends early has seen all of them.
  for (let index = from; index < from + count; index++)
    for (const name of names) {
      if (done.has(`${mode} ${name} ${index}`)) continue;
      process.send?.({ system: name, index });
      const tally = emptyTally();
      const before = process.cpuUsage();
      await once(name as never, (await loadSystem(name)) as never, index, tally);
      const { user, system } = process.cpuUsage(before);
      const line = { mode, system: name, index, seconds: (user + system) / 1e6, ...tally };
      appendFileSync(journal, `${JSON.stringify(line)}\n`);
    }
}

function report(lines: readonly Line[]): void {
  for (const each of ['verbs', 'verdicts']) {
    const of = lines.filter((line) => line.mode === each);
    if (of.length === 0) continue;
    const sum = (some: readonly Line[], value: (line: Line) => number): number =>
      some.reduce((total, line) => total + value(line), 0);
    for (const name of [...new Set(of.map((line) => line.system)), 'all']) {
      const some = of.filter((line) => name === 'all' || line.system === name);
      const verdicts: Record<string, number> = {};
      for (const line of some)
        for (const [verdict, n] of Object.entries(line.verdicts)) verdicts[verdict] = (verdicts[verdict] ?? 0) + n;
      console.log(
        `${each} ${name}: ${some.length} specs, ${sum(some, (line) => line.calls)} calls, ` +
          `${sum(some, (line) => line.refused)} refused, ${sum(some, (line) => line.slow.length)} slow, ` +
          `${sum(some, (line) => line.findings.length)} found, ${sum(some, (line) => line.seconds).toFixed(0)} s ` +
          JSON.stringify(verdicts),
      );
    }
    for (const line of of)
      for (const { call, spec, problem } of [...line.findings, ...line.slow])
        console.log(`${line.system} ${line.index} ${call}: ${problem} ${JSON.stringify(spec)}`);
  }
}
