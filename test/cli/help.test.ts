// What help says: defaults, examples that run, exit codes; output files are looked at before anything is computed.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { examples } from '../../dist/cli/examples.js';
import { mft } from './command.js';

t.test('every command has examples, and its help shows them', async (t) => {
  const { stdout } = await mft(['--help']);
  const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) /gm), ([, name]) => name as string);
  t.same([...commands.filter((name) => name !== 'help')].sort(), Object.keys(examples).sort());
  const help = (await mft(['predict', '--help'])).stdout.replaceAll(/\s+/g, ' ');
  t.match(help, /--weight-variance <value> σ_w²: [^(]*\([^)]*; default 1\)/, 'defaults');
  t.match(help, /Examples: mft predict --activation tanh/);
  t.match(help, /Exit codes: 0 done, .* 130 interrupted/);
});

t.test('quick examples run as they stand', async (t) => {
  for (const name of ['evaluate', 'advise', 'map', 'predict']) {
    const [line] = examples[name]?.[0] ?? [''];
    const words = Array.from(
      line.matchAll(/'([^']*)'|(\S+)/g),
      ([, quoted, plain]) => quoted ?? (plain as string),
    ).slice(1);
    const { status, stderr } = await mft(words);
    t.equal(status, 0, `${line}: ${stderr}`);
  }
});

t.test('figures: formats and folders are checked first, a page holds the drawing', async (t) => {
  for (const words of [
    ['map', '--axis', 'depth=2,3', '--figure'],
    ['compare', '--figure'],
    ['figure', 'phaseDiagram', '--output'],
  ]) {
    const wrong = await mft([...words, 'x.pdf']);
    t.equal(wrong.status, 2);
    t.match(wrong.stderr, /\.svg, \.png, \.html or \.json/);
    const missing = await mft([...words, '/nonexistent-folder/x.svg']);
    t.equal(missing.status, 4);
    t.match(missing.stderr, /there is no folder \/nonexistent-folder/);
  }
  const file = join(mkdtempSync(join(tmpdir(), 'mft-help-')), 'phase.html');
  const { status, stderr } = await mft(['figure', 'phaseDiagram', '-o', file]);
  t.equal(status, 0, stderr);
  t.match(readFileSync(file, 'utf8'), /^<!doctype html>.*<svg[\s\S]*<\/svg><\/body>/);
});
