// Symbolic differentiation. Nodes are interned (equal trees are one object) and derivatives remembered per node, so the
// work grows with the number of distinct subexpressions.
import type { BinaryOperator, ExpressionNode } from './expression.js';

type Node = ExpressionNode;

/** Constructors that simplify lightly: constants folded, 0 and 1 removed, signs moved out. */
interface Builder {
  intern(node: Node): Node;
  constant(value: number): Node;
  add(a: Node, b: Node): Node;
  subtract(a: Node, b: Node): Node;
  multiply(a: Node, b: Node): Node;
  divide(a: Node, b: Node): Node;
  power(a: Node, b: Node): Node;
  negate(a: Node): Node;
  call(name: (Node & { kind: 'call' })['name'], ...operands: Node[]): Node;
}

/** The number that a node is, if it is one. */
function numberOf(node: Node): number | undefined {
  if (node.kind === 'number') return node.value;
  return node.kind === 'negate' && node.operand.kind === 'number' ? -node.operand.value : undefined;
}

function createBuilder(): Builder {
  const byKey = new Map<string, Node>();
  const identities = new Map<Node, number>();

  function keep(key: string, node: Node): Node {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    byKey.set(key, node);
    identities.set(node, identities.size);
    return node;
  }
  const id = (node: Node): number => identities.get(node) as number;

  /** The interned twin of a node whose children are interned. */
  function leafOrParent(node: Node): Node {
    switch (node.kind) {
      case 'number':
        return keep(`n${node.value}`, node);
      case 'constant':
        return keep(`c${node.name}`, node);
      case 'variable':
        return keep('x', node);
      case 'negate':
        return keep(`-${id(node.operand)}`, node);
      case 'binary':
        return keep(`${node.operator}${id(node.left)},${id(node.right)}`, node);
      case 'call':
        return keep(`${node.name}(${node.operands.map(id).join(',')})`, node);
    }
  }
  function intern(node: Node): Node {
    if (identities.has(node)) return node;
    if (node.kind === 'negate') return leafOrParent({ kind: 'negate', operand: intern(node.operand) });
    if (node.kind === 'binary') return leafOrParent({ ...node, left: intern(node.left), right: intern(node.right) });
    if (node.kind === 'call') return leafOrParent({ ...node, operands: node.operands.map(intern) });
    return leafOrParent(node);
  }
  const binary = (operator: BinaryOperator, left: Node, right: Node): Node =>
    leafOrParent({ kind: 'binary', operator, left, right });
  const plain = (operand: Node): Node => leafOrParent({ kind: 'negate', operand });

  function constant(value: number): Node {
    return value < 0 || Object.is(value, -0)
      ? plain(leafOrParent({ kind: 'number', value: -value }))
      : leafOrParent({ kind: 'number', value });
  }
  /** Folds two numbers when the result is a finite number. */
  function folded(a: Node, b: Node, f: (x: number, y: number) => number): Node | undefined {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x === undefined || y === undefined) return undefined;
    const value = f(x, y);
    return Number.isFinite(value) ? constant(value) : undefined;
  }

  function negate(a: Node): Node {
    if (a.kind === 'negate') return a.operand;
    return numberOf(a) === 0 ? a : plain(a);
  }
  function add(a: Node, b: Node): Node {
    if (numberOf(a) === 0) return b;
    if (numberOf(b) === 0) return a;
    const value = folded(a, b, (x, y) => x + y);
    if (value !== undefined) return value;
    if (b.kind === 'negate') return subtract(a, b.operand);
    if (a.kind === 'negate') return subtract(b, a.operand);
    return a === b ? multiply(constant(2), a) : binary('+', a, b);
  }
  function subtract(a: Node, b: Node): Node {
    if (numberOf(b) === 0) return a;
    if (numberOf(a) === 0) return negate(b);
    const value = folded(a, b, (x, y) => x - y);
    if (value !== undefined) return value;
    if (b.kind === 'negate') return add(a, b.operand);
    return a === b ? constant(0) : binary('-', a, b);
  }
  function multiply(a: Node, b: Node): Node {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x === 0 || y === 0) return constant(0);
    if (x === 1) return b;
    if (y === 1) return a;
    const value = folded(a, b, (p, q) => p * q);
    if (value !== undefined) return value;
    if (a.kind === 'negate') return negate(multiply(a.operand, b));
    if (b.kind === 'negate') return negate(multiply(a, b.operand));
    if (y !== undefined) return multiply(b, a);
    if (x !== undefined && b.kind === 'binary' && b.operator === '*' && numberOf(b.left) !== undefined) {
      const product = folded(a, b.left, (p, q) => p * q);
      if (product !== undefined) return multiply(product, b.right);
    }
    return a === b ? power(a, constant(2)) : binary('*', a, b);
  }
  function divide(a: Node, b: Node): Node {
    const y = numberOf(b);
    if (numberOf(a) === 0) return constant(0);
    if (y === 1) return a;
    const value = folded(a, b, (p, q) => p / q);
    if (value !== undefined) return value;
    if (a.kind === 'negate') return negate(divide(a.operand, b));
    if (b.kind === 'negate') return negate(divide(a, b.operand));
    if (y !== undefined && a.kind === 'binary' && a.operator === '*') {
      const ratio = folded(a.left, b, (p, q) => p / q);
      if (ratio !== undefined) return multiply(ratio, a.right);
    }
    return binary('/', a, b);
  }
  function power(a: Node, b: Node): Node {
    const y = numberOf(b);
    if (y === 0) return constant(1);
    return y === 1 ? a : binary('^', a, b);
  }
  const call: Builder['call'] = (name, ...operands) => {
    const [condition, v, w] = operands;
    if (name === 'select' && v === w && v !== undefined) return v;
    if (name === 'select' && condition !== undefined && v !== undefined && w !== undefined) {
      const number = numberOf(condition);
      if (number !== undefined) return number > 0 ? v : w;
    }
    return leafOrParent({ kind: 'call', name, operands });
  };
  return { intern, constant, add, subtract, multiply, divide, power, negate, call };
}

/** Whether a node does not depend on x. */
function isConstant(node: Node, memory: Map<Node, boolean>): boolean {
  const known = memory.get(node);
  if (known !== undefined) return known;
  const result =
    node.kind === 'variable'
      ? false
      : node.kind === 'negate'
        ? isConstant(node.operand, memory)
        : node.kind === 'binary'
          ? isConstant(node.left, memory) && isConstant(node.right, memory)
          : node.kind === 'call'
            ? node.operands.every((operand) => isConstant(operand, memory))
            : true;
  memory.set(node, result);
  return result;
}

/**
 * The first and the second derivative of an expression, as expressions that may contain the internal functions.
 *
 * The forms keep the relative accuracy of tails: tanh' = 4 sigmoid(2u) sigmoid(−2u), never 1 − tanh². At a kink of relu
 * and abs the derivative is the one from the left; max and min take the second argument's where the arguments are equal.
 */
export function differentiateTwice(expression: ExpressionNode): readonly [ExpressionNode, ExpressionNode] {
  const b = createBuilder();
  const memory = new Map<Node, Node>();
  const constants = new Map<Node, boolean>();
  const zero = b.constant(0);
  const one = b.constant(1);
  const two = b.constant(2);

  function derivative(node: Node): Node {
    const known = memory.get(node);
    if (known !== undefined) return known;
    const result = isConstant(node, constants) ? zero : rule(node);
    memory.set(node, result);
    return result;
  }
  function rule(node: Node): Node {
    if (node.kind === 'variable') return one;
    if (node.kind === 'negate') return b.negate(derivative(node.operand));
    if (node.kind === 'binary') return binaryRule(node.operator, node.left, node.right, node);
    return node.kind === 'call' ? callRule(node) : zero;
  }
  function binaryRule(operator: BinaryOperator, u: Node, v: Node, whole: Node): Node {
    const [du, dv] = [derivative(u), derivative(v)];
    switch (operator) {
      case '+':
        return b.add(du, dv);
      case '-':
        return b.subtract(du, dv);
      case '*':
        return b.add(b.multiply(du, v), b.multiply(u, dv));
      // (u' - (u/v) v')/v: the square of v could overflow.
      case '/':
        return b.divide(b.subtract(du, b.multiply(b.divide(u, v), dv)), v);
      case '^': {
        if (isConstant(v, constants)) return b.multiply(b.multiply(v, b.power(u, b.subtract(v, one))), du);
        const exponent = b.multiply(dv, b.call('log', u));
        return b.multiply(whole, b.add(exponent, b.divide(b.multiply(v, du), u)));
      }
    }
  }
  function callRule(node: Node & { kind: 'call' }): Node {
    const u = node.operands[0] as Node;
    const du = derivative(u);
    const second = node.operands[1];
    switch (node.name) {
      case 'exp':
        return b.multiply(du, node);
      case 'expm1':
        return b.multiply(du, b.call('exp', u));
      case 'log':
        return b.divide(du, u);
      case 'log1p':
        return b.divide(du, b.add(one, u));
      case 'tanh':
        return b.multiply(b.constant(4), b.multiply(b.call('sigmoidDerivative', b.multiply(two, u)), du));
      case 'sinh':
        return b.multiply(b.call('cosh', u), du);
      case 'cosh':
        return b.multiply(b.call('sinh', u), du);
      case 'erf':
        return b.multiply(b.constant(2 / Math.sqrt(Math.PI)), b.multiply(b.call('exp', b.negate(b.power(u, two))), du));
      case 'sin':
        return b.multiply(b.call('cos', u), du);
      case 'cos':
        return b.negate(b.multiply(b.call('sin', u), du));
      case 'sqrt':
        return b.divide(du, b.multiply(two, node));
      case 'abs':
        return b.call('select', u, du, b.negate(du));
      case 'sign':
      case 'step':
        return zero;
      case 'relu':
        return b.call('select', u, du, zero);
      case 'sigmoid':
        return b.multiply(b.call('sigmoidDerivative', u), du);
      case 'softplus':
        return b.multiply(b.call('sigmoid', u), du);
      case 'atan':
        return b.divide(du, b.add(one, b.power(u, two)));
      // Not by the product rule: sigmoid(-u) - sigmoid(u) = -tanh(u/2) would cancel near 0.
      case 'sigmoidDerivative':
        return b.negate(b.multiply(b.multiply(node, b.call('tanh', b.divide(u, two))), du));
      case 'max':
        return b.call('select', b.subtract(u, second as Node), du, derivative(second as Node));
      case 'min':
        return b.call('select', b.subtract(second as Node, u), du, derivative(second as Node));
      case 'select':
        return b.call('select', u, derivative(second as Node), derivative(node.operands[2] as Node));
    }
  }
  const first = derivative(b.intern(expression));
  return [first, derivative(first)];
}
