// The quickstart as a reader walks it: every command of docs/quickstart.md runs, and prints what the page shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../dist/core/addon.js';
import { mft } from './command.js';

const page = readFileSync(join(packageRoot, 'docs', 'quickstart.md'), 'utf8');
const blocks = Array.from(page.matchAll(/^```console\n\$ mft (.*)\n([\s\S]*?)^```/gm));

t.test('commands and what they print', async (t) => {
  t.ok(blocks.length >= 4);
  for (const [, command, shown] of blocks as unknown as [string, string, string][]) {
    const { status, stdout, stderr } = await mft(command.split(' '));
    t.equal(status, 0, `${command}: ${stderr}`);
    // … stands for anything, also within a line; lines come in this order.
    const lines = shown.split('\n').filter((line) => line.trim() !== '…' && line !== '');
    t.ok(lines.length > 0, command);
    const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = lines.map((line) => line.split('…').map(literal).join('.*')).join('[\\s\\S]*');
    t.match(`${stderr}${stdout}`, new RegExp(pattern), command);
  }
});
