// Every program of examples/ and the examples of the pages of docs/systems/ run to their end.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const pages = ['percolation.md', 'residual.md'];

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
  for (const name of readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.ts'))) {
    const lines = await printed(join(root, 'examples', name));
    t.ok(lines.length > 0, `examples/${name} prints`);
    t.notMatch(lines.join('\n'), /undefined|NaN|disagrees/, `examples/${name} prints results`);
  }
});

t.test('examples of the pages', async (t) => {
  // Inside the package, so that its own name resolves.
  const folder = join(root, 'test', 'temporary-page-examples');
  mkdirSync(folder, { recursive: true });
  try {
    for (const page of pages) {
      const blocks = [
        ...readFileSync(join(root, 'docs', 'systems', page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
      ].map((match) => match[1] as string);
      t.ok(blocks.length > 0, `${page} has an example`);
      for (const [i, block] of blocks.entries()) {
        const file = join(folder, `${page.replace('.md', '')}-${i}.ts`);
        writeFileSync(file, block);
        const lines = await printed(file);
        t.notMatch(lines.join('\n'), /undefined|NaN|disagrees/, `${page} example ${i}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
