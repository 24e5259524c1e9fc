// Every program of examples/ runs to its end and prints results. (The examples of the pages: documentation.test.ts.)
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a program printed with console.log. */
async function printed(file: string): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => void lines.push(values.map(String).join(' '));
  try {
    await import(file);
  } finally {
    console.log = log;
  }
  return lines;
}

t.test('examples', async (t) => {
  const programs = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.ts'));
  t.ok(programs.length >= 4, `${programs.length} programs`);
  for (const name of programs) {
    const lines = await printed(join(root, 'examples', name));
    t.ok(lines.length > 0, `examples/${name} prints`);
    t.notMatch(lines.join('\n'), /undefined|NaN|disagrees/, `examples/${name} prints results`);
  }
});
