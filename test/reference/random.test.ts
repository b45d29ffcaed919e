import { describe, expect, it } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { encodeRandom, RandomFn } from '../../bindings/generated/encode.ts';
import { mulHigh, philox4x32 } from '../../src/reference/random.ts';
import { Machine, precisions } from './machine.ts';

/** kat_vectors of Random123, the lines "philox4x32 10": counter, key, result. */
const knownAnswers = [
  '00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8',
  'ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd',
  '243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1',
];

it.each(knownAnswers)('philox4x32-10 gives the known answer: %s', (line) => {
  const words = line.split(' ').map((word) => Number.parseInt(word, 16));
  const out = new Uint32Array(4);
  philox4x32(words.slice(0, 4), words.slice(4, 6), out);
  expect(Array.from(out)).toEqual(words.slice(6));
});

it('the high half of a product of two uint32 is exact', () => {
  const edges = [0, 1, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xfffeffff, 0xffffffff, 0xd2511f53];
  for (const a of edges) {
    for (const b of edges) expect(mulHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
  }
});

/**
 * Expectations from Philox in Python integers, checked there against the third known answer. Key [7, 9], counter
 * 0xfffffffe + (5 << 32), offset 1: the second block carries into the high word.
 */
describe.each(precisions)('random in float%i', (precision) => {
  const machine = new Machine(precision);
  const state = machine.ints(7, 9, -2, 5);

  function draw(fn: RandomFn, n: number, p0: number, p1: number, offset = 1): number {
    const y = machine.room(8);
    machine.run(encodeRandom, { fn: RandomFn[fn], y, state, offset, n, p0, p1 });
    return y;
  }

  it('gives uniform numbers', () => {
    machine.expectClose(
      draw('uniform', 6, floatBits(-1), floatBits(3)),
      [
        1.304264783859253, 0.4487111568450928, 0.6707584857940674, 1.2434284687042236, 0.7322103977203369,
        2.4338526725769043, -777,
      ],
    );
  });

  it('gives normal numbers', () => {
    machine.expectClose(
      draw('normal', 6, floatBits(1), floatBits(2)),
      [
        -0.6976436126920249, 2.995853158993101, -0.9296972305187581, 0.2239316950755028, 2.342247389819681,
        -0.6547754906987775, -777,
      ],
    );
  });

  it('gives Bernoulli numbers', () => {
    const y = draw('bernoulli', 6, floatBits(0.5), floatBits(2));
    expect(machine.readFloats(y, 7)).toEqual([0, 2, 2, 0, 2, 0, -777]);
  });

  it('gives integers from few values and from all except one', () => {
    expect(machine.readInts(draw('integers', 6, -3, 7), 6)).toEqual([0, -1, 1, 6, 2, -1]);
    expect(machine.readInts(draw('integers', 6, -(2 ** 31), 2 ** 31 - 1), 6)).toEqual([
      326701955, -591941696, -353520284, 261379401, -287536883, 1539587754,
    ]);
  });

  it('skips four numbers for an offset of one block, and keeps the state', () => {
    const all = machine.readFloats(draw('uniform', 8, floatBits(0), floatBits(1), 0), 8);
    const later = machine.readFloats(draw('uniform', 4, floatBits(0), floatBits(1), 1), 4);
    expect(later).toEqual(all.slice(4));
    expect(machine.readInts(state, 4)).toEqual([7, 9, -2, 5]);
  });
});
