// Sweeps over the toy verb of the fixtures, and programs beside them that are told to end: shared by the sweep tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { canonicalJson } from '../../dist/core/codec.js';
import { localExecutor } from '../../dist/sweep/local.js';
import type { SweepPlan } from '../../dist/sweep/plan.js';
import type { SweepRow } from '../../dist/sweep/rows.js';
import { type SweepOptions, sweep } from '../../dist/sweep/run.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

export const childModule = new URL('../fixtures/toy-child.mjs', import.meta.url);

export interface Program {
  readonly process: ChildProcess;
  readonly log: () => string;
  /** Sends the signals (SIGTERM if none is named), half a second apart, and waits for the end: seconds it took. */
  readonly end: (...signals: NodeJS.Signals[]) => Promise<number>;
}

/** A script of the fixtures in a process of its own. */
export function start(
  script: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const path = fileURLToPath(new URL(`../fixtures/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  return {
    process: child,
    log: () => text,
    end: async (...signals) => {
      if (child.exitCode !== null || child.signalCode !== null) return 0;
      const ended = once(child, 'exit');
      const started = performance.now();
      const sent: NodeJS.Signals[] = signals.length > 0 ? signals : ['SIGTERM'];
      for (const [index, signal] of sent.entries()) {
        if (index > 0) await sleep(500);
        child.kill(signal);
      }
      await ended;
      return (performance.now() - started) / 1000;
    },
  };
}

/** `count` jobs of the toy verb. */
export const plan = (count: number, base = {}): SweepPlan => ({
  verb: 'toy',
  base: { system: 'toy', ...base },
  run: { seed: 9 },
  axes: { x: { linear: [0, 1, count] } },
});

/** Rows without what differs between two runs: times, machines, their order. */
export const essence = (rows: readonly SweepRow[]): string[] =>
  rows
    .map(({ meta, ...row }) =>
      canonicalJson({ ...row, ...('result' in row ? { result: { ...row.result, provenance: null } } : {}) }),
    )
    .sort();

/** All rows of a sweep; `onRow` is told how many there are after each. */
export async function collect(
  given: SweepPlan,
  options: SweepOptions,
  onRow?: (count: number) => unknown,
): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  for await (const row of sweep(given, { verbs: toyVerbs(), ...options })) {
    rows.push(row);
    await onRow?.(rows.length);
  }
  return rows;
}

export const local = () => localExecutor({ processes: 1, childModule });

/** The undisturbed run that others are compared with. */
export const locally = (given: SweepPlan): Promise<SweepRow[]> => collect(given, { executor: local() });
