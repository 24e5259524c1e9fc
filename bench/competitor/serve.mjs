// The child side of the runner's protocol, for JavaScript competitors: options come as name=value arguments, every line
// `run SEED` on standard input is answered by one line of JSON; end of input ends the program.
import { createInterface } from 'node:readline';

/** Options of this process: numbers where they read as numbers, else text. */
export function readOptions(argv = process.argv.slice(2)) {
  return Object.fromEntries(
    argv.map((argument) => {
      const equals = argument.indexOf('=');
      const value = argument.slice(equals + 1);
      return [argument.slice(0, equals), value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
    }),
  );
}

/** Answers runs until the input ends. `run(seed)` is what is timed; it returns `{ networks, observables, … }`. */
export async function serve(run, after = async () => {}) {
  process.stdout.write('{"ready":true}\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, seed] = line.split(' ');
    if (verb !== 'run') break;
    const processor = process.cpuUsage();
    const start = process.hrtime.bigint();
    const answer = await run(Number(seed));
    const seconds = Number(process.hrtime.bigint() - start) * 1e-9;
    const { user, system } = process.cpuUsage(processor);
    process.stdout.write(
      `${JSON.stringify({ seconds, processorSeconds: (user + system) * 1e-6, answer: plain(answer) })}\n`,
    );
    await after();
  }
}

/** Ends this competitor with the reason why it cannot run here. */
export function absent(reason) {
  process.stdout.write(`${JSON.stringify({ absent: reason })}\n`);
  process.exit(0);
}

/** Imports a package of bench/package.json, or ends this competitor. */
export async function peer(name) {
  try {
    return await import(name);
  } catch (error) {
    return absent(`${name} cannot be loaded (${String(error.message).split('\n')[0]}); npm run bench -- --install`);
  }
}

function plain(answer) {
  const observables = Object.fromEntries(
    Object.entries(answer.observables ?? {}).map(([name, values]) => [name, Array.from(values)]),
  );
  return { ...answer, observables };
}

/** Sums the answers of several networks; `mean()` gives them back divided. */
export function accumulator() {
  const sums = {};
  let networks = 0;
  return {
    add(observables) {
      networks += 1;
      for (const [name, values] of Object.entries(observables)) {
        sums[name] ??= new Float64Array(values.length);
        values.forEach((value, i) => {
          sums[name][i] += value;
        });
      }
    },
    mean: () => ({
      networks,
      observables: Object.fromEntries(
        Object.entries(sums).map(([name, values]) => [name, Array.from(values, (value) => value / networks)]),
      ),
    }),
  };
}
