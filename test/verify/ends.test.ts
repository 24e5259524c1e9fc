// A worker thread or a process that ends while native work runs or is queued: the work is cancelled, nothing aborts, nothing is
// waited for. Each trial is a process of its own; `MFT_TERMINATIONS=200` asks for more of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { systemNames } from '../../ts/systems/registry.js';
import { contractCase } from '../contract/case.js';
import { generator } from '../fuzz.js';

/** A call of the package, as the program below makes it: the name of the verb and its arguments. */
type Call = readonly [verb: string, ...values: readonly unknown[]];

/** What keeps native code busy for seconds, of every system and verb. */
async function longCalls(): Promise<readonly Call[]> {
  const calls: Call[] = [];
  for (const name of systemNames) {
    const { heavy, busy, small } = await contractCase(name);
    const of = (spec: object): object => ({ system: name, ...spec });
    const values = (from: number, to: number): number[] =>
      Array.from({ length: 300 }, (_, i) => from + ((to - from) * i) / 299);
    calls.push(['simulate', of(heavy.spec), heavy.run]);
    calls.push(['figure', of(heavy.spec), busy.figure, { run: heavy.run }]);
    if (busy.predict !== undefined) calls.push(['predict', of(busy.predict)]);
    if (busy.advise !== undefined) calls.push(['advise', of(busy.advise)]);
    if (busy.evaluate !== undefined) calls.push(['evaluate', name, busy.evaluate.quantity, busy.evaluate.parameters]);
    if (busy.map !== undefined)
      calls.push([
        'map',
        of({ ...small, ...busy.map.spec }),
        busy.map.axes.map(({ field, from, to }) => ({ field, values: values(from, to) })),
      ]);
    if (busy.train !== undefined)
      calls.push(['train', of(busy.train), 'synthetic', busy.trainOptions ?? { steps: 100_000, threads: 1 }]);
  }
  return calls;
}

/** Starts copies of the call of its argument, says so, and ends in the way of its second argument. */
const program = `
import { Worker, isMainThread, workerData } from 'node:worker_threads';
const source = \`
  const { parentPort, workerData } = await import('node:worker_threads');
  const m = await import('mft-native');
  const [verb, ...values] = workerData.call;
  for (let i = 0; i < workerData.copies; i++) m[verb](...values).catch((error) => parentPort.postMessage(error.message));
  parentPort.postMessage('');
  if (workerData.end === 'exit') setTimeout(() => process.exit(5), workerData.wait);
  if (workerData.end === 'throw') setTimeout(() => { throw new Error('planned'); }, workerData.wait);
  setTimeout(() => {}, 1e6);
\`;
const [trials, way] = JSON.parse(process.argv[1]);
if (way === 'process') {
  const m = await import('mft-native');
  const [{ call, copies, wait, end }] = trials;
  const [verb, ...values] = call;
  for (let i = 0; i < copies; i++) m[verb](...values).catch((error) => console.log('failed ' + error.message));
  setTimeout(() => {
    console.log('ends');
    if (end === 'throw') throw new Error('planned');
    process.exit(3);
  }, wait);
} else {
  for (const workerData of trials) {
    const worker = new Worker(source, { eval: true, workerData });
    const failures = [];
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.on('error', (error) => { if (error.message !== 'planned') failures.push(error.message); });
    worker.on('message', (text) => { if (text !== '') failures.push(text); });
    await Promise.race([ended, new Promise((resolve) => worker.once('message', resolve))]);
    if (workerData.end === 'terminate') {
      await new Promise((resolve) => setTimeout(resolve, workerData.wait));
      await worker.terminate();
    } else await ended;
    console.log(failures.length > 0 ? 'failed ' + failures[0] : 'ended');
  }
  console.log('alive');
}
`;

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lines: readonly string[];
  /** From the line "ends" to the end of the process. */
  readonly seconds: number;
}

async function outcome(trials: readonly object[], way: 'worker' | 'process'): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify([trials, way])], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let [text, at] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (chunk.includes('ends')) at = performance.now();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, lines: text.trim().split('\n'), seconds: (performance.now() - at) / 1000 };
}

const count = Number(process.env.MFT_TERMINATIONS ?? 48);
const calls = await longCalls();

t.test('a worker that ends in the middle of native calls leaves the process alive', async (t) => {
  t.ok(calls.length >= 3 * systemNames.length, `${calls.length} calls of ${systemNames.length} systems`);
  const random = generator(20);
  const ends = ['terminate', 'terminate', 'terminate', 'exit', 'throw'];
  // Every call once, then random ones; more calls at once than libuv has threads.
  const trials = Array.from({ length: count }, (_, i) => {
    const call = calls[i < calls.length ? i : Math.floor(random() * calls.length)] as Call;
    return {
      call,
      copies: random() < 0.5 ? 1 : 6,
      wait: Math.floor(400 * random() ** 2),
      end: ends[Math.floor(random() * ends.length)],
    };
  });
  for (let first = 0; first < trials.length; first += 12) {
    const part = trials.slice(first, first + 12);
    const { code, signal, lines } = await outcome(part, 'worker');
    const what = part.map((trial) => `${trial.call[0]} ${trial.end}`).join(', ');
    t.same({ code, signal }, { code: 0, signal: null }, `alive after ${what}`);
    t.same(lines, [...part.map(() => 'ended'), 'alive'], 'no call failed before its worker ended');
  }
});

t.test('process.exit and an uncaught exception do not wait for native work', async (t) => {
  const percolation = { system: 'percolation', width: 200, depth: 50, edgeKeepProbability: 0.64 };
  const long: Call = ['simulate', percolation, { trials: 200_000 }];
  const training: Call = [
    'train',
    { system: 'feedforward', activation: 'tanh', width: 300, depth: 10 },
    'synthetic',
    { steps: 100_000 },
  ];
  for (const [call, copies] of [
    [long, 1],
    [long, 12],
    [training, 2],
  ] as const)
    for (const [end, expected] of [
      ['exit', 3],
      ['throw', 1],
    ] as const) {
      const trial = { call, copies, wait: 700, end };
      const { code, signal, lines, seconds } = await outcome([trial], 'process');
      t.same(
        { code, signal, lines },
        { code: expected, signal: null, lines: ['ends'] },
        `${copies} × ${call[0]}, ${end}`,
      );
      // Minutes without cancellation; 0.3 s on an idle machine.
      t.ok(seconds < 10, `${seconds.toFixed(2)} s`);
    }
});
