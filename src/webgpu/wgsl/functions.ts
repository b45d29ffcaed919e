/** The functions of two elements as WGSL expressions; those of one are in bindings/commands/unary.ts. A missing expression does not compile. */
import { type UnaryRow, unaryRows } from '../../../bindings/commands/unary.ts';
import type { Activation, BinaryFn } from '../../../bindings/generated/encode.ts';

/** What an expression reads and returns: f32 or i32. */
export interface ElementFunction {
  from: 'f32' | 'i32';
  to: 'f32' | 'i32';
  expression: string;
}

const float = (expression: string): ElementFunction => ({ from: 'f32', to: 'f32', expression });
const integer = (expression: string): ElementFunction => ({ from: 'i32', to: 'i32', expression });
const test = (expression: string): ElementFunction => ({ from: 'f32', to: 'i32', expression: bit(expression) });
const testI = (expression: string): ElementFunction => integer(bit(expression));

function bit(condition: string): string {
  return `select(0, 1, ${condition})`;
}

/** Functions that those of one element call besides mathSource. */
export const unarySource = (Object.values(unaryRows) as UnaryRow[]).map((row) => row.wgslFunctions ?? '').join('');

/** Of `a` and `b`. */
export const binaryFunctions: Record<BinaryFn, ElementFunction> = {
  add: float('a + b'),
  sub: float('a - b'),
  mul: float('a * b'),
  div: float('a / b'),
  pow: float('power(a, b)'),
  maximum: float('maximum(a, b)'),
  minimum: float('minimum(a, b)'),
  eq: test('a == b'),
  ne: test('!(a == b)'),
  gt: test('a > b'),
  ge: test('a >= b'),
  lt: test('a < b'),
  le: test('a <= b'),
  reluGrad: float('select(b, 0.0, a <= 0.0)'),
  sigmoidGrad: float('b * a * (1.0 - a)'),
  tanhGrad: float('b * (1.0 - a * a)'),
  addI: integer('a + b'),
  subI: integer('a - b'),
  mulI: integer('a * b'),
  maximumI: integer('max(a, b)'),
  minimumI: integer('min(a, b)'),
  eqI: testI('a == b'),
  neI: testI('a != b'),
  gtI: testI('a > b'),
  geI: testI('a >= b'),
  ltI: testI('a < b'),
  leI: testI('a <= b'),
  powI: integer('integerPower(a, b)'),
  divI: integer('select(a / b, 0, b == 0)'),
  remI: integer('select(a % b, 0, b == 0)'),
  geluGrad: float('b * (normalShare(a) + a * exponential(-0.5 * a * a) * 0.39894228)'),
  geluTanhGrad: float('geluTanhGradient(a, b)'),
  siluGrad: float('b * sigmoid(a) * (1.0 + a * (1.0 - sigmoid(a)))'),
};

/** Activations of `v`, which gemm's epilogue applies. */
export const activationFunctions: Record<Activation, string> = {
  none: 'v',
  relu: 'maximum(v, 0.0)',
  sigmoid: 'sigmoid(v)',
  tanh: 'hyperbolicTangent(v)',
};
