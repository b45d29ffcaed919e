import { describe, expect, test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import type { DType } from '../../bindings/executor.ts';
import { encodeRandom, RandomFn } from '../../bindings/generated/encode.ts';
import { Desk, tested } from '../support/commands.ts';

type Words4 = [number, number, number, number];

/** The upper and the lower word of the product of two words. */
function multiply(a: number, b: number): [upper: number, lower: number] {
  const product = BigInt(a >>> 0) * BigInt(b >>> 0);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
}

/** Philox4x32-10, after Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
function philox(counter: Words4, key: [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [upper0, lower0] = multiply(0xd2511f53, c0);
    const [upper1, lower1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [upper1 ^ c1 ^ k0, lower1, upper0 ^ c3 ^ k1, lower0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

const STATE = [0x12345678, -0x789abcdf, -3, 5];

/** The first n words of a command with this state and offset. */
function words(n: number, offset: number, state = STATE): number[] {
  const start = (BigInt(state[3]! >>> 0) << 32n) + BigInt(state[2]! >>> 0) + BigInt(offset);
  return Array.from({ length: Math.ceil(n / 4) }, (_, block) => {
    const counter = start + BigInt(block);
    return philox(
      [Number(counter & 0xffffffffn), Number((counter >> 32n) & 0xffffffffn), 0, 0],
      [state[0]!, state[1]!],
    );
  })
    .flat()
    .slice(0, n);
}

test('the test’s Philox gives the known answers of Random123', () => {
  expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = 0xffffffff;
  expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  const pi: Words4 = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  expect(philox(pi, [0xa4093822, 0x299f31d0])).toEqual([0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
});

describe.each(tested)('random on %s', (_, executor) => {
  function draw(fn: RandomFn, n: number, offset: number, p0: number, p1: number, state = STATE): number[] {
    const desk = new Desk(executor);
    const dtype: DType = fn === 'integers' ? 'int32' : 'float32';
    const given = desk.put(state, 'int32', n % 4);
    const y = desk.room(n, dtype, n % 3);
    const bits = dtype === 'int32' ? (x: number) => x : floatBits;
    const common = { state: given.address, y: y.address, n, offset };
    encodeRandom(executor.program, { fn: RandomFn[fn], p0: bits(p0), p1: bits(p1), ...common });
    executor.run();
    const result = [...y.read()];
    expect([...given.read()]).toEqual(state);
    desk.check(`${fn}, n ${n}`);
    desk.clear();
    return result;
  }

  const unit = (word: number) => (word >>> 8) * 2 ** -24;
  const lengths = [...Array.from({ length: 34 }, (_, n) => n), 1000];

  test('the words of counter 0 and key 0 are the known answers of Random123', () => {
    const known = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    expect(draw('integers', 4, 0, 0, -1, [0, 0, 0, 0]).map((word) => word >>> 0)).toEqual(known);
  });

  test('integers of every length are the words modulo the range, also across 2^32 blocks', () => {
    for (const n of lengths) {
      for (const [low, high] of [
        [0, -1],
        [-5, 12],
        [7, 8],
        [-(2 ** 31), 2 ** 31 - 1],
      ] as const) {
        const range = (high - low) >>> 0;
        const expected = words(n, 1).map((word) => (low + (word % range)) | 0);
        expect(draw('integers', n, 1, low, high), `n ${n}, ${low} to ${high}`).toEqual(expected);
      }
    }
  });

  test('uniform numbers are exact at every length', () => {
    for (const n of lengths) {
      const expected = words(n, 0).map((word) => Math.fround(-2 + Math.fround(5 * unit(word))));
      expect(draw('uniform', n, 0, -2, 3), `n ${n}`).toEqual(expected);
    }
  });

  test('bernoulli numbers are exact at every length', () => {
    for (const n of lengths) {
      const expected = words(n, 9).map((word) => (unit(word) < Math.fround(0.3) ? 2.5 : 0));
      expect(draw('bernoulli', n, 9, 0.3, 2.5), `n ${n}`).toEqual(expected);
    }
  });

  test('normal numbers are those of Box and Muller', () => {
    for (const n of lengths) {
      const all = words(n + 4, 2);
      draw('normal', n, 2, 0, 1).forEach((z, i) => {
        const even = i & ~1;
        const r = Math.sqrt(-2 * Math.log(1 - unit(all[even]!)));
        const angle = 2 * Math.PI * unit(all[even + 1]!);
        const exact = r * (i === even ? Math.cos(angle) : Math.sin(angle));
        expect(Math.abs(z - exact), `n ${n}, element ${i}: ${z}, exactly ${exact}`).toBeLessThan(1e-6);
      });
    }
  });

  test('normal numbers have their mean, deviation and tails', () => {
    const n = 100000;
    const z = draw('normal', n, 0, 3, 2);
    const mean = z.reduce((sum, x) => sum + x, 0) / n;
    const variance = z.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    const beyond = z.filter((x) => Math.abs(x - 3) > 4).length / n;
    expect(Math.abs(mean - 3)).toBeLessThan(0.03);
    expect(Math.abs(variance - 4)).toBeLessThan(0.1);
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.004);
  });

  test('offset skips blocks: a part equals the same part of the whole', () => {
    const whole = draw('uniform', 200, 0, 0, 1);
    expect(draw('uniform', 100, 25, 0, 1)).toEqual(whole.slice(100));
  });
});
