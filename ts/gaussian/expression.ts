// A user's activation as text: a closed grammar, parsed here and never evaluated as code.
//
//   sum     = product (('+' | '-') product)*
//   product = unary (('*' | '/') unary)*
//   unary   = '-' unary | power
//   power   = primary ('^' unary)?
//   primary = number | 'x' | 'pi' | 'e' | name '(' sum (',' sum)? ')' | '(' sum ')'
import { MftError } from '../core/errors.js';
import { expressionHint } from './activation-hints.js';

export type BinaryOperator = '+' | '-' | '*' | '/' | '^';

/** The functions of the grammar and how many arguments they take. */
export const expressionFunctions = {
  exp: 1,
  log: 1,
  log1p: 1,
  expm1: 1,
  tanh: 1,
  sinh: 1,
  cosh: 1,
  erf: 1,
  sin: 1,
  cos: 1,
  sqrt: 1,
  abs: 1,
  sign: 1,
  step: 1,
  relu: 1,
  sigmoid: 1,
  softplus: 1,
  atan: 1,
  max: 2,
  min: 2,
} as const;

type ExpressionFunction = keyof typeof expressionFunctions;

/**
 * Functions that only derivatives contain: `select(c, v, w)` = v where c > 0, else w;
 * `sigmoidDerivative(v)` = sigmoid(v) sigmoid(−v).
 */
type InternalFunction = 'select' | 'sigmoidDerivative';

/** A parsed expression. Numbers are >= 0: a negative number is the negation of one. */
export type ExpressionNode =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'constant'; readonly name: 'pi' | 'e' }
  | { readonly kind: 'variable' }
  | { readonly kind: 'negate'; readonly operand: ExpressionNode }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly kind: 'call';
      readonly name: ExpressionFunction | InternalFunction;
      readonly operands: readonly ExpressionNode[];
    };

const expressionLimits = { length: 1000, depth: 50 } as const;

interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'end';
  readonly text: string;
  /** 1 for the first character. */
  readonly position: number;
}

function refusal(message: string, received: string): MftError {
  return new MftError('ERR_MFT_INVALID_ARGUMENT', message, { parameter: 'activation.expression', received });
}

/** Signs that people write elsewhere → how it is written here. */
const foreignSigns: Readonly<Record<string, string>> = {
  '|': '`abs(x)`',
  '²': '`x^2`',
  '³': '`x^3`',
  '−': '`-`',
  '×': '`*`',
  '·': '`*`',
  '÷': '`/`',
  '√': '`sqrt(x)`',
  '**': '`^`',
  '.': 'functions without the name of a module',
  '>': '`step(x)`, 1 where x > 0, for what a condition chooses',
  '<': '`step(-x)`, 1 where x < 0, for what a condition chooses',
  '?': '`x * step(x)` for x where x > 0',
  '=': 'the function of x alone',
};

function tokens(text: string): readonly Token[] {
  const pattern = /([ \t\r\n]+)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z_0-9]*)|(\*(?!\*)|[-+/^(),])/y;
  const result: Token[] = [];
  while (pattern.lastIndex < text.length) {
    const position = pattern.lastIndex + 1;
    const match = pattern.exec(text);
    if (match === null) {
      const isPower = text.startsWith('**', position - 1);
      const character = isPower ? '**' : String.fromCodePoint(text.codePointAt(position - 1) ?? 0);
      const meant = foreignSigns[character];
      throw refusal(
        `Expected \`activation.expression\` to hold numbers, x, + - * / ^ ( ) , and functions only, received ` +
          `${JSON.stringify(character)} at position ${position}${meant === undefined ? '' : `; write ${meant}`}.`,
        character,
      );
    }
    if (match[2] !== undefined) result.push({ kind: 'number', text: match[2], position });
    else if (match[3] !== undefined) result.push({ kind: 'name', text: match[3], position });
    else if (match[4] !== undefined) result.push({ kind: 'symbol', text: match[4], position });
  }
  result.push({ kind: 'end', text: 'the end', position: text.length + 1 });
  return result;
}

/**
 * The expression tree of a text.
 *
 * @param text at most 1000 characters, nested at most 50 deep; grammar: `x`, numbers, `pi`, `e`, + − * / ^, parentheses and
 *   the functions exp log log1p expm1 tanh sinh cosh erf sin cos sqrt abs sign step relu sigmoid softplus atan max min.
 *   `-x^2` is −(x²); `2^3^2` is 2^(3^2); step is 1 for x > 0.
 * @throws MftError ERR_MFT_INVALID_ARGUMENT with the position (from 1) of what is wrong
 * @example
 * printExpression(parseExpression('x*sigmoid( 1.702*x )')); // 'x * sigmoid(1.702 * x)'
 */
export function parseExpression(text: string): ExpressionNode {
  if (text.length > expressionLimits.length) {
    throw refusal(
      `Expected \`activation.expression\` to have at most ${expressionLimits.length} characters, received ${text.length}.`,
      `${text.length} characters`,
    );
  }
  const list = tokens(text);
  let next = 0;
  const peek = (): Token => list[next] as Token;
  const take = (symbol: string): boolean => {
    if (peek().kind !== 'symbol' || peek().text !== symbol) return false;
    next++;
    return true;
  };
  const unexpected = (wanted: string): MftError =>
    refusal(
      `Expected \`activation.expression\` to have ${wanted} at position ${peek().position}, received ` +
        `${peek().kind === 'end' ? 'its end' : JSON.stringify(peek().text)}${lacksTimes() ? '; write `*` between factors' : ''}.`,
      peek().text,
    );
  /** 2x, (x + 1)(x − 1): what a product looks like on paper. */
  function lacksTimes(): boolean {
    const [before, { kind, text: at }] = [list[next - 1], peek()];
    const ends = before !== undefined && (before.kind === 'number' || [')', 'x', 'pi', 'e'].includes(before.text));
    return ends && (kind === 'name' || kind === 'number' || at === '(');
  }

  function sum(depth: number): ExpressionNode {
    let left = product(depth);
    for (;;) {
      if (take('+')) left = { kind: 'binary', operator: '+', left, right: product(depth) };
      else if (take('-')) left = { kind: 'binary', operator: '-', left, right: product(depth) };
      else return left;
    }
  }
  function product(depth: number): ExpressionNode {
    let left = unary(depth);
    for (;;) {
      if (take('*')) left = { kind: 'binary', operator: '*', left, right: unary(depth) };
      else if (take('/')) left = { kind: 'binary', operator: '/', left, right: unary(depth) };
      else return left;
    }
  }
  function unary(depth: number): ExpressionNode {
    if (depth > expressionLimits.depth) {
      throw refusal(
        `Expected \`activation.expression\` to be nested at most ${expressionLimits.depth} deep, received ` +
          `more at position ${peek().position}.`,
        peek().text,
      );
    }
    if (take('-')) return { kind: 'negate', operand: unary(depth + 1) };
    const base = primary(depth);
    return take('^') ? { kind: 'binary', operator: '^', left: base, right: unary(depth + 1) } : base;
  }
  function primary(depth: number): ExpressionNode {
    const token = peek();
    if (take('(')) {
      const inner = sum(depth + 1);
      if (!take(')')) throw unexpected('")" or an operator');
      return inner;
    }
    if (token.kind !== 'number' && token.kind !== 'name') throw unexpected('a number, x, a function or "("');
    next++;
    if (token.kind === 'number') {
      const value = Number(token.text);
      if (!Number.isFinite(value))
        throw refusal(
          `Expected \`activation.expression\` to have finite numbers, received ${token.text} at position ${token.position}.`,
          token.text,
        );
      return { kind: 'number', value };
    }
    if (token.text === 'x') return { kind: 'variable' };
    if (token.text === 'pi' || token.text === 'e') return { kind: 'constant', name: token.text };
    if (!Object.hasOwn(expressionFunctions, token.text)) {
      const known = ['x', 'pi', 'e', ...Object.keys(expressionFunctions)];
      throw refusal(
        `Unknown name ${JSON.stringify(token.text.slice(0, 60))} at position ${token.position} of ` +
          `\`activation.expression\`${expressionHint(token.text, known)}`,
        token.text,
      );
    }
    const name = token.text as ExpressionFunction;
    if (!take('(')) throw unexpected(`"(" after ${name}`);
    const operands = [sum(depth + 1)];
    while (operands.length < expressionFunctions[name]) {
      if (!take(',')) throw unexpected(`"," and a second argument of ${name}`);
      operands.push(sum(depth + 1));
    }
    if (!take(')')) throw unexpected(`")" after the argument of ${name}`);
    return { kind: 'call', name, operands };
  }

  const result = sum(1);
  if (peek().kind !== 'end') throw unexpected('an operator or its end');
  return result;
}

const precedence = { '+': 1, '-': 1, '*': 2, '/': 2, '^': 4 } as const;
const negationPrecedence = 3;
const primaryPrecedence = 5;

function precedenceOf(node: ExpressionNode): number {
  if (node.kind === 'binary') return precedence[node.operator];
  return node.kind === 'negate' ? negationPrecedence : primaryPrecedence;
}

/** The canonical text of an expression: one space around + − * /, parentheses only where they are needed. */
export function printExpression(node: ExpressionNode): string {
  const within = (child: ExpressionNode, least: number): string =>
    precedenceOf(child) < least ? `(${printExpression(child)})` : printExpression(child);
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'constant':
      return node.name;
    case 'variable':
      return 'x';
    case 'negate':
      return `-${within(node.operand, negationPrecedence)}`;
    case 'call':
      return `${node.name}(${node.operands.map(printExpression).join(', ')})`;
    case 'binary': {
      if (node.operator === '^')
        return `${within(node.left, primaryPrecedence)}^${within(node.right, negationPrecedence)}`;
      const level = precedence[node.operator];
      return `${within(node.left, level)} ${node.operator} ${within(node.right, level + 1)}`;
    }
  }
}
