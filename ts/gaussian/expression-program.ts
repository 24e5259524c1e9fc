// From an expression tree to the postfix program that native/core/expression.h runs.
import { MftError } from '../core/errors.js';
import { differentiateTwice } from './expression-derivative.js';
import type { BinaryOperator, ExpressionNode } from './expression.js';

/** One program: operation numbers, and the constants in the order in which they are pushed. */
interface ExpressionProgram {
  readonly operations: Float64Array;
  readonly constants: Float64Array;
}

/** φ, φ' and φ'' as programs. */
export interface ExpressionPrograms {
  readonly value: ExpressionProgram;
  readonly derivative: ExpressionProgram;
  readonly secondDerivative: ExpressionProgram;
}

const limits = { operations: 100_000, stack: 64 } as const;

// The numbers of mft::Operation.
const variable = 0;
const constant = 1;
const negate = 12;
const binaryOperations: Readonly<Record<BinaryOperator | 'max' | 'min', readonly [inOrder: number, reversed: number]>> =
  {
    '+': [2, 2],
    '-': [3, 4],
    '*': [5, 5],
    '/': [6, 7],
    '^': [8, 9],
    max: [10, 10],
    min: [11, 11],
  };
const unaryOperations = {
  exp: 13,
  log: 14,
  log1p: 15,
  expm1: 16,
  tanh: 17,
  sinh: 18,
  cosh: 19,
  erf: 20,
  sin: 21,
  cos: 22,
  sqrt: 23,
  abs: 24,
  sign: 25,
  step: 26,
  relu: 27,
  sigmoid: 28,
  softplus: 29,
  atan: 30,
} as const;
const select = 31;

/** What running a node takes: stack places when the deeper operand is run first (Sethi and Ullman), operations. */
interface Cost {
  readonly stack: number;
  readonly operations: number;
}

function costs(): (node: ExpressionNode) => Cost {
  const memory = new Map<ExpressionNode, Cost>();
  const pair = (a: Cost, b: Cost): Cost => ({
    stack: a.stack === b.stack ? a.stack + 1 : Math.max(a.stack, b.stack),
    operations: a.operations + b.operations + 1,
  });
  function measured(node: ExpressionNode): Cost {
    if (node.kind === 'negate') {
      const operand = cost(node.operand);
      return { stack: operand.stack, operations: operand.operations + 1 };
    }
    if (node.kind === 'binary') return pair(cost(node.left), cost(node.right));
    if (node.kind !== 'call') return { stack: 1, operations: 1 };
    const [a, b, c] = node.operands.map(cost);
    if (a === undefined) return { stack: 1, operations: 1 };
    if (node.name === 'sigmoidDerivative') return { stack: a.stack + 1, operations: 2 * a.operations + 4 };
    if (b === undefined) return { stack: a.stack, operations: a.operations + 1 };
    if (c === undefined) return pair(a, b);
    return {
      stack: Math.max(a.stack, b.stack + 1, c.stack + 2),
      operations: a.operations + b.operations + c.operations + 1,
    };
  }
  function cost(node: ExpressionNode): Cost {
    let known = memory.get(node);
    if (known === undefined) {
      known = measured(node);
      memory.set(node, known);
    }
    return known;
  }
  return cost;
}

function compile(expression: ExpressionNode, what: string): ExpressionProgram {
  const cost = costs();
  const total = cost(expression);
  if (total.operations > limits.operations || total.stack > limits.stack) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected \`activation.expression\` to be simpler: its ${what} takes ${total.operations} operations (at most ` +
        `${limits.operations}) and ${total.stack} places (at most ${limits.stack}).`,
      {
        parameter: 'activation.expression',
      },
    );
  }
  const operations: number[] = [];
  const constants: number[] = [];
  function pushConstant(value: number): void {
    operations.push(constant);
    constants.push(value);
  }
  function both(left: ExpressionNode, right: ExpressionNode, [inOrder, reversed]: readonly [number, number]): void {
    const isReversed = cost(right).stack > cost(left).stack;
    emit(isReversed ? right : left);
    emit(isReversed ? left : right);
    operations.push(isReversed ? reversed : inOrder);
  }
  function emitCall({ name, operands }: ExpressionNode & { kind: 'call' }): void {
    const [a, b] = operands as readonly [ExpressionNode, ExpressionNode];
    if (name === 'max' || name === 'min') {
      both(a, b, binaryOperations[name]);
    } else if (name === 'sigmoidDerivative') {
      emit(a);
      operations.push(unaryOperations.sigmoid);
      emit(a);
      operations.push(negate, unaryOperations.sigmoid, binaryOperations['*'][0]);
    } else {
      for (const operand of operands) emit(operand);
      operations.push(name === 'select' ? select : unaryOperations[name]);
    }
  }
  function emit(node: ExpressionNode): void {
    if (node.kind === 'number') pushConstant(node.value);
    else if (node.kind === 'constant') pushConstant(node.name === 'pi' ? Math.PI : Math.E);
    else if (node.kind === 'variable') operations.push(variable);
    else if (node.kind === 'binary') both(node.left, node.right, binaryOperations[node.operator]);
    else if (node.kind === 'call') emitCall(node);
    else {
      emit(node.operand);
      operations.push(negate);
    }
  }
  emit(expression);
  return { operations: Float64Array.from(operations), constants: Float64Array.from(constants) };
}

/**
 * The programs of an expression, its derivative and its second derivative.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT when a program would take more than 100 000 operations
 */
export function compileExpression(expression: ExpressionNode): ExpressionPrograms {
  const [first, second] = differentiateTwice(expression);
  return {
    value: compile(expression, 'value'),
    derivative: compile(first, 'derivative'),
    secondDerivative: compile(second, 'second derivative'),
  };
}
