// A competitor as a child process with clean thread settings; it speaks the protocol of competitor/serve.*.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { allowedProcessors, coreSetting } from './machine.mjs';

const bench = fileURLToPath(new URL('..', import.meta.url));
/** Where the C++ programs are compiled to. */
export const programs = fileURLToPath(new URL('../../build/bench', import.meta.url));
const processors = allowedProcessors();

/** Python with the competitor's packages: Debian's own, where python3-torch and python3-scipy live, unless BENCH_PYTHON says otherwise. */
export const python = process.env.BENCH_PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');

function commandOf(task, program) {
  if (program.endsWith('.mjs')) return [process.execPath, ['--max-old-space-size=8192', `${bench}${task}/${program}`]];
  if (program.endsWith('.py')) return [python, [`${bench}${task}/${program}`]];
  return [`${programs}/${task}-${program.replace(/\.cc$/, '')}`, []];
}

function notCompiled(program) {
  const needs = program === 'onednn.cc' ? 'apt-get install libdnnl-dev, then ' : '';
  return `its C++ program is not compiled; ${needs}npm run bench -- --install`;
}

function threadSettings(threads) {
  const count = String(threads);
  return {
    OPENBLAS_NUM_THREADS: count,
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: '1',
  };
}

/**
 * Starts a competitor. Resolves to `{ run(seed), stop() }`, or to `{ absent: reason }` when it cannot run here.
 * `run` resolves to what the child measured: `{ seconds, processorSeconds, answer }`.
 */
export async function start(task, program, options, threads) {
  const [command, arguments_] = commandOf(task, program);
  if (!program.endsWith('.mjs') && !program.endsWith('.py') && !existsSync(command))
    return { absent: notCompiled(program) };
  const words = [...arguments_, ...Object.entries({ ...options, threads }).map(([name, value]) => `${name}=${value}`)];
  const pinned = processors !== undefined && processors.length > threads;
  const [file, all] = pinned
    ? ['taskset', ['-c', processors.slice(0, threads).join(','), command, ...words]]
    : [command, words];
  const child = spawn(file, all, {
    env: { ...process.env, ...threadSettings(threads), ...coreSetting(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return { failed: lastLine(complaint) };
      if (value.startsWith('{')) return JSON.parse(value.replaceAll('NaN', 'null'));
    }
  };
  const ended = new Promise((resolve) => {
    child.on('close', resolve);
    child.on('error', (error) => {
      complaint = error.message;
      resolve();
    });
  });
  const first = await next();
  if (first.ready !== true) return { absent: first.absent ?? `it does not start: ${first.failed}` };
  return {
    pid: child.pid,
    run: (seed) => {
      child.stdin.write(`run ${seed}\n`);
      return next();
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function lastLine(text) {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => /Error|error|abort|cannot|not /.test(line));
  return (lines.at(-1) ?? text.trim().split('\n').at(-1) ?? '').slice(0, 300) || 'it ended without a word';
}
