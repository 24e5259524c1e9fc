// What can be read off an expression: where its kinks are, whether it is odd, how fine its features are.
import type { ExpressionNode } from './expression.js';

/** slope x + offset. */
interface Affine {
  readonly slope: number;
  readonly offset: number;
}

type Recursion = (node: ExpressionNode) => Affine | undefined;

/** The straight line that an expression is; `inner` looks at its parts. */
function affine(node: ExpressionNode, inner: Recursion = affine): Affine | undefined {
  switch (node.kind) {
    case 'number':
      return { slope: 0, offset: node.value };
    case 'constant':
      return { slope: 0, offset: node.name === 'pi' ? Math.PI : Math.E };
    case 'variable':
      return { slope: 1, offset: 0 };
    case 'negate': {
      const a = inner(node.operand);
      return a && { slope: -a.slope, offset: -a.offset };
    }
    case 'call': {
      const a = node.name === 'sqrt' ? inner(node.operands[0] as ExpressionNode) : undefined;
      return a?.slope === 0 && a.offset >= 0 ? { slope: 0, offset: Math.sqrt(a.offset) } : undefined;
    }
    case 'binary': {
      const a = inner(node.left);
      const b = inner(node.right);
      if (a === undefined || b === undefined) return undefined;
      switch (node.operator) {
        case '+':
          return { slope: a.slope + b.slope, offset: a.offset + b.offset };
        case '-':
          return { slope: a.slope - b.slope, offset: a.offset - b.offset };
        case '*':
          if (a.slope !== 0 && b.slope !== 0) return undefined;
          return { slope: a.slope * b.offset + b.slope * a.offset, offset: a.offset * b.offset };
        case '/':
          return b.slope === 0 ? { slope: a.slope / b.offset, offset: a.offset / b.offset } : undefined;
        case '^':
          if (b.slope === 0 && b.offset === 1) return a;
          return a.slope === 0 && b.slope === 0 ? { slope: 0, offset: a.offset ** b.offset } : undefined;
      }
    }
  }
}

interface FoundKinks {
  /** Sorted, without repetition. */
  readonly kinks: readonly number[];
  /** Functions with a kink whose argument is not affine: their kinks cannot be found. */
  readonly unknown: readonly ExpressionNode[];
}

const kinked = ['abs', 'sign', 'step', 'relu', 'max', 'min', 'select'];

/** What abs, sign, step, relu bend at 0, and max and min where their arguments meet. */
function kinkArgument({ name, operands }: ExpressionNode & { readonly kind: 'call' }): ExpressionNode {
  const [a, b] = operands as readonly [ExpressionNode, ExpressionNode];
  return name === 'max' || name === 'min' ? { kind: 'binary', operator: '-', left: a, right: b } : a;
}

/**
 * The kinks of abs, sign, step, relu, max and min of arguments that are affine between points found so (`min(max(x, 0), 6)`,
 * `abs(abs(x) - 1)`).
 */
export function findKinks(expression: ExpressionNode): FoundKinks {
  const kinks = new Set<number>();
  const unknown: ExpressionNode[] = [];
  function visit(node: ExpressionNode): void {
    if (node.kind === 'negate') visit(node.operand);
    if (node.kind === 'binary') {
      visit(node.left);
      visit(node.right);
    }
    if (node.kind !== 'call') return;
    for (const operand of node.operands) visit(operand);
    if (!kinked.includes(node.name)) return;
    const found = zerosOf(kinkArgument(node));
    if (found === undefined) unknown.push(node);
    else for (const at of found) if (Number.isFinite(at)) kinks.add(at === 0 ? 0 : at);
  }
  visit(expression);
  return { kinks: [...kinks].sort((a, b) => a - b), unknown };
}

/** Where a piecewise affine expression is 0 or jumps over it; undefined when it is not piecewise affine. */
function zerosOf(argument: ExpressionNode): readonly number[] | undefined {
  const breaks = breaksOf(argument);
  if (breaks === undefined) return undefined;
  const zeros: number[] = [];
  for (const piece of piecesBetween(breaks)) {
    const line = affineAt(argument, piece.inside);
    if (line === undefined) return undefined;
    if (line.slope === 0) continue;
    const at = -line.offset / line.slope;
    if (at >= piece.low && at <= piece.high) zeros.push(at);
  }
  // A jump (sign, step) over 0, or a piece that is 0 itself, changes side at a break.
  return [...new Set([...zeros, ...breaks.filter((at) => changesAt(argument, breaks, at))])];
}

function changesAt(argument: ExpressionNode, breaks: readonly number[], at: number): boolean {
  const pieces = piecesBetween(breaks);
  const i = breaks.indexOf(at);
  const [below, above] = [pieces[i], pieces[i + 1]].map((piece) => {
    const line = piece && affineAt(argument, piece.inside);
    return line === undefined ? Number.NaN : Math.sign(line.slope * at + line.offset);
  });
  return below !== above;
}

interface Piece {
  readonly low: number;
  readonly high: number;
  readonly inside: number;
}

function piecesBetween(breaks: readonly number[]): readonly Piece[] {
  const ends = [-Infinity, ...breaks, Infinity];
  return ends.slice(0, -1).map((low, i) => {
    const high = ends[i + 1] as number;
    if (low === -Infinity) return { low, high, inside: high === Infinity ? 0.1234 : high - 1 };
    return { low, high, inside: high === Infinity ? low + 1 : 0.5 * (low + high) };
  });
}

const largestBreaks = 1000;
const knownBreaks = new WeakMap<ExpressionNode, { readonly breaks: readonly number[] | undefined }>();

/** The points between which the expression is affine, ascending; undefined when there are none such, or too many. */
function breaksOf(node: ExpressionNode): readonly number[] | undefined {
  const known = knownBreaks.get(node);
  if (known !== undefined) return known.breaks;
  const breaks = foundBreaks(node);
  knownBreaks.set(node, { breaks });
  return breaks;
}

function foundBreaks(node: ExpressionNode): readonly number[] | undefined {
  if (affine(node) !== undefined) return [];
  const children =
    node.kind === 'negate' ? [node.operand] : node.kind === 'binary' ? [node.left, node.right] : operandsOf(node);
  const all = new Set<number>();
  for (const child of children) {
    const breaks = breaksOf(child);
    if (breaks === undefined) return undefined;
    for (const at of breaks) all.add(at);
  }
  if (node.kind === 'call') {
    if (!kinked.includes(node.name) || node.name === 'select') return undefined;
    const zeros = zerosOf(kinkArgument(node));
    if (zeros === undefined) return undefined;
    for (const at of zeros) all.add(at);
  }
  if (all.size > largestBreaks) return undefined;
  const breaks = [...all].sort((a, b) => a - b);
  return piecesBetween(breaks).every(({ inside }) => affineAt(node, inside) !== undefined) ? breaks : undefined;
}

function operandsOf(node: ExpressionNode): readonly ExpressionNode[] {
  return node.kind === 'call' ? node.operands : [];
}

/** The straight line that a piecewise affine expression follows around x. */
function affineAt(node: ExpressionNode, x: number): Affine | undefined {
  if (node.kind === 'call') {
    const [a, b] = node.operands.map((operand) => affineAt(operand, x));
    if (a === undefined) return affine(node);
    const value = a.slope * x + a.offset;
    if (node.name === 'abs') return value < 0 ? { slope: -a.slope, offset: -a.offset } : a;
    if (node.name === 'relu') return value < 0 ? { slope: 0, offset: 0 } : a;
    if (node.name === 'sign') return { slope: 0, offset: Math.sign(value) };
    if (node.name === 'step') return { slope: 0, offset: value > 0 ? 1 : 0 };
    if (b === undefined) return affine(node);
    const isFirst = value > b.slope * x + b.offset === (node.name === 'max');
    if (node.name === 'max' || node.name === 'min') return isFirst ? a : b;
    return undefined;
  }
  return affine(node, (child) => affineAt(child, x));
}

const featured = ['tanh', 'sinh', 'cosh', 'erf', 'sin', 'cos', 'exp', 'expm1', 'sigmoid', 'softplus', 'atan'];
const leastSteepness = 2;

/** Size in x of the finest feature that the slopes of affine arguments tell: 1/30 for sin(30 x), at most 1. */
export function featureScale(expression: ExpressionNode): number {
  let steepest = leastSteepness;
  function visit(node: ExpressionNode): void {
    if (node.kind === 'negate') visit(node.operand);
    if (node.kind === 'binary') {
      visit(node.left);
      visit(node.right);
    }
    if (node.kind !== 'call') return;
    for (const operand of node.operands) visit(operand);
    const argument = featured.includes(node.name) ? affine(node.operands[0] as ExpressionNode) : undefined;
    if (argument !== undefined && Number.isFinite(argument.slope))
      steepest = Math.max(steepest, Math.abs(argument.slope));
  }
  visit(expression);
  return steepest === leastSteepness ? 1 : 1 / steepest;
}

type Range = readonly [low: number, high: number];
const everything: Range = [-Infinity, Infinity];

/** sup |φ| as far as interval arithmetic shows it; Infinity when it does not. */
export function boundOf(expression: ExpressionNode): number {
  const [low, high] = rangeOf(expression);
  const bound = Math.max(Math.abs(low), Math.abs(high));
  return Number.isNaN(bound) ? Infinity : bound;
}

function hull(values: readonly number[]): Range {
  return values.some(Number.isNaN) ? everything : [Math.min(...values), Math.max(...values)];
}

const ranges: Readonly<Record<string, Range>> = {
  tanh: [-1, 1],
  erf: [-1, 1],
  sin: [-1, 1],
  cos: [-1, 1],
  sign: [-1, 1],
  step: [0, 1],
  sigmoid: [0, 1],
  atan: [-Math.PI / 2, Math.PI / 2],
};

function rangeOf(node: ExpressionNode): Range {
  switch (node.kind) {
    case 'number':
      return [node.value, node.value];
    case 'constant': {
      const value = node.name === 'pi' ? Math.PI : Math.E;
      return [value, value];
    }
    case 'variable':
      return everything;
    case 'negate': {
      const [low, high] = rangeOf(node.operand);
      return [-high, -low];
    }
    case 'call':
      return rangeOfCall(node.name, node.operands.map(rangeOf));
    case 'binary': {
      const [a, b] = rangeOf(node.left);
      const [c, d] = rangeOf(node.right);
      if (node.operator === '+') return hull([a + c, b + d]);
      if (node.operator === '-') return hull([a - d, b - c]);
      if (node.operator === '*') return hull([a * c, a * d, b * c, b * d]);
      if (node.operator === '/') return c > 0 || d < 0 ? hull([a / c, a / d, b / c, b / d]) : everything;
      if (c !== d || !(c >= 0)) return everything;
      if (Number.isInteger(c) && c % 2 === 1) return hull([a ** c, b ** c]);
      const largest = Math.max(Math.abs(a), Math.abs(b)) ** c;
      return [0, largest];
    }
  }
}

function rangeOfCall(name: string, operands: readonly Range[]): Range {
  const [[a, b], second] = operands as readonly [Range, Range | undefined];
  if (name === 'max' && second !== undefined) return [Math.max(a, second[0]), Math.max(b, second[1])];
  if (name === 'min' && second !== undefined) return [Math.min(a, second[0]), Math.min(b, second[1])];
  if (name === 'relu') return [Math.max(a, 0), Math.max(b, 0)];
  if (name === 'abs') return [a > 0 ? a : b < 0 ? -b : 0, Math.max(Math.abs(a), Math.abs(b))];
  if (name === 'exp') return [Math.exp(a), Math.exp(b)];
  if (name === 'sqrt') return [0, Math.sqrt(Math.max(b, 0))];
  return ranges[name] ?? everything;
}

type Parity = 'odd' | 'even' | 'none';

const oddFunctions = ['tanh', 'sinh', 'erf', 'sin', 'atan', 'sign'];
const evenFunctions = ['cosh', 'cos', 'abs'];

/** Whether the form of the expression makes it odd or even ('none': not known to be either). */
export function parityOf(node: ExpressionNode): Parity {
  switch (node.kind) {
    case 'number':
    case 'constant':
      return 'even';
    case 'variable':
      return 'odd';
    case 'negate':
      return parityOf(node.operand);
    case 'call': {
      const parities = node.operands.map(parityOf);
      if (parities.every((parity) => parity === 'even')) return 'even';
      if (parities[0] !== 'odd') return 'none';
      if (oddFunctions.includes(node.name)) return 'odd';
      return evenFunctions.includes(node.name) ? 'even' : 'none';
    }
    case 'binary': {
      const a = parityOf(node.left);
      const b = parityOf(node.right);
      if (a === 'none' || b === 'none') return 'none';
      if (node.operator === '+' || node.operator === '-') return a === b ? a : 'none';
      if (node.operator === '*' || node.operator === '/') return a === b ? 'even' : 'odd';
      const exponent = affine(node.right);
      if (a === 'even' && b === 'even') return 'even';
      if (exponent?.slope !== 0 || !Number.isInteger(exponent.offset)) return 'none';
      return exponent.offset % 2 === 0 ? 'even' : 'odd';
    }
  }
}
