// Named activations as expressions in x: what is done to the argument or the value of one can be written down for any system.
import { MftError } from '../core/errors.js';
import { type ActivationSpec, canonicalActivation } from './activations.js';
import { type ExpressionNode, parseExpression, printExpression } from './expression.js';

type Text = string | ((parameters: Readonly<Record<string, number>>) => string);

const eluText = (alpha: number): string => `relu(x) + ${alpha} * expm1(min(x, 0))`;
/** λ and α of Klambauer et al. 2017. */
const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772] as const;

const texts: Readonly<Record<string, Text>> = {
  linear: 'x',
  tanh: 'tanh(x)',
  erf: 'erf(x)',
  erfUnitSlope: 'erf(sqrt(pi) / 2 * x)',
  relu: 'relu(x)',
  leakyRelu: ({ slope }) => `relu(x) + ${slope} * min(x, 0)`,
  prelu: ({ slope }) => `relu(x) + ${slope} * min(x, 0)`,
  abs: 'abs(x)',
  hardTanh: ({ min = -1, max = 1 }) => `min(max(x, ${min}), ${max})`,
  sigmoid: 'sigmoid(x)',
  softplus: ({ beta = 1 }) => (beta === 1 ? 'softplus(x)' : `softplus(${beta} * x) / ${beta}`),
  gelu: 'x * (1 + erf(x / sqrt(2))) / 2',
  silu: 'x * sigmoid(x)',
  swish: ({ beta = 1 }) => `x * sigmoid(${beta} * x)`,
  mish: 'x * tanh(softplus(x))',
  elu: ({ alpha = 1 }) => eluText(alpha),
  celu: ({ alpha = 1 }) => `relu(x) + ${alpha} * expm1(min(x, 0) / ${alpha})`,
  selu: `${seluScale} * (${eluText(seluAlpha)})`,
  sin: 'sin(x)',
  cos: 'cos(x)',
  softsign: 'x / (1 + abs(x))',
  relu6: 'min(max(x, 0), 6)',
  snake: ({ alpha = 1 }) => `x + sin(${alpha} * x)^2 / ${alpha}`,
};

/** γ (φ(α x + β) + δ). */
export interface ActivationTransform {
  /** α. */
  readonly inputScale: number;
  /** β. */
  readonly inputShift: number;
  /** δ. */
  readonly outputShift: number;
  /** γ. */
  readonly outputScale: number;
}

/**
 * γ (φ(α x + β) + δ) as an expression.
 *
 * @throws MftError like `canonicalActivation`; ERR_MFT_UNSUPPORTED for an activation that has no expression
 */
export function transformed(activation: ActivationSpec, transform: ActivationTransform): ActivationSpec {
  const { inputScale, inputShift, outputShift, outputScale } = transform;
  const { tree, kinks } = treeOf(activation);
  const argument = sum(product(inputScale, { kind: 'variable' }), inputShift);
  const whole = product(outputScale, sum(replaced(tree, argument), outputShift));
  const moved = kinks?.map((kink) => (kink - inputShift) / inputScale);
  return canonicalActivation({
    expression: printExpression(whole),
    ...(moved === undefined ? {} : { kinks: moved }),
  });
}

function treeOf(activation: ActivationSpec): { readonly tree: ExpressionNode; readonly kinks?: readonly number[] } {
  const canonical = canonicalActivation(activation);
  if (typeof canonical === 'object' && 'expression' in canonical)
    return { tree: parseExpression(canonical.expression), kinks: canonical.kinks ?? [] };
  const { name, ...parameters } = typeof canonical === 'string' ? { name: canonical } : canonical;
  const text = 'approximate' in parameters ? undefined : texts[name];
  if (text === undefined)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected \`activation\` to be one of ${Object.keys(texts).join(', ')}, or {expression}, received ${JSON.stringify(canonical)}.`,
      { parameter: 'activation', received: activation },
    );
  return { tree: parseExpression(typeof text === 'string' ? text : text(parameters as Record<string, number>)) };
}

function replaced(node: ExpressionNode, argument: ExpressionNode): ExpressionNode {
  switch (node.kind) {
    case 'variable':
      return argument;
    case 'negate':
      return { ...node, operand: replaced(node.operand, argument) };
    case 'binary':
      return { ...node, left: replaced(node.left, argument), right: replaced(node.right, argument) };
    case 'call':
      return { ...node, operands: node.operands.map((operand) => replaced(operand, argument)) };
    default:
      return node;
  }
}

const number = (value: number): ExpressionNode => ({ kind: 'number', value });

function product(factor: number, node: ExpressionNode): ExpressionNode {
  if (factor === 1) return node;
  const size: ExpressionNode = { kind: 'binary', operator: '*', left: number(Math.abs(factor)), right: node };
  return factor < 0 ? { kind: 'negate', operand: size } : size;
}

function sum(node: ExpressionNode, term: number): ExpressionNode {
  if (term === 0) return node;
  return { kind: 'binary', operator: term < 0 ? '-' : '+', left: node, right: number(Math.abs(term)) };
}
