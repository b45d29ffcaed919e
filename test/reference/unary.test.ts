import { describe, expect, it } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { unaryFns } from '../../bindings/commands/unary.ts';
import { encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { Machine, precisions } from './machine.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** Values of torch 1.13 in float64 at −2.5, −0.75, 0.5, 3.25. */
const onAll: Partial<Record<UnaryFn, number[]>> = {
  neg: [2.5, 0.75, -0.5, -3.25],
  abs: [2.5, 0.75, 0.5, 3.25],
  sign: [-1, -1, 1, 1],
  reciprocal: [-0.4, -1.3333333333333333, 2, 0.3076923076923077],
  square: [6.25, 0.5625, 0.25, 10.5625],
  exp: [0.0820849986238988, 0.4723665527410147, 1.6487212707001282, 25.790339917193062],
  sin: [-0.5984721441039564, -0.6816387600233341, 0.479425538604203, -0.10819513453010837],
  cos: [-0.8011436155469337, 0.7316888688738209, 0.8775825618903728, -0.9941296760805463],
  tanh: [-0.9866142981514303, -0.6351489523872873, 0.46211715726000974, 0.996997635486526],
  sigmoid: [0.07585818002124355, 0.320821300824607, 0.6224593312018546, 0.9626731126558706],
  relu: [0, 0, 0.5, 3.25],
  atan: [-1.1902899496825317, -0.6435011087932844, 0.4636476090008061, 1.2722973952087173],
  erf: [-0.999593047982555, -0.7111556336535151, 0.5204998778130465, 0.9999956972205363],
  floor: [-3, -1, 0, 3],
  ceil: [-2, -0, 1, 4],
  round: [-2, -1, 0, 3],
  clamp: [-1.5, -0.75, 0.5, 2.25],
  gelu: [-0.015524163314440259, -0.16997051428265111, 0.34573123063700656, 3.24812466861223],
  geluTanh: [-0.015084266089998577, -0.17003944483437966, 0.34571400982514394, 3.2484313728552525],
  silu: [-0.18964545005310887, -0.24061597561845527, 0.3112296656009273, 3.1286876161315793],
  softplus: [-2.5, -0.9374334241655431, -0.2579140040766, -0.005070729602889335],
  elu: [1.4945901552959764, 1.2225279001390434, 0.5, 3.25],
  leakyRelu: [3.75, 1.125, 0.5, 3.25],
};

/** The same at 0.25, 0.75, 3, 6.25. */
const onPositive: Partial<Record<UnaryFn, number[]>> = {
  sqrt: [0.5, 0.8660254037844386, 1.7320508075688772, 2.5],
  rsqrt: [2, 1.1547005383792517, 0.5773502691896258, 0.4],
  log: [-1.3862943611198906, -0.2876820724517809, 1.0986122886681098, 1.8325814637483102],
  log1p: [0.22314355131420976, 0.5596157879354227, 1.3862943611198906, 1.9810014688665833],
};

/** torch 1.13 at NaN, ∞, −∞, 0, −0; except that relu(−0) is 0 here. */
const onSpecial: Partial<Record<UnaryFn, number[]>> = {
  neg: [nan, -inf, inf, -0, 0],
  abs: [nan, inf, inf, 0, 0],
  sign: [0, 1, -1, 0, 0],
  sqrt: [nan, inf, nan, 0, -0],
  rsqrt: [nan, 0, nan, inf, -inf],
  reciprocal: [nan, 0, -0, inf, -inf],
  square: [nan, inf, inf, 0, 0],
  exp: [nan, inf, 0, 1, 1],
  log: [nan, inf, nan, -inf, -inf],
  log1p: [nan, inf, nan, 0, -0],
  sin: [nan, nan, nan, 0, -0],
  cos: [nan, nan, nan, 1, 1],
  tanh: [nan, 1, -1, 0, -0],
  sigmoid: [nan, 1, 0, 0.5, 0.5],
  relu: [nan, inf, 0, 0, 0],
  atan: [nan, Math.PI / 2, -Math.PI / 2, 0, -0],
  erf: [nan, 1, -1, 0, -0],
  floor: [nan, inf, -inf, 0, -0],
  ceil: [nan, inf, -inf, 0, -0],
  round: [nan, inf, -inf, 0, -0],
  clamp: [nan, 2.25, -1.5, 0, -0],
  gelu: [nan, inf, nan, 0, -0],
  geluTanh: [nan, inf, nan, 0, -0],
  silu: [nan, inf, nan, 0, -0],
  softplus: [nan, -0, -inf, -0.46209812037329684, -0.46209812037329684],
  elu: [nan, inf, 1.5, -0, 0],
  leakyRelu: [nan, inf, inf, -0, 0],
};

const floatToInt: Partial<Record<UnaryFn, [number[], number[]]>> = {
  logicalNot: [
    [nan, inf, -0.5, 0, -0],
    [0, 0, 0, 1, 1],
  ],
  toBool: [
    [nan, inf, -0.5, 0, -0],
    [1, 1, 1, 0, 0],
  ],
  toInt: [
    [nan, inf, -inf, 3e9, -3e9, 2.9, -2.9, -0],
    [0, INT_MAX, INT_MIN, INT_MAX, INT_MIN, 2, -2, 0],
  ],
};

const ints = [0, 1, -5, 70000, INT_MIN, INT_MAX];
const intToInt: Partial<Record<UnaryFn, number[]>> = {
  negI: [0, -1, 5, -70000, INT_MIN, -INT_MAX],
  absI: [0, 1, 5, 70000, INT_MIN, INT_MAX],
  signI: [0, 1, -1, 1, -1, 1],
  squareI: [0, 1, 25, 605032704, 0, 1],
  clampI: [0, 1, -3, 9, -3, 9],
  logicalNotI: [1, 0, 0, 0, 0, 0],
  toBoolI: [0, 1, 1, 1, 1, 1],
};

it('has an expectation for every function', () => {
  const tables = [onAll, onPositive, floatToInt, intToInt, { toFloat: [] }];
  expect(tables.flatMap((table) => Object.keys(table)).sort()).toEqual([...unaryFns].sort());
});

describe.each(precisions)('unary in float%i', (precision) => {
  const machine = new Machine(precision);

  function apply(fn: UnaryFn, x: number, n: number, p0 = floatBits(-1.5), p1 = floatBits(2.25)): number {
    const y = machine.room(n);
    machine.run(encodeUnary, { fn: UnaryFn[fn], x, y, n, p0, p1 });
    return y;
  }

  it.each(Object.entries(onAll))('%s is right', (fn, expected) => {
    machine.expectClose(apply(fn as UnaryFn, machine.floats(-2.5, -0.75, 0.5, 3.25), 4), expected);
  });

  it.each(Object.entries(onPositive))('%s is right', (fn, expected) => {
    machine.expectClose(apply(fn as UnaryFn, machine.floats(0.25, 0.75, 3, 6.25), 4), expected);
  });

  it.each(Object.entries(onSpecial))('%s is right for NaN, infinities and zeros', (fn, expected) => {
    machine.expectClose(apply(fn as UnaryFn, machine.floats(nan, inf, -inf, 0, -0), 5), expected);
  });

  it.each(Object.entries(floatToInt))('%s is right', (fn, [x, expected]) => {
    expect(machine.readInts(apply(fn as UnaryFn, machine.floats(...x), x.length), x.length)).toEqual(expected);
  });

  it.each(Object.entries(intToInt))('%s is right', (fn, expected) => {
    const y = apply(fn as UnaryFn, machine.ints(...ints), ints.length, -3, 9);
    expect(machine.readInts(y, ints.length)).toEqual(expected);
  });

  it('toFloat converts integers', () => {
    const y = apply('toFloat', machine.ints(0, -7, INT_MAX), 3);
    expect(machine.readFloats(y, 3)).toEqual([0, -7, precision === 32 ? 2 ** 31 : INT_MAX]);
  });

  it('rounds halves to the even neighbour', () => {
    const y = apply('round', machine.floats(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999998, 8388609), 8);
    expect(machine.readFloats(y, 8)).toEqual([0, 2, 2, -0, -2, -2, 2, 8388609]);
  });

  // Python's math.erf. The arguments are float32 numbers where the precision is 32.
  it('erf is right from tiny values to nearly one', () => {
    const y = apply('erf', machine.floats(1e-10, 0.1, 0.9, 1.5, 2.7, 3.9, 5.5), 7);
    machine.expectClose(
      y,
      [
        1.1283791670955126e-10, 0.1124629160182849, 0.7969082124228322, 0.9661051464753108, 0.9998656672600594,
        0.9999999652077514, 0.9999999999999927,
      ],
    );
  });

  it('clamp with low above high gives high', () => {
    const y = apply('clamp', machine.floats(-1, 1, 9), 3, floatBits(3), floatBits(2));
    expect(machine.readFloats(y, 3)).toEqual([2, 2, 2]);
  });

  it('works in place and does not touch neighbours', () => {
    const x = machine.floats(1, -2, -3, 4);
    machine.run(encodeUnary, { fn: UnaryFn.relu, x: x + 1, y: x + 1, n: 2, p0: 0, p1: 0 });
    expect(machine.readFloats(x, 4)).toEqual([1, 0, 0, 4]);
    apply('relu', x, 0);
    expect(machine.readFloats(x, 4)).toEqual([1, 0, 0, 4]);
  });
});
