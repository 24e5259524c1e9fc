// Formats the C++ of native/ with clang-format and the style file .clang-format. With --check nothing is written and a file that would
// change is an error. clang-format is optional: where it is missing, or another major version (its taste changes), nothing is checked.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = 14;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const found = spawnSync('clang-format', ['--version'], { encoding: 'utf8' });
const version = /version (\d+)/.exec(found.stdout ?? '')?.[1];
if (Number(version) !== wanted) {
  const reason = found.error ? 'clang-format is not here' : `clang-format is ${version}`;
  process.stderr.write(`C++ format not checked: ${reason}; the committed format is that of version ${wanted}.\n`);
  process.exit(0);
}
const files = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => join('native', name))
  .sort();
const how = process.argv.includes('--check') ? ['--dry-run', '--Werror', '--ferror-limit=1'] : ['-i'];
const run = spawnSync('clang-format', [...how, '--style=file', ...files], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
