// Docstrings of all public functions: what it computes, every parameter, what it returns and throws, numerics, source, example.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface PublicFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly isVoid: boolean;
  readonly docstring: string;
}

/** The functions that ts/index.ts exports by value. */
function publicFunctions(): PublicFunction[] {
  const index = parsed('ts/index.ts');
  return index.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    const from = statement.moduleSpecifier;
    if (statement.isTypeOnly || from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.'))
      return [];
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) return [];
    const file = parsed(join('ts', from.text.replace(/\.js$/, '.ts')));
    const names = statement.exportClause.elements.filter((one) => !one.isTypeOnly).map((one) => one.name.text);
    return (
      file.statements
        .filter(ts.isFunctionDeclaration)
        .filter((found) => names.includes(found.name?.text ?? ''))
        .map((found) => described(file, found))
        // Of overloads one carries the docstring.
        .filter(({ name, docstring }, i, all) => {
          const same = all.filter((other) => other.name === name);
          const longest = Math.max(...same.map((other) => other.docstring.length));
          return (
            docstring.length === longest &&
            all.findIndex((other) => other.name === name && other.docstring === docstring) === i
          );
        })
    );
  });
}

function parsed(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
}

function described(file: ts.SourceFile, found: ts.FunctionDeclaration): PublicFunction {
  const comments = ts.getLeadingCommentRanges(file.text, found.pos) ?? [];
  const last = comments.at(-1);
  return {
    name: found.name?.text ?? '',
    parameters: found.parameters.map((parameter) => parameter.name.getText(file)),
    isVoid: /^(Promise<)?void>?$/.test(found.type?.getText(file) ?? ''),
    docstring: last === undefined ? '' : file.text.slice(last.pos, last.end),
  };
}

/** What a docstring lacks. */
function lacking({ parameters, isVoid, docstring }: PublicFunction): string[] {
  const named = Array.from(docstring.matchAll(/^ *\* @param ((?:\w+, )*\w+)/gm), (match) =>
    (match[1] as string).split(', '),
  ).flat();
  const text = /^\/\*\*\s*\*? ?([^@\s][^\n]{10,})/.exec(docstring);
  const sections = [
    ['@throws', /^ *\* @throws \S/m],
    ['Numerics', /\*\*Numerics\*\*: \S/],
    ['Source', /\*\*Source\*\*: \S/],
    ['@example', /^ *\* @example\n *\* \S/m],
  ] as const;
  return [
    ...(text === null ? ['text'] : []),
    ...parameters.filter((name) => !named.includes(name)).map((name) => `@param ${name}`),
    ...named.filter((name) => !parameters.includes(name)).map((name) => `@param ${name}, which is no parameter`),
    ...(isVoid || /^ *\* @returns \S/m.test(docstring) ? [] : ['@returns']),
    ...sections.filter(([, pattern]) => !pattern.test(docstring)).map(([name]) => name),
    ...(/@param [^\n]* · @/.test(docstring) ? ['one @param on each line'] : []),
  ];
}

const functions = publicFunctions();

t.test('every public function has all sections', async (t) => {
  t.ok(functions.length >= 50, `${functions.length} public functions`);
  for (const one of functions) t.same(lacking(one), [], one.name);
});

t.test('what is missing is found', async (t) => {
  const whole = functions.find(({ name }) => name === 'evaluate') ?? (t.fail('evaluate is public') as never);
  const without = (part: RegExp): string[] => lacking({ ...whole, docstring: whole.docstring.replace(part, '') });
  t.same(without(/\* @param quantity [^\n]*/), ['@param quantity']);
  t.same(without(/@throws/), ['@throws']);
  t.same(without(/\*\*Numerics\*\*/), ['Numerics']);
  t.same(without(/\*\*Source\*\*/), ['Source']);
  t.same(without(/@returns/), ['@returns']);
  t.same(lacking({ ...whole, parameters: [...whole.parameters, 'other'] }), ['@param other']);
});
