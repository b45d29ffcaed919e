/** The element functions on the GPU against the oracle: sampled, and at special values. */
import { expect, test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { BinaryFn, encodeBinary, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { seeded } from '../support/commands.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { Sandbox } from '../support/heap.ts';
import { binaryRows, CLAMP, floatSpecials, intSpecials, type Kind, unaryRows } from '../support/oracle.ts';

const RELATIVE = 1e-4;
/** The error of the double-precision oracle itself, and of denormal factors. */
const NOTHING = 1e-15;
const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = 3.4028235e38;

const dtypeOf = (kind: Kind) => (kind === 'float' ? 'float32' : 'int32');

/** Denormals may be treated as zero, as inputs and as results: results for a zero input, and a zero result, are right too. */
function isNear(got: number, exact: number): boolean {
  if (Number.isNaN(exact)) return Number.isNaN(got);
  if (Math.abs(exact) > LARGEST) return got === Math.sign(exact) * Infinity;
  return Math.abs(got - exact) <= RELATIVE * Math.abs(exact) + NOTHING;
}

const isDenormal = (x: number) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL;
const flushed = (x: number) => (isDenormal(x) ? [x, x < 0 ? -0 : 0] : [x]);

function samples(lo: number, hi: number, from: Kind, n: number, random: () => number): number[] {
  return Array.from({ length: n }, () => {
    const x = lo + (hi - lo) * random();
    return from === 'int' ? Math.round(x) : Math.fround(x);
  });
}

describeOnGpu('element functions on webgpu', (gpu) => {
  test.each(unaryRows.map((row) => [row.name, row] as const))('%s is right', async (name, row) => {
    const { from, to, lo, hi, special = [], fn } = row;
    const specials = from === 'float' ? [...floatSpecials, ...special.map(Math.fround)] : intSpecials;
    const x = [...specials, ...samples(lo, hi, from, 3000, seeded(5))];
    const box = new Sandbox(gpu);
    const y = box.room(x.length);
    const [low, high] = from === 'int' ? [CLAMP.lowI, CLAMP.highI] : [floatBits(CLAMP.low), floatBits(CLAMP.high)];
    encodeUnary(gpu.program, { fn: UnaryFn[name], x: box.put(x, dtypeOf(from)), y, n: x.length, p0: low, p1: high });
    await box.settle(name);
    const got = await box.download(y, dtypeOf(to));
    x.forEach((value, i) => {
      const inputs = from === 'float' ? flushed(value) : [value];
      const right = inputs.some((input) => (to === 'int' ? got[i] === fn(input) : isNear(got[i]!, fn(input))));
      if (!right) expect.fail(`${name}(${value}) = ${got[i]}, exactly ${fn(value)}`);
    });
    box.release();
  });

  test.each(binaryRows.map((row) => [row.name, row] as const))('%s is right', async (name, row) => {
    const { from, to, lo, hi, fn, limit = Infinity } = row;
    const list = from === 'float' ? floatSpecials : intSpecials;
    const firsts = list.filter((value) => !(Math.abs(value) > limit));
    const random = seeded(6);
    const a = [...firsts.flatMap((value) => list.map(() => value)), ...samples(lo, hi, from, 3000, random)];
    const b = [...firsts.flatMap(() => list), ...samples(lo, hi, from, 3000, random)];
    const box = new Sandbox(gpu);
    const y = box.room(a.length);
    encodeBinary(gpu.program, {
      fn: BinaryFn[name],
      a: box.put(a, dtypeOf(from)),
      b: box.put(b, dtypeOf(from)),
      y,
      scalar: 0,
      ndim: 1,
      shape: [a.length],
      aStrides: [1],
      bStrides: [1],
    });
    await box.settle(name);
    const got = await box.download(y, dtypeOf(to));
    a.forEach((first, i) => {
      const second = b[i]!;
      const pairs =
        from === 'int' ? [[first, second]] : flushed(first).flatMap((u) => flushed(second).map((v) => [u, v]));
      const right = pairs.some(([u, v]) => (to === 'int' ? got[i] === fn(u!, v!) : isNear(got[i]!, fn(u!, v!))));
      if (!right) expect.fail(`${name}(${first}, ${second}) = ${got[i]}, exactly ${fn(first, second)}`);
    });
    box.release();
  });
});
