// Every TypeScript example of README.md, docs/ and the docstrings: type-checked and run.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'build', 'examples');

interface Example {
  readonly name: string;
  readonly code: string;
}

function markdownExamples(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8');
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```/gm), (match, i) => ({
    name: `${file} ${i + 1}`,
    code: match[1] as string,
  }));
}

function docstringExamples(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8');
  return Array.from(text.matchAll(/\* @example\n((?:\s*\* ?.*\n)*?)\s*\*\//g), (match, i) => ({
    name: `${file} ${i + 1}`,
    code: (match[1] as string).replace(/^\s*\* ?/gm, ''),
  }));
}

/** Every name that ts/index.ts exports, types too. */
const exported = Array.from(
  readFileSync(join(root, 'ts/index.ts'), 'utf8').matchAll(/export (?:type )?\{([^}]*)\}/g),
  (match) =>
    (match[1] as string)
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter(Boolean),
).flat();

/**
 * The example with each `expression; // value` and `console.log(expression); // value` passed on to `__printed` beside the value
 * that the comment prints. Comments that are no value (words, no digits, quotes or brackets) are comments.
 */
function comparing(code: string): string {
  return code.replace(
    /^(?:console\.log\((.*)\)|(?!const |let |import |for |export )(\w.*?));[ \t]+\/\/ ([^\n]*)$/gm,
    (line, logged: string | undefined, bare: string | undefined, comment: string) => {
      const printed = comment.trim();
      if (!/^(?:[-−]?[\d.]|'|\[|true$|false$)/.test(printed)) return line;
      return `(globalThis as any).__printed(${JSON.stringify(printed)}, ${logged ?? bare});`;
    },
  );
}

/** The example with an import of every export of the package that it uses without importing it. */
function complete(code: string): string {
  const used = exported.filter(
    (name) =>
      new RegExp(`(?<![.\\w'-])${name}\\b`).test(code) && !new RegExp(`import[^;]*\\b${name}\\b[^;]*from`).test(code),
  );
  const header = used.length > 0 ? `import { ${used.join(', ')} } from 'mft-native';\n` : '';
  return `${header}${code}\nexport {};\n`;
}

const list = (where: string, pattern: RegExp): string[] =>
  readdirSync(join(root, where), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(where, name))
    .sort();

/** Docstrings of what the package exports: only these are public. */
function exportsSomethingPublic(file: string): boolean {
  return readFileSync(join(root, 'ts/index.ts'), 'utf8').includes(`'./${file.slice(3).replace(/\.ts$/, '.js')}'`);
}

const examples = [
  ...['README.md', ...list('docs', /\.md$/)].flatMap(markdownExamples),
  ...list('ts', /\.ts$/).filter(exportsSomethingPublic).flatMap(docstringExamples),
];

/** Values in comments that the examples must at least have. */
const leastCompared = 20;

/** How the runner compares: numbers to the digits that the comment prints, before an ellipsis or a unit; texts and lists as JSON. */
const comparison = `
let compared = 0;
const text = (value) => JSON.stringify(ArrayBuffer.isView(value) ? Array.from(value) : value) ?? String(value);
const shown = (value) => (typeof value === 'string' ? \`'\${value}'\` : text(value));
const near = (text, value) => {
  const digits = text.replace('−', '-');
  const decimals = (/\\.(\\d*)/.exec(digits)?.[1] ?? '').length;
  const power = Number(/e([-+]?\\d+)/.exec(digits)?.[1] ?? 0);
  return Math.abs(value - Number(digits)) <= 1.0001 * 10 ** (power - decimals) * (decimals > 10 ? 30 : 1);
};
const numbers = /[-−]?\\d+(?:\\.\\d*)?(?:e[-+]?\\d+)?/g;
const flat = (value) => (ArrayBuffer.isView(value) || Array.isArray(value) ? Array.from(value).flatMap(flat) : [value]);
function equal(printed, values) {
  const found = values.flatMap(flat);
  if (found.every((value) => typeof value === 'number')) {
    const head = printed.split(/[:;(]|, (?![-−\\d])/)[0];
    const wanted = head.match(numbers) ?? [];
    return wanted.length === found.length && wanted.every((text, i) => near(text, found[i]));
  }
  return found.every((value) => printed.includes(typeof value === 'string' ? value : shown(value)));
}`;

t.test('examples of the documentation compile and run', async (t) => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = examples.map(({ code }, i) => {
    const file = join(folder, `example-${i}.ts`);
    writeFileSync(file, complete(comparing(code)));
    return file;
  });
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  for (const diagnostic of diagnostics) {
    const at = files.indexOf(diagnostic.file?.fileName ?? '');
    t.fail(
      `${examples[at]?.name ?? diagnostic.file?.fileName}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`,
    );
  }
  t.ok(diagnostics.length === 0, `${files.length} examples compile`);
  program.emit();
  // Examples that open a file they do not make themselves are compiled but not run.
  const opensFile = (code: string): boolean =>
    /'[^']*(data\/|\.np[yz]|\.jsonl|\.gz|\.bin|\.safetensors|\.pt|\.onnx|\.json)[^']*'/.test(code) &&
    !/\bsweep\(|saveWeights/.test(code);
  const runnable = examples
    .map(({ name, code }, i) => ({ name, i, runs: !opensFile(code) }))
    .filter(({ runs }) => runs);
  const runner = join(folder, 'run.mjs');
  writeFileSync(
    runner,
    `${comparison}
for (const { i, name } of ${JSON.stringify(runnable)}) {
  try {
    console.log = () => {};
    globalThis.__printed = (printed, ...values) => {
      compared++;
      const found = values.map(shown).join(' ');
      if (!equal(printed, values)) throw new Error(\`the comment says \${printed}, the value is \${found}\`);
    };
    await import(\`./example-\${i}.js\`);
  } catch (error) {
    process.stderr.write(\`\${name}: \${error.stack}\\n\`);
    process.exitCode = 1;
  }
}
process.stdout.write(\`\${compared}\`);
`,
  );
  const { NODE_OPTIONS: _, ...env } = process.env;
  const ran = spawnSync(process.execPath, [runner], { encoding: 'utf8', env, cwd: folder });
  t.equal(ran.status, 0, ran.stderr);
  t.ok(Number(ran.stdout) >= leastCompared, `${ran.stdout} printed values are compared`);
});
