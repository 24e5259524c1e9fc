// What the documents must hold for a system: displays that sources cite, rows of names. Used over the whole registry.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What this file needs to know of a system. */
export interface Documented {
  readonly name: string;
  readonly version: number;
  readonly specSchema: { readonly shape: object };
  readonly runSchema: { readonly shape: object };
  readonly quantities: Readonly<Record<string, { readonly source: string }>>;
  readonly observables: Readonly<Record<string, { readonly source: string }>>;
}

/** Numbers of the displays of a system's page: those that stand as (3.4) in its indented lines. */
export function displays(name: string): ReadonlySet<string> {
  const lines = read(`docs/systems/${name}.md`)
    .split('\n')
    .filter((line) => line.startsWith('    '));
  return new Set(lines.flatMap((line) => Array.from(line.matchAll(/\((\d+\.\d+)\)/g), (match) => match[1] as string)));
}

/** The display numbers that a source cites: "Schoenholz 2017; docs 3.4, 3.5". */
export function cited(source: string): string[] {
  const list = /\bdocs (\d+\.\d+(?:, \d+\.\d+)*)/.exec(source)?.[1];
  return list === undefined ? [] : list.split(', ');
}

/** Sources of a system that cite no display of its page, or one that is not there. */
export function brokenSources(system: Documented): string[] {
  const known = displays(system.name);
  return [...Object.entries(system.quantities), ...Object.entries(system.observables)].flatMap(([name, { source }]) => {
    const numbers = cited(source);
    if (numbers.length === 0) return [`${name} cites no display: "${source}"`];
    return numbers
      .filter((number) => !known.has(number))
      .map((number) => `${name} cites (${number}), which is not there`);
  });
}

/** Fields and observables of a system without a row in docs/symbols.md: in its own section or one for all systems. */
export function missingSymbols(system: Documented): string[] {
  const sections = read('docs/symbols.md').split(/^## /m);
  const others = sections.filter(
    (text) => !text.startsWith('Names of system') || text.startsWith(`Names of system \`${system.name}\``),
  );
  const rows = others.flatMap((text) => text.split('\n').filter((line) => line.startsWith('|'))).join('\n');
  const names = [system.specSchema.shape, system.runSchema.shape, system.observables].flatMap((part) =>
    Object.keys(part),
  );
  return names.filter((name) => name !== 'system' && !rows.includes(`\`${name}\``));
}

/** Versions of a system above the first that no line of CHANGELOG.md names: "`feedforward` is version 3, `residual` version 2: …". */
export function missingVersions({ name, version }: Pick<Documented, 'name' | 'version'>): number[] {
  const log = read('CHANGELOG.md');
  const raised = Array.from({ length: version - 1 }, (_, i) => i + 2);
  return raised.filter((number) => !new RegExp(`\\* .*\`${name}\` (is )?version ${number}\\b.*: `).test(log));
}
