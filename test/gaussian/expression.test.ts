import fc from 'fast-check';
import t from 'tap';
import { evaluateActivation, resolveActivation } from '../../dist/gaussian/activations.js';
import {
  type ExpressionNode,
  expressionFunctions,
  parseExpression,
  printExpression,
} from '../../dist/gaussian/expression.js';
import { findKinks, parityOf } from '../../dist/gaussian/expression-facts.js';
import { MftError } from '../../dist/core/errors.js';
import { holds } from '../properties.js';

const runs = { numRuns: 300, seed: 20240711 };

const leaf: fc.Arbitrary<ExpressionNode> = fc.oneof(
  fc.constant<ExpressionNode>({ kind: 'variable' }),
  fc.constantFrom<ExpressionNode>({ kind: 'constant', name: 'pi' }, { kind: 'constant', name: 'e' }),
  fc
    .double({ min: 0, max: 1e25, noNaN: true, noDefaultInfinity: true })
    .map((value): ExpressionNode => ({ kind: 'number', value: value + 0 })),
);

const names = Object.keys(expressionFunctions) as (keyof typeof expressionFunctions)[];

/** Any tree the grammar can produce. */
const tree: fc.Arbitrary<ExpressionNode> = fc.letrec<{ node: ExpressionNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'tree' },
    leaf,
    tie('node').map((operand): ExpressionNode => ({ kind: 'negate', operand })),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '^'), tie('node'), tie('node'))
      .map(([operator, left, right]): ExpressionNode => ({ kind: 'binary', operator, left, right }) as ExpressionNode),
    fc.tuple(fc.constantFrom(...names), tie('node'), tie('node')).map(
      ([name, a, b]): ExpressionNode => ({
        kind: 'call',
        name,
        operands: expressionFunctions[name] === 2 ? [a, b] : [a],
      }),
    ),
  ),
})).node;

t.test('parse(print(e)) = e', async (t) => {
  await holds(
    t,
    fc.property(tree, (node) => {
      const text = printExpression(node);
      fc.pre(text.length <= 1000);
      const parsed = parseExpression(text);
      return JSON.stringify(parsed) === JSON.stringify(node) && printExpression(parsed) === text;
    }),
    runs,
  );
});

t.test('precedence and associativity are those of mathematics', async (t) => {
  const value = (text: string, x = 2): number =>
    evaluateActivation({ expression: text, kinks: [] }, Float64Array.of(x))[0] as number;
  t.equal(value('-x^2'), -4);
  t.equal(value('2^3^2'), 512);
  t.equal(value('8 - 3 - 2'), 3);
  t.equal(value('8 / 4 / 2'), 1);
  t.equal(value('2^-x'), 0.25);
  t.equal(value('-(-x)'), 2);
  t.equal(value('x - (3 - (2 - x))'), -1);
  t.equal(value('(1 + x) / ((3 - x) * (4 + (x + 1)))'), 3 / 7);
  t.equal(value('1.5e1 + .5 + 1.'), 16.5);
  t.equal(value('(-x)^3'), -8);
  t.equal(value('max(x, 3) - min(x, 3)'), 1);
  t.equal(value('relu(-x) + step(x) + sign(-x) + abs(-x)'), 2);
  t.equal(printExpression(parseExpression(' (x) - ((x-1)) *( 2+e)^(x) ')), 'x - (x - 1) * (2 + e)^x');
});

t.test('every function has its value', async (t) => {
  const expected: Record<string, number> = {
    exp: Math.exp(0.7),
    log: Math.log(0.7),
    log1p: Math.log1p(0.7),
    expm1: Math.expm1(0.7),
    tanh: Math.tanh(0.7),
    sinh: Math.sinh(0.7),
    cosh: Math.cosh(0.7),
    erf: 0.6778011938374185,
    sin: Math.sin(0.7),
    cos: Math.cos(0.7),
    sqrt: Math.sqrt(0.7),
    abs: 0.7,
    sign: 1,
    step: 1,
    relu: 0.7,
    sigmoid: 1 / (1 + Math.exp(-0.7)),
    softplus: Math.log1p(Math.exp(0.7)),
    atan: Math.atan(0.7),
    max: 0.7,
    min: 0.2,
  };
  for (const name of names) {
    const text = expressionFunctions[name] === 2 ? `${name}(x, 0.2)` : `${name}(x)`;
    const [value] = evaluateActivation({ expression: text }, Float64Array.of(0.7));
    t.ok(Math.abs((value as number) - (expected[name] as number)) < 1e-15, name);
  }
});

/** Smooth trees with moderate values. */
const smooth: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'smooth' },
    fc.constantFrom('x', 'x', '0.5', '1.3', 'pi / 4'),
    fc.tuple(tie('text'), fc.constantFrom('+', '-', '*'), tie('text')).map(([a, o, b]) => `(${a} ${o} ${b})`),
    fc
      .tuple(fc.constantFrom('tanh', 'sin', 'cos', 'erf', 'sigmoid', 'softplus', 'atan'), tie('text'))
      .map(([f, a]) => `${f}(${a})`),
    tie('text').map((a) => `exp(-(${a})^2)`),
    tie('text').map((a) => `sqrt(1 + (${a})^2)`),
    tie('text').map((a) => `log1p(exp(tanh(${a})))`),
    tie('text').map((a) => `1 / (2 + sin(${a}))`),
    tie('text').map((a) => `(1.5 + cos(${a}))^tanh(${a})`),
    tie('text').map((a) => `expm1(tanh(${a})) * cosh(sin(${a})) - sinh(cos(${a})) + log(2 + sin(${a}))`),
  ),
})).text;

/** |exact - fourth-order difference| of the given order, over what rounding and the step leave undecided. */
function differenceError(expression: string, x: number, order: 1 | 2): number | undefined {
  const phi = resolveActivation({ expression, kinks: [] });
  const h = 1e-4;
  const z = Float64Array.of(x - 2 * h, x - h, x + h, x + 2 * h);
  const f = evaluateActivation(phi, z, (order - 1) as 0 | 1) as unknown as [number, number, number, number];
  const difference = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
  const exact = evaluateActivation(phi, Float64Array.of(x), order)[0] as number;
  const size = Math.abs(f[0]) + Math.abs(exact) + 1;
  if (!(size < 1e3)) return undefined;
  const nearby = evaluateActivation(phi, z, order);
  const roughness = Math.max(...nearby) - Math.min(...nearby);
  return Math.abs(difference - exact) / (1e-8 * size + 1e-2 * roughness);
}

t.test('derivatives equal differences, function by function', async (t) => {
  for (const name of names) {
    for (const text of expressionFunctions[name] === 2
      ? [`${name}(x^2, x)`, `${name}(x, 3 - x)`]
      : [`${name}(x)`, `${name}(x^2 + 0.1)`]) {
      for (const x of [0.2, 0.45, 0.9, 1.3]) {
        for (const order of [1, 2] as const)
          t.ok((differenceError(text, x, order) as number) < 1, `${text} at ${x}, order ${order}`);
      }
    }
  }
  for (const text of ['x^2.5', '2^x', 'x^x', '(x + 1)/(x^2 + 2)', '-x^3 - x', 'x * (x - 1)', '(x^2)^(1/x)']) {
    for (const order of [1, 2] as const)
      t.ok((differenceError(text, 0.8, order) as number) < 1, `${text}, order ${order}`);
  }
});

t.test('derivatives equal differences', async (t) => {
  await holds(
    t,
    fc.property(smooth, fc.integer({ min: -2000, max: 2000 }), (expression, thousandths) => {
      fc.pre(expression.length <= 1000);
      for (const order of [1, 2] as const) {
        const error = differenceError(expression, thousandths / 1000, order);
        fc.pre(error !== undefined);
        if (!((error as number) < 1)) throw new Error(`${expression}, order ${order}: ${error} times the tolerance`);
      }
    }),
    runs,
  );
});

t.test('derivatives of kinked expressions are those of the branch, and never 0 times infinity', async (t) => {
  const slope = (expression: string, x: number, order: 1 | 2 = 1): number =>
    evaluateActivation({ expression, kinks: [] }, Float64Array.of(x), order)[0] as number;
  t.equal(slope('min(x, exp(x))', 1000), 1);
  t.equal(slope('max(0.1 * x, x)', -3), 0.1);
  t.equal(slope('relu(x)', 0), 0);
  t.equal(slope('abs(x)', 0), -1);
  t.equal(slope('x * step(x)', 2), 1);
  t.equal(slope('relu(x)^2', 3, 2), 2);
  t.equal(slope('tanh(x)', 400, 2), 0, 'tails underflow to zero, never to NaN');
  const tail = slope('tanh(x)', 30);
  t.ok(Math.abs(tail / (4 * Math.exp(-60)) - 1) < 1e-14, 'sech² keeps its relative accuracy');
});

t.test('a hostile text is refused with MftError, never a crash', async (t) => {
  const attempt = (text: string): void => {
    try {
      resolveActivation({ expression: text, kinks: [] });
    } catch (error) {
      if (!(error instanceof MftError) || error.code !== 'ERR_MFT_INVALID_ARGUMENT') throw error;
    }
  };
  await holds(t, fc.property(fc.string({ maxLength: 200, unit: 'binary' }), attempt), runs);
  await holds(
    t,
    fc.property(
      fc
        .array(
          fc.constantFrom(
            'x',
            '(',
            ')',
            '+',
            '-',
            '*',
            '/',
            '^',
            ',',
            '1',
            'e',
            '.',
            ' ',
            'exp',
            'max(',
            'relu(',
            '1e999',
            '__proto__',
            'constructor',
          ),
        )
        .map((parts) => parts.join('')),
      attempt,
    ),
    { ...runs, numRuns: 2000 },
  );
  const refused: Readonly<Record<string, RegExp>> = {
    '': /received its end/,
    ['('.repeat(999)]: /at most 50 deep/,
    ['-'.repeat(999) + 'x']: /at most 50 deep/,
    ['x^'.repeat(400) + 'x']: /at most 50 deep/,
    // Within 1000 characters as written, beyond them in the canonical form.
    [Array(300).fill('x').join('*')]: /at most 1000 characters/,
    [Array(120).fill('sin(x)').join('*')]: /at most 1000 characters/,
  };
  t.equal(Object.keys(refused).length, 6);
  for (const [text, message] of Object.entries(refused))
    t.throws(
      () => resolveActivation({ expression: text, kinks: [] }),
      { code: 'ERR_MFT_INVALID_ARGUMENT', message },
      `refused: ${text.slice(0, 20)}`,
    );
  const accepted = ['exp('.repeat(49) + 'x' + ')'.repeat(49), 'relu(x+'.repeat(48) + 'x' + ')'.repeat(48)];
  for (const text of accepted)
    t.equal(typeof resolveActivation({ expression: text, kinks: [] }), 'object', `accepted: ${text.slice(0, 20)}`);
});

t.test('errors say what and where', async (t) => {
  const message = (text: string): string => {
    try {
      parseExpression(text);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  t.match(message('x * '), 'to have a number, x, a function or "(" at position 5, received its end');
  t.match(message('x $ 2'), 'received "$" at position 3');
  t.match(message('tahn(x)'), 'did you mean `tanh`?');
  t.match(message('tanh x'), '"(" after tanh at position 6, received "x"');
  t.match(message('max(x)'), 'a second argument of max at position 6');
  t.match(message('2 x'), 'an operator or its end at position 3');
  t.match(message('1e400'), 'finite numbers');
  t.match(message('x'.repeat(1001)), 'at most 1000 characters');
  t.match(message('('.repeat(60)), 'at most 50 deep');
  t.throws(
    () =>
      resolveActivation({
        expression: Array(120).fill('sin(x)').join('*') + '*exp(' + Array(120).fill('x').join('*') + ')',
        kinks: [],
      }),
    { code: 'ERR_MFT_INVALID_ARGUMENT' },
    'an explosion of the second derivative is refused',
  );
});

t.test('kinks and parity are read off the text', async (t) => {
  const kinks = (text: string): readonly number[] => findKinks(parseExpression(text)).kinks;
  t.same(kinks('relu(x)'), [0]);
  t.same(kinks('abs(2*x - 3) + sign(-(x + 1)/4)'), [-1, 1.5]);
  t.same(kinks('max(x, 2 - x) * min(0, x + pi - pi)'), [0, 1]);
  t.same(kinks('relu(3) + tanh(x)'), []);
  t.equal(findKinks(parseExpression('abs(tanh(x))')).unknown.length, 1);
  t.same(resolveActivation({ expression: 'abs(tanh(x))', kinks: [0] }).kinks, Float64Array.of(0));
  t.throws(() => resolveActivation({ expression: 'abs(tanh(x))' }), /Expected `activation.kinks` to list/);
  t.equal(parityOf(parseExpression('x^3 - tanh(2*x) * cos(x)')), 'odd');
  t.equal(parityOf(parseExpression('abs(x) * x^2')), 'even');
  t.equal(parityOf(parseExpression('x + 1')), 'none');
});
