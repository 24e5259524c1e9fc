// The command line of the benchmark.
import { parseArgs } from 'node:util';

export const usage = `npm run bench -- [WORDS] [--json FILE] [--threads 1,2] [--quick] [--repeats N] [--clock wall|processor]
                 [--install] [--list]

  WORDS        what to run: every word must occur in "task case competitor"; a,b means a or b. Our own rows are always run:
               the others are checked against them and divided by them
  --json FILE  write machine, limits and one object per row (bench/table.mjs renders it)
  --threads    thread counts, one after the other (default 1,2 cut to the processors there are)
  --quick      small cases: seconds instead of minutes
  --repeats N  timed runs of each competitor (default: what fits into 20 seconds, 3 to 15)
  --clock      wall (default) or processor: which seconds count. Processor time of one thread is fair on a busy machine
  --install    install the competitors' packages (bench/package-lock.json) and compile the C++ programs, then stop
  --list       list the rows and stop`;

/** The options of `argv`; throws with the usage on a mistake. */
export function readCommandLine(argv, processors) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      threads: { type: 'string' },
      repeats: { type: 'string' },
      clock: { type: 'string', default: 'wall' },
      quick: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const threads =
    values.threads === undefined
      ? [1, 2].filter((count) => count <= processors)
      : values.threads.split(',').map(Number);
  if (!threads.every((count) => Number.isInteger(count) && count >= 1))
    throw new Error(`Expected --threads to be whole numbers >= 1 with commas, received ${values.threads}.`);
  const repeats = values.repeats === undefined ? undefined : Number(values.repeats);
  if (repeats !== undefined && !(Number.isInteger(repeats) && repeats >= 1))
    throw new Error(`Expected --repeats to be a whole number >= 1, received ${values.repeats}.`);
  if (values.clock !== 'wall' && values.clock !== 'processor')
    throw new Error(`Expected --clock to be wall or processor, received ${values.clock}.`);
  return { ...values, threads, repeats, words: positionals };
}

/** Whether every word (alternatives separated by commas) occurs in the text. */
export function matches(words, text) {
  return words.every((word) => word.split(',').some((alternative) => text.includes(alternative)));
}
