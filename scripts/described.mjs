// The tables of ts/verbs/described.ts, filled: of every system the observables, the quantities with the types of their values (as the
// compiler infers them) and their parameters, each with its line of text. Part of scripts/declarations.mjs.
import { join } from 'node:path';
import ts from 'typescript';
import { comment, key, members } from './field-types.mjs';

/** The interfaces as text, to be appended to the declarations. */
export async function describedTables(root) {
  const { loadSystem, systemNames } = await import('../dist/systems/registry.js');
  const { info } = await import('../dist/core/fields.js');
  const valueType = valueTypes(root, systemNames);
  // Quantities share their parameters: an interface for each set.
  const sets = new Map();
  const nameOf = (system, lines) => {
    const text = lines.join('\n');
    if (!sets.has(text))
      sets.set(text, `${system.charAt(0).toUpperCase()}${system.slice(1)}Parameters${sets.size + 1}`);
    return sets.get(text);
  };
  const parts = { DescribedQuantities: [], DescribedParameters: [], DescribedObservables: [] };
  for (const name of systemNames) {
    const { quantities, observables } = await loadSystem(name);
    const table = (lines) => [`  ${key(name)}: {`, ...lines, '  };'];
    const line = ({ symbol, description, source }) => comment(`${symbol}: ${description} Source: ${source}.`);
    parts.DescribedQuantities.push(
      ...table(
        Object.entries(quantities).flatMap(([each, about]) => [
          `    ${line(about)}`,
          `    ${key(each)}: ${valueType(name, each)}${about.isListed ? ' | readonly (number | Undefined)[]' : ''};`,
        ]),
      ),
    );
    parts.DescribedParameters.push(
      ...table(
        Object.entries(quantities).map(
          ([each, { parameters }]) => `    ${key(each)}: ${nameOf(name, members(parameters, info, '  '))};`,
        ),
      ),
    );
    parts.DescribedObservables.push(
      ...table(
        Object.entries(observables).flatMap(([each, about]) => {
          const isAlways =
            about.only === undefined && !about.needsPair && about.spec === undefined && about.run === undefined;
          const axes = `${about.axes.join(' × ')}, ${about.scale === 'log' ? 'natural logarithms' : 'linear'}`;
          return [
            `    ${comment(`${about.symbol}: ${about.description} Axes: ${axes}. Source: ${about.source}.`)}`,
            `    ${key(each)}${isAlways ? '' : '?'}: Observable;`,
          ];
        }),
      ),
    );
  }
  return [
    ...Object.entries(parts).map(([name, lines]) => [name, lines.join('\n')]),
    ...[...sets].map(([text, name]) => [name, text]),
  ]
    .map(([name, text]) => `declare interface ${name} {\n${text}\n}`)
    .join('\n\n');
}

/** The type of a quantity's value, where it is one that the declarations can name; else QuantityValue. */
function valueTypes(root, systemNames) {
  const file = (name) => join(root, 'dist', 'systems', name, 'quantities.d.ts');
  const program = ts.createProgram(systemNames.map(file), {
    skipLibCheck: true,
    strict: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const checker = program.getTypeChecker();
  const tables = new Map(
    systemNames.map((name) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file(name)));
      const table = checker.getExportsOfModule(module).find((one) => one.name === 'quantities');
      return [name, checker.getTypeOfSymbol(table)];
    }),
  );
  return (system, quantity) => {
    const entry = tables.get(system).getProperty(quantity);
    if (entry === undefined) return 'QuantityValue';
    const evaluate = checker.getTypeOfSymbol(checker.getTypeOfSymbol(entry).getProperty('evaluate'));
    const returned = checker.getReturnTypeOfSignature(evaluate.getCallSignatures()[0]);
    const text = checker.typeToString(
      checker.getAwaitedType(returned) ?? returned,
      undefined,
      ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias,
    );
    const plain = text.replaceAll(/\{ (readonly )?reason: string; \}/g, 'Undefined');
    // Names of types that the declarations do not have.
    const words = plain
      .replaceAll(/"[^"]*"/g, '')
      .match(/\b(?!readonly\b|number\b|string\b|boolean\b|Undefined\b|QuantityValue\b)[A-Za-z]\w*\b(?!\??:)/g);
    return words === null ? plain : 'QuantityValue';
  };
}
