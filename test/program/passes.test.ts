import { describe, expect, it } from 'vitest';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import {
  BinaryFn,
  encodeBinary,
  encodeConv,
  encodeConvInputGrad,
  encodeGemm,
  encodeUnary,
  UnaryFn,
} from '../../bindings/generated/encode.ts';
import { type Command, parse } from '../../src/program/commands.ts';
import {
  fuseActivations,
  lifetimes,
  planMemory,
  removeDead,
  reuseInPlace,
  VirtualHeap,
} from '../../src/program/passes.ts';
import { VIRTUAL_START, type VirtualBuffer } from '../../src/program/recorder.ts';
import { joinStrips } from '../../src/program/strips.ts';

const OUTSIDE = 64;

/** Buffers of 32 elements on a virtual heap, and commands on them. */
function program(count: number, encode: (block: ProgramBlock, b: number[]) => void) {
  const buffers = Array.from(
    { length: count },
    (_, i): VirtualBuffer => ({ start: VIRTUAL_START + 48 * i, length: 32 }),
  );
  const block = new ProgramBlock(new Int32Array(4096));
  encode(
    block,
    buffers.map(({ start }) => start),
  );
  return { buffers, heap: new VirtualHeap(buffers), commands: parse(block.words, block.length) };
}

const unary = (block: ProgramBlock, fn: UnaryFn, x: number, y: number) =>
  encodeUnary(block, { fn: UnaryFn[fn], x, y, n: 32, p0: 0, p1: 0 });
const add = (block: ProgramBlock, a: number, b: number, y: number) =>
  encodeBinary(block, {
    fn: BinaryFn.add,
    a,
    b,
    y,
    scalar: floatBits(0),
    ndim: 1,
    shape: [32],
    aStrides: [1],
    bStrides: [1],
  });
const gemm = (block: ProgramBlock, a: number, b: number, c: number, beta = 0) =>
  encodeGemm(block, {
    ...{
      a,
      b,
      c,
      bias: 0,
      batch: 1,
      m: 4,
      n: 8,
      k: 2,
      aRow: 2,
      aCol: 1,
      aBatch: 0,
      bRow: 8,
      bCol: 1,
      bBatch: 0,
      cRow: 8,
      cBatch: 32,
    },
    ...{ alpha: 1, beta, activation: 0 },
  });
/** From [2, 4, 2, 2] to [2, 4, 2, 2]. */
const convGeometry = {
  batch: 2,
  inChannels: 4,
  height: 2,
  width: 2,
  outChannels: 4,
  outHeight: 2,
  outWidth: 2,
  kernelHeight: 3,
  kernelWidth: 3,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 1,
  padLeft: 1,
  dilationHeight: 1,
  dilationWidth: 1,
  groups: 1,
};
const names = (commands: readonly Command[]) => commands.map(({ opcode }) => opcode);

describe('the virtual heap', () => {
  it('finds the buffer of an address inside it', () => {
    const { heap, buffers } = program(3, () => {});
    expect(heap.at(VIRTUAL_START)).toBe(buffers[0]);
    expect(heap.at(VIRTUAL_START + 48 + 31)).toBe(buffers[1]);
    expect(heap.at(VIRTUAL_START + 2 * 48)).toBe(buffers[2]);
    expect(heap.at(OUTSIDE)).toBeNull();
  });
});

describe('removeDead', () => {
  it('removes commands whose results are not used, and commands that only those need', () => {
    const { heap, buffers, commands } = program(4, (block, [a, b, c, d]) => {
      unary(block, 'exp', a!, b!);
      unary(block, 'exp', b!, c!);
      unary(block, 'neg', a!, d!);
    });
    const live = removeDead(commands, heap, new Set([buffers[3]!]));
    expect(live).toEqual([commands[2]]);
  });

  it('keeps commands that change outside memory', () => {
    const { heap, commands } = program(2, (block, [a, b]) => {
      unary(block, 'exp', a!, b!);
      add(block, OUTSIDE, b!, OUTSIDE);
    });
    expect(removeDead(commands, heap, new Set())).toEqual(commands);
  });
});

describe('fuseActivations', () => {
  it('joins an activation to a product that only it reads', () => {
    const { heap, commands } = program(2, (block, [a, b]) => {
      gemm(block, OUTSIDE, OUTSIDE, a!);
      unary(block, 'tanh', a!, b!);
    });
    const fused = fuseActivations(commands, heap, new Set());
    expect(names(fused)).toEqual(['gemm']);
    expect(fused[0]!.get('c') >>> 0).toBe(VIRTUAL_START + 48);
    expect(fused[0]!.get('activation')).toBe(3);
  });

  it('joins an activation to a convolution, in both forms', () => {
    const { heap, commands } = program(4, (block, [a, b, c, d]) => {
      const operands = { ...convGeometry, w: OUTSIDE, bias: OUTSIDE, activation: 0 };
      encodeConv(block, { ...operands, x: OUTSIDE, y: a! });
      unary(block, 'relu', a!, b!);
      encodeConvInputGrad(block, { ...operands, g: b!, gx: c! });
      unary(block, 'sigmoid', c!, d!);
    });
    const fused = fuseActivations(commands, heap, new Set());
    expect(names(fused)).toEqual(['conv', 'convInputGrad']);
    expect(fused.map((command) => command.get('activation'))).toEqual([1, 2]);
    expect(fused[0]!.get('y')).toBe(fused[1]!.get('g'));
    expect(fused[1]!.get('gx') >>> 0).toBe(VIRTUAL_START + 3 * 48);
  });

  it.each([
    ['another reader', (block: ProgramBlock, b: number[]) => add(block, b[0]!, b[1]!, OUTSIDE), 0, new Set<number>()],
    ['a product that adds to its old result', () => {}, 1, new Set<number>()],
    ['a product that outlives the run', () => {}, 0, new Set([0])],
  ])('does not join them with %s', (_, extra, beta, keptIndices) => {
    const { heap, buffers, commands } = program(2, (block, b) => {
      gemm(block, OUTSIDE, OUTSIDE, b[0]!, beta);
      unary(block, 'relu', b[0]!, b[1]!);
      extra(block, b);
    });
    const kept = new Set([...keptIndices].map((i) => buffers[i]!));
    expect(names(fuseActivations(commands, heap, kept))).toEqual(names(commands));
  });

  it('does not join functions that a product cannot apply', () => {
    const { heap, commands } = program(2, (block, [a, b]) => {
      gemm(block, OUTSIDE, OUTSIDE, a!);
      unary(block, 'exp', a!, b!);
    });
    expect(fuseActivations(commands, heap, new Set())).toHaveLength(2);
  });
});

describe('joinStrips', () => {
  const LONG = 20000;
  const long = (count: number, encode: (block: ProgramBlock, b: number[]) => void) => {
    const buffers = Array.from(
      { length: count },
      (_, i): VirtualBuffer => ({ start: VIRTUAL_START + 32000 * i, length: LONG }),
    );
    const block = new ProgramBlock(new Int32Array(4096));
    encode(
      block,
      buffers.map(({ start }) => start),
    );
    return { buffers, heap: new VirtualHeap(buffers), commands: parse(block.words, block.length) };
  };
  const map = (block: ProgramBlock, x: number, y: number, n = LONG) =>
    encodeUnary(block, { fn: UnaryFn.exp, x, y, n, p0: 0, p1: 0 });

  it('joins neighbours of equal length, and keeps results that only they need in local blocks', () => {
    const { heap, buffers, commands } = long(3, (block, [a, b, c]) => {
      map(block, OUTSIDE, a!);
      map(block, a!, b!);
      map(block, b!, c!);
    });
    const { commands: strips, joined } = joinStrips(commands, heap, new Set([buffers[2]!]), 0);
    expect(joined).toBe(2);
    expect(names(strips)).toEqual(['strip']);
    expect(strips[0]!.parts.map((part) => [part.get('x'), part.get('y')])).toEqual([
      [OUTSIDE, 1],
      [1, 2],
      [2, buffers[2]!.start | 0],
    ]);
    expect([...lifetimes(strips, heap).keys()]).toEqual([buffers[2]]);
  });

  it('gives no local block to buffers that are read elsewhere, or existed before', () => {
    const { heap, buffers, commands } = long(3, (block, [a, b, c]) => {
      map(block, a!, b!);
      map(block, b!, c!);
      gemm(block, b!, OUTSIDE, OUTSIDE);
    });
    const { commands: strips } = joinStrips(commands, heap, new Set([buffers[2]!]), 0);
    expect(names(strips)).toEqual(['strip', 'gemm']);
    expect([...lifetimes(strips, heap).keys()]).toEqual(buffers);
  });

  it('does not join short commands, different lengths and shifted memory', () => {
    const short = long(2, (block, [a, b]) => {
      map(block, OUTSIDE, a!, 100);
      map(block, a!, b!, 100);
    });
    expect(names(joinStrips(short.commands, short.heap, new Set(), 0).commands)).toEqual(['unary', 'unary']);
    const mixed = long(2, (block, [a, b]) => {
      map(block, OUTSIDE, a!);
      map(block, a!, b!, LONG - 1);
    });
    expect(names(joinStrips(mixed.commands, mixed.heap, new Set(), 0).commands)).toEqual(['unary', 'unary']);
    const shifted = long(2, (block, [a, b]) => {
      map(block, OUTSIDE, a!);
      map(block, a! + 1, b!);
    });
    expect(names(joinStrips(shifted.commands, shifted.heap, new Set(), 0).commands)).toEqual(['unary', 'unary']);
  });
});

describe('reuseInPlace and planMemory', () => {
  const chain = () =>
    program(4, (block, [a, b, c, d]) => {
      unary(block, 'exp', OUTSIDE, a!);
      unary(block, 'neg', a!, b!);
      add(block, a!, b!, c!);
      unary(block, 'exp', c!, d!);
      unary(block, 'exp', d!, OUTSIDE);
    });

  it('lets a result reuse the memory of an operand that is no longer needed', () => {
    const { heap, buffers, commands } = chain();
    const lives = lifetimes(commands, heap);
    const home = reuseInPlace(commands, heap, lives, new Set());
    const [a, b, c, d] = buffers;
    expect(home.get(b!)).toBeUndefined();
    expect(home.get(c!)).toBe(a);
    expect(home.get(d!)).toBe(a);
    expect(lives.get(a!)).toEqual({ first: 0, last: 4 });
  });

  it('never reuses fixed memory', () => {
    const { heap, buffers, commands } = chain();
    const home = reuseInPlace(commands, heap, lifetimes(commands, heap), new Set([buffers[0]!]));
    expect([...home.values()]).not.toContain(buffers[0]);
  });

  it('gives buffers that are alive at the same time different memory, and shares it among others', () => {
    const { heap, buffers, commands } = chain();
    const lives = lifetimes(commands, heap);
    const { offsets, elements } = planMemory(lives);
    expect(elements).toBe(96);
    for (const x of buffers) {
      expect(offsets.get(x)! % 16).toBe(0);
      for (const y of buffers) {
        if (x === y) continue;
        const [p, q] = [lives.get(x)!, lives.get(y)!];
        const together = p.first <= q.last && q.first <= p.last;
        if (together) expect(Math.abs(offsets.get(x)! - offsets.get(y)!)).toBeGreaterThanOrEqual(32);
      }
    }
  });
});
