/**
 * The oracle of the element functions: for each one its value in double precision, the range to sample densely, and how
 * many ulp of float32 a kernel may be off. Special values (±0, ±∞, NaN, denormals, the largest floats) are tried for
 * every row, together with the row's own ones; the expected result there is that of the double-precision function.
 */
import type { BinaryFn, UnaryFn } from '../../bindings/generated/encode.ts';

export type Kind = 'float' | 'int';

export interface UnaryRow {
  name: UnaryFn;
  fn: (x: number) => number;
  lo: number;
  hi: number;
  ulp: number;
  from: Kind;
  to: Kind;
  special?: number[];
  /** An absolute error that is also allowed, where digits cancel. */
  slack?: (x: number) => number;
  /** The sign of a zero result is free. */
  anyZero?: boolean;
}

export interface BinaryRow {
  name: BinaryFn;
  fn: (a: number, b: number) => number;
  lo: number;
  hi: number;
  ulp: number;
  from: Kind;
  to: Kind;
  anyZero?: boolean;
  /** The first operand is never beyond this. */
  limit?: number;
  /** An absolute error that is also allowed, where digits cancel. */
  slack?: (a: number, b: number) => number;
}

export const CLAMP = { low: -1.5, high: 2.25, lowI: -3, highI: 100 };

export const floatSpecials = [
  0,
  -0,
  Infinity,
  -Infinity,
  NaN,
  1,
  -1,
  2,
  -2,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -3,
  1e-45,
  -1e-45,
  1.1754942e-38,
  -1.1754942e-38,
  1.17549435e-38,
  3.4028234e38,
  -3.4028234e38,
  2 ** -24,
  -(2 ** -24),
  2 ** 23,
  2 ** 24,
  16777217,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
].map(Math.fround);
export const intSpecials = [0, 1, -1, 2, -2, 3, 100, 101, 2 ** 31 - 1, -(2 ** 31), 65536, 46341, -46341];

/** Half to even, keeping the sign of zero. */
function roundEven(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const below = Math.floor(x);
  const rest = x - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

/** erf by its power series (A&S 7.1.5) below 2.5 and by the continued fraction of erfc (A&S 7.1.14) beyond. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (a < 2.5) {
    let power = x;
    let sum = x;
    for (let k = 1; k < 60; k++) {
      power *= (-x * x) / k;
      sum += power / (2 * k + 1);
    }
    return (sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (a + fraction) / Math.sqrt(Math.PI));
}

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const clamp = (x: number) => Math.min(Math.max(x, CLAMP.low), CLAMP.high);
const clampInt = (x: number) => Math.min(CLAMP.highI, Math.max(CLAMP.lowI, x));
const toInt = (x: number) => (Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x)))) + 0;
const bit = (b: boolean) => (b ? 1 : 0);

type Numbers = [lo: number, hi: number, ulp: number];
const unary = (
  name: UnaryFn,
  fn: (x: number) => number,
  [lo, hi, ulp]: Numbers,
  more: Partial<UnaryRow> = {},
): UnaryRow => ({ name, fn, lo, hi, ulp, from: 'float', to: 'float', ...more });
const unaryInt = (name: UnaryFn, fn: (x: number) => number): UnaryRow => ({
  ...unary(name, fn, [-1000, 1000, 0]),
  from: 'int',
  to: 'int',
});

/** GELU's gate in its approximation by tanh, as a sigmoid. */
const geluGate = (x: number) => sigmoid(2 * Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x));
/** The tests pass clamp's limits to all functions: here they are beta and threshold. */
const softplus = (x: number) => (CLAMP.low * x > CLAMP.high ? x : Math.log1p(Math.exp(CLAMP.low * x)) / CLAMP.low);

export const unaryRows: UnaryRow[] = [
  unary('neg', (x) => -x, [-9, 9, 0]),
  unary('abs', Math.abs, [-9, 9, 0]),
  unary('sign', (x) => (Number.isNaN(x) ? 0 : Math.sign(x) + 0), [-9, 9, 0]),
  unary('sqrt', Math.sqrt, [0, 9, 0.5]),
  unary('rsqrt', (x) => 1 / Math.sqrt(x), [0, 9, 2]),
  unary('reciprocal', (x) => 1 / x, [-9, 9, 0.5]),
  unary('square', (x) => x * x, [-9, 9, 0.5]),
  unary('exp', Math.exp, [-105, 90, 2], { special: [88.72283, 88.72284, -87.33655, -103.97208, -103.97209] }),
  unary('log', Math.log, [0, 4, 2]),
  unary('log1p', Math.log1p, [-1, 4, 2]),
  unary('sin', Math.sin, [-300, 300, 2], { special: [Math.PI, 2 ** 28, 2 ** 28 + 32, 1e10, 8388608.5] }),
  unary('cos', Math.cos, [-300, 300, 2], { special: [Math.PI / 2, 2 ** 28, 2 ** 28 + 32, 1e10, 8388608.5] }),
  unary('tanh', Math.tanh, [-10, 10, 2], { special: [0.54999995, 0.55, 9.01, 9.02] }),
  unary('sigmoid', sigmoid, [-105, 20, 2]),
  unary('relu', (x) => Math.max(x, 0), [-9, 9, 0], { anyZero: true }),
  unary('atan', Math.atan, [-9, 9, 2], { special: [0.55, 1.8181818] }),
  unary('erf', erf, [-5, 5, 2], { special: [0.92, 0.91999996, 3.9192059, 4] }),
  unary('floor', Math.floor, [-9, 9, 0]),
  unary('ceil', Math.ceil, [-9, 9, 0]),
  unary('round', roundEven, [-9, 9, 0]),
  unary('clamp', clamp, [-9, 9, 0]),
  unary('logicalNot', (x) => bit(x === 0), [-1, 1, 0], { to: 'int' }),
  unary('toBool', (x) => bit(x !== 0), [-1, 1, 0], { to: 'int' }),
  unary('toInt', toInt, [-1000, 1000, 0], { to: 'int' }),
  unaryInt('negI', (x) => -x | 0),
  unaryInt('absI', (x) => Math.abs(x) | 0),
  unaryInt('signI', (x) => Math.sign(x) | 0),
  unaryInt('squareI', (x) => Math.imul(x, x)),
  unaryInt('clampI', clampInt),
  unaryInt('logicalNotI', (x) => bit(x === 0)),
  unaryInt('toBoolI', (x) => bit(x !== 0)),
  { ...unaryInt('toFloat', (x) => x), ulp: 0.5, to: 'float' },
  unary('gelu', (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), [-9, 9, 3], {
    slack: (x) => 1.8e-7 * Math.abs(x),
    anyZero: true,
  }),
  unary('geluTanh', (x) => x * geluGate(x), [-9, 9, 3], { slack: (x) => 2e-7 * Math.abs(x), anyZero: true }),
  unary('silu', (x) => x * sigmoid(x), [-105, 20, 3], { slack: (x) => Math.abs(x) * 2 ** -148 }),
  unary('softplus', softplus, [-30, 30, 64]),
  unary('elu', (x) => (x > 0 ? x : CLAMP.low * Math.expm1(CLAMP.high * x)), [-9, 9, 3], {
    special: [-0.1511, -0.1512],
  }),
  unary('leakyRelu', (x) => (x > 0 ? x : CLAMP.low * x), [-9, 9, 0.5]),
];

/** C's powf, where JavaScript's differs: 1^y and (−1)^±∞ are 1. */
const pow = (a: number, b: number) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);
const extreme = (pick: (a: number, b: number) => number) => (a: number, b: number) =>
  Number.isNaN(a) || Number.isNaN(b) ? NaN : pick(a, b);

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

function siluGrad(x: number, g: number): number {
  const s = sigmoid(x);
  return g * s * (1 + x * (1 - s));
}

function geluTanhGrad(x: number, g: number): number {
  const s = geluGate(x);
  return g * s * (1 + x * (1 - s) * 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x));
}

/** Powers modulo 2³². */
function powInt(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  let result = 1n;
  for (const bit of b.toString(2)) {
    result = BigInt.asIntN(32, result * result);
    if (bit === '1') result = BigInt.asIntN(32, result * BigInt(a));
  }
  return Number(result);
}

const binary = (name: BinaryFn, fn: (a: number, b: number) => number, [lo, hi, ulp]: Numbers): BinaryRow => ({
  name,
  fn,
  lo,
  hi,
  ulp,
  from: 'float',
  to: 'float',
});
const compare = (name: BinaryFn, fn: (a: number, b: number) => boolean): BinaryRow[] => [
  { ...binary(name, (a, b) => bit(fn(a, b)), [-3, 3, 0]), to: 'int' },
  { ...binary(`${name}I` as BinaryFn, (a, b) => bit(fn(a, b)), [-3, 3, 0]), from: 'int', to: 'int' },
];
const binaryInt = (name: BinaryFn, fn: (a: number, b: number) => number): BinaryRow => ({
  ...binary(name, fn, [-1000, 1000, 0]),
  from: 'int',
  to: 'int',
});

export const binaryRows: BinaryRow[] = [
  binary('add', (a, b) => a + b, [-9, 9, 0.5]),
  binary('sub', (a, b) => a - b, [-9, 9, 0.5]),
  binary('mul', (a, b) => a * b, [-9, 9, 0.5]),
  binary('div', (a, b) => a / b, [-9, 9, 0.5]),
  binary('pow', pow, [-9, 9, 1]),
  binary('maximum', extreme(Math.max), [-9, 9, 0]),
  binary('minimum', extreme(Math.min), [-9, 9, 0]),
  ...compare('eq', (a, b) => a === b),
  ...compare('ne', (a, b) => a !== b),
  ...compare('gt', (a, b) => a > b),
  ...compare('ge', (a, b) => a >= b),
  ...compare('lt', (a, b) => a < b),
  ...compare('le', (a, b) => a <= b),
  binary('reluGrad', (y, g) => (y <= 0 ? 0 : g), [-9, 9, 0]),
  // Near ±1 the rounding of y² is as large as 1 − y² itself: the domain ends before that.
  { ...binary('sigmoidGrad', (y, g) => g * y * (1 - y), [0, 1, 2]), anyZero: true, limit: 1 },
  { ...binary('tanhGrad', (y, g) => g * (1 - y * y), [-0.9, 0.9, 4]), anyZero: true, limit: 1 },
  binaryInt('addI', (a, b) => (a + b) | 0),
  binaryInt('subI', (a, b) => (a - b) | 0),
  binaryInt('mulI', Math.imul),
  binaryInt('maximumI', Math.max),
  binaryInt('minimumI', Math.min),
  binaryInt('powI', powInt),
  binaryInt('divI', (a, b) => (b === 0 ? 0 : Number(BigInt.asIntN(32, BigInt(a) / BigInt(b))))),
  binaryInt('remI', (a, b) => (b === 0 ? 0 : Number(BigInt(a) % BigInt(b)))),
  {
    ...binary(
      'geluGrad',
      (x, g) => g * (0.5 * (1 + erf(x * Math.SQRT1_2)) + (x * Math.exp(-0.5 * x * x)) / ROOT_TWO_PI),
      [-5, 5, 4],
    ),
    slack: (_, g) => 5e-7 * Math.abs(g),
    anyZero: true,
  },
  {
    ...binary('geluTanhGrad', geluTanhGrad, [-5, 5, 4]),
    slack: (x, g) => 2e-7 * Math.abs(g) * (1 + Math.abs(x) + 0.3 * Math.abs(x) ** 3),
    anyZero: true,
    limit: 1e5,
  },
  {
    ...binary('siluGrad', siluGrad, [-20, 20, 4]),
    slack: (x, g) => 2e-7 * Math.abs(g) * (1 + Math.abs(x)),
    anyZero: true,
    limit: 1e10,
  },
];
