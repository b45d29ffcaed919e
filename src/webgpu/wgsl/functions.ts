/** The element functions as WGSL expressions. A function without an expression does not compile. */
import type { Activation, BinaryFn, UnaryFn } from '../../../bindings/generated/encode.ts';

/** What an expression reads and gives: f32 or i32. */
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

/** Of `x`; `p0` and `p1` are words. */
export const unaryFunctions: Record<UnaryFn, ElementFunction> = {
  neg: float('-x'),
  abs: float('abs(x)'),
  sign: float('select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0)'),
  sqrt: float('sqrt(x)'),
  rsqrt: float('1.0 / sqrt(x)'),
  reciprocal: float('1.0 / x'),
  square: float('x * x'),
  exp: float('exponential(x)'),
  log: float('logarithm(x)'),
  log1p: float('logarithm1p(x)'),
  sin: float('sine(x)'),
  cos: float('cosine(x)'),
  tanh: float('hyperbolicTangent(x)'),
  sigmoid: float('sigmoid(x)'),
  relu: float('maximum(x, 0.0)'),
  atan: float('arcTangent(x)'),
  erf: float('errorFunction(x)'),
  floor: float('floor(x)'),
  ceil: float('ceil(x)'),
  round: float('round(x)'),
  clamp: float('minimum(maximum(x, bitcast<f32>(p0)), bitcast<f32>(p1))'),
  logicalNot: test('x == 0.0'),
  toBool: test('!(x == 0.0)'),
  toInt: { from: 'f32', to: 'i32', expression: 'toInteger(x)' },
  negI: integer('-x'),
  absI: integer('abs(x)'),
  signI: integer('sign(x)'),
  squareI: integer('x * x'),
  clampI: integer('min(max(x, bitcast<i32>(p0)), bitcast<i32>(p1))'),
  logicalNotI: testI('x == 0'),
  toBoolI: testI('x != 0'),
  toFloat: { from: 'i32', to: 'f32', expression: 'f32(x)' },
  gelu: float('x * normalShare(x)'),
  geluTanh: float('x * sigmoid(geluAngle(x))'),
  silu: float('x * sigmoid(x)'),
  softplus: float('softplus(x, bitcast<f32>(p0), bitcast<f32>(p1))'),
  elu: float('select(bitcast<f32>(p0) * exponentialLessOne(bitcast<f32>(p1) * x), x, x > 0.0)'),
  leakyRelu: float('select(bitcast<f32>(p0) * x, x, x > 0.0)'),
};

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
  geluGrad: float('b * (normalShare(a) + a * exponential(-0.5 * a * a) * 0.39894228)'),
  geluTanhGrad: float('geluTanhGradient(a, b)'),
  siluGrad: float('b * sigmoid(a) * (1.0 + a * (1.0 - sigmoid(a)))'),
};

/** Of `v`: what gemm's epilogue applies. */
export const activationFunctions: Record<Activation, string> = {
  none: 'v',
  relu: 'maximum(v, 0.0)',
  sigmoid: 'sigmoid(v)',
  tanh: 'hyperbolicTangent(v)',
};
