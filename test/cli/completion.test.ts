// Completion: what a shell is told for words that are typed, and the script of bash, which hands them over as they are.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemNames } from '../../dist/systems/registry.js';
import { cleanEnvironment, main, mft } from './command.js';

/** The candidates for the last word. */
async function offered(...words: string[]): Promise<string[]> {
  const { status, stdout } = await mft(['complete', '--', ...words]);
  t.equal(status, 0, words.join(' '));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] as string);
}

t.test('commands, flags of the system, and the words of a flag', async (t) => {
  t.same(await offered('pre'), ['predict']);
  t.same(await offered('sweep', 'r'), ['run', 'retry']);
  t.same(await offered('predict', '--activation', 'relu'), ['relu', 'relu6']);
  t.same(await offered('predict', '--activation=relu'), ['--activation=relu', '--activation=relu6']);
  t.same(await offered('predict', '--system', 'recurrent', '--cell', 'min'), ['minimal', 'minGru', 'minLstm']);
  t.ok((await offered('predict', '--system', 'recurrent', '--c')).includes('--cell'));
  t.same((await offered('predict', '--c')).includes('--cell'), false, 'feedforward has no cells');
  t.same(await offered('sweep', 'run', '--on-error', ''), ['continue', 'stop']);
  t.same(await offered('predict', '--depth', ''), [], 'a number: nothing to offer');
});

t.test('arguments: systems, their quantities and figures, activations, reproductions', async (t) => {
  t.same(await offered('evaluate', ''), systemNames);
  t.same(await offered('evaluate', 'feedforward', 'criticalW'), ['criticalWeightVariance']);
  t.ok((await offered('figure', '--system', 'kernel', '')).includes('profile'));
  t.same(await offered('gain', 'gel'), ['gelu']);
  t.same(await offered('reproduce', 'gaussian'), ['gaussian-processes-regression']);
  t.same(await offered('inspect', ''), [], 'a file: the shell completes it');
});

t.test('bash: words come from mft, and nothing that is typed is run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-completion-'));
  const script = (await mft(['completion', 'bash'])).stdout;
  writeFileSync(join(folder, 'mft'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const lines = [
    script,
    `COMP_WORDS=(mft predict --activation rel); COMP_CWORD=3; _mft; printf '%s\\n' "\${COMPREPLY[@]}"`,
    `COMP_WORDS=(mft inspect '$(touch made)' ''); COMP_CWORD=3; _mft; printf '%s\\n' "\${#COMPREPLY[@]}"`,
  ];
  const env = { ...cleanEnvironment(), PATH: `${folder}:${process.env.PATH}` };
  const { stdout, stderr } = spawnSync('bash', ['-c', lines.join('\n')], { cwd: folder, env, encoding: 'utf8' });
  t.equal(stderr, '');
  t.same(stdout.trim().split('\n'), ['relu', 'relu6', '0']);
  t.same(readdirSync(folder), ['mft']);
  const other = await mft(['completion', 'ksh']);
  t.equal(other.status, 2);
  t.match(other.stderr, /Allowed choices are bash, zsh, fish/);
});
