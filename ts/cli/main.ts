#!/usr/bin/env node
// The command line: the verbs of the package under the same names. One file per command; this one only joins them.
import { Command } from 'commander';
import { MftError } from '../core/errors.js';
import { packageVersion } from '../core/provenance.js';
import { register as advise } from './advise.js';
import { register as compare } from './compare.js';
import { register as data } from './data.js';
import { register as doctor } from './doctor.js';
import { register as evaluate } from './evaluate.js';
import { exitCodes, reportAndExit } from './exit.js';
import { register as figure } from './figure.js';
import { register as fit } from './fit.js';
import { prepareSpecFlags } from './flags.js';
import { register as init } from './init.js';
import { register as inspect } from './inspect.js';
import { register as map } from './map.js';
import { register as predict } from './predict.js';
import { register as reproduce } from './reproduce.js';
import { register as simulate } from './simulate.js';
import { register as sweep } from './sweep.js';
import { register as train } from './train.js';
import { register as worker } from './worker.js';

const commands = [
  predict,
  simulate,
  compare,
  fit,
  train,
  map,
  evaluate,
  advise,
  init,
  inspect,
  figure,
  reproduce,
  sweep,
  worker,
  data,
  doctor,
];

const program = new Command('mft')
  .description('Mean field theory of deep networks: theory and exact simulation of the same spec.')
  .version(packageVersion())
  .showSuggestionAfterError()
  .exitOverride();
for (const register of commands) register(program);

// A reader that has seen enough (head) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  reportAndExit(
    new MftError('ERR_MFT_DISK', `Could not write to standard output: ${error.message}.`, { parameter: 'stdout' }),
  );
});

try {
  await prepareSpecFlags(program, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  reportAndExit(error);
}
if (process.exitCode === undefined) process.exitCode = exitCodes.done;
