#!/usr/bin/env node
// The command line: the verbs of the package under the same names. One file per command; this one only joins them.
import { Command } from 'commander';
import { MftError } from '../core/errors.js';
import { packageVersion } from '../core/provenance.js';
import { addExamples } from './examples.js';
import { exitCodes, reportAndExit, writeUsageError } from './exit.js';
import { writeWhole } from './whole-writes.js';

/** Each command in a file of its own, loaded when its name is the first word; all of them for help and for names not known. */
const commands: Readonly<Record<string, () => Promise<{ readonly register: (program: Command) => void }>>> = {
  predict: () => import('./predict.js'),
  simulate: () => import('./simulate.js'),
  compare: () => import('./compare.js'),
  fit: () => import('./fit.js'),
  train: () => import('./train.js'),
  map: () => import('./map.js'),
  evaluate: () => import('./evaluate.js'),
  advise: () => import('./advise.js'),
  init: () => import('./init.js'),
  gain: () => import('./gain.js'),
  shape: () => import('./shape.js'),
  infer: () => import('./infer.js'),
  scaling: () => import('./scaling.js'),
  inspect: () => import('./inspect.js'),
  figure: () => import('./figure.js'),
  explore: () => import('./explore.js'),
  reproduce: () => import('./reproduce.js'),
  sweep: () => import('./sweep.js'),
  worker: () => import('./worker.js'),
  data: () => import('./data.js'),
  doctor: () => import('./doctor.js'),
};

const program = new Command('mft')
  .description('Mean field theory of deep networks: theory and exact simulation of the same spec.')
  .version(packageVersion())
  .showSuggestionAfterError()
  .configureOutput({ outputError: writeUsageError })
  .exitOverride();

writeWhole(process.stdout);
// A reader that has seen enough (head) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  reportAndExit(
    new MftError('ERR_MFT_DISK', `Could not write to standard output: ${error.message}.`, { parameter: 'stdout' }),
  );
});

try {
  const words = process.argv.slice(2);
  if (words[0] !== '--version' && words[0] !== '-V') {
    // `complete -- WORDS` is asked by a shell while WORDS are typed.
    const isAsking = words[0] === 'complete' && words[1] === '--';
    const typed = isAsking ? words.slice(2) : words;
    const asked = Object.hasOwn(commands, typed[0] ?? '') ? [typed[0] as string] : Object.keys(commands);
    for (const command of await Promise.all(asked.map((name) => commands[name]?.()))) command?.register(program);
    await (await import('./flags.js')).prepareSpecFlags(program, typed);
    if (isAsking || asked.length > 1) (await import('./completion.js')).registerCompletion(program);
    for (const command of program.commands) addExamples(command);
  }
  await program.parseAsync();
} catch (error) {
  reportAndExit(error);
}
if (process.exitCode === undefined) process.exitCode = exitCodes.done;
