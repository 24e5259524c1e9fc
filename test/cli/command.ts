// Commands of mft: one process serves those of a test file (test/fixtures/commands.mjs), or each has its own.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Where {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const main = join(root, 'dist', 'cli', 'main.js');

/** Data sets are named by the tests that need them; tap's own options are not for our processes. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, MFT_DATA: __, ...env } = process.env;
  return env;
}

let server: ChildProcess | undefined;

/** Runs one command and waits for its end. */
export async function mft(words: readonly string[], where: Where = {}): Promise<Ended> {
  server ??= started();
  const child = server;
  return new Promise((settle, refuse) => {
    child.once('message', (message) => {
      child.off('exit', refuse);
      settle(message as Ended);
    });
    child.once('exit', refuse);
    child.send({ words, ...where });
  });
}

function started(): ChildProcess {
  const child = fork(join(root, 'test', 'fixtures', 'commands.mjs'), [], { env: cleanEnvironment(), execArgv: [] });
  t.teardown(() => child.disconnect());
  return child;
}

/** The same in a process of its own: what the shell sees. */
export function mftProcess(words: readonly string[], command: readonly string[] = [process.execPath, main]): Ended {
  const [program, ...rest] = [...command, ...words] as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8', env: cleanEnvironment() });
  return { status, stdout, stderr };
}
